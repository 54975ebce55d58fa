"""Up, then down to nothing; or always the same."""

import pytest

from wetread.training.schedule import rate_factor


def test_the_rate_goes_up_and_then_down_to_nothing():
    rates = [rate_factor("cosine", step, 40) for step in range(40)]
    assert rates[:4] == [0.25, 0.5, 0.75, 1.0]
    assert rates[4] == 1.0
    assert rates[22] == pytest.approx(0.5)
    assert sorted(rates[4:], reverse=True) == rates[4:]
    assert rates[-1] < 0.01
    assert rate_factor("constant", 3, 40) == rate_factor("plateau", 3, 40) == 1.0
