"""Each rung is called what it is, and says in a sentence why it was used or not."""

import json
from types import SimpleNamespace

import pytest

from wetread.report.rungs import explain_rule, explain_rungs, name_network, name_rungs, say_nats, title_network
from wetread.training.plan_departures import OF_PROJECT

TUNED = {"network": "resnet18", "weights": "resnet18.a1_in1k", "tuning": "head first"}
GAIN = {
    "rung": "frozen",
    "over": "classical",
    "gain": 0.021,
    "low": -0.012,
    "high": 0.054,
    "worth_it": 0,
    "compared": 5,
}
LAKHANI = {"network": "inception_v3", "weights": "inception_v3.tf_in1k", "recipe": "lakhani", "tuning": "whole"}


def numbers(*gains, rule="by gain", task="binary"):
    models = {name: {} for name in ("prevalence", "classical", "frozen", "network", "selected")}
    told = {"task": task, "classes": list("abc"), "models": models}
    return told | {"choices": {"rule": rule, "gains": [GAIN | gain for gain in gains]}}


@pytest.mark.parametrize(
    ("plan", "title"),
    [
        ({}, "Network"),
        ({"network": "small", "weights": ""}, "Small network, from scratch"),
        (TUNED, "ResNet-18, fine-tuned from resnet18.a1_in1k"),
        (TUNED | {"tuning": "head"}, "ResNet-18, new head on resnet18.a1_in1k"),
        (LAKHANI, "InceptionV3, recipe lakhani"),
        (LAKHANI | {"epochs": 3}, "InceptionV3, recipe lakhani, changed"),
        ({"network": "xcit_nano_12_p8_224", "weights": ""}, "xcit_nano_12_p8_224, from scratch"),
    ],
)  # fmt: skip
def test_the_network_is_called_what_was_trained(plan, title):
    assert title_network(plan) == title
    assert name_rungs(plan)["network"][0] == title


def test_the_short_title_leaves_the_weights_out():
    assert title_network(TUNED, short=True) == "ResNet-18, fine-tuned"


def test_a_recipe_still_tells_where_its_network_starts():
    assert "inception_v3.tf_in1k" in name_rungs(LAKHANI)["network"][1]


def test_what_a_project_brought_does_not_call_its_recipe_changed():
    plan, reasons = LAKHANI | {"epochs": 3}, {"epochs": OF_PROJECT}
    assert title_network(plan, reasons) == name_rungs(plan, reasons)["network"][0] == "InceptionV3, recipe lakhani"
    assert "changed" not in name_rungs(plan, reasons)["network"][1]


def test_a_recipe_that_was_not_followed_says_where():
    edited = LAKHANI | {"network": "small", "weights": "", "epochs": 20, "output": "softmax"}
    assert name_rungs(edited)["network"][1].endswith("; changed: network, weights, output")
    assert "changed" not in name_rungs(LAKHANI | {"epochs": 20})["network"][1]


def test_only_resnets_with_a_plain_depth_are_written_as_in_papers():
    assert [name_network(name) for name in ("resnet50", "resnet50d", "densenet121")] == [
        "ResNet-50", "resnet50d", "DenseNet-121"
    ]  # fmt: skip


def test_rows_that_look_through_a_backbone_name_it():
    names = name_rungs({"backbone": "rad-dino", "test_time_shifts": 4})
    assert names["frozen"][1].startswith("rad-dino: trained elsewhere")
    assert names["combined"][1].startswith("rad-dino and classical features")
    assert "look 5 times" in names["ensemble"][1]
    assert "look" not in name_rungs({})["ensemble"][1]


@pytest.mark.parametrize(
    ("gain", "sentence"),
    [
        ({}, "Gains 0.02 nats (−0.01 to 0.05) over classical features: the simpler one was kept in 5 of 5 folds."),
        (
            {"low": 0.003, "worth_it": 5},
            "Gains 0.02 nats (0.003 to 0.05) over classical features: worth it in 5 of 5 folds.",
        ),
        (
            {"worth_it": 2},
            "Gains 0.02 nats (−0.01 to 0.05) over classical features: worth it in 2 of 5 folds, the simpler one was "
            "kept in 3.",
        ),
        (
            {"gain": -0.05, "low": -0.10, "high": 0.02},
            "Loses 0.05 nats (−0.02 to 0.10) against classical features: the simpler one was kept in 5 of 5 folds.",
        ),
        (
            {"compared": 1, "over": "frozen"},
            "Gains 0.02 nats (−0.01 to 0.05) over the frozen backbone: the simpler one was kept.",
        ),
        (
            {"low": float("-inf"), "high": float("inf"), "gain": 0.0},
            "Too few patients to say what it gains over classical features.",
        ),
    ],
)  # fmt: skip
def test_a_rung_says_why_it_was_used_or_not(gain, sentence):
    assert explain_rungs(numbers(gain))["frozen"] == sentence


MET = {"rung": "combined", "worth_it": 0, "compared": 3}


