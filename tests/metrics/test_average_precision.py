"""The interval of an average precision: its derivative, laws, and where nothing varies."""

import numpy as np
import pytest

from wetread.metrics import counted, discrimination
from wetread.metrics.average_precision import (
    Question,
    interval_for_average_precision,
    interval_for_mean_precision,
    precision_and_pull,
)
from wetread.metrics.bootstrap import patient_bootstrap
from wetread.metrics.inputs import known_pairs
from wetread.metrics.intervals import wilson


def study(patients, share=0.3, images=1, seed=0, decimals=6):
    random = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), images)
    y = (random.random(patients) < share)[patient]
    return y, np.round(1.2 * y + random.normal(size=len(y)), decimals), patient


def bounds(interval):
    return interval.low, interval.value, interval.high


@pytest.mark.parametrize("decimals", [0, 6])
def test_the_pull_is_the_derivative_by_the_weight_of_an_image(decimals):
    y, s, _ = study(40, decimals=decimals)
    value, pull = precision_and_pull(y, s)
    statistic, step = counted.average_precision(y, s), 1e-6
    raised = statistic(np.ones((40, 40)) + step * np.eye(40))
    assert value == pytest.approx(discrimination.average_precision(y, s), abs=1e-12)
    assert pull == pytest.approx((raised - value) / step, abs=1e-5)
    assert pull.sum() == pytest.approx(0, abs=1e-12)


def test_the_value_is_that_of_the_plain_definition(several):
    truth, p = several["truth"], several["p"]
    keys = np.arange(len(truth))
    mean = interval_for_mean_precision([Question(truth == k, p[:, k], keys) for k in range(p.shape[1])])
    assert mean.value == pytest.approx(discrimination.macro_average_precision(truth, p), abs=1e-12)
    is_there, score, image = known_pairs(truth, p)
    pooled = interval_for_average_precision(is_there, score, image)
    assert pooled.value == pytest.approx(discrimination.micro_average_precision(truth, p), abs=1e-12)
    assert pooled.n == len(truth)


def test_the_same_image_again_tells_nothing_new():
    y, s, patient = study(60)
    once = interval_for_average_precision(y, s, patient)
    thrice = interval_for_average_precision(np.repeat(y, 3), np.repeat(s, 3), np.repeat(patient, 3))
    assert bounds(thrice) == pytest.approx(bounds(once), abs=1e-12)
    assert (once.n, thrice.n) == (60, 60)
    by_image = interval_for_average_precision(np.repeat(y, 3), np.repeat(s, 3), np.arange(180))
    assert by_image.high - by_image.low < 0.7 * (once.high - once.low)


def test_only_the_order_of_scores_counts_and_no_order_of_rows():
    y, s, patient = study(50, images=2)
    found = interval_for_average_precision(y, s, patient)
    turned = np.random.default_rng(1).permutation(len(y))
    again = interval_for_average_precision(y[turned], np.exp(s[turned]), patient[turned].astype(str))
    assert bounds(again) == pytest.approx(bounds(found), abs=1e-12)


@pytest.mark.parametrize("images", [1, 3])
def test_with_many_patients_it_is_what_resamples_say(images):
    y, s, patient = study(1500, images=images)
    formula = interval_for_average_precision(y, s, patient)
    drawn = patient_bootstrap(counted.average_precision(y, s), patient, resamples=1500)
    assert bounds(formula) == pytest.approx(bounds(drawn), abs=0.12 * (drawn.high - drawn.low))


def test_a_mean_of_one_question_asked_twice_is_this_question():
    y, s, patient = study(80)
    one = interval_for_average_precision(y, s, patient)
    twice = interval_for_mean_precision([Question(y, s, patient), Question(y, s, patient)])
    assert bounds(twice) == pytest.approx(bounds(one), abs=1e-12)


def test_a_mean_of_other_patients_is_surer():
    first, second = study(80, seed=1), study(80, seed=2)
    alone = interval_for_average_precision(*first)
    apart = interval_for_mean_precision([Question(*first), Question(*second[:2], second[2] + 80)])
    assert apart.n == 160
    assert apart.high - apart.low < 0.85 * (alone.high - alone.low)


def test_a_finding_of_one_patient_shows_no_spread_and_widens_a_mean():
    y, s, patient = study(80)
    rare = np.arange(80) == int(np.argsort(-s)[2])  # the third from the top: its precision is 1/3
    one = interval_for_average_precision(rare, s, patient)
    assert one.value == pytest.approx(1 / 3)
    assert bounds(one) == pytest.approx(bounds(wilson(1 / 3, 1)))
    common = [Question(y, s, patient)] * 3
    plain = interval_for_mean_precision(common)
    with_rare = interval_for_mean_precision([*common, Question(rare, s, patient)])
    assert with_rare.high - with_rare.low > 1.5 * (plain.high - plain.low)


def test_a_perfect_ranking_is_no_certainty():
    y = np.arange(30) < 8
    found = interval_for_average_precision(y, y * 1.0, np.arange(30) // 2)
    assert bounds(found) == pytest.approx(bounds(wilson(4, 4)))
    assert "no variance" in found.method
    assert found.n == 15


def test_scores_that_are_all_alike_are_as_sure_as_the_prevalence():
    y = np.arange(200) % 4 == 0
    found = interval_for_average_precision(y, np.zeros(200), np.arange(200))
    assert found.value == 0.25
    assert found.high - found.low == pytest.approx(2 * 2.01 * np.sqrt(0.25 * 0.75 / 200), rel=0.05)


def test_what_is_not_defined_is_none_and_what_does_not_fit_is_refused():
    assert interval_for_average_precision([1, 1], [0.1, 0.2], [1, 2]) is None
    assert interval_for_average_precision([0, 0], [0.1, 0.2], [1, 2]) is None
    fine, lacking = Question([1, 0], [0.1, 0.2], [1, 2]), Question([0, 0], [0.1, 0.2], [1, 2])
    assert interval_for_mean_precision([fine, lacking]) is None
    for wrong in (([1, 0], [0.1], [1, 2]), ([1, 0], [0.1, np.nan], [1, 2]), ([1, 0], [0.1, 0.2], [1])):
        with pytest.raises(ValueError):
            interval_for_average_precision(*wrong)
    with pytest.raises(ValueError, match="question"):
        interval_for_mean_precision([])
    with pytest.raises(ValueError, match="level"):
        interval_for_average_precision(*fine, level=95)
