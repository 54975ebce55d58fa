"""Every rule's calls are counted on the held-out images; predictive values follow from them."""

import dataclasses

import numpy as np
import pytest

from tests.evaluation.test_evaluate import predictions
from tests.evaluation.test_findings import NAMES
from tests.evaluation.test_findings import predictions as finding_predictions
from wetread.errors import InputError
from wetread.evaluation.evaluate import evaluate
from wetread.evaluation.operating_points import (
    MOST_PROBABLE,
    PREVALENCES,
    operating_points,
    predictive_tables,
    predictive_values,
)

FAST = {"resamples": 100}


def test_two_classes_by_every_rule():
    one = predictions()
    p, truth = one.probabilities[:, 1], one.truth == 1
    points = {"sensitivity": np.full(120, 0.2), "f1": np.full(120, 0.6)}
    found = operating_points(one, points, {"sensitivity": (0.21,), "f1": (0.61,)}, **FAST)
    assert [(point["rule"], point["main"]) for point in found] == [("sensitivity", True), ("f1", False)]
    for point, cut in zip(found, (0.2, 0.6), strict=True):
        row = point["by"]["yes"]
        assert row["sensitivity"]["value"] == pytest.approx((p[truth] >= cut).mean(), abs=1e-6)
        assert row["specificity"]["value"] == pytest.approx((p[~truth] < cut).mean(), abs=1e-6)
        assert row["ppv"]["value"] == pytest.approx(truth[p >= cut].mean(), abs=1e-6)
        assert row["threshold"] == pytest.approx(cut + 0.01) and row["called"] == (p >= cut).sum()


def test_the_plan_s_rule_says_what_the_metrics_say():
    one = predictions(per_patient=3)
    found = operating_points(one, {"youden": one.thresholds}, {"youden": (0.5,)}, **FAST)
    metrics = evaluate(one, **FAST)["metrics"]
    for name in ("sensitivity", "specificity", "ppv", "npv"):
        assert found[0]["by"]["yes"][name] == metrics[name]


def test_several_classes_have_one_way_of_calling():
    one = predictions(classes=("a", "b", "c"), positive=None)
    found = operating_points(one, {}, {}, **FAST)
    assert [point["rule"] for point in found] == [MOST_PROBABLE]
    assert list(found[0]["by"]) == ["a", "b", "c"]
    called = one.predicted[one.truth == 1] == 1
    assert found[0]["by"]["b"]["sensitivity"]["value"] == pytest.approx(called.mean(), abs=1e-6)
    assert found[0]["by"]["b"]["threshold"] is None


def test_each_finding_has_its_own_thresholds_and_unknown_truth_does_not_count():
    one = finding_predictions()
    cuts = np.tile([0.3, 0.2, 0.1], (150, 1))
    found = operating_points(one, {"cost=5": cuts}, {"cost=5": (0.3, 0.2, 0.1)}, **FAST)
    assert found[0]["title"].startswith("the least cost, a miss counting 5 times")
    for column, name in enumerate(NAMES):
        row, has = found[0]["by"][name], one.truth[:, column] == 1
        assert row["threshold"] == cuts[0, column]
        wanted = (one.probabilities[has, column] >= cuts[0, column]).mean()
        assert row["sensitivity"]["value"] == pytest.approx(wanted, abs=1e-6)


def test_a_finding_that_all_or_none_have_is_left_out():
    one = finding_predictions()
    truth = one.truth.copy()
    truth[:, 1] = 0
    found = operating_points(dataclasses.replace(one, truth=truth), {}, {}, **FAST)
    assert list(found[0]["by"]) == ["Edema", "Hernia"]


def test_predictive_values_at_a_prevalence():
    one = predictions()
    points = operating_points(one, {"youden": one.thresholds}, {"youden": (0.5,)}, **FAST)
    row = points[0]["by"]["yes"]
    se, sp = row["sensitivity"]["value"], row["specificity"]["value"]
    found = predictive_values({"operating_points": points}, 0.05)
    assert found["by"]["yes"]["ppv"]["value"] == pytest.approx(se * 0.05 / (se * 0.05 + (1 - sp) * 0.95), abs=1e-5)
    assert found["by"]["yes"]["npv"]["low"] < found["by"]["yes"]["npv"]["value"] < 1
    table = predictive_tables(points)
    assert [row["prevalence"] for row in table["by"]["yes"]["rows"]] == list(PREVALENCES)
    assert table["by"]["yes"]["rows"][2] == found["by"]["yes"]
    terms = table["by"]["yes"]["terms"]  # what the page computes with is the same formula
    odds = np.log(0.05 / 0.95)
    low = 1 / (1 + np.exp(-(terms["ppv"] + odds - 1.959964 * np.sqrt(terms["ppv_variance"]))))
    assert low == pytest.approx(found["by"]["yes"]["ppv"]["low"], abs=1e-5)


def test_impossible_prevalences_and_runs_without_points_are_refused():
    with pytest.raises(InputError, match="not possible"):
        predictive_values({"operating_points": []}, 1.0)
    with pytest.raises(InputError, match="no sensitivity"):
        predictive_values({}, 0.1)
    assert predictive_tables([]) == {}
