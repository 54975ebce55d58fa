"""Holm by hand, and p values that agree with their intervals."""

import pytest

from wetread.metrics.holm import holm, p_from_interval
from wetread.metrics.interval import Interval


def test_adjusted_p_values_by_hand():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == [0.02]
    assert holm([]) == []
    with pytest.raises(ValueError, match="p values"):
        holm([1.2])


@pytest.mark.parametrize(("low", "high", "beyond"), [(0.01, 0.3, True), (-0.01, 0.3, False)])
def test_p_is_below_the_level_exactly_where_the_interval_excludes_zero(low, high, beyond):
    assert (p_from_interval(Interval(0.1, low, high, "", 50)) < 0.05) is beyond
    assert (p_from_interval(Interval(-0.1, -high, -low, "", 50)) < 0.05) is beyond


def test_p_of_a_normal_interval():
    assert p_from_interval(Interval(1.959964, 0, 3.92, "", 50)) == pytest.approx(0.05, abs=1e-6)
    assert p_from_interval(Interval(2.5758, 0.6158, 4.5, "", 50)) == pytest.approx(0.01, abs=1e-4)
    assert p_from_interval(Interval(0.0, -1, 1, "", 50)) == 1.0
