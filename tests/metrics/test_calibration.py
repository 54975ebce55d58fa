"""Calibration: frozen numbers, scikit-learn, and data drawn from known lines."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss

from wetread.metrics.calibration import (
    brier,
    brier_skill,
    calibration_error_by_luck,
    calibration_slope_intercept,
    equal_mass_bins,
    expected_calibration_error,
    reliability_bins,
    top_label,
)


def test_frozen_numbers(binary):
    truth, p = binary["truth"], binary["p"]
    assert brier(truth, p) == pytest.approx(binary["brier"], rel=1e-12, abs=1e-12)
    assert brier_skill(truth, p) == pytest.approx(binary["brier_skill"], rel=1e-12, abs=1e-12)
    assert expected_calibration_error(truth, p) == pytest.approx(binary["calibration_error"], rel=1e-12, abs=1e-12)
    line = calibration_slope_intercept(truth, p)
    for part in ("slope", "intercept", "in_the_large"):  # the reference comes from a search without gradients
        assert getattr(line, part) == pytest.approx(binary[part], rel=1e-6, abs=1e-6)


def test_frozen_numbers_of_several_classes(several):
    assert brier(several["truth"], several["p"]) == pytest.approx(several["brier"], rel=1e-12, abs=1e-12)


def test_agrees_with_scikit_learn(random_case):
    truth, p = random_case
    assert brier(truth, p) == pytest.approx(brier_score_loss(truth, p), abs=1e-12)
    line = calibration_slope_intercept(truth, p)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(logit(p)[:, None], truth)
    assert line.slope == pytest.approx(model.coef_[0, 0], rel=1e-4, abs=1e-4)
    assert line.intercept == pytest.approx(model.intercept_[0], rel=1e-4, abs=1e-4)


def test_line_finds_what_was_put_in():
    random = np.random.default_rng(0)
    true_logit = random.normal(size=20000)
    truth = random.random(20000) < expit(true_logit)
    line = calibration_slope_intercept(truth, expit(2 * true_logit + 1))  # twice too sure, and shifted by 1
    assert line.slope == pytest.approx(0.5, abs=0.03)
    assert line.intercept == pytest.approx(-0.5, abs=0.04)
    assert line.in_the_large < -0.3


def test_line_at_the_best_point_has_no_slope_left():
    """At the maximum the residuals are balanced: exactly what maximum likelihood means."""
    random = np.random.default_rng(1)
    x = 3 * random.normal(size=80)
    truth = random.random(80) < expit(x)
    line = calibration_slope_intercept(truth, expit(x))
    residual = truth - expit(line.intercept + line.slope * x)
    assert abs(residual.sum()) < 1e-6
    assert abs(residual @ x) < 1e-6
    assert abs((truth - expit(line.in_the_large + x)).sum()) < 1e-6


@pytest.mark.parametrize(
    ("truth", "p"),
    [
        ([1, 1, 1], [0.2, 0.5, 0.9]),  # a class is absent
        ([1, 0, 1], [0.5, 0.5, 0.5]),  # nothing to draw a line through
        ([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.9]),  # separated: the best slope is infinite
        ([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.9]),  # separated but for a tie at the border
        ([1, 1, 0, 0], [0.1, 0.4, 0.6, 0.9]),  # separated the wrong way round
    ],
)
def test_line_without_a_finite_best_is_none(truth, p):
    assert calibration_slope_intercept(truth, p) is None


def test_certain_probabilities_do_not_break_the_line():
    line = calibration_slope_intercept([0, 1, 0, 1, 1, 0], [0.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    assert np.isfinite(line).all()


def test_brier_of_two_columns_is_twice_that_of_one():
    truth, p = np.array([1, 0, 1]), np.array([0.8, 0.3, 0.4])
    assert brier(truth, np.stack([1 - p, p], axis=1)) == pytest.approx(2 * brier(truth, p))
    assert brier(truth, p) == pytest.approx((0.04 + 0.09 + 0.36) / 3)


def test_skill_is_zero_for_the_prevalence_and_one_for_the_truth():
    truth = np.arange(10) < 3
    assert brier_skill(truth, np.full(10, 0.3)) == pytest.approx(0)
    assert brier_skill(truth, truth.astype(float)) == 1
    assert brier_skill(truth, 1.0 - truth) < 0
    assert brier_skill(np.ones(4), np.full(4, 0.9)) is None


def test_bins_hold_equal_numbers_and_keep_ties_together():
    assert np.bincount(equal_mass_bins(np.random.default_rng(0).random(100), 10)).tolist() == [10] * 10
    assert len(set(equal_mass_bins(np.array([0.1, 0.5, 0.5, 0.5, 0.9]), 5)[1:4])) == 1
    points = reliability_bins([0, 1, 0, 1], [0.3, 0.3, 0.3, 0.3])
    assert len(points) == 1
    assert points[0].observed.value == 0.5


def test_calibration_error_does_not_depend_on_the_row_order():
    truth = np.array([0, 1, 1, 0, 1, 0, 0, 1])
    p = np.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.2, 0.2, 0.9])
    order = np.random.default_rng(3).permutation(8)
    assert expected_calibration_error(truth, p, 4) == pytest.approx(
        expected_calibration_error(truth[order], p[order], 4)
    )


def test_reliability_points_add_up_to_the_error(random_case):
    truth, p = random_case
    points = reliability_bins(truth, p, bins=10)
    assert sum(point.n for point in points) == len(truth)
    assert [point.mean_probability for point in points] == sorted(point.mean_probability for point in points)
    error = sum(point.n * abs(point.mean_probability - point.observed.value) for point in points) / len(truth)
    assert error == pytest.approx(expected_calibration_error(truth, p), abs=1e-12)
    assert all(0 <= point.observed.low <= point.observed.value <= point.observed.high <= 1 for point in points)


def test_error_by_luck_is_that_of_a_perfect_model():
    random = np.random.default_rng(5)
    p = random.random(100)
    luck = calibration_error_by_luck(p, draws=500)
    seen = [expected_calibration_error(random.random(100) < p, p) for _ in range(500)]
    assert luck == pytest.approx(np.mean(seen), abs=0.004)
    assert 0.08 < luck < 0.12  # far from zero: the reason to show it
    assert calibration_error_by_luck(np.tile(p, 20), draws=200) < luck / 3
    assert calibration_error_by_luck(p, draws=50, seed=1) == calibration_error_by_luck(p, draws=50, seed=1)
    assert calibration_error_by_luck(p, draws=50, seed=1) != calibration_error_by_luck(p, draws=50, seed=2)


def test_top_label_asks_about_the_called_class():
    right, confidence = top_label([0, 2], [[0.2, 0.7, 0.1], [0.1, 0.3, 0.6]])
    assert right.tolist() == [False, True]
    assert confidence.tolist() == [0.7, 0.6]


@pytest.mark.parametrize("p", [[0.5, 1.5], [0.5, -0.1], [0.5, np.nan], [0.5], [[0.5, 0.6], [0.5, 0.5]]])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ValueError):
        brier([0, 1], p)


def test_no_bins_is_refused():
    with pytest.raises(ValueError, match="bins"):
        expected_calibration_error([0, 1], [0.2, 0.3], bins=0)
