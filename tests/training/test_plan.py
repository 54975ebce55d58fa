"""Decisions follow from the fingerprint, each has its reason, and an edited plan is obeyed."""

import dataclasses

import pytest
import yaml

from wetread.errors import InputError
from wetread.training.fingerprint import Fingerprint, KnownWeights
from wetread.training.plan import make_plan
from wetread.training.plan_file import (
    check_setting,
    read_plan,
    require_weights,
    set_decisions,
    without_missing_weights,
)
from wetread.training.rules import Asked, choose_positive_class

SMALL = Fingerprint(200, 120, ("effusion", "no_effusion"), 60, 0.0, 512, "column")


def test_every_decision_has_a_reason():
    for preset in ("quick", "standard", "best"):
        plan = make_plan(SMALL, Asked(preset))
        assert [name for name, _, reason in plan.decisions() if not reason] == []


def test_small_sets_are_cross_validated_repeatedly_and_large_ones_have_a_locked_test():
    assert (make_plan(SMALL).estimate, make_plan(SMALL).folds) == ("cross-validation", 5)
    assert make_plan(SMALL).repeats > 1
    large = dataclasses.replace(SMALL, images=3000, groups=2000, smallest_class=900)
    assert (make_plan(large).estimate, make_plan(large).repeats) == ("locked test", 1)
    assert make_plan(dataclasses.replace(SMALL, estimate="given test")).estimate == "given test"


def test_no_more_folds_than_cases():
    assert make_plan(dataclasses.replace(SMALL, smallest_class=3)).folds == 3


@pytest.mark.parametrize(
    ("classes", "positive"),
    [
        (("effusion", "no_finding"), "effusion"),
        (("no_finding", "pneumonia"), "pneumonia"),
        (("0_normal", "1_abnormal"), "1_abnormal"),
        (("NORMAL", "PNEUMONIA"), "PNEUMONIA"),
        (("abdomen", "chest"), "chest"),
        (("0", "1"), "1"),
        (("a", "b", "c"), None),
    ],
)
def test_the_positive_class_is_the_one_with_the_finding(classes, positive):
    assert choose_positive_class(classes) == positive


def test_a_wish_for_the_positive_class_is_obeyed_or_refused():
    assert choose_positive_class(("a", "b"), "a") == "a"
    with pytest.raises(InputError, match="no class x"):
        make_plan(SMALL, Asked(positive="x"))


def test_a_plan_reads_back_as_itself(tmp_path):
    plan = make_plan(SMALL)
    (tmp_path / "plan.yaml").write_text(plan.to_yaml())
    assert read_plan(tmp_path / "plan.yaml", plan) == plan


