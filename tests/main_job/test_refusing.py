"""The stage on a small phantom set: files, rates on tested images, and what a model then does with files."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from wetread.dataset.split import Fold
from wetread.dataset.table import Row
from wetread.evaluation.predictions import read_predictions
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.images.view import View
from wetread.main_job import refusing
from wetread.main_job.external_numbers import _with_unlabelled
from wetread.main_job.fitting import train
from wetread.main_job.intake import read_data
from wetread.main_job.preparation import prepare
from wetread.main_job.refusing import _rates, _sets, fit_refusal, read_statuses
from wetread.main_job.tested import class_predictions, with_unlabelled
from wetread.metrics.intervals import wilson
from wetread.model.classifier import load_classifier
from wetread.model.predict import case_names, predict_files
from wetread.model.refusal import Answer
from wetread.progress import Notice, silent
from wetread.request import Request
from wetread.run_folder import RunFolder
from wetread.training import pooling
from wetread.training.refusal_packs import generated_packs


@pytest.fixture(scope="module")
def refused(chest_set, tmp_path_factory):
    """A quick run as far as the refusal: folder, what was prepared, the refusal; its model lies in the folder."""
    folder = RunFolder(tmp_path_factory.mktemp("runs") / "run")
    request = Request(chest_set, preset="quick", seed=0, device="cpu", settings=("rungs=classical",))
    prepared = prepare(request, read_data(request, folder, silent), folder, silent)
    trained = train(prepared, folder, silent)
    refusal = fit_refusal(prepared, trained, folder, silent)
    view = View.parse(prepared.plan.view, frame=prepared.plan.frame)
    replace(trained.final, view=view, refusal=refusal).save(folder.path / "model")
    return folder, prepared, trained, refusal


def test_every_tested_image_has_a_status(refused):
    folder, prepared, trained, _ = refused
    tested = {prepared.rows[row].image for result in trained.results for row in result.fold.test}
    statuses = read_statuses(folder)
    assert statuses.keys() == tested
    known = json.loads((folder.path / "refusal.json").read_text())
    assert known["own"]["n"] == len(tested)
    out = sum(status == "out" for status in statuses.values())
    assert known["own"]["refused"] == pytest.approx(out / len(tested), abs=1e-6)
    assert known["own"]["out"]["low"] <= known["own"]["refused"] <= known["own"]["out"]["high"]


def test_packs_are_refused(refused):
    packs = json.loads((refused[0].path / "refusal.json").read_text())["packs"]
    assert {"noise", "photographs", "grey photographs", "inverted", "rotated 90", "mirrored"} <= packs.keys()
    assert min(packs[name]["refused"] for name in ("noise", "photographs", "inverted", "rotated 90")) >= 0.9


def test_a_refused_file_gets_no_label_but_its_nearest_cases(refused, chest_set, tmp_path):
    folder, prepared, _, _ = refused
    Image.fromarray(generated_packs(1, 0)["photographs"][0]).save(tmp_path / "photo.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    own = chest_set / prepared.rows[0].image
    sources = [Source.of(place) for place in (tmp_path / "photo.png", own, tmp_path / "broken.png")]
    told = []
    with Decoder() as decoder:
        classifier = load_classifier(folder.path)
        photo, film, broken = predict_files(classifier, sources, decoder, told.append, cases=case_names(folder.path))
        alone = predict_files(classifier, sources[1:2], decoder)[0]
    assert sorted(told) == [1, 2, 3]
    numbers = [f"p_{name}" for name in classifier.classes]
    assert list(photo) == ["image", "predicted", *numbers, "status", "unsure", "nearest", "reason"]
    assert (photo["status"], photo["predicted"], photo["unsure"]) == ("out", "", "")
    assert [photo[name] for name in numbers] == ["", ""]
    assert photo["reason"]
    assert len(photo["nearest"].split("; ")) == 5
    assert photo["nearest"].split("; ")[0] in {row.image for row in prepared.rows}
    assert film["nearest"].split("; ")[0] == prepared.rows[0].image
    assert alone["nearest"].startswith("case ")  # the model alone knows numbers only
    assert film["status"] in ("in", "edge", "out") and film["status"] == alone["status"]
    assert (broken["status"], broken["predicted"]) == ("", "") and broken["reason"]


def test_too_few_patients_leave_no_files(refused, tmp_path):
    _, prepared, trained, _ = refused
    one = replace(prepared, groups=np.zeros_like(prepared.groups))
    folder = RunFolder(tmp_path / "run")
    assert fit_refusal(one, trained, folder, silent) is None
    assert not (tmp_path / "run").exists()
    assert read_statuses(folder) == {}
    assert case_names(tmp_path / "run") == {}


def test_sets_of_findings_are_judged_fold_by_fold_and_not_by_a_single_test_set(monkeypatch):
    rows = np.arange(60)
    truth, p = (rows % 3 == 0).astype(float)[:, None], np.where(rows % 3 == 0, 0.8, 0.2)[:, None]
    plan = SimpleNamespace(task="multilabel", classes=("mass",))
    prepared = SimpleNamespace(plan=plan, labels=truth, groups=rows)
    monkeypatch.setattr(pooling, "pool", lambda *_: SimpleNamespace(rows=rows, by_repeat=[p]))

    def sets_of(folds):
        results = [
            SimpleNamespace(fold=SimpleNamespace(number=k, repeat=1, test=rows[rows % folds == k]))
            for k in range(folds)
        ]
        return _sets(prepared, SimpleNamespace(results=results))

    quantiles, by_class, (mass,) = sets_of(2)
    assert len(quantiles) == 1 and by_class == []
    assert (mass["class"], mass["with"]["images"], mass["without"]["images"]) == ("mass", 20, 40)
    assert (mass["with"]["value"], mass["unsure"], mass["empty"]) == (1.0, 0.0, 0.0)
    assert "says nothing" in sets_of(1)[2][0]["why"]


def divided(prepared, trained, tests):
    """The same fits over other folds: each of these groups is tested once, and the rest of the rows is learnt from."""
    rows = np.arange(len(prepared.rows))
    folds = [
        Fold(1, number, rows[~np.isin(prepared.groups, test)], rows[np.isin(prepared.groups, test)])
        for number, test in enumerate(tests, start=1)
    ]
    return replace(trained, results=[replace(trained.results[0], fold=fold) for fold in folds])


@pytest.mark.parametrize("patients", [10, 11])
def test_where_no_fold_leaves_ten_patients_nothing_is_refused_and_that_is_said(refused, patients, tmp_path):
    _, prepared, trained, _ = refused
    few = replace(prepared, groups=np.arange(len(prepared.rows)) % patients)
    tests = np.array_split(np.arange(patients), 5)  # eight or nine patients to learn from
    told = []
    folder = RunFolder(tmp_path / "run")
    assert fit_refusal(few, divided(few, trained, tests), folder, told.append) is None
    assert not (tmp_path / "run").exists() and read_statuses(folder) == {}
    (notice,) = [event.text for event in told if isinstance(event, Notice)]  # the terminal and the report say it
    assert notice.startswith("The model cannot refuse: no fold leaves 10 patients to learn from")
    unknown = replace(few, table=replace(few.table, grouping="none"))
    fit_refusal(unknown, divided(unknown, trained, tests), folder, told.append)
    assert "no fold leaves 10 images to learn from" in told[-2].text and "patient" not in told[-2].text


def test_changed_pictures_are_tried_on_a_refusal_that_did_not_learn_from_their_patients(refused, monkeypatch, tmp_path):
    _, prepared, trained, _ = refused
    groups = np.minimum(np.arange(len(prepared.rows)) // 2, 13)
    few = replace(prepared, groups=groups)
    tried = []

    def try_packs(fold, judge, *_):
        tried.append((fold, judge))
        return {"noise": {"refused": 1.0}}

    monkeypatch.setattr(refusing, "_try_packs", try_packs)
    monkeypatch.setattr(refusing, "_sets", lambda *_: ((), [], []))
    # The first fold leaves nine patients, so it cannot be judged; the second can, by a refusal of its own.
    fitted = divided(few, trained, [[0, 1, 2, 3, 4], [5, 6]])
    folder = RunFolder(tmp_path / "run")
    final = fit_refusal(few, fitted, folder, silent)
    ((fold, judge),) = tried
    assert fold.number == 2 and judge is not final
    assert set(judge.space.rows) <= set(fold.train) and not set(judge.space.rows) & set(fold.test)
    known = json.loads((tmp_path / "run" / "refusal.json").read_text())
    assert known["own"]["n"] == len(fold.test) == len(read_statuses(folder))


def test_images_of_one_patient_are_worth_less_than_as_many_patients():
    statuses = ["out" if patient < 4 else "in" for patient in range(40) for _ in range(5)]
    answers = {row: Answer(status, 0.0, "", ()) for row, status in enumerate(statuses)}
    found = _rates(answers, np.repeat(np.arange(40), 5))
    assert (found["refused"], found["n"], found["out"]["count"], found["out"]["n"]) == (0.1, 200, 20, 40)
    by_image = wilson(20, 200)
    assert found["out"]["low"] < by_image.low - 0.02 and found["out"]["high"] > by_image.high + 0.05
    each_alone = _rates(answers, np.arange(200))
    assert each_alone["out"]["high"] == pytest.approx(by_image.high, abs=1e-6)


def test_an_image_without_a_label_that_is_unlike_the_training_pictures_gets_no_class(refused, tmp_path):
    _, prepared, trained, refusal = refused
    photo, film = generated_packs(1, 0)["photographs"][0], prepared.rows[0]
    rows = []
    for name, picture in (("photo.png", photo), ("film.png", film.picture)):
        row = Row(name, Source(tmp_path / name), label="")
        row.picture, row.group, row.split = picture, name, "unlabelled"
        rows.append(row)
    asked = replace(prepared, table=replace(prepared.table, rows=rows))
    tested = np.arange(4)
    held_out = class_predictions(prepared, tested, np.tile([0.25, 0.75], (4, 1)), np.full(4, 0.5))
    final = replace(trained.final, refusal=refusal)
    made = with_unlabelled(asked, final, held_out)
    assert made.statuses[-2:][0] == "out" and made.statuses[-1] in ("in", "edge")
    assert np.isnan(made.probabilities[-2]).all() and made.predicted[-2] == -1
    (tmp_path / "predictions.csv").write_text(made.to_csv())
    photo_row, film_row = RunFolder(tmp_path).read_table("predictions.csv")[-2:]
    numbers = [f"p_{name}" for name in made.classes]
    assert (photo_row["status"], photo_row["predicted"], [photo_row[name] for name in numbers]) == ("out", "", ["", ""])
    assert film_row["predicted"] in made.classes and float(film_row[numbers[0]]) >= 0
    again = read_predictions(tmp_path / "predictions.csv", made.classes, made.positive)
    assert again.predicted.tolist() == made.predicted.tolist() and again.statuses == made.statuses
    assert np.array_equal(again.probabilities, made.probabilities, equal_nan=True)
    elsewhere = _with_unlabelled(SimpleNamespace(tried=SimpleNamespace(classifier=final), table=asked.table), held_out)
    assert elsewhere.statuses == made.statuses and np.isnan(elsewhere.probabilities[-2]).all()
    assert elsewhere.to_csv() == made.to_csv()  # an external test withholds the same
    none = with_unlabelled(asked, replace(trained.final, refusal=None), held_out)  # as before where nothing is refused
    assert none.predicted[-2] >= 0 and set(none.statuses) <= {""}
