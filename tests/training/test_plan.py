"""Decisions follow from the fingerprint, each has its reason, and an edited plan is obeyed."""

import contextlib
import dataclasses

import pytest
import yaml

from wetread.errors import InputError
from wetread.training.fingerprint import Fingerprint, KnownWeights
from wetread.training.measure import _trained_on
from wetread.training.modality import RANGES, augment_for
from wetread.training.plan import make_plan
from wetread.training.plan_departures import OF_PROJECT, departures, say_departures
from wetread.training.plan_file import (
    check_plan,
    check_setting,
    read_plan,
    require_preset,
    set_decisions,
    settings_without_effect,
    with_options,
)
from wetread.training.plan_weights import require_weights, without_missing_weights
from wetread.training.ranges import Augment
from wetread.training.recipes import list_recipes, recipe_path
from wetread.training.rules import Asked, choose_positive_class, network_to_time

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


@pytest.mark.parametrize("groups", [120, 2000])
def test_the_reason_of_the_estimate_says_why_a_given_split_is_not_used(groups):
    why = "The given test set has no case of at least one class, from which no number can come"
    reason = make_plan(dataclasses.replace(SMALL, groups=groups, split_unused=why)).reasons["estimate"]
    assert reason.startswith(f"{why}; {groups} patients")
    assert "given" not in make_plan(dataclasses.replace(SMALL, groups=groups)).reasons["estimate"]


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
        ("working_side: 200", "at least 320"),
        ("learning_rate: .inf", "learning_rate"),
        ("learning_rate: .nan", "learning_rate is nan"),
        ("clip: .inf", "no number"),
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
    slow = dataclasses.replace(SMALL, images=600, weights=(IMAGENET,), rate=5.0, time_limit=600.0)
    assert "network" not in make_plan(slow, Asked("best")).rungs
    assert "minutes or more" in make_plan(slow, Asked("best")).reasons["rungs"]
    assert "network" in make_plan(dataclasses.replace(slow, rate=500.0, time_limit=None), Asked("best")).rungs


def test_a_small_network_keeps_the_time_limit_too():
    # 600 images: 5 folds, 5 repeats and the model to ship, 3 fits each, on 320 pictures, and a look at 160, which costs
    # a third of a step: 29,120 pictures an epoch.
    large = dataclasses.replace(SMALL, images=600, time_limit=600.0)
    planned = make_plan(large, Asked("best"))
    within = make_plan(dataclasses.replace(large, rate=490.0), Asked("best"))
    assert (planned.network, within.network) == ("small", "small")
    assert planned.epochs == 25 and within.epochs == 10
    assert "time limit allows, at most 25" in within.reasons["epochs"]
    # Six epochs of the first division and the model to ship, 40,320 pictures, are what there must be time for.
    tight = make_plan(dataclasses.replace(large, rate=70.0), Asked("best"))
    assert tight.epochs == 6 and "leave further divisions out" in tight.reasons["epochs"]
    beyond = make_plan(dataclasses.replace(large, rate=65.0), Asked("best"))
    assert beyond.rungs == ("classical",) and "small network takes" in beyond.reasons["rungs"]


def test_a_tuned_network_is_reckoned_with_the_passes_of_its_head_and_its_looks():
    # 300 images: 26 divisions of 3 fits on 160 pictures and a look at 80. Three passes of the head, all of them looks,
    # are 18,720 pictures, an epoch is 14,560.
    few = dataclasses.replace(SMALL, images=300, weights=(IMAGENET,), time_limit=1000.0)
    ten = 18_720 + 10 * 14_560
    assert make_plan(dataclasses.replace(few, rate=ten / 1001), Asked("best")).epochs == 9
    assert make_plan(dataclasses.replace(few, rate=ten / 999), Asked("best")).epochs == 10


def test_a_step_is_timed_where_the_limit_may_be_too_short_and_nowhere_else():
    hour = dataclasses.replace(SMALL, images=600, time_limit=3600.0)
    tuned = dataclasses.replace(hour, weights=(IMAGENET,))
    small = network_to_time(hour, Asked("standard"))
    assert small is not None and (small.network, small.side, small.channels) == ("small", 64, 1)
    assert network_to_time(tuned, Asked("best")) == IMAGENET
    assert network_to_time(dataclasses.replace(tuned, device="cuda:0"), Asked("standard")) == IMAGENET
    assert network_to_time(SMALL, Asked("best")) is not None
    for data, asked in ((SMALL, Asked("standard")), (hour, Asked("quick")), (tuned, Asked("standard"))):
        assert network_to_time(data, asked) is None


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
    wrongs = {"epochs": "not understood", "epochs=x": "a whole number", "epoch=3": "epochs", "keep=x": "keep"}
    for wrong, said in wrongs.items():
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


