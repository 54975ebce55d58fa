"""Labels that pictures contradict: the rules on numbers by hand, and the whole on drawn pictures."""

import numpy as np
import pytest
from dataset.rows import row

from wetread.checks.label_errors import (
    SHOWN,
    confident_class,
    describe,
    examine_labels,
    neighbour_shares,
    out_of_fold,
)


def test_an_image_is_of_the_class_whose_mean_probability_it_reaches():
    labels = np.array([0, 0, 1, 1])
    # Mean self-confidence: class 0 (0.9 + 0.2) / 2 = 0.55, class 1 (0.7 + 0.5) / 2 = 0.6.
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.5, 0.5]])
    assert confident_class(labels, probabilities).tolist() == [0, 1, 1, -1]


def test_a_class_nobody_has_is_never_suggested():
    assert confident_class(np.array([0, 0]), np.array([[0.1, 0.9], [0.9, 0.1]])).tolist() == [-1, 0]


def test_neighbours_are_of_other_groups():
    features = np.array([[1.0, 0.0], [1.0, 0.01], [0.9, 0.1], [0.0, 1.0]])
    labels, groups = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    shares = neighbour_shares(features, labels, groups, 2)
    # Of the first picture the second is of the same patient, so both others, of class 1, are all there is.
    assert shares[0].tolist() == [0.0, 1.0]
    assert shares[3].tolist() == pytest.approx([2 / 3, 1 / 3])


def drawn(count, seed):
    """Class a: a bright disc at the left; class b: at the right. Noise and sizes vary."""
    rng = np.random.default_rng(seed)
    down, across = np.mgrid[:48, :48]
    rows = []
    for number in range(count):
        label = "ab"[number % 2]
        middle = (14 if label == "a" else 34) + rng.normal(0, 5)
        disc = 120.0 * (np.hypot(down - 24 - rng.normal(0, 4), across - middle) < rng.uniform(5, 9))
        picture = np.clip(60 + disc + rng.normal(0, 30, (48, 48)), 0, 255).astype(np.uint8)
        rows.append(row(f"{number:03d}.png", label, picture=picture, group=f"G{number:03d}"))
    return rows, np.arange(count) % 2, np.arange(count)


def test_probabilities_are_out_of_fold_and_every_row_has_them():
    rows, labels, groups = drawn(80, 0)
    features, probabilities = out_of_fold(rows, labels, groups, 2)
    assert features.shape[0] == 80
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.9
    assert np.isfinite(describe([rows[0].picture, np.zeros((8, 8), np.uint8)])).all()


def test_chance_labels_cannot_be_learnt():
    rows, _, groups = drawn(80, 0)
    labels = np.random.default_rng(5).permutation(80) % 2
    _, probabilities = out_of_fold(rows, labels, groups, 2)
    assert (probabilities.argmax(axis=1) == labels).mean() < 0.65


def test_planted_errors_lead_the_list_and_their_part_is_told():
    rows, labels, groups = drawn(300, 1)
    wrong = np.random.default_rng(11).permutation(300)[:45]
    labels = labels.copy()
    labels[wrong] = 1 - labels[wrong]
    for number in wrong:
        rows[number].label = "ab"[labels[number]]
    found = examine_labels(rows, labels, groups, ["a", "b"])
    assert len(found.doubts) == round(SHOWN * 300)
    assert np.mean([int(doubt.image[:3]) in wrong for doubt in found.doubts]) >= 0.9
    assert all(doubt.suggested != doubt.label and doubt.confidence > 0.5 for doubt in found.doubts)
    assert 0.1 <= found.wrong <= 0.2
    assert found.chance < 0.001
    assert found.contrary >= 30


def test_right_labels_are_left_alone():
    rows, labels, groups = drawn(300, 3)
    found = examine_labels(rows, labels, groups, ["a", "b"])
    assert found.sure < 6
    assert found.wrong < 0.03 or found.chance > 0.01
