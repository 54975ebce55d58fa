"""The plan that a run follows: options, recipes and plan files agree with each other and with run.json."""

import json

import numpy as np
import pytest
import yaml
from dataset.rows import write_images
from fake.dicoms import write_dicom

import wetread
from wetread.errors import InputError

#: A network of any weight fits in no test; its decisions do.
SMALL = ("network=small", "weights=", "scaling=measured", "freeze_statistics=false", "network_side=32")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("preparation")
    names = [f"{label}/{number:02}.png" for label in ("cat", "dog") for number in range(12)]
    return write_images(root, *names)


def dry_run(data, out, **options):
    """The plan of a dry run, run.json, and the notices on the way."""
    told = []
    run = wetread.run(data, out=out, dry_run=True, device="cpu", listen=told.append, **options)
    plan = {name: entry["value"] for name, entry in yaml.safe_load((run.folder / "plan.yaml").read_text()).items()}
    return plan, json.loads((run.folder / "run.json").read_text()), [one.text for one in told if hasattr(one, "text")]


def test_options_beat_the_plan_and_run_json_says_what_the_plan_says(data, tmp_path):
    dry_run(data, tmp_path / "first", preset="quick", seed=3, laterality="free", time_limit="90s")
    mine = tmp_path / "first" / "plan.yaml"
    plan, told, _ = dry_run(data, tmp_path / "followed", plan=mine)
    assert (plan["seed"], plan["preset"], plan["time_limit"], plan["mirror"]) == (3, "quick", 90.0, 0.5)
    assert (told["seed"], told["preset"]) == (3, "quick")
    plan, told, _ = dry_run(data, tmp_path / "second", plan=mine, seed=7, positive="cat", laterality="matters")
    assert (plan["seed"], plan["positive"], plan["laterality"], plan["mirror"]) == (7, "cat", "matters", 0.0)
    assert (told["seed"], told["preset"], plan["time_limit"]) == (7, "quick", 90.0)
    with pytest.raises(InputError, match="preset quick, and best"):
        wetread.run(data, out=tmp_path / "third", plan=mine, preset="best", dry_run=True)


def test_the_plan_records_the_window_that_was_read(tmp_path):
    random = np.random.default_rng(0)
    for number in range(24):
        pixels = np.kron(random.integers(0, 2048, (8, 8)), np.ones((8, 8))).astype(np.uint16)
        place = tmp_path / "ct" / "ab"[number % 2]
        place.mkdir(parents=True, exist_ok=True)
        write_dicom(place / f"{number}.dcm", pixels, modality="CT", rescale=(1, -1024), patient_id=f"P{number}")
    dry_run(tmp_path / "ct", tmp_path / "first", preset="quick", window="brain")
    mine = tmp_path / "first" / "plan.yaml"
    plan, told, _ = dry_run(tmp_path / "ct", tmp_path / "second", plan=mine, window="lung")
    assert plan["view"] == told["view"]["values"] == "lung"
    plan, told, _ = dry_run(tmp_path / "ct", tmp_path / "third", plan=mine, settings=["view=bone"])
    assert plan["view"] == told["view"]["values"] == "bone"
    wide = json.loads((tmp_path / "third" / "run.json").read_text())["shown"]
    assert wide != json.loads((tmp_path / "second" / "run.json").read_text())["shown"]  # the pictures, too


@pytest.mark.parametrize(
    ("laterality", "mirror", "warned"), [(None, 0.5, True), ("free", 0.5, False), ("matters", 0.0, False)]
)
def test_a_recipe_that_mirrors_warns_where_nobody_said_whether_sides_matter(data, tmp_path, laterality, mirror, warned):
    plan, _, notices = dry_run(
        data, tmp_path / "run", recipe="chexnet-pneumonia", laterality=laterality, settings=SMALL
    )
    assert plan["mirror"] == mirror
    assert any("chexnet-pneumonia mirrors" in text for text in notices) is warned