def test_weights_that_are_here_are_found_by_their_repository():
    here = dataclasses.replace(SMALL, weights=(IMAGENET, dataclasses.replace(IMAGENET, name="alice--net")))
    for repository, name in (("alice/net", "alice--net"), ("timm/resnet18.a1_in1k", "resnet18.a1_in1k")):
        assert make_plan(here, Asked(backbone=repository)).backbone == name


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("epoch=3", "no decision epoch"),
        ("augment=1", "no decision augment"),
        ("epochs=0", "epochs is 0, where a whole number of at least 1 and at most 100000"),
        ("learning_rate=0", "learning_rate is 0, where a number of more than 0 and at most 10"),
        ("weight_decay=5", "at least 0 and at most 1"),
        ("epochs=many", "a whole number of at least 1"),
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


def edited(plan, place, **values):
    """The plan's own file with other values, as a person edits it."""
    stored = yaml.safe_load(plan.to_yaml())
    for name, value in values.items():
        stored[name]["value"] = value
    place.write_text(yaml.safe_dump(stored))
    return place


FREE = dataclasses.replace(SMALL, laterality="free")


def test_a_mirror_switched_off_by_hand_stays_off(tmp_path):
    mine = edited(make_plan(FREE), tmp_path / "plan.yaml", mirror=0.0)
    for data in (FREE, SMALL):  # with and without --laterality free beside it
        found = read_plan(mine, make_plan(data))
        assert (found.laterality, found.augment.mirror) == ("free", 0.0)
    plan = make_plan(SMALL)
    for settings in (["laterality=free", "mirror=0"], ["mirror=0", "laterality=free"]):
        found = set_decisions(plan, settings, plan)
        assert (found.laterality, found.augment.mirror) == ("free", 0.0)
        assert found.reasons["mirror"] == "asked for (planned: 0.5)"
    assert set_decisions(plan, ["laterality=free"], plan).augment.mirror == 0.5


def test_ranges_of_another_kind_of_picture_leave_those_that_were_said(tmp_path):
    plan = make_plan(SMALL)
    found = set_decisions(dataclasses.replace(plan), ["modality=ct", "rotation=7"], plan)  # an equal plan is no file
    assert (found.augment.rotation, found.augment.gamma) == (7.0, 0.10)
    (tmp_path / "plan.yaml").write_text("modality: ct\nzoom: 0.1\nrotation: 7.0\n")
    found = read_plan(tmp_path / "plan.yaml", plan)
    assert (found.augment.rotation, found.augment.gamma) == (7.0, 0.10)


def test_an_answer_about_sides_changes_mirror_and_flip_of_a_recipe_and_no_other_range(tmp_path):
    planned = make_plan(SMALL)
    path = recipe_path("carpentries")
    recipe = read_plan(path, planned)
    found = set_decisions(recipe, ["laterality=free", "rotation=0"], planned, follows=path)
    assert found.augment == dataclasses.replace(recipe.augment, mirror=0.5)
    assert set_decisions(recipe, ["modality=ct"], planned, follows=path).augment == recipe.augment
    chexnet = read_plan(recipe_path("chexnet-pneumonia"), planned)
    assert set_decisions(chexnet, ["laterality=matters"], planned, follows=path).augment.is_still
    (tmp_path / "plan.yaml").write_text("laterality: free\n")
    assert read_plan(tmp_path / "plan.yaml", recipe).augment == dataclasses.replace(recipe.augment, mirror=0.5)


