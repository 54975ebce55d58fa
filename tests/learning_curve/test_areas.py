import numpy as np
import pytest

from wetread.learning_curve.areas import areas, mean_curve
from wetread.learning_curve.cases import Cases
from wetread.learning_curve.refits import Draw

from .simulated import simulated


def scores_of(second):
    """One size; the first class gets the opposite score."""
    column = np.array(second, dtype=float)
    return np.stack([-column, column], axis=1)[None]


def test_areas_of_two_classes_by_hand():
    cases = simulated(groups=4)  # labels 0, 1, 0, 1
    draw = Draw(np.arange(4), scores_of([0.1, 0.4, 0.6, 0.8]))  # of four pairs one is wrong
    assert areas(cases, [draw], np.ones((1, 4))).ravel() == pytest.approx([0.75])
    # the wrong group counts twice: of six pairs two are wrong
    assert areas(cases, [draw], np.array([[1.0, 1, 2, 1]])).ravel() == pytest.approx([4 / 6])


def test_several_findings_leave_out_what_is_not_known():
    labels = np.array([[1, 0], [0, 1], [np.nan, 1], [1, 0]], dtype=float)
    cases = Cases("classical", np.zeros((4, 1), np.float32), 0, labels, np.arange(4), ("a", "b"), "multilabel")
    draw = Draw(np.arange(4), np.array([[[3.0, 0], [2, 1], [9, 2], [1, 3]]]))
    # a: the pairs 3 > 2 and 1 < 2; b: 1 and 2 against 0 and 3, two of four
    assert areas(cases, [draw], np.ones((1, 4))).ravel() == pytest.approx([0.5, 0.5])


def test_a_test_part_without_a_class_says_nothing_and_shifts_no_mean():
    table = np.array([[[[0.8, np.nan]], [[0.6, 0.4]]]])  # one resample, two draws, one size, two classes
    assert mean_curve(table) == pytest.approx((0.7 + 0.4) / 2)
    assert mean_curve(table, np.array([[3.0, 1.0]])) == pytest.approx(((3 * 0.8 + 0.6) / 4 + 0.4) / 2)
    assert np.isnan(mean_curve(table, np.array([[1.0, 0.0]]))).all()
