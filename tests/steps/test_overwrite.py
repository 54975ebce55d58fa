"""--overwrite: a finished result gives way to another one, and to nothing less."""

import shutil
from pathlib import Path

import pytest

import wetread
from steps.home_and_away import make_run, write_set
from wetread.errors import InputError, OutputError, Stopped
from wetread.progress import Notice, StepFinished


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("home")
    return write_set(root / "data"), make_run(root / "data", root / "run")


@pytest.fixture(scope="module")
def checked(home, tmp_path_factory):
    """A finished check with a plan, as `--dry-run` leaves it."""
    place = tmp_path_factory.mktemp("checked") / "run"
    wetread.run(home[0], out=place, dry_run=True, device="cpu")
    return place


@pytest.fixture
def earlier(checked, tmp_path):
    return shutil.copytree(checked, tmp_path / "r")


@pytest.fixture(scope="module")
def tested_once(home, tmp_path_factory):
    root = tmp_path_factory.mktemp("tested")
    shutil.copytree(home[1], root / "run")
    data = write_set(root / "away", per_class=14, seed=1, first_patient=501)
    wetread.evaluate(root / "run", data)
    return root


@pytest.fixture
def tested(tested_once, tmp_path):
    """A run, new data, and a finished test of the run on them."""
    root = shutil.copytree(tested_once, tmp_path / "tested")
    return root / "run", root / "away", root / "run" / "external" / "away"


def contents(path):
    return {one.relative_to(path): one.read_bytes() for one in Path(path).rglob("*") if one.is_file()}


@pytest.mark.parametrize("verb", ["run", "dry run", "check"])
def test_data_that_are_not_there_cost_no_finished_run(verb, earlier, tmp_path):
    before = contents(earlier)
    call = wetread.check if verb == "check" else wetread.run
    with pytest.raises(InputError):
        call(tmp_path / "nothere", out=earlier, overwrite=True, **{"dry_run": True} if verb == "dry run" else {})
    assert contents(earlier) == before


@pytest.mark.parametrize(
    "wish", [{"labels": "nothere.csv"}, {"classes": ["ill", "wlel"]}, {"subgroups": ["sexx"]}, {"together": "site"}]
)
def test_a_wish_that_cannot_be_met_costs_no_finished_run(wish, home, earlier):
    before = contents(earlier)
    with pytest.raises(InputError):
        wetread.run(home[0], out=earlier, overwrite=True, device="cpu", **wish)
    assert contents(earlier) == before


def test_subgroups_that_divide_nothing_cost_no_finished_run(home, earlier, tmp_path):
    data = shutil.copytree(home[0], tmp_path / "data")
    lines = (data / "labels.csv").read_text().splitlines()
    (data / "labels.csv").write_text("\n".join([lines[0] + ",sex", *(line + ",F" for line in lines[1:])]) + "\n")
    before = contents(earlier)
    with pytest.raises(InputError, match="sex"):
        wetread.run(data, out=earlier, overwrite=True, device="cpu", subgroups=["sex"])
    assert contents(earlier) == before


def test_ctrl_c_while_reading_costs_no_finished_run(home, earlier, monkeypatch):
    def interrupt(table):
        raise KeyboardInterrupt

    before = contents(earlier)
    monkeypatch.setattr("wetread.dataset.groups.assign_patients", interrupt)
    with pytest.raises(Stopped, match="as it was before") as caught:
        wetread.run(home[0], out=earlier, overwrite=True, device="cpu")
    assert "--resume" not in str(caught.value)
    assert contents(earlier) == before


def test_the_plan_of_the_run_that_is_replaced_is_not_followed(home, earlier):
    plan = earlier / "plan.yaml"
    plan.write_text("this: [is no plan\n")
    found = wetread.run(home[0], out=earlier, overwrite=True, dry_run=True, device="cpu")
    assert "this:" not in plan.read_text() and found.gate