def test_colours_change_where_most_pictures_have_them_and_the_network_sees_them():
    tissue = dataclasses.replace(SMALL, modality="microscopy", colour=0.6)
    plan, grey = make_plan(tissue), make_plan(dataclasses.replace(tissue, colour=0.4))
    assert (plan.channels, plan.augment.stain) == (3, RANGES["microscopy"].stain) and plan.augment.stain > 0
    assert not grey.augment.recolours and "sees no colours" in grey.reasons["stain"]
    assert not set_decisions(plan, ["channels=1"], plan).augment.recolours
    skin = set_decisions(plan, ["modality=dermoscopy", "hue=2"], plan)
    assert (skin.augment.stain, skin.augment.saturation, skin.augment.hue) == (0.0, 0.2, 2.0)
    assert not set_decisions(grey, ["modality=dermoscopy"], grey).augment.recolours
    assert not set_decisions(grey, ["channels=3"], grey).augment.recolours  # as weights for colour ask of grey pictures
    assert "\ncoloured:" not in plan.to_yaml()


@pytest.mark.parametrize("setting", ["saturation=1.5", "hue=-5", "stain=2", "stain=-0.1"])
def test_colours_are_not_turned_into_their_opposites(setting):
    plan = make_plan(SMALL)
    with pytest.raises(InputError, match="where a number of at least 0 and at most"):
        set_decisions(plan, [setting], plan)


def test_a_recipe_mirrors_nothing_where_sides_matter():
    path = recipe_path("chexnet-pneumonia")
    assert read_plan(path, make_plan(SMALL)).augment.mirror == 0.5
    found = read_plan(path, make_plan(dataclasses.replace(SMALL, laterality="matters")))
    assert found.augment.mirror == 0
    assert "you said that sides matter" in found.reasons["mirror"] and "not followed" in found.reasons["mirror"]


def test_mirror_images_where_sides_matter_are_a_contradiction(tmp_path):
    plan = make_plan(SMALL)
    for name in ("mirror", "flip"):
        with pytest.raises(InputError, match="laterality is matters"):
            set_decisions(plan, ["laterality=matters", f"{name}=0.5"], plan)
    mine = edited(make_plan(FREE), tmp_path / "plan.yaml", laterality="matters")
    with pytest.raises(InputError, match="set both to 0"):
        read_plan(mine, plan)


def test_options_beat_a_plan_file_where_they_name_the_same_decision(tmp_path):
    mine = edited(make_plan(FREE), tmp_path / "plan.yaml", seed=1, epochs=3)
    planned = make_plan(
        dataclasses.replace(SMALL, laterality="matters", time_limit=90.0), Asked(seed=7, positive="no_effusion")
    )
    found = with_options(read_plan(mine, planned), planned, ["seed", "positive", "time_limit", "laterality"])
    assert (found.seed, found.positive, found.time_limit, found.epochs) == (7, "no_effusion", 90.0, 3)
    assert (found.laterality, found.augment.mirror) == ("matters", 0.0)
    assert "asked for" in found.reasons["time_limit"] and "you said" in found.reasons["mirror"]
    assert with_options(read_plan(mine, planned), planned, []).seed == 1


def test_another_preset_beside_a_plan_is_refused(tmp_path):
    mine = edited(make_plan(SMALL, Asked("best")), tmp_path / "plan.yaml")
    with pytest.raises(InputError, match="preset best, and quick"):
        require_preset(mine, "quick")
    require_preset(mine, "best")
    require_preset(mine, "standard")  # the default: nobody typed it
    (tmp_path / "part.yaml").write_text("epochs: 3\n")
    require_preset(tmp_path / "part.yaml", "quick")


def test_weights_of_the_same_network_take_the_place_of_those_of_a_recipe():
    plan = read_plan(recipe_path("chexnet-pneumonia"), make_plan(SMALL))
    grey = KnownWeights("torchxrayvision-densenet121", "densenet121", 224, 1, 28.4, "radiograph")
    mine = KnownWeights("a-mine", "densenet121", 224, 3, 32.3, None)
    imagenet = KnownWeights("densenet121.ra_in1k", "densenet121", 224, 3, 32.3)
    others = dataclasses.replace(SMALL, weights=(mine, IMAGENET, grey, imagenet))
    found = without_missing_weights(plan, others)
    assert found.weights == "densenet121.ra_in1k"
    assert "densenet121.tv_in1k are not" in found.reasons["weights"] and "same network" in found.reasons["weights"]
    require_weights(found, others)
    assert without_missing_weights(plan, dataclasses.replace(SMALL, weights=(mine,))).weights == "a-mine"
    assert without_missing_weights(plan, dataclasses.replace(SMALL, weights=(IMAGENET, grey))).weights == ""


