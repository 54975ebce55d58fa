"""The quick line is the slow one to within the noise of resampling; Brier is exact."""

import numpy as np
import pytest
from scipy.special import expit

from wetread.metrics import counted_calibration
from wetread.metrics.calibration import brier, brier_skill, calibration_slope_intercept
from wetread.metrics.counted_line import brier_and_skill, counted_line


def data(n=200, seed=0):
    random = np.random.default_rng(seed)
    z = random.normal(size=n)
    return random.random(n) < expit(z - 0.5), expit(1.6 * z)


def drawn(n, resamples=400, seed=1):
    random = np.random.default_rng(seed)
    return np.stack([np.bincount(random.integers(0, n, n), minlength=n) for _ in range(resamples)]).astype(float)


def test_the_data_themselves_give_the_fitted_line():
    truth, p = data()
    wanted = calibration_slope_intercept(truth, p)
    slope, intercept = counted_line(truth, p)
    ones = np.ones((1, len(p)))
    assert (slope(ones)[0], intercept(ones)[0]) == pytest.approx((wanted.slope, wanted.intercept), abs=1e-6)


def test_resamples_are_those_of_a_fit_to_the_end():
    truth, p = data()
    counts = drawn(len(p))
    slope, intercept = counted_line(truth, p)
    for quick, part in ((slope, "slope"), (intercept, "intercept")):
        slow = counted_calibration.calibration_line(truth, p, part)(counts)
        found = quick(counts)
        assert np.sqrt(np.mean((found - slow) ** 2)) < 0.1 * slow.std()
        assert np.quantile(found, [0.025, 0.975]) == pytest.approx(np.quantile(slow, [0.025, 0.975]), abs=0.06)


def test_brier_and_skill_are_exact_and_other_rows_count_nothing():
    truth, p = data(60)
    rows = np.arange(10, 70)
    counts = np.ones((1, 100))
    counts[0, :10] = 7
    found = [one(counts)[0] for one in brier_and_skill(truth, p, rows)]
    assert found == pytest.approx([brier(truth, p), brier_skill(truth, p)])
    slope, _ = counted_line(truth, p, rows)
    assert slope(counts)[0] == pytest.approx(calibration_slope_intercept(truth, p).slope)


def test_where_there_is_no_line():
    assert counted_line([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]) is None
    assert counted_line([0, 1, 0, 1], [0.5] * 4) is None
    assert np.isnan(brier_and_skill([1, 1], [0.5, 0.6])[1](np.ones((1, 2)))[0])
