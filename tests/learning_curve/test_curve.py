import json

import numpy as np
import pytest

from wetread.errors import InputError
from wetread.learning_curve.cases import Cases
from wetread.learning_curve.curve import learn_curve
from wetread.learning_curve.verdict import CANNOT, HARDLY

from .simulated import simulated


def check_numbers(content, groups):
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    for one in (content["now"], content["twice"], content["gain"], *content["points"], *content["curve"]):
        assert one["low"] <= one["value"] <= one["high"]
    values = [one["value"] for one in content["curve"]]
    assert values == sorted(values)  # more cases never make it worse
    assert content["curve"][-1]["groups"] == 2 * groups  # and no further
    assert content["gain"]["value"] == pytest.approx(content["twice"]["value"] - content["now"]["value"], abs=2e-6)


def test_a_curve_of_two_classes():
    found = learn_curve(simulated(groups=60, images=2, effect=1.2), draws=10)
    check_numbers(found.content, 60)
    assert found.content["metric"] == "AUROC" and found.content["groups"] == 60 and found.content["images"] == 120
    assert found.content["points"][-1]["groups"] == 48 and found.content["points"][-1]["images"] == 96
    assert found.content["now"]["value"] > found.content["points"][0]["value"]


def test_a_curve_that_has_ended_says_so():
    found = learn_curve(simulated(groups=120, effect=6.0, features=4), draws=5)
    assert found.verdict.short == HARDLY and found.content["twice"]["value"] > 0.98


def test_labels_without_meaning_are_called_guessing():
    found = learn_curve(simulated(groups=60, effect=0.0, seed=3), draws=5)
    assert found.verdict.short == CANNOT and "guessing" in found.verdict.sentence


def test_three_classes_and_several_findings():
    three = learn_curve(simulated(groups=60, classes=3, effect=1.5), draws=5)
    check_numbers(three.content, 60)
    assert three.content["metric"] == "macro AUROC" and len(three.content["strengths"]) == 3
    random = np.random.default_rng(0)
    labels = (random.random((80, 2)) < 0.4).astype(float)
    features = random.normal(size=(80, 10)) + np.repeat(labels, 5, axis=1)
    labels[random.random(labels.shape) < 0.1] = np.nan
    names = ("a", "b")
    cases = Cases(
        "classical", features.astype(np.float32), 0, labels, np.arange(80), names, "multilabel", inner_folds=3
    )
    several = learn_curve(cases, draws=5)
    check_numbers(several.content, 80)
    assert several.content["metric"] == "mean AUROC" and several.content["now"]["value"] > 0.7


def test_a_rare_finding_does_not_spoil_the_mean():
    random = np.random.default_rng(0)
    labels = np.stack([np.arange(60) % 2, np.arange(60) < 9], axis=1).astype(float)
    features = random.normal(size=(60, 4)).astype(np.float32)
    features[:, 0] += 2 * labels[:, 0]
    cases = Cases("classical", features, 0, labels, np.arange(60), ("a", "rare"), "multilabel", inner_folds=3)
    found = learn_curve(cases, draws=5).content
    assert found["classes"] == ["a"] and found["left_out"] == ["rare"] and found["now"]["value"] > 0.7


def test_a_class_of_ten_patients_among_many_gives_a_curve():
    labels = (np.arange(150) < 10).astype(np.int64)
    features = np.random.default_rng(0).normal(size=(150, 4)).astype(np.float32)
    features[:, 0] += 2 * labels
    cases = Cases("classical", features, 0, labels, np.arange(150), ("a", "b"), "binary", inner_folds=3)
    check_numbers(learn_curve(cases, draws=5).content, 150)


def test_tiny_sets_get_a_verdict_and_no_curve():
    found = learn_curve(simulated(groups=30))
    assert found.verdict.short == CANNOT and "30 patients" in found.verdict.sentence and "points" not in found.content
    few = simulated(groups=60)
    rare = Cases("classical", few.features, 0, (np.arange(60) < 9).astype(np.int64), few.groups, ("a", "b"), "binary")
    assert "9 cases of the rarest class" in learn_curve(rare).verdict.sentence


@pytest.mark.parametrize("sizes", [(), (20, 30, 40), (2, 20, 30, 40), (12, 20, 30, 49), (20, 20, 30, 30)])
def test_sizes_that_make_no_curve_are_refused(sizes):
    with pytest.raises(InputError) as refused:
        learn_curve(simulated(), sizes=sizes)
    assert "from 10 to 48" in refused.value.remedy


def test_sizes_that_were_asked_for_are_used_in_order():
    found = learn_curve(simulated(), draws=5, sizes=(40, 12, 30, 20))
    assert [point["groups"] for point in found.content["points"]] == [12, 20, 30, 40]


@pytest.mark.parametrize("draws", [0, 4, 501])
def test_draws_that_make_no_band_are_refused(draws):
    with pytest.raises(InputError):
        learn_curve(simulated(), draws=draws)