def test_weights_of_another_network_are_refused_by_name():
    data = dataclasses.replace(SMALL, weights=(IMAGENET,))
    plan = dataclasses.replace(make_plan(SMALL), network="resnet50", weights=IMAGENET.name)
    with pytest.raises(InputError, match="belong to the network resnet18, and network is resnet50"):
        require_weights(plan, data)
    require_weights(dataclasses.replace(plan, rungs=("classical",)), data)


def test_balanced_draws_of_several_findings_are_a_contradiction():
    plan = make_plan(dataclasses.replace(SMALL, several=True, classes=("a", "b", "c")))
    with pytest.raises(InputError, match="sampling is balanced"):
        set_decisions(plan, ["sampling=balanced"], plan)
    plan = make_plan(SMALL)
    assert set_decisions(plan, ["sampling=balanced"], plan).sampling == "balanced"


def test_weights_of_unknown_origin_are_called_so():
    brought = KnownWeights("mine", "resnet18", 224, 3, 46.8, None)
    assert "origin not stated" in make_plan(dataclasses.replace(SMALL, weights=(brought,))).reasons["backbone"]
    assert "everyday photographs" in make_plan(dataclasses.replace(SMALL, weights=(IMAGENET,))).reasons["backbone"]
    asked = [_trained_on(name) for name in ("rad-dino", "teachable-machine", "resnet34.a1_in1k", "mine", "resnet34")]
    assert asked == ["radiograph", "", "", None, None]


def test_every_decision_of_a_recipe_has_the_reason_of_the_recipe():
    path = recipe_path("chexnet-pneumonia")
    stored = yaml.safe_load(path.read_text())
    plan = read_plan(path, make_plan(SMALL))
    assert {name: plan.reasons[name] for name in stored} == {name: entry["reason"] for name, entry in stored.items()}


THREE = dataclasses.replace(SMALL, classes=("a", "b", "c"))
SEVERAL = dataclasses.replace(THREE, several=True)


@pytest.mark.parametrize("data", [THREE, SEVERAL])
def test_only_one_of_two_classes_can_be_positive(data, tmp_path):
    (tmp_path / "plan.yaml").write_text("positive: a\n")
    plan = make_plan(data)
    with pytest.raises(InputError, match="only one of two classes"):
        set_decisions(plan, ["positive=a"], plan)
    with pytest.raises(InputError, match="only one of two classes"):
        read_plan(tmp_path / "plan.yaml", plan)
    assert set_decisions(plan, ["positive="], plan).positive is None


@pytest.mark.parametrize("setting", ["stretch=1.9", "zoom=3", "zoom=1", "mirror=.5", "flip=0.1"])
def test_nothing_shows_mirror_images_where_sides_matter(setting):
    plan = make_plan(dataclasses.replace(SMALL, laterality="matters"))
    with pytest.raises(InputError):
        set_decisions(plan, [setting], plan)


@pytest.mark.parametrize("name", [entry.name for entry in dataclasses.fields(Augment)])
def test_every_range_has_bounds(name):
    for value in ("-0.1", "200"):
        with pytest.raises(InputError, match=f"{name} is {value}, where a number of at least 0 and at most"):
            check_setting(f"{name}={value}")
    check_setting(f"{name}=0")


def test_a_part_written_in_per_cent_is_told_how_to_be_written():
    with pytest.raises(InputError, match=r"at most 0\.9 is needed; 10 % is 0\.1\."):
        check_setting("zoom=10")


def test_recipes_and_the_ranges_of_every_modality_keep_the_bounds():
    for recipe in list_recipes():
        check_plan(recipe.path)
    for modality in RANGES:
        for laterality in ("matters", "free", "unknown"):
            plan = make_plan(dataclasses.replace(SMALL, modality=modality, laterality=laterality, colour=1.0))
            assert set_decisions(plan, [], plan) == plan


def test_labels_of_what_was_asked_for_cannot_be_written_over(tmp_path):
    for setting, remedy in (("recipe=lakhani", "--recipe"), ("preset=best", "--preset")):
        with pytest.raises(InputError) as caught:
            check_setting(setting)
        assert remedy in caught.value.remedy
    mine = tmp_path / "plan.yaml"
    for text in ("recipe: lakani", "preset: banana", "preset:"):
        mine.write_text(text)
        with pytest.raises(InputError):
            read_plan(mine, make_plan(SMALL))
    mine.write_text("recipe: Lakhani")
    assert read_plan(mine, make_plan(SMALL)).recipe == "lakhani"


