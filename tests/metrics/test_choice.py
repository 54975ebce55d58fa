"""The right interval for the data: few patients or many, one image each or several."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wetread.metrics.choice import (
    exact_if_certain,
    interval_for_auroc,
    interval_for_mean_proportion,
    interval_for_proportion,
    one_image_per_patient,
    wilson_if_certain,
)
from wetread.metrics.delong import delong
from wetread.metrics.interval import Interval
from wetread.metrics.intervals import wilson
from wetread.metrics.newcombe import newcombe

rows = st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 6)), min_size=1, max_size=40)


def test_one_image_per_patient_is_wilson_and_newcombe_or_delong():
    truth = np.arange(40) < 15
    score = np.sin(np.arange(40)) + truth
    called = score > 0.5
    names = [f"patient {k}" for k in range(40)]
    assert one_image_per_patient(names)
    assert interval_for_auroc(truth, score, names) == newcombe(truth, score)
    found = interval_for_proportion(truth & called, truth, names)
    assert found == wilson(int((truth & called).sum()), 15)
    many = np.arange(300) < 100
    score = np.sin(np.arange(300)) + many
    assert interval_for_auroc(many, score, np.arange(300)) == delong(many, score)
    assert interval_for_auroc(many[1:], score[1:], np.arange(299)) == newcombe(many[1:], score[1:])


def test_the_mean_of_one_reader_is_this_reader():
    random = np.random.default_rng(4)
    truth, called, keys = random.random(60) < 0.5, random.random(60) < 0.7, np.arange(60) // 2
    pair = (truth & called, truth)
    assert interval_for_mean_proportion([pair], keys) == interval_for_proportion(*pair, keys)
    nobody = (np.zeros(60, dtype=bool), np.zeros(60, dtype=bool))
    assert interval_for_mean_proportion([pair, nobody], keys) == interval_for_proportion(*pair, keys)
    assert interval_for_mean_proportion([nobody], keys) is None


def test_readers_who_say_the_same_are_about_one_reader():
    """Every image all right: nothing says that readers differ, so each image counts once."""
    everything, keys = np.ones(12, dtype=bool), np.arange(12)
    found = interval_for_mean_proportion([(everything, everything)] * 3, keys)
    assert (found.low, found.high, found.n) == (pytest.approx(wilson(12, 12).low), 1, 12)
    won = np.arange(400) % 4 > 0
    alike = interval_for_mean_proportion([(won, np.ones(400, dtype=bool))] * 3, np.arange(400))
    one = wilson(300, 400)
    assert (alike.low, alike.high) == pytest.approx((one.low, one.high), abs=0.002)


def test_readers_who_err_apart_are_worth_more_than_one_and_less_than_all():
    random = np.random.default_rng(5)
    tried = np.ones(80, dtype=bool)
    pairs = [(random.random(80) < 0.8, tried) for _ in range(3)]
    found = interval_for_mean_proportion(pairs, np.arange(80))
    right = sum(int(won.sum()) for won, _ in pairs)
    one, all_of_them = wilson(right / 3, 80), wilson(right, 240)
    assert found.value == pytest.approx(right / 240)
    assert all_of_them.high - all_of_them.low <= found.high - found.low < one.high - one.low


def test_each_reader_counts_alike_however_many_images_were_read():
    won, few = np.arange(40) % 2 == 0, np.arange(40) < 8
    found = interval_for_mean_proportion([(won, np.ones(40, dtype=bool)), (few, few)], np.arange(40))
    assert found.value == pytest.approx((0.5 + 1) / 2)
    apart = interval_for_mean_proportion(
        [(won & few, few), (~few & won, ~few)], np.arange(40)
    )  # nobody shares an image
    assert apart.value == pytest.approx(0.5)
    assert "Wilson" in apart.method


def test_many_patients_of_readers_are_drawn():
    random = np.random.default_rng(6)
    tried = np.ones(1100, dtype=bool)
    pairs = [(random.random(1100) < 0.8, tried) for _ in range(2)]
    assert "bootstrap" in interval_for_mean_proportion(pairs, np.arange(1100), resamples=50).method


def test_only_patients_with_a_trial_decide():
    """Two negative images of one patient do not make the sensitivity depend on patients."""
    truth = np.array([1, 1, 1, 0, 0], dtype=bool)
    called = np.array([1, 0, 1, 0, 1], dtype=bool)
    patients = [1, 2, 3, 4, 4]
    assert interval_for_proportion(truth & called, truth, patients).method == "Wilson"
    assert "patients as units" in interval_for_proportion(truth == called, np.ones(5), patients).method


@pytest.mark.parametrize("people", [40, 240, 1200])
def test_several_images_of_a_patient_are_no_independent_cases(people):
    random = np.random.default_rng(0)
    patients = np.repeat(np.arange(people), 3)
    truth = patients < people / 2
    score = truth + random.normal(size=people)[patients] + 0.3 * random.normal(size=3 * people)
    called = score > 0.5
    area = interval_for_auroc(truth, score, patients, resamples=500)
    assert area.method.startswith("Newcombe" if people < 200 else "patient bootstrap BCa, 500 resamples")
    assert area.n == people
    by_image = delong(truth, score)
    assert area.high - area.low > 1.2 * (by_image.high - by_image.low)
    share = interval_for_proportion(truth == called, np.ones(3 * people), patients, truth, resamples=500)
    assert share.method.startswith("Wilson, patients as units" if people < 1000 else "patient bootstrap BCa")
    naive = wilson(int((truth == called).sum()), 3 * people)
    assert share.high - share.low > 1.2 * (naive.high - naive.low)


@pytest.mark.parametrize("people", [10, 1200])
def test_all_right_is_not_certain(people):
    patients = np.repeat(np.arange(people), 4)
    found = interval_for_proportion(np.ones(4 * people), np.ones(4 * people), patients, resamples=20)
    assert (found.high, found.n) == (1, people)
    assert found.low == pytest.approx(wilson(people, people).low)  # so many patients, not four times as many images


def test_a_perfect_ranking_is_not_certain():
    patients = np.repeat(np.arange(10), 4)
    found = interval_for_auroc(patients < 5, -patients, patients, resamples=100)
    assert found.low == pytest.approx(0.025 ** (1 / 5))
    assert found.n == 5
    # patients with a positive and a negative image can stand in one pair only
    both = interval_for_auroc([1, 0] * 6, [1, 0] * 6, np.repeat(np.arange(6), 2), resamples=100)
    assert both.n == 3


def test_only_an_interval_without_width_is_replaced_and_the_fewest_pairs_decide():
    y, keys = np.arange(12) < 6, np.arange(12)
    wide = Interval(0.9, 0.8, 0.95, "any", 12)
    assert exact_if_certain(wide, 0.9, [(y, keys)]) is wide
    assert wilson_if_certain(wide, 12) is wide
    none = Interval(1.0, 1.0, 1.0, "any", 12)
    found = exact_if_certain(none, 1.0, [(y, keys), (keys < 3, keys)], 0.95)
    assert (found.value, found.n) == (1.0, 3)
    assert found.low == pytest.approx(0.025 ** (1 / 3))
    assert found == exact_if_certain(None, 1.0, [(keys < 3, keys)])
    assert exact_if_certain(None, 1.0, [(keys < 0, keys)]) is None  # not one pair
    by_patient = wilson_if_certain(none, 7)
    assert (by_patient.low, by_patient.high, by_patient.n) == (wilson(7, 7).low, 1.0, 7)
    assert "each patient counted once" in by_patient.method


@given(rows)
@settings(max_examples=40, deadline=None)
def test_laws(data):
    truth, score, patients = (np.array(column) for column in zip(*data, strict=True))
    area = interval_for_auroc(truth, score, patients, resamples=60)
    assert (area is None) == (len(set(truth.tolist())) < 2)
    if area is not None:
        assert 0 <= area.low <= area.value <= area.high <= 1
        assert area.low < area.high
    share = interval_for_proportion(truth & (score > 4), truth, patients, truth, resamples=60)
    assert (share is None) == (not truth.any())
    if share is not None:
        assert 0 <= share.low <= share.value <= share.high <= 1
        assert share.low < share.high


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="patients"):
        interval_for_auroc([0, 1], [0.1, 0.2], [1])
    with pytest.raises(ValueError, match="success"):
        interval_for_proportion([1, 1], [1, 0], [1, 2])
