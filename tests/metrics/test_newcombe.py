"""Newcombe's interval: the equation it solves, patients as units, and where it comes near to DeLong's."""

import numpy as np
import pytest
from scipy import stats

from wetread.metrics.delong import delong
from wetread.metrics.newcombe import MODEL_CASES, newcombe

TRUTH = np.array([1, 1, 1, 1, 0, 0, 0, 0, 0])
SCORE = np.array([9.0, 7, 6, 2, 8, 5, 4, 3, 1])  # wins: 5, 4, 4, 1 of 5


def model(area, m, n):
    q1, q2, others = area / (2 - area), 2 * area**2 / (1 + area), (m + n) / 2 - 1
    return (area * (1 - area) + others * (q1 - area**2) + others * (q2 - area**2)) / (m * n)  # Hanley & McNeil 1982


def test_bounds_are_as_far_as_the_pooled_variance_there_allows():
    area = 14 / 20
    of_positives = np.array([5, 4, 4, 1]) / 5
    of_negatives = np.array([1, 3, 3, 3, 4]) / 4
    parts = of_positives.var(ddof=1) / 4, of_negatives.var(ddof=1) / 5
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 3 + parts[1] ** 2 / 4)
    scale = (freedom * sum(parts) / model(area, 4, 5) + MODEL_CASES) / (freedom + MODEL_CASES)
    quantile = stats.t.ppf(0.975, freedom + MODEL_CASES)
    found = newcombe(TRUTH, SCORE)
    assert found.value == pytest.approx(area)
    for bound in (found.low, found.high):
        assert abs(bound - area) == pytest.approx(quantile * np.sqrt(scale * model(bound, 4, 5)), abs=1e-9)
    assert 0 < found.low < area < found.high < 1
    assert (found.method, found.n) == ("Newcombe's score interval with DeLong's variance", 9)


def test_turning_scores_or_classes_round_turns_the_interval_round():
    found, other = newcombe(TRUTH, SCORE), newcombe(TRUTH, -SCORE)
    assert (found.low, found.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-9)
    both = newcombe(1 - TRUTH, -SCORE)
    assert (found.low, found.high) == pytest.approx((both.low, both.high), abs=1e-9)


def test_copies_of_an_image_add_no_certainty():
    once = newcombe(TRUTH, SCORE)
    five = newcombe(np.repeat(TRUTH, 5), np.repeat(SCORE, 5), np.repeat(np.arange(9), 5))
    assert (five.low, five.high, five.n) == pytest.approx((once.low, once.high, 9), abs=1e-9)
    assert five.method.endswith("patients as units")
    taken_as_images = newcombe(np.repeat(TRUTH, 5), np.repeat(SCORE, 5))
    assert taken_as_images.high - taken_as_images.low < 0.6 * (once.high - once.low)


def test_many_cases_come_near_to_delong():
    random = np.random.default_rng(3)
    truth = np.arange(4000) < 1500
    score = random.normal(size=4000) * (1 + truth) + 2 * truth  # not what the model believes
    found, theirs = newcombe(truth, score), delong(truth, score)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=0.001)


def test_where_nothing_varies_there_is_no_interval():
    assert newcombe([1, 1, 0, 0], [4, 3, 2, 1]) is None  # perfect
    assert newcombe([1, 1, 0, 0], [1, 1, 1, 1]) is None  # constant
    assert newcombe([1, 0, 0], [2, 3, 1]) is None  # one positive
    assert newcombe([1, 1, 0, 0], [3, 1, 2, 0], [1, 1, 2, 3]) is None  # one positive patient
    assert newcombe([1, 1], [3, 1]) is None
