"""Labels + and -, and names that begin like formulas: a whole run, and everything that reads it afterwards."""

import json
import shutil

import pytest

import wetread
from steps.home_and_away import write_set
from wetread.evaluation.predictions import read_predictions
from wetread.main_job.refusing import read_statuses
from wetread.report.html import write_page
from wetread.run_folder import RunFolder
from wetread.steps.readers import compare_readers


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folders + and -, so the paths of half the images begin like a formula and those of the others like a number."""
    return write_set(tmp_path_factory.mktemp("signs") / "data", classes=("+", "-"))


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "signs"
    settings = ("rungs=classical", "resamples=200", "cases=2")
    return wetread.run(data, out=out, preset="quick", device="cpu", settings=settings)


def test_the_predictions_are_read_as_they_were_made(run):
    folder = RunFolder(run.folder)
    assert (run.numbers["classes"], run.numbers["positive"]) == (["+", "-"], "+")
    text = (run.folder / "predictions.csv").read_text()
    assert "'+/" in text and ",'+," in text and ",'-," in text  # safe for spreadsheets all the same
    made = read_predictions(run.folder / "predictions.csv", ("+", "-"), "+")
    assert all(image[0] in "+-" for image in made.images)
    matrix = run.numbers["confusion"]["matrix"]
    assert [(made.truth == n).sum() for n in range(2)] == [sum(row) for row in matrix]
    assert read_statuses(folder).keys() == set(made.images) and all(made.statuses)


def test_the_report_shows_every_picture_in_its_cell(run):
    folder = RunFolder(run.folder)
    index = folder.read_json("thumbnails/index.json")
    images = {row["image"] for row in folder.read_table("predictions.csv")}
    assert set(index) == images and all(image[0] in "+-" for image in images)
    page = write_page(folder).read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") >= len(images)
    assert "&#39;+/" not in page and "'+/" not in page


def test_the_run_is_compared(run, tmp_path):
    shutil.copytree(run.folder, tmp_path / "again", ignore=shutil.ignore_patterns("lock"))
    found = wetread.compare([run.folder, tmp_path / "again"], out=tmp_path / "out", resamples=200)
    (pair,) = found["pairs"]
    assert pair["differences"]["auroc"]["value"] == 0
    assert pair["folds"]["auroc"]["value"] == 0


def test_the_run_is_compared_with_readers(run, tmp_path):
    rows = RunFolder(run.folder).read_table("predictions.csv")
    other = {"+": "-", "-": "+"}
    lines = [
        f"{row['image']},{row['truth']},{row['truth'] if n % 4 else other[row['truth']]}" for n, row in enumerate(rows)
    ]
    (tmp_path / "table.csv").write_text("\n".join(["image,A,B", *lines]) + "\n")
    found = compare_readers(tmp_path / "table.csv", model=run.folder, positive="+", out=tmp_path / "out", resamples=200)
    assert found["model"]["matched"] == len(rows)
    assert json.loads((tmp_path / "out" / "readers.json").read_text())["model"]["matched"] == len(rows)
