"""`--resume` with other data, and of a run that has finished: told at once, and nothing of the run is touched."""

import json
import shutil

import pytest
from cli.command import call
from dataset.rows import write_images

import wetread
from wetread.errors import InputError
from wetread.run_folder import RunFolder


def class_folders(root, seed, count=12):
    names = [f"{label}/{number:02}.png" for label in ("cat", "dog", "eel") for number in range(count)]
    return write_images(root, *names, seed=seed)


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Class folders, and a run folder with the plan of them."""
    place = tmp_path_factory.mktemp("resuming")
    data = class_folders(place / "data", 0)
    wetread.run(data, out=place / "run", dry_run=True, device="cpu", preset="quick")
    return data, place / "run"


@pytest.fixture
def finished(begun, tmp_path):
    """The same as a run that was trained, as far as its files tell."""
    data, run = begun
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "numbers.json").write_text('{"gate": "amber"}')
    return data, tmp_path / "run"


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_finished_run_is_given_back_untouched(finished):
    data, run = finished
    before, said = contents(run), []
    found = wetread.run(data, out=run, resume=True, device="cpu", listen=said.append)
    assert (found.gate, found.numbers) == ("amber", {"gate": "amber"})
    assert ["has finished" in event.text for event in said] == [True]
    assert contents(run) == before


def change_names(data, place):
    (data / "cat" / "00.png").rename(data / "cat" / "new.png")


def change_label(data, place):
    (data / "cat" / "00.png").rename(data / "dog" / "cat00.png")


def change_content(data, place):
    (data / "cat" / "00.png").write_bytes((data / "cat" / "01.png").read_bytes())


@pytest.mark.parametrize("change", [change_names, change_label, change_content])
def test_other_data_are_refused_before_anything_is_written(begun, tmp_path, change):
    data, run = tmp_path / "data", tmp_path / "run"
    shutil.copytree(begun[0], data)
    shutil.copytree(begun[1], run)
    change(data, tmp_path)
    before = contents(run)
    with pytest.raises(InputError) as caught:
        wetread.run(data, out=run, resume=True, device="cpu")
    assert caught.value.code == "other-data" and "--out" in caught.value.remedy
    assert contents(run) == before


@pytest.mark.parametrize("options", [{"finding": "cat"}, {"classes": ["cat", "dogg"]}])
def test_another_question_or_a_typing_error_leaves_a_finished_run_alone(finished, options):
    data, run = finished
    before = contents(run)
    with pytest.raises(InputError):
        wetread.run(data, out=run, resume=True, device="cpu", **options)
    assert contents(run) == before


def test_a_run_goes_on_from_its_plan_where_it_has_no_numbers(begun, tmp_path):
    shutil.copytree(begun[1], tmp_path / "run")
    assert wetread.run(begun[0], out=tmp_path / "run", resume=True, dry_run=True, device="cpu").numbers == {}


def test_a_run_that_goes_on_keeps_the_reasons_of_what_was_asked_for_when_it_began(begun, tmp_path):
    data, run = begun[0], tmp_path / "run"
    options = {"classes": ["cat", "dog"], "out": run, "dry_run": True, "device": "cpu"}
    wetread.run(data, **options, preset="best", seed=5, positive="cat", backbone="none", time_limit="20min")
    before = (run / "plan.yaml").read_text()
    wetread.run(data, **options, resume=True)
    assert (run / "plan.yaml").read_text() == before
    (run / "plan.yaml").write_text(before.replace("dropout:\n  value: 0.0", "dropout:\n  value: 0.3"))
    wetread.run(data, **options, resume=True)
    assert (run / "plan.yaml").read_text().count("set in plan.yaml") == 1


def test_frames_and_archives_are_known_again(begun, tmp_path):
    archive = shutil.make_archive(str(tmp_path / "data"), "zip", begun[0])
    wetread.run(archive, out=tmp_path / "run", dry_run=True, device="cpu", frame="all")
    wetread.run(archive, out=tmp_path / "run", dry_run=True, device="cpu", resume=True, frame="all")


def test_what_was_known_of_the_data_outlives_a_resume_that_fails(begun, tmp_path):
    shutil.copytree(begun[1], tmp_path / "run")
    known = json.loads((tmp_path / "run" / "run.json").read_text())
    folder = RunFolder.create(tmp_path / "run", resume=True)
    folder.write_status("failed")
    folder.close()
    told = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (told["status"], told["fingerprint"], told["notes"]) == ("failed", known["fingerprint"], known["notes"])


def test_the_report_of_a_run_that_failed_is_refused_in_words(finished):
    _, run = finished
    told = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**told, "status": "failed"}))
    assert "has not finished" in call("report", run).message()
