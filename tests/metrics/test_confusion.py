"""What follows from the confusion matrix: frozen numbers, scikit-learn, and the RSNA lesson."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as sk

from wetread.metrics.confusion import (
    balanced_accuracy,
    cohen_kappa,
    confusion_matrix,
    f1,
    macro_f1,
)


def test_frozen_numbers(several, binary):
    truth, called = several["truth"], several["called"]
    k = several["p"].shape[1]
    assert confusion_matrix(truth, called, k).tolist() == several["confusion"]
    assert macro_f1(truth, called, k) == pytest.approx(several["macro_f1"], rel=1e-12, abs=1e-12)
    assert balanced_accuracy(truth, called, k) == pytest.approx(several["balanced_accuracy"], rel=1e-12, abs=1e-12)
    for weights, value in several["kappa"].items():
        assert cohen_kappa(truth, called, k, weights) == pytest.approx(value, rel=1e-12, abs=1e-12)
    assert f1(binary["truth"], binary["p"] >= 0.5) == pytest.approx(binary["f1"], rel=1e-12, abs=1e-12)


def test_agrees_with_scikit_learn(random_case):
    truth, p = random_case
    called = p >= 0.4
    assert f1(truth, called) == pytest.approx(sk.f1_score(truth, called), abs=1e-12)
    assert cohen_kappa(truth, called, 2) == pytest.approx(sk.cohen_kappa_score(truth, called), abs=1e-12)
    assert balanced_accuracy(truth, called, 2) == pytest.approx(sk.balanced_accuracy_score(truth, called), abs=1e-12)


def test_accuracy_hides_what_sensitivity_shows():
    """The RSNA lesson, experiment 2: [[0, 5], [0, 150]] looks like 0.968."""
    truth, called = np.arange(155) < 5, np.zeros(155, dtype=bool)
    assert confusion_matrix(truth.astype(int), called.astype(int), 2).tolist() == [[150, 0], [5, 0]]
    assert balanced_accuracy(truth.astype(int), called.astype(int), 2) == 0.5
    assert f1(truth, called) == 0
    assert cohen_kappa(truth.astype(int), called.astype(int), 2) == 0


def test_rows_are_the_truth():
    assert confusion_matrix([0, 0, 1], [1, 1, 1], 3).tolist() == [[0, 2, 0], [0, 1, 0], [0, 0, 0]]


def test_undefined_numbers_are_none():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert f1([0, 0], [0, 0]) is None
        assert cohen_kappa([1, 1], [1, 1], 2) is None
        assert balanced_accuracy([0, 1], [0, 1], 3) is None
        assert macro_f1([0, 1], [0, 1], 3) is None
    assert macro_f1([0, 1], [0, 2], 3) == pytest.approx(1 / 3)  # class 2 is called and wrong: 0, not undefined


def test_kappa_of_opposites():
    assert cohen_kappa([0, 1, 0, 1], [1, 0, 1, 0], 2) == -1


@pytest.mark.parametrize(("truth", "called"), [([0, 1], [0]), ([0, 2], [0, 0]), ([0, -1], [0, 0]), ([0.5, 1], [0, 1])])
def test_arrays_that_do_not_fit_are_refused(truth, called):
    with pytest.raises(ValueError):
        confusion_matrix(truth, called, 2)


def test_unknown_weights_are_refused():
    with pytest.raises(ValueError, match="quadratic"):
        cohen_kappa([0, 1], [0, 1], 2, "square")
