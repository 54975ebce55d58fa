"""`find_root`: scipy's answers, few steps, and no answer where there is none."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq

from wetread.metrics.root import find_root

FUNCTIONS = {
    "cubic": (lambda x: x**3 - 2 * x - 5, 2.0, 3.0),
    "flat": (lambda x: (x - 0.3) ** 9, -1.0, 2.0),
    "steep": (lambda x: math.expm1(40 * (x - 0.7)), 0.0, 1.0),
    "step": (lambda x: -1.0 if x < 0.25 else 1.0, 0.0, 1.0),
    "kink": (lambda x: abs(x - 0.5) - 0.1, 0.5, 1.0),
    "falling": (lambda x: 1 / x - 3, 0.01, 100.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_agrees_with_brent(name):
    function, low, high = FUNCTIONS[name]
    width = 0.1 if name == "flat" else 1e-10  # a ninth power is zero in doubles for some way round its root
    assert find_root(function, low, high) == pytest.approx(
        brentq(function, low, high, xtol=2e-12, maxiter=500), abs=width
    )


@given(st.floats(-50, 50), st.floats(0.1, 30), st.floats(0.001, 20), st.floats(0.001, 20))
def test_it_finds_any_root_of_a_rising_curve(root, steepness, left, right):
    found = find_root(lambda x: math.tanh(steepness * (x - root)) + 1e-3 * (x - root), root - left, root + right)
    assert found == pytest.approx(root, abs=1e-9)


def test_it_takes_few_looks():
    looks = []
    find_root(lambda x: looks.append(x) or math.exp(x) - 7, 0.0, 10.0)
    assert len(looks) < 20  # halving alone takes 43


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (1.0, 0.0)])
def test_a_root_at_an_end(low, high):
    assert find_root(lambda x: x, low, high) == 0.0


@pytest.mark.parametrize("function", [lambda x: x * x + 1, lambda x: math.nan])
def test_without_a_change_of_sign_there_is_no_answer(function):
    with pytest.raises(ValueError, match="no change of sign"):
        find_root(function, -1.0, 1.0)
