"""Calibration before and after, for two classes, several, and findings."""

import dataclasses

import numpy as np
import pytest
from scipy.special import expit, logit

from tests.evaluation.test_evaluate import predictions
from tests.evaluation.test_findings import predictions as finding_predictions
from wetread.evaluation.calibration import calibration_of
from wetread.metrics.calibration import brier_skill, calibration_slope_intercept, top_label

FAST = {"resamples": 100}


def sharpened(table, factor=3.0):
    if np.allclose(table.sum(axis=1), 1):
        bent = table**factor
        return bent / bent.sum(axis=1, keepdims=True)
    return expit(factor * logit(table))


def test_before_and_after_for_two_classes():
    one = predictions(n=200)
    found = calibration_of(one, sharpened(one.probabilities), **FAST)
    line = calibration_slope_intercept(one.truth == 1, one.probabilities[:, 1])
    assert found["slope"] == found["after"]["slope"]["value"] == pytest.approx(line.slope, abs=1e-5)
    assert found["before"]["slope"]["value"] == pytest.approx(line.slope / 3, abs=1e-3)
    assert found["after"]["slope"]["low"] < line.slope < found["after"]["slope"]["high"]
    assert found["before"]["brier_skill"]["value"] < found["after"]["brier_skill"]["value"]
    assert found["before"]["ece"] > found["after"]["ece"]
    assert sum(point["n"] for point in found["after"]["curve"]) == found["n"] == 200


def test_without_the_uncalibrated_there_is_no_before():
    assert "before" not in calibration_of(predictions(), **FAST)


def test_several_classes_ask_about_the_called_class_and_about_each():
    one = predictions(n=240, classes=("a", "b", "c"), positive=None)
    found = calibration_of(one, sharpened(one.probabilities), **FAST)
    right, sure = top_label(one.truth, one.probabilities)
    assert found["after"]["brier_skill"]["value"] == pytest.approx(brier_skill(right, sure), abs=1e-5)
    assert list(found["per_class"]) == ["a", "b", "c"]
    assert found["per_class"]["a"]["before"]["slope"]["value"] < found["per_class"]["a"]["after"]["slope"]["value"]


def test_each_finding_with_ten_on_either_side():
    one = finding_predictions(n=120)
    truth = one.truth.copy()
    truth[:, 2] = 0
    truth[:9, 2] = 1
    found = calibration_of(dataclasses.replace(one, truth=truth), sharpened(one.probabilities), **FAST)
    assert list(found) == ["Edema", "Mass"]
    known = np.isfinite(truth[:, 0])
    line = calibration_slope_intercept(truth[known, 0] == 1, one.probabilities[known, 0])
    assert found["Edema"]["after"]["slope"]["value"] == pytest.approx(line.slope, abs=1e-5)


def test_constant_and_perfect_probabilities_have_no_line_but_a_score():
    one = predictions()
    flat = dataclasses.replace(one, probabilities=np.full((120, 2), 0.5))
    found = calibration_of(flat, **FAST)
    assert "slope" not in found and found["brier_skill"] == pytest.approx(0)
    sure = dataclasses.replace(one, probabilities=np.eye(2)[one.truth])
    found = calibration_of(sure, **FAST)
    assert "slope" not in found and found["ece"] == 0 and found["brier_skill"] == 1


def test_too_few_images_say_nothing():
    assert calibration_of(predictions(n=40), **FAST) == {}


def test_bars_rest_on_patients():
    alone, several = (calibration_of(predictions(n=200, per_patient=n), **FAST) for n in (1, 10))
    width = [sum(point["high"] - point["low"] for point in one["after"]["curve"]) for one in (alone, several)]
    assert width[1] > width[0]
