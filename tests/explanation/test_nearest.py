"""The nearest training cases, by hand and of a model that keeps their features."""

import numpy as np
import pytest

from explanation.toys import bright, marked, noise
from wetread.errors import InputError
from wetread.explanation.nearest import nearest_cases, nearest_training_cases
from wetread.model.inputs import Inputs
from wetread.model.refusal_sights import classical_blocks


def test_the_angle_decides_and_not_the_length():
    table = np.array([[9.0, 0.0], [0.0, 0.1], [3.0, 3.0], [0.0, 0.0]])
    rows, likeness = nearest_cases(np.array([[0.0, 2.0], [1.0, 0.2]]), table, 3)
    np.testing.assert_array_equal(rows, [[1, 2, 0], [0, 2, 1]])
    np.testing.assert_allclose(likeness[0], [1.0, np.sqrt(0.5), 0.0])
    assert nearest_cases(np.ones((1, 2)), table, 9)[0].shape == (1, 4)


class Space:
    def __init__(self, references, rows):
        self.references, self.rows = references, rows


class Refusal:
    sees = "classical"

    def __init__(self, pictures):
        self.space = Space(classical_blocks(Inputs(pictures).classical()), 10 * np.arange(len(pictures)))


def test_a_training_picture_is_its_own_nearest_case():
    pictures = [marked(0, 0), marked(1, 1), *noise(3)]
    model = bright()
    model.refusal = Refusal(pictures)
    rows, likeness = nearest_training_cases(model, pictures[1:3], 2)
    np.testing.assert_array_equal(rows[:, 0], [10, 20])
    np.testing.assert_allclose(likeness[:, 0], 1.0, atol=1e-5)
    assert (likeness[:, 1] < 0.999).all()
    assert nearest_training_cases(model, [], 2)[0].shape == (0, 2)


def test_a_model_that_keeps_none_says_so():
    with pytest.raises(InputError, match="keeps no features") as caught:
        nearest_training_cases(bright(), noise(1))
    assert caught.value.code == "no-training-cases"