def test_a_review_in_the_folder_that_is_replaced_is_followed(home, tmp_path):
    data = shutil.copytree(home[0], tmp_path / "data")
    place = wetread.check(data, out=tmp_path / "r", fix=True).folder
    (place / "label_review.csv").write_text("image,decision\nill/0-000.png,drop\n")
    wetread.check(data, out=place, overwrite=True, review=place / "label_review.csv")
    assert "ill/0-000.png" not in (place / "labels_fixed.csv").read_text()
    assert (place / "report.html").is_file()


@pytest.mark.parametrize(
    "wish", [{"labels": "nothere.csv"}, {"names": {"healthy": "well"}}, {"names": {"ill": "nothing"}}]
)
def test_a_test_elsewhere_that_is_refused_costs_no_finished_one(wish, tested):
    run, data, _ = tested
    before = contents(run)
    with pytest.raises(InputError):
        wetread.evaluate(run, data, overwrite=True, **wish)
    assert contents(run) == before


def test_an_overlap_costs_no_finished_test(home, tested):
    run, _, place = tested
    before = contents(run)
    with pytest.raises(InputError, match="not new to the model") as caught:
        wetread.evaluate(run, home[0], out=place, overwrite=True)
    assert caught.value.code == "overlap"
    assert "as it was" in caught.value.message and "overlap.csv" not in caught.value.message
    assert contents(run) == before


def test_a_test_elsewhere_is_replaced_by_another(tested):
    run, data, place = tested
    (place / "old.txt").write_text("of the earlier test")
    with pytest.raises(OutputError, match="already holds") as caught:
        wetread.evaluate(run, data)
    assert "--overwrite" in caught.value.remedy and "--resume" not in caught.value.remedy
    seen = []
    found = wetread.evaluate(run, data, overwrite=True, listen=seen.append)
    assert found.folder == place and not (place / "old.txt").exists()
    steps = [event.step for event in seen if isinstance(event, StepFinished)]
    assert steps[0] == "read" and '"step": "read"' in (place / "events.jsonl").read_text()


@pytest.mark.parametrize("named", ["", "model"])
def test_a_test_is_not_written_over_its_model(named, tested):
    run, data, _ = tested
    before = contents(run)
    with pytest.raises(OutputError, match="holds the model"):
        wetread.evaluate(run / named, data, out=run, overwrite=True)
    assert contents(run) == before


@pytest.mark.parametrize("named", ["", "model"])
def test_a_refused_overlap_names_no_file_but_its_list(named, home, tested):
    run, _, _ = tested
    with pytest.raises(InputError, match="not new") as caught:
        wetread.evaluate(run / named, home[0])
    assert "File:" not in str(caught.value)
    assert (run / "external" / "data" / "overlap.csv").is_file()


def test_a_patient_column_that_is_not_used_is_told(home, tmp_path):
    data = shutil.copytree(home[0], tmp_path / "data")
    lines = (data / "labels.csv").read_text().splitlines()
    text = [lines[0], *(line.rpartition(",")[0] + ",P1" for line in lines[1:])]
    (data / "labels.csv").write_text("\n".join(text) + "\n")
    seen = []
    found = wetread.check(data, out=tmp_path / "r", listen=seen.append)
    assert any(isinstance(one, Notice) and "same patient for every image" in one.text for one in seen)
    sentence = next(one["sentence"] for one in found.findings if one["code"] == "WR105")
    assert "same patient for every image" in sentence and "If it really is one patient" in sentence


def test_a_split_that_is_not_used_is_told_everywhere(home, tmp_path):
    data = shutil.copytree(home[0], tmp_path / "data")
    lines = (data / "labels.csv").read_text().splitlines()
    rows = [f"{line},{'test' if ',ill,' in line and n % 3 == 0 else 'train'}" for n, line in enumerate(lines[1:])]
    (data / "labels.csv").write_text("\n".join([f"{lines[0]},split", *rows]) + "\n")
    seen = []
    found = wetread.run(data, out=tmp_path / "r", dry_run=True, device="cpu", listen=seen.append)
    why = "The given test set has no case of at least one class, from which no number can come"
    assert any(isinstance(one, Notice) and why in one.text for one in seen)
    assert why in (found.folder / "plan.yaml").read_text().replace("\n      ", " ").replace("\n    ", " ")
    assert not [one for one in found.findings if one["code"] == "WR106"]
