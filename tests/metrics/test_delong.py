"""DeLong: by hand, against comparing every pair, and how often the interval covers the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri

from wetread.metrics.delong import delong, delong_paired, exact_by_pairs, placements
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
