"""The stage on a small phantom set: files, rates on tested images, and what a model then does with files."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.images.view import View
from wetread.main_job.fitting import train
from wetread.main_job.intake import read_data
from wetread.main_job.preparation import prepare
from wetread.main_job.refusing import _sets, fit_refusal, read_statuses
from wetread.model.classifier import load_classifier
from wetread.model.predict import case_names, predict_files
from wetread.progress import silent
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