def test_what_a_plan_has_otherwise_than_its_recipe_is_known():
    plan = read_plan(recipe_path("lakhani"), make_plan(SMALL))
    assert departures(plan.values()) == [] and say_departures(plan.values()) == ""
    edited = plan.replace({"output": "softmax", "learning_rate": 1e-3, "rungs": ("network",)}, str)
    assert say_departures(edited.values()) == "changed: output, learning rate"
    named = say_departures({**make_plan(SMALL).values(), "recipe": "lakhani"})
    assert named.startswith("changed: ") and named.count(",") == 8 and " more" in named
    assert departures(make_plan(SMALL).values()) == departures({"recipe": "../plan", "epochs": 3}) == []


def test_what_a_project_brought_is_no_departure_where_the_reason_is_known():
    plan = read_plan(recipe_path("teachable-machine"), make_plan(SMALL))
    brought = plan.replace({"epochs": 15, "batch": 8}, lambda name: OF_PROJECT if name == "epochs" else "asked for")
    assert departures(brought.values(), brought.reasons) == ["batch"]
    assert say_departures(brought.values()) == "changed: epochs, batch"


def test_the_balance_of_findings_is_that_of_the_most_uneven_one():
    uneven = dataclasses.replace(SMALL, several=True, imbalance=11.5)
    told = make_plan(uneven).reasons["loss"]
    assert told.startswith("the most uneven finding has 11.5 to 1 between its two sides, images with and without it;")
    assert "the commonest class has 11.5 times" in make_plan(dataclasses.replace(uneven, several=False)).reasons["loss"]


@pytest.mark.parametrize(("several", "of"), [(False, "of each class"), (True, "with and without half of the findings")])
def test_a_given_test_set_is_not_called_large(several, of):
    told = make_plan(dataclasses.replace(SMALL, estimate="given test", several=several)).reasons["estimate"]
    assert told.startswith(f"the data came with a test set of at least 10 separate cases {of}: enough for a number, ")
    assert "large" not in told


ODD = ["", "null", "[no, 1]", "[[]]", "{a: 1}", "-1", "yes", "9" * 400, "1e999", "2026-01-01"]


@pytest.mark.parametrize("text", ODD)
def test_no_value_by_hand_ends_in_a_fault(text, tmp_path):
    plan, path = make_plan(SMALL), tmp_path / "plan.yaml"
    for name in plan.values():
        if name == "network":  # any text may be one of timm's, which takes seconds to know
            continue
        path.write_text(f"{name}: {text}\n")
        with contextlib.suppress(InputError):
            read_plan(path, plan)
        with contextlib.suppress(InputError):
            set_decisions(plan, [f"{name}={text}"], plan)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("folds=", "folds is empty, where a whole number of at least 1"),
        ("rungs=classical,no", "rungs are classical, no"),
        ("seed=-1", "seed is -1, where a whole number of at least 0 and at most 2147483647"),
        ("seed=2147483648", "at most 2147483647"),
        ("head_bias=null", "head_bias is empty, where true or false"),
        ("rotation=null", "rotation is empty"),
        ("epochs=1.5", "epochs is 1.5, where a whole number"),
        ("task=", "task is empty"),
    ],
)
def test_an_empty_value_or_one_out_of_range_is_refused(setting, said, tmp_path):
    plan = make_plan(SMALL)
    with pytest.raises(InputError, match=said):
        set_decisions(plan, [setting], plan)
    name, _, value = setting.partition("=")
    (tmp_path / "plan.yaml").write_text(f"{name}: {f'[{value}]' if name == 'rungs' else value}\n")
    with pytest.raises(InputError, match=said):
        read_plan(tmp_path / "plan.yaml", plan)


def test_nothing_is_said_of_weights_in_several_ways():
    plan = make_plan(SMALL)
    for nothing in ("", "null", "none", "~"):
        assert set_decisions(plan, [f"weights={nothing}"], plan).weights == ""


