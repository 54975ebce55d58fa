"""A name that no weights have: what may be meant, and whether there is anything to fetch."""

import pytest

from wetread.weights.nearest import find_nearest, is_known, say_how_to_get

HERE = ["teachable-machine", "resnet18.a1_in1k", "ours"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("teachable", "teachable-machine"),
        ("TeachableMachine", "teachable-machine"),
        ("resnet1", "resnet18.a1_in1k"),
        ("resnet81.a1_in1k", "resnet18.a1_in1k"),
        ("inceptionv3", "inception_v3.tv_in1k"),
        ("raddino", "rad-dino"),
        ("our", "ours"),
    ],
)
def test_a_part_another_spelling_and_a_slip_point_to_the_name(name, meant):
    assert find_nearest(name, HERE)[0] == meant


def test_what_is_alike_in_a_few_letters_only_is_not_offered():
    assert find_nearest("nonsense18", HERE) == []
    assert find_nearest("resnet1", HERE) == ["resnet18.a1_in1k", "resnet50.a1_in1k"]


def test_weights_at_hand_come_before_others_that_are_as_near():
    assert find_nearest("densenet121", ["densenet121.tv_in1k"])[0] == "densenet121.tv_in1k"
    assert find_nearest("densenet121", ["densenet121.ra_in1k"])[0] == "densenet121.ra_in1k"


def test_what_people_call_a_network_points_to_its_weights():
    assert find_nearest("Lakhani", said={"lakhani": "inception_v3"})[0].startswith("inception_v3.")


@pytest.mark.parametrize("name", ["rad-dino", "resnet18", "resnet34.a1_in1k", "microsoft/rad-dino", "someone/weights"])
def test_names_of_the_catalogue_of_timm_and_of_repositories_can_be_fetched(name):
    assert is_known(name)
    assert f"wetread weights get {name}" in say_how_to_get(name, HERE)


@pytest.mark.parametrize("name", ["resnet1", "teachable", "resnet34.nonsense", "", "/tmp/a"])
def test_a_name_that_nobody_knows_is_not_told_to_be_fetched(name):
    assert not is_known(name)
    assert "weights get" not in say_how_to_get(name, HERE)
