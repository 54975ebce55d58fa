"""Decisions follow from the fingerprint, each has its reason, and an edited plan is obeyed."""

import dataclasses

import pytest
import yaml

from wetread.errors import InputError
from wetread.training.plan import Fingerprint, choose_positive, make_plan, read_plan

SMALL = Fingerprint(200, 120, ("effusion", "no_effusion"), 60, 0.0, 512, "column")


def test_every_decision_has_a_reason():
    for preset in ("quick", "standard", "best"):
        plan = make_plan(SMALL, preset=preset)
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
    assert choose_positive(classes) == positive


def test_a_wish_for_the_positive_class_is_obeyed_or_refused():
    assert choose_positive(("a", "b"), "a") == "a"
    with pytest.raises(InputError, match="no class x"):
        choose_positive(("a", "b"), "x")


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
        ("network: huge", "network is huge"),
        ("rungs: [deep]", "rungs are deep"),
        ("rungs: []", "rungs are none"),
        ("epochs: 0", "at least 1"),
        ("folds: 1", "at least 2"),
        ("estimate: given test", "no test set"),
        ("positive: x", "no class"),
        ("!!python/object/apply:os.system ['touch /tmp/never']", "cannot be read"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(text, said, tmp_path):
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(InputError, match=said):
        read_plan(tmp_path / "plan.yaml", make_plan(SMALL))
