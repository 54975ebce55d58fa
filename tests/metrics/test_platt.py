"""Platt's line: what it makes of logits that are wrong in a known way."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from wetread.metrics.platt import FLATTEST, STEEPEST, fit_platt


def test_a_known_distortion_is_undone():
    random = np.random.default_rng(1)
    z = random.normal(size=20_000)
    truth = random.random(z.size) < expit(z)
    line = fit_platt(2 * z + 3, truth)  # twice too sure, and far too high
    assert line.slope == pytest.approx(0.5, abs=0.03)
    assert line.intercept == pytest.approx(-1.5, abs=0.07)


def test_it_is_logistic_regression_on_smoothed_targets():
    random = np.random.default_rng(2)
    z = random.normal(size=60) * 3 - 1
    truth = random.random(60) < expit(z / 2)
    positive, negative = truth.sum(), (~truth).sum()
    share = np.where(truth, (positive + 1) / (positive + 2), 1 / (negative + 2))
    fit = LogisticRegression(C=np.inf, tol=1e-12, max_iter=1000).fit(
        np.concatenate([z, z])[:, None], np.repeat([1, 0], 60), np.concatenate([share, 1 - share])
    )
    line = fit_platt(z, truth)
    assert (line.slope, line.intercept) == pytest.approx((fit.coef_[0, 0], fit.intercept_[0]), abs=1e-5)


def test_a_perfect_separation_still_has_a_line_and_a_wrong_ranking_is_not_turned_round():
    perfect = fit_platt([-2, -1, 1, 2], [0, 0, 1, 1])
    assert 0 < perfect.slope <= STEEPEST and np.isfinite(perfect.intercept)
    wrong = fit_platt([-2.0, -1, 1, 2] * 20, [1, 1, 0, 0] * 20)
    assert wrong.slope == FLATTEST
    assert wrong.intercept == pytest.approx(0, abs=1e-9)


def test_nothing_can_be_fitted_to_one_class_or_to_equal_logits():
    assert fit_platt([0.1, 0.2], [1, 1]) is None
    assert fit_platt([3.0, 3.0, 3.0], [1, 0, 1]) is None
    with pytest.raises(ValueError, match="finite"):
        fit_platt([np.nan, 1], [0, 1])
