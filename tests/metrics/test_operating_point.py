"""Thresholds: by hand, against trying every threshold, and never on a data point."""

import numpy as np
import pytest

from wetread.metrics.confusion import confusion_matrix, f1
from wetread.metrics.operating_point import (
    f1_threshold,
    sensitivity_threshold,
    specificity_threshold,
    youden_threshold,
)

RULES = [youden_threshold, sensitivity_threshold, specificity_threshold, f1_threshold]


def rates_at(truth, p, threshold):
    (tn, fp), (fn, tp) = confusion_matrix(truth, p >= threshold, 2).tolist()
    return tp / (tp + fn), tn / (tn + fp)


def every_threshold(p):
    return [*np.unique(p), 2.0]  # each score itself, and one beyond: every possible prediction


def test_threshold_lies_between_the_scores():
    assert youden_threshold([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8]) == pytest.approx(0.45)


def test_ties_go_to_the_middle_of_the_plateau():
    truth = [0, 1, 0, 1, 0, 1]  # three thresholds reach sensitivity + specificity - 1 = 1/3
    p = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert youden_threshold(truth, p) == pytest.approx(0.35)


def test_youden_is_the_best_there_is(random_case):
    truth, p = random_case
    threshold = youden_threshold(truth, p)
    assert sum(rates_at(truth, p, threshold)) == pytest.approx(
        max(sum(rates_at(truth, p, t)) for t in every_threshold(p))
    )


def test_f1_is_the_best_there_is(random_case):
    truth, p = random_case
    assert f1(truth, p >= f1_threshold(truth, p)) == pytest.approx(max(f1(truth, p >= t) for t in every_threshold(p)))


@pytest.mark.parametrize("share", [0.5, 0.95, 1.0])
def test_fixed_sensitivity_costs_the_least_specificity(random_case, share):
    truth, p = random_case
    sensitivity, specificity = rates_at(truth, p, sensitivity_threshold(truth, p, share))
    options = [rates_at(truth, p, t) for t in every_threshold(p)]
    assert sensitivity >= share - 1e-12
    assert (specificity, sensitivity) == max((spec, sens) for sens, spec in options if sens >= share - 1e-12)


@pytest.mark.parametrize("share", [0.5, 0.95, 1.0])
def test_fixed_specificity_costs_the_least_sensitivity(random_case, share):
    truth, p = random_case
    sensitivity, specificity = rates_at(truth, p, specificity_threshold(truth, p, share))
    options = [rates_at(truth, p, t) for t in every_threshold(p)]
    assert specificity >= share - 1e-12
    assert (sensitivity, specificity) == max((sens, spec) for sens, spec in options if spec >= share - 1e-12)


def test_nineteen_of_twenty_is_ninety_five_percent():
    truth = np.array([1] * 20 + [0])
    p = np.array([0.1] + [0.9] * 19 + [0.5])
    assert sensitivity_threshold(truth, p, 0.95) == pytest.approx(0.7)


def test_of_equally_specific_thresholds_the_lowest_is_taken():
    """0.85 finds enough as well; 0.55 clears the same negatives and finds one more."""
    truth, p = [0, 0, 1, 1, 1, 1], [0.2, 0.5, 0.6, 0.9, 0.9, 0.9]
    assert sensitivity_threshold(truth, p, 0.75) == pytest.approx(0.55)


@pytest.mark.parametrize("rule", RULES)
def test_no_threshold_sits_on_a_score(rule, random_case):
    truth, p = random_case
    threshold = rule(truth, p)
    assert np.abs(p - threshold).min() > 1e-9
    assert 0 <= threshold <= 1


@pytest.mark.parametrize("rule", RULES)
def test_one_class_has_no_threshold(rule):
    assert rule([1, 1], [0.2, 0.8]) is None
    assert rule([0, 0], [0.2, 0.8]) is None


def test_equal_scores():
    assert youden_threshold([1, 0], [0.4, 0.4]) is None
    assert sensitivity_threshold([1, 0], [0.4, 0.4]) == pytest.approx(0.2)  # calls everybody
    assert specificity_threshold([1, 0], [0.4, 0.4]) == pytest.approx(0.7)  # calls nobody
    assert specificity_threshold([1, 0], [1.0, 1.0]) > 1


def test_neighbouring_floats_are_still_told_apart():
    low = 0.5
    high = np.nextafter(low, 1)
    assert rates_at(np.array([0, 1]), np.array([low, high]), youden_threshold([0, 1], [low, high])) == (1, 1)


@pytest.mark.parametrize("share", [0, 1.5, 95])
def test_shares_outside_the_range_are_refused(share):
    with pytest.raises(ValueError, match="share"):
        sensitivity_threshold([0, 1], [0.2, 0.8], share)
