"""Sets by class: quantiles by hand, the promise in simulation, and no promise where there are too few cases."""

import numpy as np
import pytest

from wetread.metrics.conformal import class_quantiles, coverage_range, prediction_sets, rank_needed


def table_of(positive):
    p = np.asarray(positive, dtype=float)
    return np.stack([1 - p, p], axis=1)


def test_the_quantile_is_the_ranked_score():
    # Nine cases of class 1 with p from .1 to .9: scores .9 to .1; rank ceil(10 x .9) = 9 is the largest, .9.
    positive = np.arange(1, 10) / 10
    quantiles = class_quantiles(np.ones(9, dtype=int), table_of(positive))
    assert quantiles[0] is None
    assert quantiles[1] == pytest.approx(0.9)
    # At 80 %: rank ceil(10 x .8) = 8, the score .8.
    assert class_quantiles(np.ones(9, dtype=int), table_of(positive), alpha=0.2)[1] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("n", "alpha", "possible"), [(8, 0.1, False), (9, 0.1, True), (18, 0.05, False), (19, 0.05, True)]
)
def test_too_few_cases_promise_nothing(n, alpha, possible):
    quantiles = class_quantiles(np.zeros(n, dtype=int), table_of(np.full(n, 0.3)), alpha=alpha)
    assert (quantiles[0] is not None) is possible
    assert (coverage_range(n, alpha) is not None) is possible
    assert (rank_needed(n, alpha) <= n) is possible


def test_sets_are_empty_single_or_several():
    table = np.array([[0.95, 0.05], [0.5, 0.5], [0.05, 0.95]])
    assert prediction_sets(table, [0.6, 0.6]).tolist() == [[True, False], [True, True], [False, True]]
    assert prediction_sets(table, [0.3, 0.3]).tolist() == [[True, False], [False, False], [False, True]]


def test_a_class_without_quantile_is_never_excluded():
    assert prediction_sets(np.array([[0.99, 0.01]]), [0.5, None]).tolist() == [[True, True]]


def test_the_range_is_that_of_the_literature():
    # trust.md: a nominal 90 % is .83-.96 at 50, .85-.95 at 100, .88-.92 at 500.
    for n, low, high in ((50, 0.83, 0.96), (100, 0.85, 0.95), (500, 0.88, 0.92)):
        found = coverage_range(n)
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.006)
        assert found.value >= 0.9


def test_the_promise_holds_in_the_mean():
    random = np.random.default_rng(3)
    held = []
    for _ in range(300):
        truth = np.repeat([0, 1], 40)
        p = 1 / (1 + np.exp(-(random.normal(0, 1.5, 80) + np.where(truth == 1, 1.0, -1.0))))
        known = np.arange(80) % 2 == 0
        quantiles = class_quantiles(truth[known], table_of(p[known]))
        sets = prediction_sets(table_of(p[~known]), quantiles)
        held.append([sets[truth[~known] == one, one].mean() for one in (0, 1)])
    expected = coverage_range(20).value  # 19 of 21
    np.testing.assert_allclose(np.mean(held, axis=0), expected, atol=0.02)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="quantiles"):
        prediction_sets(np.array([[0.5, 0.5]]), [0.5])
    with pytest.raises(ValueError, match="add up"):
        class_quantiles([0, 1], [[0.5, 0.9], [0.5, 0.5]])
    with pytest.raises(ValueError, match="level"):
        class_quantiles([0, 1], [[0.5, 0.5], [0.5, 0.5]], alpha=10)
