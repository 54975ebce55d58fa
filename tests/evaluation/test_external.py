"""What becomes of a number elsewhere."""

import math

import numpy as np
import pytest

from evaluation.fake_runs import finding_predictions, predictions, two_models
from wetread.evaluation.external import (
    calibration_intervals,
    common_findings,
    compare_numbers,
    difference_of_independent,
    say_drop,
)
from wetread.metrics.calibration_line import calibration_line_intervals
from wetread.metrics.interval import Interval
from wetread.metrics.intervals import wilson


def interval(value, low, high, n=50):
    return {"value": value, "low": low, "high": high, "n": n, "level": 0.95, "method": "any"}


def test_the_interval_of_two_shares_is_newcombe_s():
    """Newcombe 1998, method 10, of 56/70 - 48/80: 0.0524 to 0.3339, as his table II(a) has it."""
    found = difference_of_independent(wilson(48, 80), wilson(56, 70))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_square_and_add_by_hand():
    found = difference_of_independent(Interval(0.9, 0.8, 0.94, "", 50), Interval(0.7, 0.6, 0.85, "", 40))
    assert found.value == pytest.approx(-0.2)
    assert found.low == pytest.approx(-0.2 - math.hypot(0.7 - 0.6, 0.94 - 0.9))
    assert found.high == pytest.approx(-0.2 + math.hypot(0.85 - 0.7, 0.9 - 0.8))
    assert found.n == 40


def test_levels_must_agree():
    with pytest.raises(ValueError, match="levels"):
        difference_of_independent(Interval(0.9, 0.8, 0.95, "", 9, 0.9), Interval(0.9, 0.8, 0.95, "", 9))


def test_the_interval_covers():
    """Two samples of 60 with true shares 0.9 and 0.7: the interval of the difference holds the truth in 93 to 97 %."""
    random = np.random.default_rng(0)
    hits = 0
    for _ in range(1500):
        a, b = random.binomial(60, 0.9), random.binomial(60, 0.7)
        found = difference_of_independent(wilson(a, 60), wilson(b, 60))
        hits += found.low <= -0.2 <= found.high
    assert 0.93 <= hits / 1500 <= 0.97


def test_worse_better_and_not_shown():
    inside = {"auroc": interval(0.95, 0.93, 0.97), "brier": interval(0.10, 0.08, 0.12), "npv": interval(0.9, 0.8, 0.95)}
    outside = {
        "auroc": interval(0.75, 0.70, 0.80),
        "brier": interval(0.25, 0.22, 0.28),
        "npv": interval(0.88, 0.75, 0.95),
        "calibration_slope": interval(0.4, 0.2, 0.6),
    }
    rows = {row["name"]: row for row in compare_numbers(inside, outside)}
    assert rows["auroc"]["worse"] is True and rows["brier"]["worse"] is True and rows["npv"]["worse"] is None
    assert rows["brier"]["by_mix"] and not rows["auroc"]["by_mix"]
    assert rows["calibration_slope"]["inside"] is None and rows["calibration_slope"]["difference"] is None
    assert next(iter(rows)) == "auroc"


@pytest.mark.parametrize(
    ("home", "here", "said"),
    [
        ((0.95, 0.93, 0.97), (0.75, 0.70, 0.80), "falls from 0.95 (cross-validation) to 0.75: by 0.20"),
        ((0.75, 0.70, 0.80), (0.95, 0.93, 0.97), "likelier than a better model"),
        ((0.80, 0.70, 0.88), (0.78, 0.68, 0.86), "A change is not shown"),
    ],
)
def test_the_drop_in_words(home, here, said):
    rows = compare_numbers({"auroc": interval(*home)}, {"auroc": interval(*here)})
    assert said in say_drop(rows, "cross-validation")


def test_without_numbers_at_home_nothing_is_claimed():
    assert "not known" in say_drop(compare_numbers({}, {"auroc": interval(0.8, 0.7, 0.9)}), "its own test")
    assert say_drop([], "its own test") == "The AUROC is not defined here."


def test_calibration_slopes_have_intervals_over_patients():
    truth, good, _ = two_models(100)
    found = calibration_intervals(predictions(truth, good))["calibration_slope"]
    assert found["low"] < found["value"] < found["high"] and found["n"] == 100
    assert calibration_intervals(predictions(truth[:20], good[:20])) == {}  # too few to say
    assert calibration_intervals(predictions(truth, truth * 0.8 + 0.1)) == {}  # no finite slope


def test_at_home_and_elsewhere_the_line_has_the_same_interval():
    truth, good, _ = two_models(100)
    found = calibration_intervals(predictions(truth, good))
    slope, intercept = calibration_line_intervals(truth, good, np.arange(100))
    for name, one in (("calibration_slope", slope), ("calibration_intercept", intercept)):
        assert (found[name]["low"], found[name]["high"]) == pytest.approx((one.low, one.high), abs=1e-6)


def test_means_are_over_the_same_findings():
    truth, good, poor = two_models(40)
    both = np.stack([truth, np.roll(truth, 1)], axis=1).astype(float)
    table = np.stack([good, poor], axis=1)
    inside = finding_predictions(both, table)
    outside = finding_predictions(np.stack([truth, np.full(40, np.nan)], axis=1), table)
    here, there, names = common_findings(inside, outside, resamples=100)
    assert names == ["a"] and here["auroc"]["value"] == pytest.approx(there["auroc"]["value"])