@pytest.mark.parametrize("classes", [("0", "1"), ("no", "yes"), ("01", "1e3"), ("null", "~")])
def test_names_of_classes_that_yaml_would_read_otherwise_stay_what_they_are(classes, tmp_path):
    plan = make_plan(dataclasses.replace(SMALL, classes=classes))
    quoted = plan.positive in ("null", "~")
    listed = ", ".join(f"'{name}'" if quoted else name for name in classes)
    (tmp_path / "plan.yaml").write_text(
        f"classes: [{listed}]\npositive: {repr(plan.positive) if quoted else plan.positive}\n"
    )
    assert read_plan(tmp_path / "plan.yaml", plan) == plan
    assert read_plan(edited(plan, tmp_path / "whole.yaml"), plan) == plan


def test_a_setting_mends_what_a_recipe_or_plan_contradicts(tmp_path):
    planned, path = make_plan(THREE), recipe_path("lakhani")
    followed = read_plan(path, planned, settle=False)
    assert set_decisions(followed, ["output=softmax"], planned, follows=path).output == "softmax"
    with pytest.raises(InputError, match=r"^Recipe lakhani: output is sigmoid") as caught:
        set_decisions(followed, ["epochs=3"], planned, follows=path)
    assert caught.value.remedy == "Correct the value with --set NAME=VALUE."
    with pytest.raises(InputError, match=r"^--set: folds is 1"):
        set_decisions(followed, ["output=softmax", "folds=1"], planned, follows=path)
    (tmp_path / "mine.yaml").write_text("channels: 2\n")
    mine = read_plan(tmp_path / "mine.yaml", planned, settle=False)
    with pytest.raises(InputError, match=r"^mine\.yaml: channels is 2"):
        set_decisions(mine, [], planned, follows=tmp_path / "mine.yaml")
    with pytest.raises(InputError, match=r"^--set: channels is 2"):
        set_decisions(planned, ["channels=2"], planned, follows=tmp_path / "mine.yaml")


@pytest.mark.parametrize("value", ["!!int x", "!!timestamp 5", "!!float [1]", "!!bool maybe"])
def test_a_value_of_a_tag_that_it_does_not_fit_is_refused_in_words(value, tmp_path):
    plan = make_plan(SMALL)
    (tmp_path / "plan.yaml").write_text(f"seed: {value}\n")
    with pytest.raises(InputError):
        read_plan(tmp_path / "plan.yaml", plan)
    with pytest.raises(InputError):
        set_decisions(plan, [f"seed={value}"], plan)


def test_a_modality_is_known_by_its_code_and_in_any_case():
    plan = make_plan(SMALL)
    for text, modality in (("CT", "ct"), ("MR", "mri"), ("X-ray", "radiograph")):
        found = set_decisions(plan, [f"modality={text}"], plan)
        assert (found.modality, found.augment) == (modality, augment_for(modality)[0])
    with pytest.raises(InputError, match="one of radiograph, ct"):
        check_setting("modality=plain film")


def test_what_cannot_matter_is_not_told_as_decided(tmp_path):
    plan = make_plan(SMALL)
    found = set_decisions(plan, ["estimate=locked test", "repeats=3"], plan)
    assert (found.folds, found.repeats) == (1, 1)
    assert found.reasons["repeats"] == "one division, as estimate is locked test (3 before)"
    skin = make_plan(dataclasses.replace(SMALL, modality="dermoscopy", colour=1.0))
    assert skin.augment.recolours
    found = read_plan(edited(skin, tmp_path / "plan.yaml", channels=1), skin)
    assert not found.augment.recolours
    assert found.reasons["saturation"] == "off: the network sees no colours (0.2 before)"


def test_a_setting_about_training_has_no_effect_where_nothing_is_trained():
    quick, standard = make_plan(SMALL, Asked("quick")), make_plan(SMALL)
    settings = ["epochs=5", "cases=3", "rotation=2", "precision=float32", "seed=1", "device=cpu"]
    assert settings_without_effect(quick, settings) == ["epochs=5", "rotation=2", "precision=float32"]
    assert settings_without_effect(standard, settings) == []


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (dataclasses.replace(SMALL, classes=("A b", "C", "D")), "there are 3 classes"),
        (dataclasses.replace(SMALL, classes=("A b", "C"), several=True), "there are several findings"),
    ],
)
def test_a_positive_class_is_one_of_two(data, kind):
    with pytest.raises(InputError, match=kind) as caught:
        make_plan(data, Asked(positive="A b"))
    assert "--finding 'A b'" in caught.value.remedy
