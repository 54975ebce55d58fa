"""Decision curves: where a model helps, and where it cannot."""

import dataclasses

import numpy as np
import pytest

from tests.evaluation.test_evaluate import predictions
from tests.evaluation.test_findings import predictions as finding_predictions
from wetread.evaluation.decision import decision_curves
from wetread.metrics.decision_curve import net_benefit

FAST = {"resamples": 200}


def test_a_useful_model_beats_both_over_a_range():
    one = predictions(n=300)
    (found,) = decision_curves(one, **FAST)
    assert found["class"] == "yes" and found["prevalence"] == 0.5
    wanted = net_benefit(one.truth == 1, one.probabilities[:, 1], found["thresholds"])
    assert found["model"] == pytest.approx(wanted, abs=1e-5)
    for low, value, high in zip(*(found[name] for name in ("low", "model", "high")), strict=True):
        assert low <= value <= high
    low, high = found["surely"][0][0], found["surely"][-1][1]
    assert low < 0.5 < high


def test_a_model_that_knows_nothing_beats_nobody():
    one = predictions(n=300)
    flat = dataclasses.replace(one, probabilities=np.full((300, 2), 0.5))
    (found,) = decision_curves(flat, **FAST)
    assert found["better"] == found["surely"] == []


def test_one_curve_per_class_or_finding_with_ten_on_a_side():
    assert [one["class"] for one in decision_curves(predictions(classes=("a", "b", "c"), positive=None), **FAST)] == [
        *("a", "b", "c")
    ]
    one = finding_predictions(n=120)
    truth = one.truth.copy()
    truth[:, 2] = 0
    truth[:9, 2] = 1
    found = decision_curves(dataclasses.replace(one, truth=truth), **FAST)
    assert [curve["class"] for curve in found] == ["Edema", "Mass"]
    assert decision_curves(predictions(n=12), **FAST) == []
