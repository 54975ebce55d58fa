"""`wetread learning-curve` on a finished run: files, an interruption, what it refuses, what it leaves closed."""

import csv
import io
import json
import shutil

import pytest

from wetread.errors import InputError, OutputError, Stopped
from wetread.learning_curve import refits
from wetread.learning_curve.cases import cases_of
from wetread.progress import StepAdvanced, StepFinished, StepStarted
from wetread.run_folder import RunFolder
from wetread.steps.learning_curve import draw_learning_curve


@pytest.fixture
def run(finished_run, tmp_path):
    shutil.copytree(finished_run.folder, tmp_path / "run", ignore=shutil.ignore_patterns("folds", "lock"))
    return tmp_path / "run"


def rewrite(path, edit):
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(edit(number, row) for number, row in enumerate(rows))
    path.write_text(buffer.getvalue(), encoding="utf-8")


def test_a_run_gets_its_curve(run, tmp_path):
    told, before = [], sorted(path.name for path in run.iterdir())
    elsewhere = draw_learning_curve(run, draws=5, out=tmp_path / "there")
    there = sorted(path.name for path in (tmp_path / "there").iterdir())
    assert there == ["learning_curve.html", "learning_curve.json"]
    assert sorted(path.name for path in run.iterdir()) == before  # the run was left alone
    found = draw_learning_curve(run, draws=5, listen=told.append)
    content = json.loads((run / "learning_curve.json").read_text())
    assert content == found.content == elsewhere.content  # the seed of the run decides
    assert content["groups"] == 40 and content["unit"] == "patients"
    assert content["sees"] in ("classical", "frozen", "combined") and len(content["points"]) >= 4
    page = (run / "learning_curve.html").read_text(encoding="utf-8")
    assert found.page == run / "learning_curve.html" and found.verdict.sentence in page.replace("&#39;", "'")
    assert "Not a medical device" in page and "Not a medical device" in repr(found)
    assert not (run / "learning_curve").exists()
    assert [type(event) for event in told if not isinstance(event, StepAdvanced)] == [StepStarted, StepFinished] * 2
    assert [event.done for event in told if isinstance(event, StepAdvanced)] == list(range(1, 7))


def test_an_interrupted_curve_says_how_to_go_on_and_does(run, monkeypatch):
    def stop(event):
        if isinstance(event, StepAdvanced) and event.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(Stopped) as stopped:
        draw_learning_curve(run, draws=6, listen=stop)
    assert "same command" in stopped.value.remedy and not (run / "learning_curve.json").exists()
    fits, real = [], refits.fit_head
    monkeypatch.setattr(refits, "fit_head", lambda *given: fits.append(1) or real(*given))
    points = draw_learning_curve(run, draws=6).content["points"]
    assert len(fits) == 3 * len(points) and not (run / "learning_curve").exists()


def test_pictures_that_are_gone_are_named(run, monkeypatch, tmp_path):
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path / "empty"))
    with pytest.raises(InputError) as refused:
        draw_learning_curve(run)
    assert refused.value.code == "no-pictures" and "Give the data set" in refused.value.remedy


@pytest.mark.parametrize("name", ["run.json", "numbers.json", "plan.yaml"])
def test_a_folder_that_is_no_finished_run_is_refused(run, name):
    (run / name).unlink()
    with pytest.raises(InputError) as refused:
        draw_learning_curve(run)
    assert refused.value.code == "no-run"


@pytest.mark.parametrize("text", ["", "[1, 2]", "task: {}", "{", "task: {value: binary}"])
def test_a_damaged_plan_is_refused(run, text):
    (run / "plan.yaml").write_text(text)
    with pytest.raises(InputError) as refused:
        draw_learning_curve(run)
    assert "plan.yaml" in str(refused.value)


def test_a_place_that_cannot_be_written_is_named(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        draw_learning_curve(run, draws=5, out=tmp_path / "file" / "below")


def test_a_locked_test_stays_closed(run):
    everything = cases_of(RunFolder.open(run))
    rewrite(run / "images.csv", lambda number, row: row | {"split": "test" if number % 3 == 0 else "train"})
    left = cases_of(RunFolder.open(run))
    assert len(left.labels) == len(everything.labels) - 20 and left.groups.max() + 1 == len(set(left.groups))


def test_one_class_is_refused(run):
    rewrite(run / "images.csv", lambda number, row: row | {"label": "effusion"})
    with pytest.raises(InputError) as refused:
        draw_learning_curve(run)
    assert refused.value.code == "one-class"


@pytest.mark.parametrize("asked", [{"draws": 2}, {"sizes": [10, 20]}, {"draws": 5, "sizes": [8, 12, 20, 4000]}])
def test_what_makes_no_curve_is_refused_before_pictures_are_measured(run, monkeypatch, asked):
    def measure(*_, **__):
        raise AssertionError("the pictures were measured")

    monkeypatch.setattr("wetread.learning_curve.cases.Inputs", measure)
    with pytest.raises(InputError, match="make no learning curve"):
        draw_learning_curve(run, **asked)
