"""Temperature scaling: frozen numbers, data with a known temperature, and cases without one."""

import numpy as np
import pytest
from scipy.special import softmax

from wetread.metrics.temperature import apply_temperature, fit_temperature


def test_frozen_numbers(several):
    assert fit_temperature(several["logits"], several["truth"]) == pytest.approx(
        several["temperature"], rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_finds_the_temperature_that_was_put_in(temperature):
    random = np.random.default_rng(7)
    honest = 1.5 * random.normal(size=(20000, 3))
    truth = (random.random((20000, 1)) > softmax(honest, axis=1).cumsum(axis=1)).sum(axis=1)
    assert fit_temperature(temperature * honest, truth) == pytest.approx(temperature, rel=0.05)


def test_temperature_keeps_the_order_and_the_sum(several):
    p = apply_temperature(several["logits"], 2.5)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(p.argmax(axis=1), several["logits"].argmax(axis=1))
    np.testing.assert_allclose(apply_temperature(several["logits"], 1), several["p"], atol=1e-12)
    assert (p.max(axis=1) < several["p"].max(axis=1)).all()


def test_fitting_twice_changes_nothing(several):
    first = fit_temperature(several["logits"], several["truth"])
    assert fit_temperature(several["logits"] / first, several["truth"]) == pytest.approx(1, abs=1e-6)


def test_huge_logits_do_not_overflow():
    logits = 1e4 * np.array([[1.0, 0.0], [0.0, 1.0]])
    assert apply_temperature(logits, 1).tolist() == [[1, 0], [0, 1]]


def test_no_best_temperature_is_none():
    logits = np.array([[2.0, 0.0], [0.0, 2.0]])
    assert fit_temperature(logits, [0, 1]) is None  # all right: the sharper the better
    assert fit_temperature(logits, [1, 0]) is None  # all wrong: the softer the better
    assert fit_temperature(np.zeros((2, 2)), [0, 1]) is None  # nothing said


@pytest.mark.parametrize("temperature", [0, -1, np.nan, np.inf])
def test_impossible_temperatures_are_refused(temperature):
    with pytest.raises(ValueError, match="above 0"):
        apply_temperature([[0.0, 1.0]], temperature)
