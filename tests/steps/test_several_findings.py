"""Images that can have several findings: from a table with blanks and doubts to a report, in one run."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

import wetread
from wetread.errors import InputError
from wetread.model.classifier import load_classifier


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """Ninety pictures of sixty patients; a bright left half is one finding, a bright right half the other."""
    folder = tmp_path_factory.mktemp("several")
    random = np.random.default_rng(5)
    lines = [["image", "patient", "left", "right", "rare"]]
    for number in range(90):
        left, right = random.integers(0, 2, 2)
        picture = random.normal(90, 20, (40, 40))
        picture[:, :20] += 60 * left
        picture[:, 20:] += 60 * right
        Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(folder / f"{number:02d}.png")
        told = [str(left), str(right), str(int(number in (3, 5)))]
        told[0] = "-1" if number % 15 == 0 else told[0]
        told[1] = "u" if number % 11 == 0 else told[1]
        lines.append([f"{number:02d}.png", f"p{number % 60}", *told])
    lines.append(["90.png", "p99", "", "", ""])
    Image.fromarray(np.full((40, 40), 90, np.uint8)).save(folder / "90.png")
    with open(folder / "labels.csv", "w", newline="") as handle:
        csv.writer(handle).writerows(lines)
    return folder


@pytest.fixture(scope="module")
def run(several, tmp_path_factory):
    return wetread.run(several, out=tmp_path_factory.mktemp("run"), preset="quick", settings=["resamples=200"])


def test_each_finding_has_its_own_number(run):
    numbers = run.numbers
    assert numbers["task"] == "multilabel"
    assert numbers["classes"] == ["left", "right"]
    assert numbers["set_aside"] == ["rare"]
    for name in ("left", "right"):
        assert numbers["per_class"][name]["auroc"]["value"] > 0.9
        assert numbers["n"]["unknown"][name] > 0
    assert numbers["headline"]["value"] > 0.9


def test_predictions_leave_a_blank_where_nobody_knows(run):
    with open(run.folder / "predictions.csv", newline="") as handle:
        rows = {row["image"]: row for row in csv.DictReader(handle)}
    assert rows["00.png"]["truth_left"] == "" == rows["11.png"]["truth_right"]
    blank = rows.pop("90.png")  # without a label, and without the noise of all others: the model refuses it
    assert (blank["split"], blank["status"], blank["p_left"], blank["called_left"]) == ("unlabelled", "out", "", "")
    assert all(0 <= float(row["p_left"]) <= 1 for row in rows.values())
    with open(run.folder / "images.csv", newline="") as handle:
        patients = {row["image"]: row for row in csv.DictReader(handle)}
    assert len({patients[name]["split"] for name in patients}) >= 1


def test_the_report_names_every_finding_and_says_what_it_is_not(run):
    page = run.report.read_text()
    assert "left" in page
    assert "right" in page
    assert "Not a medical device" in page


def test_the_model_says_which_findings_it_calls(run, several):
    classifier = load_classifier(run.folder)
    assert classifier.task == "multilabel"
    assert len(classifier.thresholds) == 2
    rows = wetread.predict(run.folder, several)
    row = next(row for row in rows if row["status"] == "in")  # what the model refuses it does not call anything
    assert {"p_left", "p_right"} <= set(row)
    called = {
        name for name, cut in zip(("left", "right"), classifier.thresholds, strict=True) if row[f"p_{name}"] >= cut
    }
    assert set(filter(None, row["predicted"].split("|"))) == called


def test_no_patient_stands_on_both_sides_of_a_fold(run):
    plan = json.loads((run.folder / "fingerprint.json").read_text())
    assert plan["several"]
    with open(run.folder / "images.csv", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["split"] == "cv"]
    folds = {}
    for row in rows:
        folds.setdefault(row["patient"], set()).add(row["fold"])
    assert all(len(found) == 1 for found in folds.values())


def test_uncertain_findings_can_count_as_present(several, tmp_path):
    run = wetread.run(
        several, out=tmp_path / "u", preset="quick", settings=["uncertain=positive", "resamples=100", "cases=0"]
    )
    assert run.numbers["n"]["unknown"]["left"] == 0
    assert run.numbers["uncertain"] == "positive"


def test_a_network_learns_several_findings(several, tmp_path):
    settings = ["rungs=network", "network_side=32", "epochs=8", "repeats=1", "resamples=100", "cases=2"]
    run = wetread.run(several, out=tmp_path / "n", settings=settings)
    assert run.numbers["headline"]["value"] > 0.8


def test_a_dry_run_plans_several_findings_and_refuses_what_a_run_would(several, tmp_path):
    wetread.run(several, out=tmp_path / "d", dry_run=True, preset="quick")
    assert "task:\n  value: multilabel" in (tmp_path / "d" / "plan.yaml").read_text()
    with pytest.raises(InputError, match="sampling is balanced"):
        wetread.run(several, out=tmp_path / "b", dry_run=True, settings=["sampling=balanced"])


def test_softmax_is_refused_for_findings_that_can_occur_together(several, tmp_path):
    with pytest.raises(InputError, match="several findings can be present"):
        wetread.run(several, out=tmp_path / "s", settings=["output=softmax"])
