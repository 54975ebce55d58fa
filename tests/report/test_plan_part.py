"""The plan part of the page: measured facts in words, decisions in groups, notices once each."""

import json
from dataclasses import replace

import pytest

from wetread.dataset.split import Fold
from wetread.main_job.session import may_be_left_out
from wetread.model.network_names import OURS
from wetread.progress import Notice, StepStarted
from wetread.report import plan_part
from wetread.report.plan_part import (
    FRESH,
    OF_ONE_START,
    group_plan,
    plan_values,
    read_measured,
    read_notices,
    read_plan,
    run_commands,
    say_decision,
)
from wetread.run_folder import RunFolder
from wetread.training.fingerprint import Fingerprint, KnownWeights
from wetread.training.ladder import ENOUGH, INTERRUPTED, NOT_ENOUGH, _whole_repeats
from wetread.training.plan import make_plan

FACTS = {"images": 160, "groups": 134, "classes": ("a", "b"), "smallest_class": 53, "colour": 0.0, "side": 512}
FINGERPRINT = Fingerprint(**FACTS, grouping="column", imbalance=1.22)


def folder_with(path, name, text):
    path.mkdir(exist_ok=True)
    (path / name).write_text(text, encoding="utf-8")
    return RunFolder(path)


def plan_of(path, fingerprint=FINGERPRINT):
    return read_plan(folder_with(path, "plan.yaml", make_plan(fingerprint).to_yaml()))


def test_every_decision_is_in_one_group_and_in_order(tmp_path):
    plan = plan_of(tmp_path)
    groups = group_plan(plan)
    assert [group.title for group in groups] == [
        "Question", "Division", "Models", "Network", "Training", "Augmentation", "Evaluation"
    ]  # fmt: skip
    told = [name for group in groups for name, _, _ in group.decisions]
    assert told == [name.replace("_", " ") for name in plan]
    assert all(reason for group in groups for _, _, reason in group.decisions)


def test_a_group_sums_itself_up(tmp_path):
    division = group_plan(plan_of(tmp_path))[1]
    assert division.digest.startswith("estimate cross-validation · folds 5")


def test_decisions_about_a_network_are_marked_where_none_is_trained(tmp_path):
    plan = plan_of(tmp_path)
    assert all(group.used for group in group_plan(plan))
    plan["rungs"]["value"] = ["classical"]
    assert [group.title for group in group_plan(plan) if not group.used] == ["Network", "Training", "Augmentation"]


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "\x00"], ids=["empty", "list", "torn", "binary"])
def test_a_damaged_plan_is_left_out(text, tmp_path):
    assert read_plan(folder_with(tmp_path, "plan.yaml", text)) == {}
    assert group_plan({}) == [] and plan_values({}) == {}


def test_what_was_measured_is_told_in_words(tmp_path):
    told = dict(read_measured(folder_with(tmp_path, "fingerprint.json", FINGERPRINT.as_json())))
    assert told["Images"] == "160 of 134 patients"
    assert told["Classes"] == "2; the rarest has 53 patients"
    assert told["Balance"] == "1.2 to 1, commonest to rarest"
    findings = replace(FINGERPRINT, several=True, imbalance=11.5).as_json()
    balance = dict(read_measured(folder_with(tmp_path, "fingerprint.json", findings)))["Balance"]
    assert balance == "11.5 to 1, images on the two sides of the most uneven finding, with and without it"
    assert told["Colour"] == "all grey" and told["Modality"] == "not said by the files"
    assert told["Weights at hand"] == "none"
    assert not {"Labels not known", "Low values bright", "Training step"} & told.keys()


def test_what_is_unusual_is_told_too(tmp_path):
    weights = (KnownWeights("rad-dino", "vit", 518, 3, 346.0, "radiograph"),)
    unusual = {"several": True, "unknown": 0.004, "inverted": 0.25, "rate": 41.6, "bf16": True, "weights": weights}
    facts = Fingerprint(**FACTS | {"colour": 0.5}, grouping="none", **unusual)
    told = dict(read_measured(folder_with(tmp_path, "fingerprint.json", facts.as_json())))
    assert told["Images"] == "160, 134 different; patients are not known"
    assert told["Findings"] == "2; the rarest has 53 pictures"
    assert told["Labels not known"] == "0.4 %"
    assert told["Colour"] == "50 % of the pictures"
    assert told["Low values bright"] == "25 % of the files (MONOCHROME1)"
    assert told["Weights at hand"] == "rad-dino" and told["Training step"] == "42 images a second"


def test_whether_pictures_are_mirrored_is_told_from_what_was_done(tmp_path):
    folder = folder_with(tmp_path, "fingerprint.json", FINGERPRINT.as_json())
    assert dict(read_measured(folder))["Side left or right"] == "not answered"
    plan = make_plan(FINGERPRINT)
    assert "network" in plan.rungs

    def told(**values):
        changed = plan.replace(values, lambda _: "")
        folder_with(tmp_path, "plan.yaml", changed.to_yaml())
        return dict(read_measured(folder))["Side left or right"]

    assert told(laterality="matters") == "matters; nothing is mirrored"
    assert told(laterality="matters", mirror=0.5) == "matters; 50 % of the training copies are mirrored"
    assert told(mirror=0.5) == "not answered; 50 % of the training copies are mirrored"
    assert told(mirror=0.5, rungs=("classical",)) == "not answered"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"grouping": 1'])
