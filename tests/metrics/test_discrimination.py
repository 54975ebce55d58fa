"""Ranking metrics: frozen numbers, scikit-learn on random data, and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from wetread.metrics.discrimination import (
    auroc,
    average_precision,
    macro_auroc,
    macro_average_precision,
    micro_auroc,
    micro_average_precision,
    midranks,
    precision_recall_curve,
    roc_curve,
)

# whole numbers give plenty of ties, and no law can fail by rounding
mixed = st.lists(st.tuples(st.booleans(), st.integers(-8, 8)), min_size=2, max_size=40).filter(
    lambda rows: len({truth for truth, _ in rows}) == 2
)


def columns(rows):
    truth, score = zip(*rows, strict=True)
    return np.array(truth), np.array(score, dtype=float)


def test_frozen_numbers(binary):
    assert auroc(binary["truth"], binary["p"]) == pytest.approx(binary["auroc"], rel=1e-12, abs=1e-12)
    assert average_precision(binary["truth"], binary["p"]) == pytest.approx(
        binary["average_precision"], rel=1e-12, abs=1e-12
    )
    curve = roc_curve(binary["truth"], binary["p"])
    np.testing.assert_allclose(curve.fpr, binary["fpr"], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(curve.tpr, binary["tpr"], rtol=1e-12, atol=1e-12)


def test_frozen_macro_numbers(several):
    assert macro_auroc(several["truth"], several["p"]) == pytest.approx(several["macro_auroc"], rel=1e-12, abs=1e-12)
    assert macro_average_precision(several["truth"], several["p"]) == pytest.approx(
        several["macro_average_precision"], rel=1e-12, abs=1e-12
    )


def test_agrees_with_scikit_learn(random_case):
    truth, p = random_case
    assert auroc(truth, p) == pytest.approx(sk.roc_auc_score(truth, p), abs=1e-12)
    assert average_precision(truth, p) == pytest.approx(sk.average_precision_score(truth, p), abs=1e-12)
    fpr, tpr, thresholds = sk.roc_curve(truth, p, drop_intermediate=False)
    ours = roc_curve(truth, p)
    np.testing.assert_allclose(ours.fpr, fpr, atol=1e-12)
    np.testing.assert_allclose(ours.tpr, tpr, atol=1e-12)
    np.testing.assert_array_equal(ours.thresholds, thresholds)
    precision, recall, thresholds = sk.precision_recall_curve(truth, p)
    mine = precision_recall_curve(truth, p)
    np.testing.assert_allclose(mine.precision, precision[::-1], atol=1e-12)
    np.testing.assert_allclose(mine.recall, recall[::-1], atol=1e-12)
    np.testing.assert_array_equal(mine.thresholds[1:], thresholds[::-1])


def test_auroc_counts_pairs_by_hand():
    # pairs (positive, negative): 3>1, 3>2, 2>1 win, 2=2 is half a win: 3.5 of 4
    assert auroc([1, 1, 0, 0], [3, 2, 1, 2]) == 3.5 / 4


def test_average_precision_takes_steps():
    # first hit at rank 1 (precision 1), second at rank 4 (precision 1/2); a trapezoid would say 0.79
    assert average_precision([1, 0, 0, 1], [0.9, 0.8, 0.7, 0.6]) == pytest.approx(0.75)


def test_a_useless_score_has_chance_level():
    truth = np.arange(50) < 7
    assert auroc(truth, np.full(50, 0.3)) == 0.5
    assert average_precision(truth, np.full(50, 0.3)) == pytest.approx(7 / 50)


def test_midranks_share_the_mean():
    assert midranks(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [2.5, 1.0, 2.5, 4.0]


@given(mixed)
@settings(max_examples=60, deadline=None)
def test_negated_score_mirrors_auroc(rows):
    truth, score = columns(rows)
    assert auroc(truth, -score) == pytest.approx(1 - auroc(truth, score), abs=1e-12)
    assert auroc(~truth, score) == pytest.approx(1 - auroc(truth, score), abs=1e-12)


@given(mixed)
@settings(max_examples=60, deadline=None)
def test_only_the_order_matters(rows):
    truth, score = columns(rows)
    stretched = np.exp(score / 3) + 5
    assert auroc(truth, stretched) == auroc(truth, score)
    assert average_precision(truth, stretched) == average_precision(truth, score)


@given(mixed, st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_row_order_does_not_matter(rows, random):
    truth, score = columns(rows)
    shuffled = list(rows)
    random.shuffle(shuffled)
    truth_2, score_2 = columns(shuffled)
    assert average_precision(truth_2, score_2) == pytest.approx(average_precision(truth, score), abs=1e-12)
    np.testing.assert_array_equal(roc_curve(truth_2, score_2).tpr, roc_curve(truth, score).tpr)


@given(mixed)
@settings(max_examples=60, deadline=None)
def test_auroc_is_the_area_under_the_roc_curve(rows):
    truth, score = columns(rows)
    curve = roc_curve(truth, score)
    assert np.trapezoid(curve.tpr, curve.fpr) == pytest.approx(auroc(truth, score), abs=1e-12)
    assert (np.diff(curve.fpr) >= 0).all()
    assert (np.diff(curve.tpr) >= 0).all()
    assert (curve.fpr[-1], curve.tpr[-1]) == (1, 1)


@pytest.mark.parametrize("metric", [auroc, average_precision, roc_curve, precision_recall_curve])
def test_an_absent_class_has_no_number(metric):
    assert metric([1, 1], [0.2, 0.3]) is None
    assert metric([0, 0], [0.2, 0.3]) is None


def test_a_macro_mean_needs_every_class():
    p = np.full((4, 3), 1 / 3)
    assert macro_auroc([0, 1, 0, 1], p) is None
    assert macro_average_precision([0, 1, 0, 1], p) is None
    assert macro_auroc([0, 1, 2, 1], p) == 0.5


@pytest.mark.parametrize(
    ("truth", "score"),
    [
        ([1, 0], [0.5]),
        ([1, 0], [0.5, np.nan]),
        ([1, 0], [0.5, np.inf]),
        ([2, 0], [0.5, 0.1]),
        ([], []),
        ([[1, 0]], [0.5, 0.1]),
        (["yes", "no"], [0.5, 0.1]),
    ],
)
def test_arrays_that_do_not_fit_are_refused(truth, score):
    with pytest.raises(ValueError):
        auroc(truth, score)


def test_a_class_without_column_is_refused():
    with pytest.raises(ValueError, match="class numbers"):
        macro_auroc([0, 1, 2], np.full((3, 2), 0.5))


def test_micro_averages_by_hand():
    """Known pairs, best first: 0.9 there, 0.8 not, 0.7 there, 0.2 not; the unknown 0.95 and the NaN do not count."""
    truth = [[1, np.nan], [0, 1], [np.nan, 0]]
    score = [[0.9, 0.95], [0.8, 0.7], [np.nan, 0.2]]
    assert micro_auroc(truth, score) == pytest.approx(3 / 4)
    assert micro_average_precision(truth, score) == pytest.approx((1 + 2 / 3) / 2)
    assert micro_auroc(np.full((3, 2), np.nan), score) is None
    assert micro_auroc([[1, 1]], [[0.2, 0.1]]) is None


def test_micro_averages_of_classes_take_every_class_as_a_finding():
    truth, p = np.array([0, 1, 2]), np.array([[0.6, 0.3, 0.1], [0.5, 0.4, 0.1], [0.1, 0.2, 0.7]])
    is_there = np.eye(3)[truth]
    assert micro_auroc(truth, p) == auroc(is_there.ravel(), p.ravel())
    assert micro_average_precision(truth, p) == average_precision(is_there.ravel(), p.ravel())
    assert micro_average_precision(is_there, p) == micro_average_precision(truth, p)
    with pytest.raises(ValueError, match="one shape"):
        micro_auroc(is_there, p[:, :2])
    with pytest.raises(ValueError, match="not known"):
        micro_auroc(is_there * 2, p)
    with pytest.raises(ValueError, match="finite where"):
        micro_auroc(is_there, np.where(is_there, np.nan, p))


def test_no_straight_lines_between_points_of_precision_and_recall():
    """Two scores, far apart: the trapezoid would give 0.525, but nothing between them can be reached that way."""
    truth, score = [1] * 5 + [0] * 5 + [1] * 5 + [0] * 85, [0.9] * 10 + [0.1] * 90
    assert average_precision(truth, score) == pytest.approx(0.5 * 0.5 + 0.5 * 0.1)
