"""The sample is one of held-out patients, masks are found, and the file says what the trust gate reads."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from training.test_rungs import make_set

from tests.explanation.toys import untrained
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.dataset.split import Fold
from wetread.dataset.table import Row
from wetread.images.source import Source
from wetread.main_job import explaining
from wetread.main_job.explaining import (
    choose_sample,
    read_masks,
    refit_from_run,
    refit_on_permuted,
    work_of_a_network,
)
from wetread.model.classifier import Classifier, load_classifier
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearFit
from wetread.progress import silent
from wetread.run_folder import RunFolder
from wetread.training.rungs import fit_all
from wetread.training.training_set import Place


@pytest.fixture(scope="module")
def small(chest_set):
    """Rows, labels and a fitted model, as a run would hand them over, of half of the set."""
    table = scan(chest_set)
    read_images(table)
    rows = rows_with_pictures(table)[:30]
    classes = ("effusion", "no_effusion")
    labels = np.array([classes.index(row.label) for row in rows])
    _, groups = np.unique([row.patient for row in rows], return_inverse=True)
    tested = np.flatnonzero(groups >= groups.max() - 13)
    train = np.setdiff1d(np.arange(len(rows)), tested)
    inputs = Inputs([row.picture for row in rows])
    part = LinearFit("classical", inputs.classical()[train], labels[train], 2).at(1e-2)
    model = Classifier(classes, "effusion", "classical", [part])
    plan = SimpleNamespace(preset="standard", seed=0, classes=classes, positive="effusion")
    prepared = SimpleNamespace(rows=rows, labels=labels, groups=groups, plan=plan)
    fold = Fold(1, 1, train, tested)
    result = SimpleNamespace(
        fold=fold, classifiers={"classical": model}, chosen="classical", seconds={"classical": 1.0}
    )
    data = SimpleNamespace(pictures=inputs.pictures, inputs=inputs)
    return prepared, SimpleNamespace(data=data, results=[result], final=model)


def test_the_sample_is_tested_rows_mostly_with_the_finding(small):
    prepared, trained = small
    tested = trained.results[0].fold.test
    rows, targets = choose_sample(prepared, None, tested)
    assert set(rows) <= set(tested) and len(set(rows)) == len(rows)
    assert targets == [0] * len(rows)
    with_ = (prepared.labels[rows] == 0).sum()
    assert with_ == min(8, (prepared.labels[tested] == 0).sum())
    people = prepared.groups[rows[:with_]]
    distinct = len(set(prepared.groups[tested][prepared.labels[tested] == 0]))
    assert len(set(people)) == min(with_, distinct)  # nobody twice before everybody was taken once


def test_of_several_findings_one_that_is_there_is_explained():
    labels = np.array([[1, 0], [0, 1], [0, 0], [np.nan, 1]])
    plan = SimpleNamespace(seed=0, classes=("a", "b"), positive=None)
    prepared = SimpleNamespace(labels=labels, groups=np.arange(4), plan=plan)
    rows, targets = choose_sample(prepared, None, np.arange(4))
    assert dict(zip(rows.tolist(), targets, strict=True)) == {0: 0, 1: 1, 2: 1, 3: 1}


def test_masks_lie_where_the_table_says(small):
    rows = small[0].rows[:6]
    masks = read_masks(rows, ["effusion"] * 6)
    for row, mask in zip(rows, masks, strict=True):
        assert (mask is not None) == (row.label == "effusion")
        if mask is not None:
            assert mask.shape == row.picture.shape and 0 < mask.mean() < 0.5


def test_a_refit_is_another_model_with_the_same_eyes(small):
    prepared, trained = small
    result = trained.results[0]
    model = result.classifiers["classical"]
    refit = refit_on_permuted(model, prepared, trained, result.fold.train)
    first, again, other = refit(0), refit(0), refit(1)
    np.testing.assert_array_equal(first.parts[0].weights, again.parts[0].weights)
    np.testing.assert_array_equal(first.parts[0].centre, model.parts[0].centre)
    assert abs(np.corrcoef(first.parts[0].weights[:, 0], other.parts[0].weights[:, 0])[0, 1]) < 0.9


def test_networks_are_trained_again_while_the_budget_lasts():
    data = make_set(np.arange(40) % 2, ["rungs=network,ensemble", "epochs=20", "learning_rate=0.01"])
    train, test = np.arange(30), np.arange(30, 40)
    model = fit_all(data, train, Place(1, 1), silent)["ensemble"].classifier
    result = SimpleNamespace(fold=Fold(1, 1, train, test))
    trained = SimpleNamespace(data=data, results=[result])
    prepared = SimpleNamespace(labels=data.labels)
    each, count = work_of_a_network(model, trained, len(train))
    assert count == data.plan.inner_folds == 3
    refit = refit_on_permuted(model, prepared, trained, train, budget=2.5 * each)
    first, second, third = refit(0), refit(1), refit(2)
    assert third is None  # two fit into the work of two and a half, a third does not
    weights = [one.parts[0].arrays()["head.last.weight"] for one in (model, first, second)]
    assert len({one.tobytes() for one in weights}) == 3
    assert len(first.parts) == len(model.parts)
    assert first.parts[0].network is first.parts[1].network  # one for all inner folds
    assert {one.shifts for one in first.parts} == {one.shifts for one in model.parts}
    sure = [
        one.probabilities(data.inputs.take(test))[np.arange(10), data.labels[test]] for one in (model, first, second)
    ]
    assert sure[0].mean() > max(sure[1].mean(), sure[2].mean()) + 0.1  # of the truth, which order does not tell
    assert data.labels.tolist() == (np.arange(40) % 2).tolist()  # those of the run are left alone


def test_the_stage_writes_what_the_gate_reads(small, tmp_path, monkeypatch):
    prepared, trained = small
    monkeypatch.setattr(explaining, "BUDGET", 0.0)  # tests that ask the model again are left out
    monkeypatch.setattr(explaining, "PICTURES", 6)
    monkeypatch.setattr(explaining, "WITH", 5)
    folder = RunFolder(tmp_path)
    events = []
    explaining.test_explanations(prepared, trained, None, folder, events.append)
    told = folder.read_json("explanations.json")
    one = told["methods"]["occlusion"]
    assert told["tests"] == one["tests"] == 4  # weights, labels, masks and agreement need no further question
    assert told["passed"] == one["passed"]
    assert one["rung"] == told["model"] == "classical" and told["counts"] == ["occlusion", "rise"]
    assert one["trials"]["agreement"]["sentence"].startswith("It and RISE")
    assert one["trials"]["deletion"]["verdict"] == "not run"
    assert (told["sample"], told["masks"], len(told["images"])) == (6, 5, 6)
    # RISE bears witness, and does not count for the run: its maps are not in the report.
    assert told["best"] == "occlusion" and events[-1].summary.startswith("occlusion passes")


def test_tested_is_the_kind_of_model_that_is_handed_over(small, tmp_path, monkeypatch):
    prepared, trained = small
    monkeypatch.setattr(explaining, "BUDGET", 0.0)
    monkeypatch.setattr(explaining, "PICTURES", 5)
    monkeypatch.setattr(explaining, "_methods", lambda model: ("occlusion",))
    result, model = trained.results[0], trained.final
    other = replace(model, rung="combined")
    both = SimpleNamespace(**{**vars(result), "classifiers": {"classical": model, "combined": other}})
    run = SimpleNamespace(data=trained.data, results=[both], final=other)
    told = explaining.test_explanations(prepared, run, None, RunFolder(tmp_path), silent)
    assert (told["model"], told["methods"]["occlusion"]["rung"]) == ("combined", "combined")
    assert told["counts"] and told["tests"]
    run.final = replace(model, rung="network")  # which the first fold does not have
    told = explaining.test_explanations(prepared, run, None, RunFolder(tmp_path), silent)
    assert told["methods"]["occlusion"]["rung"] == "classical"
    assert (told["counts"], told["passed"], told["tests"]) == ([], 0, 0)


def test_a_mask_shows_what_the_image_is_labelled_with_or_what_its_column_says():
    rows = [
        Row("1", Source(Path("1")), label="effusion", extra={"mask": "m.png"}),
        Row("2", Source(Path("2")), label="no_effusion", extra={"mask": "m.png"}),
        Row("3", Source(Path("3")), label="no_effusion", extra={"Mask_Effusion": "m.png"}),
        Row("4", Source(Path("4")), label="a|b", findings=("a", "b"), extra={"mask": "m.png"}),
    ]
    shown = explaining.masks_show(rows, ["effusion"] * 4, ("no_effusion", "effusion"))
    assert shown == [1, 0, 1, -1]


def test_labels_in_random_order_are_fitted_from_a_run_whose_pictures_are_there(chest_set, tmp_path, monkeypatch):
    from wetread.steps.main import run

    made = run(chest_set, out=tmp_path / "run", preset="quick", settings=["rungs=classical", "cases=1"])
    model = load_classifier(made.folder)
    retrain, why = refit_from_run(model, RunFolder(made.folder))
    assert why == ""
    first, other = retrain(0), retrain(1)
    assert first.parts[0].sees == "classical" and first.classes == model.classes
    assert (first.parts[0].weights != other.parts[0].weights).any()
    learnt = model.parts[0].weights[:, 0]
    assert abs(np.corrcoef(first.parts[0].weights[:, 0], learnt)[0, 1]) < 0.5
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path / "elsewhere"))
    retrain, why = refit_from_run(model, RunFolder(made.folder))
    assert retrain is None and "needs the training data" in why and "not in the cache" in why
    network = Classifier(("no", "yes"), "yes", "network", [untrained()])
    assert "which only wetread run does" in refit_from_run(network, RunFolder(made.folder))[1]
    assert refit_from_run(model, None)[0] is None


def test_a_quick_run_tests_nothing(small, tmp_path):
    prepared, trained = small
    plan = SimpleNamespace(**{**vars(prepared.plan), "preset": "quick"})
    quick = SimpleNamespace(**{**vars(prepared), "plan": plan})
    assert explaining.test_explanations(quick, trained, None, RunFolder(tmp_path), lambda event: None) == {}
    assert not (tmp_path / "explanations.json").exists()


def test_the_step_counts_maps_and_not_the_files_beside_them(finished_run):
    cases = RunFolder(finished_run.folder).read_json("heatmaps/index.json")["cases"]
    lines = (finished_run.folder / "events.jsonl").read_text().splitlines()
    (said,) = (
        event["summary"]
        for event in map(json.loads, lines)
        if (event.get("kind"), event.get("step")) == ("step_finished", "explain")
    )
    assert said == f"{len(cases)} cases, {sum(len(one['maps']) for one in cases)} maps"


@pytest.mark.parametrize(("preset", "there"), [("standard", True), ("quick", False)])
def test_torch_is_there_before_a_stage_that_may_be_interrupted(preset, there):
    """Half an import of torch cannot be repeated: what came after Ctrl-C ended in a fault of its own."""
    code = (
        "import sys; from types import SimpleNamespace; from wetread.main_job.explaining import load_what_explains; "
        f"load_what_explains(SimpleNamespace(preset={preset!r})); print('torch' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=400, check=True).stdout
    assert told.strip() == str(there)
