"""Training again adds doubt: an interval that has less of it is not believed."""

import pytest

from wetread.evaluation.training_again import is_too_sure
from wetread.metrics.intervals import procedure_interval


@pytest.mark.parametrize(
    ("low", "high", "too_sure"),
    [(0.7, 0.95, False), (0.78, 0.92, True), (0.6, 1.0, True), (0.76, 0.96, False)],
)
def test_only_a_wider_interval_below_one_is_shown(low, high, too_sure):
    assert is_too_sure({"value": 0.85, "low": low, "high": high}, {"low": 0.75, "high": 0.93}) is too_sure


def test_folds_that_crowd_at_one_are_too_sure():
    again = procedure_interval([1.0, 0.98, 1.0, 1.0, 0.985, 1.0, 1.0, 1.0, 0.96, 1.0], 2, 5, 60, 15)
    assert again is not None
    assert is_too_sure({"low": again.low, "high": again.high}, {"low": 0.88, "high": 0.995})