def test_a_damaged_fingerprint_is_left_out(text, tmp_path):
    assert read_measured(folder_with(tmp_path, "fingerprint.json", text)) == []


def test_a_notice_is_told_once_and_others_events_are_not(tmp_path):
    events = [
        {"kind": "notice", "text": "The time limit was reached."},
        {"kind": "fold_done", "text": "no"},
        {"kind": "notice", "text": "The batch was halved."},
        {"kind": "notice", "text": "The time limit was reached."},
    ]
    torn = '{"kind": "notice", "te'
    folder = folder_with(tmp_path, "events.jsonl", "\n".join([*map(json.dumps, events), torn]))
    assert read_notices(folder) == ["The time limit was reached.", "The batch was halved."]
    assert read_notices(RunFolder(tmp_path / "nowhere")) == []


def told_in_starts(place, *starts):
    """The notices of a run folder in which each start told these."""
    for texts in starts:
        folder = RunFolder.create(place, resume=True)
        folder.write_status("running")
        folder.record(StepStarted("read", "Reading images", 9))
        for text in texts:
            folder.record(Notice(text))
        folder.close()
    return read_notices(RunFolder(place))


def interrupted(place, what):
    """What is told where Ctrl-C leaves out a stage."""
    told, folder = [], RunFolder.create(place)
    folder.write_status("running")
    with may_be_left_out(folder, told.append, what, ()):
        raise KeyboardInterrupt
    folder.close()
    return told[0].text


def test_what_later_starts_made_up_for_is_not_told(tmp_path):
    passing = [ENOUGH, NOT_ENOUGH, f"{INTERRUPTED}: 1 of the planned divisions was finished and counts."]
    passing.append(interrupted(tmp_path / "other", "learning what to refuse"))
    halved, slow = "The batch was halved.", "The time limit leaves no room for more: 2 of the planned divisions counts."
    assert told_in_starts(tmp_path / "run", [halved, slow, *passing], [halved, "Something new."]) == [
        halved, "Something new."
    ]  # fmt: skip
    assert told_in_starts(tmp_path / "run", [slow]) == [halved, "Something new.", slow]


def test_how_the_last_start_ended_is_told_without_what_to_press(tmp_path):
    left_out = interrupted(tmp_path / "other", "explaining cases")
    division = f"{INTERRUPTED}: 1 of the planned divisions was finished and counts."
    told = told_in_starts(tmp_path / "run", [ENOUGH, division, left_out])
    assert told[0] == division and len(told) == 2
    assert told[1].startswith("Interrupted: explaining cases is left out") and "--resume" in told[1]
    assert "Ctrl-C" not in told[1]


def test_a_time_limit_is_told_in_the_words_that_are_looked_for(tmp_path):
    results = [type("Result", (), {"fold": Fold(1, 1, (), ())})(), None]
    told = []
    _whole_repeats(results, told.append)
    assert told[0].text.startswith(OF_ONE_START)


def test_a_backbone_that_no_rung_looks_through_is_not_summed_up():
    values = {"rungs": ["network"], "backbone": "teachable-machine"}
    assert say_decision("backbone", "teachable-machine", values) == ""
    for rung in ("frozen", "combined"):
        assert say_decision("backbone", "teachable-machine", values | {"rungs": [rung]}) == "teachable-machine"


def test_a_network_that_could_have_weights_and_has_none_starts_fresh(tmp_path):
    assert plan_part.OURS == OURS
    assert say_decision("weights", "", {"network": "inception_v3"}) == FRESH
    assert say_decision("weights", "", {"network": "small"}) == ""
    assert say_decision("weights", "rad-dino", {"network": "vit_base_patch14_dinov2"}) == "rad-dino"
    plan = plan_of(tmp_path)
    plan["network"]["value"], plan["weights"]["value"] = "inception_v3", ""
    network = group_plan(plan)[3]
    assert f"weights {FRESH}" in network.digest and ("weights", FRESH) in [row[:2] for row in network.decisions]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["wetread", "run", "three", "--recipe", "lakhani", "--dry-run"], "wetread run three --recipe lakhani"),
        (["wetread.exe", "run", "a b", "--out", "x", "-q", "--set", "epochs=2"], "wetread run 'a b' --set epochs=2"),
        (["__main__.py", "check", "d", "--out=x", "--overwrite", "--fix"], "wetread run d"),
        (["wetread", "check", "d", "--review", "r.csv", "--labels", "l.csv"], "wetread run d --labels l.csv"),
        (["pytest", "run"], "wetread run …"),
        (["wetread", "demo"], "wetread run …"),
        ([], "wetread run …"),
    ],
)
def test_the_command_that_does_what_was_planned_is_that_of_the_dry_run(typed, told):
    assert run_commands(typed) == [told]
    assert run_commands(typed, "Mass or so")[1] == f"{told} --finding 'Mass or so'"