def test_an_edited_value_is_used_and_its_reason_says_so(tmp_path):
    plan = make_plan(SMALL)
    stored = yaml.safe_load(plan.to_yaml())
    stored["epochs"]["value"] = 3
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(stored))
    edited = read_plan(tmp_path / "mine.yaml", plan)
    assert edited.epochs == 3
    assert "mine.yaml" in edited.reasons["epochs"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epochs: many", "epochs"),
        ("epoch: 3", "no decision epoch"),
        ("- a", "not a plan"),
        ("a: [", "cannot be read"),
        ("classes: [x, y]", "was made for"),
        ("operating_point: guess", "operating_point is guess"),
        ("network: huge", "No network is called"),
        ("rungs: [deep]", "rungs are deep"),
        ("rungs: []", "rungs are none"),
        ("epochs: 0", "at least 1"),
        ("folds: 1", "at least 2"),
        ("estimate: given test", "no test set"),
        ("positive: x", "no class"),
        ("output: sigmoid\ntuning: head", "stay noise"),
        ("scaling: weights", "starts without any"),
        ("freeze_statistics: true", "starts without any"),
        ("channels: 2", "channels is 2"),
        ("learning_rate: .inf", "learning_rate"),
        ("learning_rate: .nan", "no number"),
        ("head_bias: 1", "head_bias"),
        ("rungs: [network, classical]", "in the order"),
        ("rungs: [ensemble]", "nothing to put together"),
        ("rungs: [classical, frozen]", "ask for a backbone"),
        ("choice: frozen", "not among the rungs"),
        ("task: multilabel", "another question"),
        ("rotatoin: 3", "rotation"),
        ("!!python/object/apply:os.system ['touch /tmp/never']", "cannot be read"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(text, said, tmp_path):
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(InputError, match=said):
        read_plan(tmp_path / "plan.yaml", make_plan(SMALL))


IMAGENET = KnownWeights("resnet18.a1_in1k", "resnet18", 224, 3, 46.8)
ENCODER = KnownWeights("rad-dino", "vit_base_patch14_dinov2", 518, 3, 346.0, "radiograph")


def test_without_weights_the_plan_says_how_to_get_some():
    plan = make_plan(SMALL)
    assert plan.rungs == ("classical", "network", "ensemble")
    assert "wetread weights list" in plan.reasons["backbone"]


def test_weights_at_hand_are_used_frozen_and_tuned_only_where_that_pays():
    few = dataclasses.replace(SMALL, weights=(IMAGENET,))
    assert make_plan(few).rungs == ("classical", "frozen", "combined", "ensemble")
    assert make_plan(few).inner_folds == 5
    assert make_plan(few, Asked("quick")).rungs == ("classical", "frozen", "combined")
    many = dataclasses.replace(few, images=1200, groups=900, device="cuda:0", bf16=True)
    plan = make_plan(many)
    assert plan.rungs == ("classical", "frozen", "combined", "network", "ensemble")
    assert (plan.network, plan.weights, plan.tuning, plan.precision) == (
        "resnet18",
        "resnet18.a1_in1k",
        "head first",
        "bfloat16",
    )


def test_a_medical_encoder_is_preferred_for_its_own_modality_only():
    both = dataclasses.replace(SMALL, weights=(ENCODER, IMAGENET), device="cuda:0")
    assert make_plan(dataclasses.replace(both, modality="radiograph")).backbone == "rad-dino"
    assert make_plan(dataclasses.replace(both, modality="mri")).backbone == "resnet18.a1_in1k"


def test_tuning_that_would_take_too_long_is_left_out_and_the_plan_says_how_long():
    slow = dataclasses.replace(SMALL, images=600, weights=(IMAGENET,), rate=5.0)
    assert "network" not in make_plan(slow, Asked("best", time_limit=600.0)).rungs
    assert "minutes or more" in make_plan(slow, Asked("best", time_limit=600.0)).reasons["rungs"]
    assert "network" in make_plan(dataclasses.replace(slow, rate=500.0), Asked("best")).rungs


def test_mirroring_follows_the_answer_to_the_question_of_sides():
    assert make_plan(SMALL).augment.mirror == 0
    assert make_plan(dataclasses.replace(SMALL, laterality="free")).augment.mirror == 0.5
    assert "--laterality" in make_plan(SMALL).reasons["mirror"]


def test_several_findings_take_sigmoids():
    plan = make_plan(dataclasses.replace(SMALL, several=True, classes=("a", "b", "c")))
    assert (plan.task, plan.output, plan.positive) == ("multilabel", "sigmoid", None)


def test_single_decisions_can_be_set(tmp_path):
    plan = make_plan(SMALL)
    changed = set_decisions(plan, ["epochs=40", "rungs=classical,network", "learning_rate=1e-4", "keep=last"], plan)
    assert (changed.epochs, changed.rungs, changed.learning_rate, changed.keep) == (
        40,
        ("classical", "network"),
        1e-4,
        "last",
    )
    for wrong, said in (("epochs", "not understood"), ("epochs=x", "int"), ("epoch=3", "epochs"), ("keep=x", "keep")):
        with pytest.raises(InputError, match=said):
            set_decisions(plan, [wrong], plan)


def test_a_network_of_any_name_of_timm_is_found_by_its_spelling():
    plan = make_plan(SMALL)
    assert set_decisions(plan, ["network=ResNet-18"], plan).network == "resnet18"
    with pytest.raises(InputError) as caught:
        set_decisions(plan, ["network=resnet_81"], plan)
    assert "resnet18" in caught.value.remedy


def test_weights_that_are_not_here_are_named():
    plan = dataclasses.replace(make_plan(SMALL), network="resnet18", weights="resnet18.a1_in1k")
    with pytest.raises(InputError, match=r"resnet18\.a1_in1k") as caught:
        require_weights(plan, SMALL)
    assert "weights get" in caught.value.remedy
    fresh = without_missing_weights(plan, SMALL)
    assert fresh.weights == ""
    assert "starts fresh" in fresh.reasons["weights"]
    with pytest.raises(InputError):
        without_missing_weights(dataclasses.replace(plan, tuning="head"), SMALL)
    with pytest.raises(InputError, match="in the weights home; there: none"):
        make_plan(SMALL, Asked(backbone="rad-dino"))


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("epoch=3", "no decision epoch"),
        ("augment=1", "no decision augment"),
        ("epochs=0", "at least 1 and at most 100000"),
        ("epochs=many", "a number of at least 1"),
        ("loss=none", "one of plain, class weights, focal, logit adjustment"),
    ],
)
def test_a_setting_is_refused_before_there_are_data(setting, told):
    with pytest.raises(InputError, match=told):
        check_setting(setting)
    with pytest.raises(InputError):  # as the run would
        set_decisions(make_plan(SMALL), [setting], make_plan(SMALL))


@pytest.mark.parametrize("setting", ["epochs=40", "learning_rate=1e-4", "rungs=classical,network", "rotation=3"])
def test_a_setting_that_a_run_takes_is_not_refused_before(setting):
    check_setting(setting)
    set_decisions(make_plan(SMALL), [setting], make_plan(SMALL))


@pytest.mark.parametrize("negative", ["-", "\N{MINUS SIGN}", "neg.", "Neg.", " - ", "no"])
def test_a_sign_or_a_shortened_word_means_without_the_finding(negative):
    assert choose_positive_class(tuple(sorted(("+", negative)))) == "+"
    assert choose_positive_class((negative, "+")) == "+"


def test_the_plan_says_that_a_mean_of_networks_is_calibrated_by_single_ones():
    """Where there is a network; a linear rung is fitted anew on all rows, and is one model."""
    large = dataclasses.replace(SMALL, images=4000, groups=3000, smallest_class=1500)
    plans = [make_plan(data, Asked(preset)) for data in (SMALL, large) for preset in ("quick", "standard", "best")]
    told = [("network" in plan.rungs, "single networks predict" in plan.reasons["calibration"]) for plan in plans]
    assert set(told) == {(True, True), (False, False)}