def test_each_opponent_has_its_own_sentence():
    told = explain_rungs(
        numbers(
            {"worth_it": 3},
            MET | {"over": "frozen", "gain": -0.02, "low": -0.08, "high": 0.04},
            MET | {"low": 0.01, "worth_it": 2, "compared": 2},
        )
    )
    assert told["combined"] == (
        "Loses 0.02 nats (−0.04 to 0.08) against the frozen backbone, in use in 3 of 5 folds: the simpler one was "
        "kept. Gains 0.02 nats (0.01 to 0.05) over classical features, in use in 2 of 5 folds: worth it."
    )
    halved = explain_rungs(numbers({}, MET | {"worth_it": 1}, MET | {"over": "frozen", "compared": 2}))["combined"]
    assert "in use in 3 of 5 folds: worth it in 1 of them, the simpler one was kept in 2." in halved


def test_a_run_of_before_does_not_lay_wins_over_all_to_the_commonest_opponent():
    mixed = numbers({"worth_it": 3}, MET | {"over": "frozen", "worth_it": 2, "compared": 5})
    assert explain_rungs(mixed)["combined"].startswith(
        "Gains 0.02 nats (−0.01 to 0.05) over the simpler one in use, mostly the frozen backbone: worth it in 2 of 5"
    )
    assert "mostly" not in explain_rungs(numbers({"worth_it": 5}, MET | {"over": "frozen"}))["combined"]


def test_a_rung_that_won_everywhere_is_the_only_opponent_of_the_next():
    after = {"rung": "ensemble", "worth_it": 0, "over": "combined"}
    halves = [MET | {"worth_it": 2, "compared": 2, "over": "frozen"}, MET | {"worth_it": 3}]
    told = explain_rungs(numbers({"worth_it": 2}, *halves, after))["ensemble"]
    assert "mostly" not in told and "backbone with classical features" in told


def test_the_simplest_rung_says_what_it_is_for():
    assert explain_rungs(numbers({}))["classical"] == "The simplest one: the others have to beat it."
    assert explain_rungs(numbers()) == {} == explain_rungs({"models": {"classical": {}}})


def test_a_recipe_that_fixes_the_choice_is_not_said_to_have_judged():
    fixed = numbers({"rung": "network", "gain": -0.05, "low": -0.10, "high": 0.02}, rule="network")
    assert explain_rungs(fixed) == {"network": "Loses 0.05 nats (−0.02 to 0.10) against classical features."}
    told = explain_rule(fixed)
    assert told.startswith("This plan uses the network, whatever the gain") and "in nats: 0 is none" in told
    assert name_rungs({"choice": "network"})["selected"][0] == "Used, as the plan says"
    assert "inside" in name_rungs({"choice": "by gain"})["selected"][0] == name_rungs({})["selected"][0]
    both = numbers(MET, MET | {"over": "frozen", "compared": 2}, rule="network")
    assert "over the frozen backbone, compared in 2 of 5 folds." in explain_rungs(both)["combined"]


def test_the_rule_is_told_where_there_was_a_choice():
    assert "95 % interval of its gain over patients excludes zero" in explain_rule(numbers({}))
    assert "between two equally frequent classes costs 0.69" in explain_rule(numbers({}, task="multilabel"))
    assert "among 3 equally frequent classes costs 1.10" in explain_rule(numbers({}, task="multiclass"))
    assert explain_rule(numbers()) == "" == explain_rule({"models": {}})


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.1, "0.10"), (-0.048, "−0.05"), (0.003, "0.003"), (-0.0042, "−0.004"), (0.0001, "0.00"), (-0.0001, "0.00")],
)
def test_a_small_gain_is_not_shown_as_none(value, said):
    assert say_nats(value) == said


def test_folds_are_named_only_where_there_were_some():
    assert name_rungs({"estimate": "given test"})["selected"][0] == "Chosen inside the training part"
    assert name_rungs({"estimate": "cross-validation"})["selected"][0] == "Chosen inside the folds"


def test_page_studio_and_terminal_tell_what_a_project_brought_by_its_reason(tmp_path):
    from wetread.cli.console import _title_network
    from wetread.report.html import _ladder
    from wetread.studio.results import _rungs

    brought = {"epochs": {"value": 3, "reason": OF_PROJECT}}
    plan = {name: {"value": value, "reason": ""} for name, value in LAKHANI.items()} | brought
    values, reasons = LAKHANI | {"epochs": 3}, {"epochs": OF_PROJECT}
    numbers = {"models": {"network": {}}, "task": "binary", "classes": ["a", "b"], "estimate": "cross-validation"}
    assert _ladder(numbers, values, reasons)[0]["title"] == "InceptionV3, recipe lakhani"
    assert _rungs(numbers, plan)["network"]["title"] == "InceptionV3, recipe lakhani"
    (tmp_path / "plan.yaml").write_text(json.dumps(plan))
    assert _title_network(SimpleNamespace(folder=tmp_path)) == "InceptionV3, recipe lakhani"
