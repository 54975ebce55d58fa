"""The device of a run is that of this machine, whichever machine its plan was made on."""

import json

import pytest
import yaml
from dataset.rows import write_images

import wetread
from wetread.errors import InputError
from wetread.main_job import device as rules
from wetread.request import choose_device

#: As a plan has them that was made on a machine with an accelerator.
THERE = {"device": "cuda:0", "precision": "bfloat16", "engine": "torch"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("device")
    names = [f"{label}/{number:02}.png" for label in ("cat", "dog") for number in range(12)]
    return write_images(root, *names)


@pytest.fixture(autouse=True)
def devices(monkeypatch):
    """A machine of which only `cuda:1` is there beside the processor, and which finds no accelerator by itself."""

    def choose(wanted):
        return "cuda:1" if wanted == "cuda:1" else choose_device("cpu" if wanted == "auto" else wanted)

    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("wetread.main_job.preparation.choose_device", choose)
    monkeypatch.setattr(rules, "choose_device", choose)


def plan_of(data, out, **options):
    """Decision -> value and reason of a dry run, run.json, and the notices on the way."""
    told = []
    wetread.run(data, out=out, dry_run=True, preset="quick", listen=told.append, **options)
    plan = yaml.safe_load((out / "plan.yaml").read_text())
    return plan, json.loads((out / "run.json").read_text()), [one.text for one in told if hasattr(one, "text")]


def edited(data, place, **values):
    """The plan.yaml of a dry run with other values."""
    plan, *_ = plan_of(data, place)
    for name, value in values.items():
        plan[name]["value"] = value
    (place / "plan.yaml").write_text(yaml.safe_dump(plan, sort_keys=False))
    return place / "plan.yaml"


def test_a_plan_from_another_machine_runs_on_the_device_that_is_here(data, tmp_path):
    mine, *_ = plan_of(data, tmp_path / "mine")
    plan, told, _ = plan_of(data, tmp_path / "run", plan=edited(data, tmp_path / "first", **THERE))
    assert plan["device"]["value"] == told["device"] == "cpu"
    assert plan["device"]["reason"].endswith("; cuda:0, which plan.yaml names, is not here")
    assert [plan[name] for name in ("precision", "engine")] == [mine[name] for name in ("precision", "engine")]


def test_a_run_that_began_on_a_device_that_is_gone_goes_on_and_says_what_that_costs(data, tmp_path):
    edited(data, tmp_path / "run", **THERE)
    (tmp_path / "run" / "folds").mkdir()
    plan, _, notices = plan_of(data, tmp_path / "run", resume=True)
    assert plan["device"]["value"] == "cpu"
    assert [text for text in notices if "began on cuda:0" in text and "anew" in text]
    *_, notices = plan_of(data, tmp_path / "run", resume=True)
    assert not any("began on" in text for text in notices)


def test_a_device_of_a_plan_that_is_here_is_used(data, tmp_path):
    plan, *_ = plan_of(data, tmp_path / "run", plan=edited(data, tmp_path / "first", device="cuda:1"))
    assert plan["device"] == {"value": "cuda:1", "reason": "set in plan.yaml (planned: cpu)"}


@pytest.mark.parametrize("asked", [{"device": "cpu"}, {"settings": ["device=cpu"]}])
def test_a_device_that_was_asked_for_beats_that_of_a_plan(data, tmp_path, asked):
    plan, *_ = plan_of(data, tmp_path / "run", plan=edited(data, tmp_path / "first", device="cuda:1"), **asked)
    assert plan["device"] == {"value": "cpu", "reason": "asked for"}


def test_what_a_person_set_stays_where_the_device_changes(data, tmp_path):
    mine = edited(data, tmp_path / "first", **THERE)
    plan, *_ = plan_of(data, tmp_path / "run", plan=mine, settings=["precision=bfloat16"])
    assert plan["precision"]["value"] == "bfloat16" and plan["device"]["value"] == "cpu"


@pytest.mark.parametrize("wanted", ["banana", "cuda:9", "cuda:x"])
def test_a_device_that_is_none_or_is_not_here_is_refused_before_anything_is_read(data, tmp_path, wanted):
    for options in ({"device": wanted}, {"settings": [f"device={wanted}"]}):
        with pytest.raises(InputError, match=wanted) as caught:
            wetread.run(data, out=tmp_path / "run", dry_run=True, **options)
        assert caught.value.code == "device" and not (tmp_path / "run").exists()


def test_a_plan_that_names_no_device_at_all_is_refused(data, tmp_path):
    mine = edited(data, tmp_path / "first", device="banana")
    with pytest.raises(InputError, match=r"plan.yaml: device is banana"):
        plan_of(data, tmp_path / "run", plan=mine)


def test_auto_stands_for_the_device_that_is_here(data, tmp_path):
    plan, *_ = plan_of(data, tmp_path / "run", settings=["device=auto"])
    assert plan["device"]["value"] == "cpu"
    plan, *_ = plan_of(data, tmp_path / "again", plan=edited(data, tmp_path / "first", device="auto"))
    assert plan["device"]["value"] == "cpu"
