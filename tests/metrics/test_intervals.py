"""Closed-form intervals: SciPy's numbers, published examples, laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.metrics.intervals import clopper_pearson, nadeau_bengio, procedure_interval, wilson, wilson_by_patient

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.floats(0, n), st.just(n)))


def test_frozen_numbers(reference):
    for successes, n, level, method, low, high in reference["proportions"]:
        found = {"wilson": wilson, "exact": clopper_pearson}[method](successes, n, level)
        assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-12)
        assert (found.value, found.n, found.level) == (successes / n, n, level)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        (10, 10, 0.72, 1.00),  # Lakhani notebook, "100 %"
        (84, 105, 0.71, 0.87),  # Carpentries lesson, 0.80
        (6, 10, 0.31, 0.83),  # RSNA lesson, experiment 1
        (0, 5, 0.00, 0.43),  # RSNA lesson, sensitivity of experiment 2
        (216, 300, 0.67, 0.77),  # RSNA lesson, experiment 3
    ],
)
def test_what_published_numbers_were_worth(successes, n, low, high):
    found = wilson(successes, n)
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)


@pytest.mark.parametrize("method", [wilson, clopper_pearson])
@given(counts, st.floats(0.5, 0.999))
@settings(max_examples=80, deadline=None)
def test_laws_of_a_share(method, count, level):
    successes, n = count
    found = method(successes, n, level)
    assert 0 <= found.low <= found.value <= found.high <= 1
    mirrored = method(n - successes, n, level)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high), abs=1e-7)
    wider = method(successes, n, (1 + level) / 2)
    assert wider.high - wider.low > found.high - found.low


@given(st.integers(0, 30))
@settings(max_examples=31, deadline=None)
def test_exact_is_wider_than_wilson_inside(successes):
    exact, score = clopper_pearson(successes, 30), wilson(successes, 30)
    assert exact.high - exact.low > score.high - score.low


def test_nothing_counted_has_no_interval():
    assert wilson(0, 0) is None
    assert clopper_pearson(0, 0) is None


@pytest.mark.parametrize(
    ("successes", "n", "level"), [(3, 2, 0.95), (-1, 2, 0.95), (1, 2, 95), (1, 2, 0), (0, -1, 0.95)]
)
def test_impossible_counts_are_refused(successes, n, level):
    with pytest.raises(ValueError):
        wilson(successes, n, level)


def test_corrected_t_frozen(reference):
    case = reference["corrected_t"]
    found = nadeau_bengio(case["values"], case["n_train"], case["n_test"])
    assert (found.low, found.high) == pytest.approx((case["low"], case["high"]), rel=1e-9, abs=1e-12)
    assert found.value == pytest.approx(np.mean(case["values"]))
    assert found.n == 10


def test_corrected_t_is_much_wider_than_the_naive_one():
    """5 x 5 folds: the naive standard error is sqrt((1/25 + 1/4) / (1/25)) = 2.7 times too small."""
    values = 0.8 + 0.05 * np.sin(np.arange(25))
    found = nadeau_bengio(values, 80, 20)
    naive = nadeau_bengio(values, 1e12, 1)
    assert (found.high - found.low) / (naive.high - naive.low) == pytest.approx(2.69, abs=0.01)


def test_corrected_t_stays_within_its_bounds():
    values = [0.99, 0.90, 1.0, 0.97]
    assert nadeau_bengio(values, 80, 20).high > 1
    assert nadeau_bengio(values, 80, 20, bounds=(0, 1)).high == 1
    assert nadeau_bengio([0.9], 80, 20) is None
    with pytest.raises(ValueError, match="bounds"):
        nadeau_bengio([0.9, 1.2], 80, 20, bounds=(0, 1))
    with pytest.raises(ValueError, match="images"):
        nadeau_bengio(values, 0, 20)


def test_one_trial_per_patient_is_wilson():
    assert wilson_by_patient([1, 1, 0], ["a", "b", "c"]) == wilson(2, 3)


def test_copies_of_a_trial_are_worth_little_more_than_one():
    won = np.arange(40) < 30
    once, four = wilson(30, 40), wilson_by_patient(np.repeat(won, 4), np.repeat(np.arange(40), 4))
    naive = wilson(120, 160)
    # measured: all alike (4); ten guessed patients are half alike (2.5): (40 * 4 * 40/39 + 10 * 2.5) / 50, at most 4
    worth = 160 / ((40 * 4 * 40 / 39 + 25) / 50)
    z = 1.959964
    centre = (0.75 + z * z / 2 / worth) / (1 + z * z / worth)
    half = z * np.sqrt(0.75 * 0.25 / worth + z * z / 4 / worth**2) / (1 + z * z / worth)
    assert (four.low, four.high) == pytest.approx((centre - half, centre + half), abs=1e-6)
    assert naive.high - naive.low < 0.6 * (four.high - four.low)
    assert 0.9 * (once.high - once.low) < four.high - four.low < once.high - once.low
    assert (four.n, four.method) == (40, "Wilson, patients as units")


def test_all_trials_won_count_each_patient_once():
    found = wilson_by_patient(np.ones(40), np.repeat(np.arange(10), 4))
    assert (found.value, found.low, found.high) == pytest.approx((1, wilson(10, 10).low, 1))
    one = wilson_by_patient([1, 1, 0], [7, 7, 7])
    assert one.low < 0.1
    assert one.high > 0.95


def test_trials_as_different_as_those_of_strangers_are_nearly_worth_their_number():
    random = np.random.default_rng(1)
    won = random.random(1200) < 0.6
    found, by_trial = wilson_by_patient(won, np.repeat(np.arange(400), 3)), wilson(int(won.sum()), 1200)
    assert found.high - found.low == pytest.approx(by_trial.high - by_trial.low, rel=0.08)


def test_the_interval_of_a_procedure_is_nadeau_and_bengios():
    """By hand: two repeats of two folds, n_test/n_train = 1, s^2 = 0.01/3, t(3) = 3.1824."""
    found = procedure_interval([0.7, 0.8, 0.8, 0.7], 2, 2, 50, 50)
    half = 3.182446 * np.sqrt((1 / 4 + 1) * 0.01 / 3)
    assert (found.value, found.low, found.high) == pytest.approx((0.75, 0.75 - half, 0.75 + half), abs=1e-6)
    assert found == nadeau_bengio([0.7, 0.8, 0.8, 0.7], 50, 50, bounds=(0, 1))


def test_folds_without_a_value_are_left_out_and_told_unless_they_are_many():
    values = [0.8, 0.7, None, *[0.75] * 8, 0.9]
    found = procedure_interval(values, 4, 3, 40, 20)
    assert found.n == 11
    assert found.method.endswith("1 not defined and left out")
    assert procedure_interval([0.8, None, 0.7, 0.75], 2, 2, 40, 40) is None
    assert procedure_interval([0.8, 0.9], 2, 1, 40, 10) is None  # one division into a test set is no procedure
    with pytest.raises(ValueError, match="as many values"):
        procedure_interval([0.8, 0.9, 0.7], 2, 2, 40, 40)
    with pytest.raises(ValueError, match="bounds"):
        procedure_interval([0.8, 1.9], 1, 2, 40, 40)
