"""The plan that a run follows: options, recipes and plan files agree with each other and with run.json."""

import json
import zipfile

import numpy as np
import pytest
import yaml
from dataset.rows import write_images
from fake.dicoms import write_dicom

import wetread
from wetread.errors import InputError
from wetread.training.fingerprint import KnownWeights
from wetread.training.plan_departures import departures

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


def test_a_run_that_goes_on_keeps_what_was_measured_and_why_it_was_decided(data, tmp_path):
    run = tmp_path / "run"
    dry_run(data, run, preset="best", time_limit="40min", window="full", laterality="matters", settings=["epochs=7"])
    before = {name: (run / name).read_text() for name in ("fingerprint.json", "plan.yaml")}
    assert json.loads(before["fingerprint.json"])["rate"] > 0
    view = json.loads((run / "run.json").read_text())["view"]
    _, told, _ = dry_run(data, run, resume=True)
    assert {name: (run / name).read_text() for name in before} == before
    assert told["view"] == view
    plan, *_ = dry_run(data, run, resume=True, time_limit="50min")
    assert plan["time_limit"] == json.loads((run / "fingerprint.json").read_text())["time_limit"] == 3000


def test_a_value_edited_before_a_run_goes_on_is_told_as_such(data, tmp_path):
    run = tmp_path / "run"
    dry_run(data, run, preset="quick")
    text = (run / "plan.yaml").read_text()
    (run / "plan.yaml").write_text(text.replace("folds:\n  value: 5", "folds:\n  value: 3"))
    dry_run(data, run, resume=True)
    stored = yaml.safe_load((run / "plan.yaml").read_text())
    assert stored["folds"] == {"value": 3, "reason": "set in plan.yaml (planned: 5)"}
    assert stored["repeats"] == yaml.safe_load(text)["repeats"]


def test_a_setting_about_training_is_told_to_do_nothing_where_nothing_trains(data, tmp_path):
    settings = ["epochs=5", "cases=3"]
    *_, told = dry_run(data, tmp_path / "quick", preset="quick", settings=[*settings, "rungs=classical"])
    assert [text.split(":")[0] for text in told if "no effect" in text] == ["epochs=5 has no effect"]
    *_, told = dry_run(data, tmp_path / "trained", preset="quick", settings=[*settings, "rungs=classical,network"])
    assert not any("no effect" in text for text in told)


def test_a_recipe_for_two_classes_is_followed_with_three_where_its_output_is_set(tmp_path):
    names = [f"{label}/{number:02}.png" for label in ("cat", "dog", "owl") for number in range(8)]
    three = write_images(tmp_path / "three", *names)
    followed = {"recipe": "chexnet-pneumonia"}
    with pytest.raises(InputError, match="Recipe chexnet-pneumonia: output is sigmoid"):
        dry_run(three, tmp_path / "refused", settings=SMALL, **followed)
    plan, *_ = dry_run(three, tmp_path / "run", settings=[*SMALL, "output=softmax"], **followed)
    assert (plan["recipe"], plan["output"], plan["positive"]) == ("chexnet-pneumonia", "softmax", None)


def test_a_recipe_without_its_weights_says_so_on_the_way(data, tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_WEIGHTS", str(tmp_path / "none"))
    plan, _, notices = dry_run(data, tmp_path / "run", recipe="chexnet", laterality="free")
    assert plan["weights"] == ""
    told = [text for text in notices if "weights get densenet121.tv_in1k" in text]
    assert len(told) == 1 and "the network starts fresh, unlike the recipe" in told[0]
    plan, _, notices = dry_run(data, tmp_path / "mine", recipe="chexnet", laterality="free", settings=SMALL)
    assert not any("weights get" in text for text in notices)  # it was asked for


@pytest.fixture
def project(data, tmp_path):
    """A Teachable Machine project that was trained for 15 epochs at a rate of its own."""
    made = wetread.export(data, tmp_path / "made.tm", tm=True)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(tmp_path / "mine.tm", "w") as new:
        for name in old.namelist():
            stored = old.read(name)
            if name == "manifest.json":
                manifest = json.loads(stored)
                manifest["appdata"] |= {"trainEpochs": 15, "trainLearningRate": 0.00003}
                stored = json.dumps(manifest).encode()
            new.writestr(name, stored)
    return tmp_path / "mine.tm"


def changed(run):
    """What a plan is told to have otherwise than its recipe."""
    stored = yaml.safe_load((run / "plan.yaml").read_text())
    values, reasons = ({name: entry[part] for name, entry in stored.items()} for part in ("value", "reason"))
    return departures(values, reasons)


def test_what_a_project_brings_is_no_change_of_its_recipe_until_somebody_changes_it(project, tmp_path, monkeypatch):
    known = KnownWeights("teachable-machine", "mobilenetv2_035", 224, 3, 2.0, "")
    monkeypatch.setattr("wetread.training.measure.known_weights", lambda: [known])
    mine = tmp_path / "run" / "plan.yaml"
    plan, *_ = dry_run(project, tmp_path / "run", recipe="teachable-machine")
    assert (plan["epochs"], plan["learning_rate"], plan["batch"]) == (15, 3e-5, 16)
    assert changed(tmp_path / "run") == []
    dry_run(project, tmp_path / "again", plan=mine)  # an unedited plan says no more than it did
    assert changed(tmp_path / "again") == []
    dry_run(project, tmp_path / "set", recipe="teachable-machine", settings=["epochs=80"])
    assert changed(tmp_path / "set") == ["epochs"]
    mine.write_text(mine.read_text().replace("epochs:\n  value: 15", "epochs:\n  value: 40"))
    dry_run(project, tmp_path / "run", resume=True)  # here the edited value stands beside the reason of the project
    assert changed(tmp_path / "run") == ["epochs"]
    assert "changed since the project file was read" in mine.read_text()


def test_a_plan_that_nobody_edited_keeps_the_reason_of_its_view(data, tmp_path):
    asked = {"first": {}, "second": {"plan": tmp_path / "first" / "plan.yaml"}}
    asked["third"] = asked["second"] | {"window": "full"}
    reasons = []
    for name, options in asked.items():
        dry_run(data, tmp_path / name, **options)
        reasons.append(yaml.safe_load((tmp_path / name / "plan.yaml").read_text())["view"]["reason"])
    assert reasons == ["pictures of 8 bits are shown as stored"] * 2 + ["asked for"]


@pytest.mark.parametrize("name", ["resnet1", "teachable"])
def test_an_unknown_backbone_is_refused_with_the_nearest_names(data, tmp_path, name):
    meant = {"resnet1": "resnet18.a1_in1k", "teachable": "teachable-machine"}[name]
    for asked in ({"backbone": name}, {"settings": [f"backbone={name}", "rungs=classical,frozen"]}):
        with pytest.raises(InputError, match=name) as caught:
            dry_run(data, tmp_path / "run", **asked, overwrite=True)
        assert meant in caught.value.remedy and "weights get" not in caught.value.remedy
