"""Recipes of the roots: plan files that can be followed as they are."""

from dataclasses import fields

import pytest
import yaml

from wetread.errors import InputError
from wetread.training.fingerprint import Fingerprint
from wetread.training.plan import Plan, make_plan
from wetread.training.plan_file import read_plan, set_decisions
from wetread.training.plan_values import CHOICES
from wetread.training.ranges import Augment
from wetread.training.recipes import list_recipes, recipe_path
from wetread.weights.catalogue import CATALOGUE

NAMES = ("carpentries", "chexnet", "chexnet-pneumonia", "fashion-mnist", "lakhani", "teachable-machine")


def load(name):
    return {key: entry["value"] for key, entry in yaml.safe_load(recipe_path(name).read_text()).items()}


def test_every_root_has_its_recipe_and_says_where_it_comes_from():
    recipes = list_recipes()
    assert tuple(recipe.name for recipe in recipes) == NAMES
    for recipe in recipes:
        assert recipe.about.endswith(".")
        assert "Source:" in recipe.notes and "More honest here:" in recipe.notes


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_holds_decisions_of_the_plan_each_with_a_value_of_its_kind_and_a_reason(name):
    decisions = {entry.name: entry.type for entry in fields(Plan)} | {entry.name: "float" for entry in fields(Augment)}
    kinds = {"int": int, "float": float, "bool": bool, "str": str, "tuple[str, ...]": list}
    stored = yaml.safe_load(recipe_path(name).read_text())
    for key, entry in stored.items():
        assert set(entry) == {"value", "reason"} and entry["reason"]
        assert type(entry["value"]) is kinds[decisions[key]], key
        assert entry["value"] in CHOICES.get(key, (entry["value"],)), key
    # Every range is said, so that none of a modality slips in.
    assert {entry.name for entry in fields(Augment)} <= set(stored)
    assert stored["recipe"]["value"] == name


def test_lakhani_is_the_notebook_to_the_letter():
    recipe = load("lakhani")
    assert (recipe["network"], recipe["network_side"], recipe["hidden"], recipe["dropout"]) == (
        "inception_v3", 299, 256, 0.5,
    )  # fmt: skip
    assert (recipe["optimiser"], recipe["learning_rate"], recipe["batch"], recipe["epochs"]) == ("adam", 1e-4, 5, 20)
    assert (recipe["scaling"], recipe["output"], recipe["tuning"], recipe["keep"]) == (
        "0..1", "sigmoid", "whole", "last",
    )  # fmt: skip
    assert (recipe["rotation"], recipe["shift"], recipe["stretch"], recipe["mirror"]) == (20.0, 0.2, 0.2, 0.5)
    assert recipe["shear"] == pytest.approx(0.2 * 180 / 3.14159265, abs=0.01)  # radians in the Keras of 2017


def test_chexnet_weights_its_loss_for_pneumonia_alone():
    fourteen, one = load("chexnet"), load("chexnet-pneumonia")
    assert (fourteen["loss"], one["loss"]) == ("plain", "class weights")
    different = {key for key in fourteen if fourteen[key] != one[key]}
    assert different == {"recipe", "loss", "holdout"}
    assert (one["schedule"], one["keep"], one["learning_rate"], one["batch"]) == ("plateau", "best", 1e-3, 16)


def test_only_teachable_machine_leaves_its_network_as_it_came():
    assert {name: load(name)["tuning"] for name in NAMES if load(name)["tuning"] != "whole"} == {
        "teachable-machine": "head"
    }
    recipe = load("teachable-machine")
    assert (recipe["network"], recipe["hidden"], recipe["head_bias"], recipe["holdout"]) == (
        "mobilenetv2_035", 100, False, 0.15,
    )  # fmt: skip
    assert {name for name in NAMES if load(name)["sampling"] == "one order"} == {"teachable-machine"}


def test_heads_start_and_batch_norm_moves_as_in_the_library_of_the_root():
    keras = {"carpentries", "fashion-mnist", "lakhani"}
    assert {name for name in NAMES if load(name)["initial"] == "glorot uniform"} == keras
    assert {name for name in NAMES if load(name)["initial"] == "fan-in normal"} == {"teachable-machine"}
    # Of the networks with batch norm that learns, one is Keras': its 0.99 is torch's 0.01.
    assert {name: load(name)["batch_norm_momentum"] for name in NAMES if load(name)["batch_norm_momentum"]} == {
        "lakhani": 0.01
    }


def test_a_plan_of_before_means_what_it_meant(tmp_path):
    """A hidden layer started as in Keras; one that says how it starts is obeyed."""
    base, file = make_plan(Fingerprint(200, 120, ("no", "yes"), 60, 0.0, 512, "column")), tmp_path / "plan.yaml"
    for text, initial in {
        "epochs: 3": "torch",
        "hidden: 8": "glorot uniform",
        "hidden: 8\ninitial: torch": "torch",
    }.items():
        file.write_text(text)
        plan = read_plan(file, base)
        assert (plan.initial, plan.batch_norm_momentum) == (initial, 0.0)
    with pytest.raises(InputError, match="initial is zeros"):
        set_decisions(base, ["initial=zeros"], base)


def test_only_carpentries_scales_each_picture_by_itself():
    assert {name for name in NAMES if load(name)["scaling"] == "each picture"} == {"carpentries"}


@pytest.mark.parametrize("name", [name for name in NAMES if load(name)["weights"]])
def test_the_weights_of_a_recipe_can_be_had_by_name_and_belong_to_its_network(name):
    recipe = load(name)
    known = CATALOGUE[recipe["weights"]]
    assert (known.network, known.side, known.channels) == (
        recipe["network"], recipe["network_side"], recipe["channels"],
    )  # fmt: skip


def test_a_name_that_is_nearly_right_gets_the_nearest_ones():
    assert recipe_path("Fashion_MNIST").name == "fashion-mnist.yaml"
    with pytest.raises(InputError) as caught:
        recipe_path("lakani")
    assert "lakhani" in caught.value.remedy and "chexnet" in caught.value.message
    with pytest.raises(InputError):
        recipe_path("../plan")
