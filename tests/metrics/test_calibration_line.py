"""The interval of the recalibration line: a jackknife, laws, and what it covers."""

import numpy as np
import pytest
from scipy.special import expit

from wetread.metrics.calibration import calibration_slope_intercept
from wetread.metrics.calibration_line import calibration_line_intervals


def data(n=200, seed=0):
    random = np.random.default_rng(seed)
    z = random.normal(size=n)
    return random.random(n) < expit(z - 0.5), expit(1.6 * z)


def test_the_values_are_those_of_the_fitted_line():
    truth, p = data()
    wanted = calibration_slope_intercept(truth, p)
    slope, intercept = calibration_line_intervals(truth, p, np.arange(200))
    assert (slope.value, intercept.value) == pytest.approx((wanted.slope, wanted.intercept))
    assert slope.low < slope.value < slope.high and intercept.low < intercept.value < intercept.high
    assert (slope.n, slope.level) == (200, 0.95)
    narrow, _ = calibration_line_intervals(truth, p, np.arange(200), 0.8)
    assert narrow.high - narrow.low < slope.high - slope.low


@pytest.mark.parametrize("images", [1, 3])
def test_one_step_is_the_jackknife_of_lines_fitted_anew(images):
    truth, p = data(150)
    patients = np.arange(150) // images
    people = 150 // images
    left = [calibration_slope_intercept(truth[patients != k], p[patients != k]) for k in range(people)]
    for found, name in zip(calibration_line_intervals(truth, p, patients), ("slope", "intercept"), strict=True):
        values = np.array([getattr(line, name) for line in left])
        error = np.sqrt((people - 1) / people * np.sum((values - found.value) ** 2))
        assert (found.high - found.low) / 2 == pytest.approx(2 * error, rel=0.04)


def test_copies_of_an_image_add_no_certainty():
    truth, p = data(80)
    once = calibration_line_intervals(truth, p, np.arange(80))
    five = calibration_line_intervals(*(np.repeat(one, 5) for one in (truth, p, np.arange(80))))
    for one, other in zip(once, five, strict=True):
        assert (one.low, one.high, one.n) == pytest.approx((other.low, other.high, other.n))


def test_where_there_is_no_line_or_it_hangs_on_one_patient():
    assert calibration_line_intervals([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], range(4)) is None
    assert calibration_line_intervals([0, 1, 0, 1], [0.5] * 4, range(4)) is None
    assert calibration_line_intervals([0, 1, 0, 1], [0.2, 0.3, 0.4, 0.35], [1, 1, 2, 2]) is None  # two patients
    assert calibration_line_intervals([0, 1, 0, 1, 1, 0], [0.5] * 4 + [0.4, 0.7], [1, 2, 3, 4, 5, 5]) is None
    with pytest.raises(ValueError, match="level"):
        calibration_line_intervals([0, 1], [0.2, 0.3], [1, 2], 95)


@pytest.mark.parametrize("images", [1, 4])
def test_it_covers(images):
    """50 patients, 400 studies: resampled single steps held the slope in 0.79."""
    random, held = np.random.default_rng(1), 0
    for _ in range(400):
        person = np.repeat(random.normal(size=(2, 50)), images, axis=1)
        z = 0.8 * person[0] + 0.6 * random.normal(size=50 * images)
        truth = 1.2 * z + 0.3 + np.log(1 / random.random(50 * images) - 1) > 0  # drawn image by image
        found = calibration_line_intervals(truth, expit(z), np.repeat(np.arange(50), images))
        held += np.array([one.low <= wanted <= one.high for one, wanted in zip(found, (1.2, 0.3), strict=True)])
    assert (held / 400 > 0.91).all()
    assert (held / 400 < 0.985).all()
