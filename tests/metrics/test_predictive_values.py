"""Bayes by hand, the paper's formula, and intervals that cover."""

import math

import numpy as np
import pytest

from wetread.metrics.interval import Interval
from wetread.metrics.intervals import wilson
from wetread.metrics.predictive_values import predictive_values


def test_values_are_those_of_bayes():
    found = predictive_values(wilson(90, 100), wilson(80, 100), 0.1)
    assert found.ppv.value == pytest.approx(0.09 / (0.09 + 0.18))
    assert found.npv.value == pytest.approx(0.72 / (0.72 + 0.01))
    assert predictive_values(wilson(50, 100), wilson(50, 100), 0.37).ppv.value == pytest.approx(0.37)


def test_bounds_are_close_to_the_paper_s_formula_for_independent_images():
    n1, n0, se, sp, prevalence = 400, 600, 0.9, 0.8, 0.05
    ppv = predictive_values(wilson(se * n1, n1), wilson(sp * n0, n0), prevalence).ppv
    middle = math.log(se * prevalence / ((1 - sp) * (1 - prevalence)))
    spread = math.sqrt((1 - se) / se / n1 + sp / (1 - sp) / n0)
    wanted = [1 / (1 + math.exp(-(middle + side * 1.959964 * spread))) for side in (-1, 1)]
    assert [ppv.low, ppv.high] == pytest.approx(wanted, rel=0.01)


def test_patients_with_several_images_widen_the_interval():
    narrow, wide = (Interval(0.8, 0.8 - d, 0.8 + d, "", 100) for d in (0.05, 0.1))
    one, other = predictive_values(narrow, narrow, 0.2).ppv, predictive_values(wide, wide, 0.2).ppv
    assert other.high - other.low > 1.7 * (one.high - one.low)


def test_perfect_rates_have_values_and_honest_bounds():
    found = predictive_values(wilson(20, 20), wilson(30, 30), 0.1)
    assert found.ppv.value == found.npv.value == 1.0
    assert 0.3 < found.ppv.low < 0.9 and 0.9 < found.npv.low < 1
    assert found.ppv.high == 1.0


def test_where_nobody_is_called_there_is_no_ppv():
    found = predictive_values(wilson(0, 20), wilson(30, 30), 0.1)
    assert found.ppv is None
    assert found.npv.value == pytest.approx(0.9)
    with pytest.raises(ValueError, match="prevalence"):
        predictive_values(wilson(1, 2), wilson(1, 2), 1.0)


def test_intervals_cover_about_as_often_as_they_say():
    random = np.random.default_rng(0)
    se, sp, prevalence, n1, n0 = 0.9, 0.85, 0.1, 60, 80
    truth = se * prevalence / (se * prevalence + (1 - sp) * (1 - prevalence))
    hits = 0
    for x1, x0 in zip(random.binomial(n1, se, 1500), random.binomial(n0, sp, 1500), strict=True):
        ppv = predictive_values(wilson(int(x1), n1), wilson(int(x0), n0), prevalence).ppv
        hits += ppv.low <= truth <= ppv.high
    assert 0.93 <= hits / 1500 <= 0.975
