"""DeLong: by hand, against comparing every pair, and how often the interval covers the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap
from wetread.metrics.delong import (
    delong,
    delong_macro,
    delong_paired,
    exact_by_pairs,
    influence,
    placements,
    variance_by_patient,
)
from wetread.metrics.discrimination import auroc

mixed = st.lists(st.tuples(st.booleans(), st.integers(-6, 6)), min_size=2, max_size=30).filter(
    lambda rows: len({truth for truth, _ in rows}) == 2
)


def by_comparing_pairs(truth, score):
    positives, negatives = score[truth], score[~truth]
    wins = (positives[:, None] > negatives) + 0.5 * (positives[:, None] == negatives)
    return wins.mean(axis=1), wins.mean(axis=0)


def test_placements_by_hand():
    # positive 3 beats both negatives, positive 2 beats 1 and draws with 2
    of_positives, of_negatives = placements(np.array([True, True, False, False]), np.array([3.0, 2.0, 1.0, 2.0]))
    assert of_positives.tolist() == [1, 0.75]
    assert of_negatives.tolist() == [1, 0.75]


def test_interval_by_hand():
    # AUROC 7/8; variance 2 * (2 * 0.125^2) / 2 = 0.03125; on the logit scale 1.9459 -+ 1.96 * 0.17678 / (7/64)
    found = delong([1, 1, 0, 0], [3, 2, 1, 2])
    assert found.value == 0.875
    assert (found.low, found.high) == pytest.approx((0.2276, 0.9940), abs=1e-4)
    assert found.method == "DeLong, logit scale"


def test_frozen_numbers(binary):
    found = delong(binary["truth"], binary["p"])
    assert found.value == pytest.approx(binary["auroc"], rel=1e-12, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((binary["delong_low"], binary["delong_high"]), rel=1e-9, abs=1e-12)
    first, second = placements(binary["truth"] == 1, binary["p"])
    variance = first.var(ddof=1) / len(first) + second.var(ddof=1) / len(second)
    assert variance == pytest.approx(binary["delong_variance"], rel=1e-9, abs=1e-12)


@given(mixed)
@settings(max_examples=80, deadline=None)
def test_ranks_equal_comparing_every_pair(rows):
    truth, score = (np.array(column) for column in zip(*rows, strict=True))
    for fast, slow in zip(placements(truth, score.astype(float)), by_comparing_pairs(truth, score), strict=True):
        np.testing.assert_allclose(fast, slow, atol=1e-12)


@given(mixed, st.floats(0.5, 0.999))
@settings(max_examples=80, deadline=None)
def test_laws_of_the_interval(rows, level):
    truth, score = (np.array(column) for column in zip(*rows, strict=True))
    found = delong(truth, score, level)
    assert found.value == pytest.approx(auroc(truth, score), abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high
    mirrored = delong(truth, -score, level)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((found.low, found.high), abs=1e-9)


def test_a_perfect_ranking_is_not_certain():
    found = delong([0] * 10 + [1] * 30, np.arange(40))
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.025 ** (1 / 10))  # 10 disjoint pairs, all won
    assert "10 disjoint pairs" in found.method
    assert found.n == 10
    assert delong([1, 0, 0], [0.5, 0.4, 0.6]).method.startswith("exact on 1")
    assert delong([1, 1, 0, 0], [0.5] * 4).value == 0.5
    assert delong([1, 1], [0.1, 0.2]) is None
    assert exact_by_pairs(0.5, 0) is None


def test_paired_difference_against_the_covariance_formula():
    random = np.random.default_rng(3)
    truth = np.arange(80) < 30
    a = truth + random.normal(size=80)
    b = 0.5 * truth + 0.5 * a + random.normal(size=80)
    (a10, a01), (b10, b01) = by_comparing_pairs(truth, a), by_comparing_pairs(truth, b)
    variance = sum(
        np.cov(v)[0, 0] / v.shape[1] + np.cov(v)[1, 1] / v.shape[1] - 2 * np.cov(v)[0, 1] / v.shape[1]
        for v in (np.stack([a10, b10]), np.stack([a01, b01]))
    )
    found = delong_paired(truth, a, b)
    assert found.value == pytest.approx(auroc(truth, a) - auroc(truth, b), abs=1e-12)
    assert found.high - found.value == pytest.approx(ndtri(0.975) * np.sqrt(variance), rel=1e-9)
    mirrored = delong_paired(truth, b, a)
    assert (mirrored.value, mirrored.p_value) == pytest.approx((-found.value, found.p_value))


def test_p_value_and_interval_tell_the_same_story():
    random = np.random.default_rng(4)
    truth = np.arange(60) < 30
    for _ in range(30):
        a, b = truth + random.normal(size=60), 0.4 * truth + random.normal(size=60)
        found = delong_paired(truth, a, b)
        assert (found.p_value < 0.05) == (found.low > 0 or found.high < 0)


def test_paired_test_keeps_its_level_when_nothing_differs():
    random = np.random.default_rng(8)
    truth = np.arange(100) < 50
    p = []
    for _ in range(400):
        shared = truth + random.normal(size=100)
        a, b = (shared + 0.7 * random.normal(size=100) for _ in range(2))
        p.append(delong_paired(truth, a, b).p_value)
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.09
    assert 0.42 < np.mean(p) < 0.58


def test_no_difference_to_measure_is_none():
    truth = [0, 0, 1, 1]
    assert delong_paired(truth, [1, 3, 2, 4], [1, 3, 2, 4]) is None
    assert delong_paired(truth, [1, 2, 3, 4], [2, 1, 4, 3]) is None  # neither makes a mistake
    assert delong_paired([0, 0, 1], [1, 3, 2], [3, 1, 2]) is None


def test_logit_interval_covers_the_truth():
    """AUROC 0.85, 25 + 25 images, 300 studies: nominal 0.95. Without the logit the same studies cover less."""
    random = np.random.default_rng(2024)
    truth = np.arange(50) < 25
    shift = np.sqrt(2) * ndtri(0.85)
    inside = plain = 0
    for _ in range(300):
        score = shift * truth + random.normal(size=50)
        found = delong(truth, score)
        inside += found.low <= 0.85 <= found.high
        of_positives, of_negatives = placements(truth, score)
        half = ndtri(0.975) * np.sqrt(of_positives.var(ddof=1) / 25 + of_negatives.var(ddof=1) / 25)
        plain += abs(found.value - 0.85) <= half
    assert 0.92 < inside / 300 < 0.98
    assert plain < inside


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="level"):
        delong([0, 1], [0.1, 0.2], level=95)
    with pytest.raises(ValueError, match="score_b"):
        delong_paired([0, 0, 1, 1], [1, 2, 3, 4], [1, 2, 3])


def clustered(random, people=40):
    """Patients with one to four images, half of them with images of both classes."""
    patient = np.repeat(np.arange(people), random.integers(1, 5, size=people))
    truth = np.where(patient % 2 == 0, patient % 4 == 0, random.random(len(patient)) < 0.5)
    score = truth + random.normal(size=people)[patient] + 0.5 * random.normal(size=len(patient))
    return truth, score, patient


def test_the_variance_by_patient_is_that_of_resampled_patients():
    truth, score, patient = clustered(np.random.default_rng(2), 200)
    variance, freedom = variance_by_patient(influence(truth, score), truth.astype(int), patient)
    random, rows = np.random.default_rng(3), [np.flatnonzero(patient == number) for number in range(200)]
    areas = []
    for _ in range(1500):
        drawn = np.concatenate([rows[number] for number in random.integers(0, 200, size=200)])
        areas.append(auroc(truth[drawn], score[drawn]))
    assert np.sqrt(variance) == pytest.approx(np.std(areas), rel=0.06)
    assert 50 < freedom < 300


def test_by_image_the_variance_is_delongs():
    random = np.random.default_rng(4)
    truth, score = np.arange(30) < 12, random.normal(size=30).round(1)
    of_positives, of_negatives = placements(truth, score)
    variance, _ = variance_by_patient(influence(truth, score), truth.astype(int), None)
    assert variance == pytest.approx(of_positives.var(ddof=1) / 12 + of_negatives.var(ddof=1) / 18)


def test_paired_with_copies_of_images_is_paired_without():
    random = np.random.default_rng(5)
    truth = np.arange(50) < 20
    first, second = truth + random.normal(size=50), truth + random.normal(size=50)
    once = delong_paired(truth, first, second)
    copies = [np.repeat(one, 3) for one in (truth, first, second, np.arange(50))]
    three = delong_paired(*copies[:3], patients=copies[3])
    assert (three.value, three.low, three.p_value, three.n) == pytest.approx((once.value, once.low, once.p_value, 50))
    assert three.method == "DeLong, paired, patients as units"
    assert delong_paired(*copies[:3]).p_value < once.p_value


def test_the_mean_over_classes_has_the_spread_of_its_resamples():
    random = np.random.default_rng(6)
    patient = np.repeat(np.arange(90), random.integers(1, 4, size=90))
    classes = patient % 3
    table = np.eye(3)[classes] + random.normal(size=(90, 3))[patient] + 0.3 * random.normal(size=(len(patient), 3))
    found = delong_macro(classes, table, patient)
    drawn = patient_bootstrap(counted.macro_auroc(classes, table), patient, classes, resamples=1500)
    assert found.value == pytest.approx(drawn.value)
    assert found.high - found.low == pytest.approx(drawn.high - drawn.low, rel=0.1)
    assert found.n == 90
    assert "patients as units" in found.method


def test_the_mean_over_classes_has_the_variance_of_classes_mixed_by_chance():
    """One class lies between the two others, so its area is the share of the lower one among these."""
    classes = np.arange(90) % 3
    table = np.stack([np.array([0, -1, 1])[classes], classes == 1, classes == 2], axis=1)
    pull = np.mean([influence(classes == k, table[:, k]) for k in range(3)], axis=0)
    assert pull.sum() == pytest.approx(0, abs=1e-12)
    assert [pull[classes == k].sum() for k in range(3)] == pytest.approx([0, 1 / 12, -1 / 12])
    variance, _ = variance_by_patient(pull, classes, None)
    assert variance == pytest.approx(30 / 29 * 0.25 / 60 / 9)  # of a share of 60, and a third of it is in the mean
    drawn = patient_bootstrap(counted.macro_auroc(classes, table), np.arange(90), classes, resamples=1500)
    assert drawn.high - drawn.low == pytest.approx(2 * 1.96 * np.sqrt(variance), rel=0.1)


def test_the_mean_of_two_classes_is_the_area_of_one():
    truth, score, patient = clustered(np.random.default_rng(7))
    found = delong_macro(truth.astype(int), np.stack([-score, score], axis=1), patient)
    assert found.value == pytest.approx(auroc(truth, score))
    assert delong_macro(np.zeros(4, dtype=int), np.ones((4, 2))) is None
    assert delong_macro(np.arange(4) % 2, np.eye(2)[np.arange(4) % 2]) is None  # perfect
