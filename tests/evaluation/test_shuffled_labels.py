"""Whom the permutation test asked is said in words, of runs of earlier versions too."""

import pytest

from wetread.evaluation.shuffled_labels import SEEN, say_test
from wetread.training.chance import Chance


@pytest.mark.parametrize("sees", SEEN)
def test_the_test_names_its_model_and_what_that_saw(sees):
    stored = Chance(0.001996, 0.767778, 0.5, 0.3, 0.7, 500, 60, 60, "ridge").as_dict() | {"sees": sees}
    assert say_test(stored) == (
        f"a ridge classifier on {SEEN[sees]} reaches an AUROC of 0.77 (P = 0.002 by 500 shufflings of the labels)"
    )


def test_what_is_not_known_is_not_said():
    told = say_test({"p": 0.2})
    assert told == "a ridge classifier on features of the pictures (P = 0.2 by shufflings of the labels)"
