"""`wetread evaluate`: another hospital, other names, known patients, and what cannot be tested."""

import csv
import json
import shutil
from collections import Counter

import numpy as np
import pytest
from fake.pictures import write_jpeg
from PIL import Image

from steps.home_and_away import make_run, write_findings, write_set
from wetread.errors import InputError, ModelRejected, OutputError
from wetread.evaluation.predictions import read_predictions
from wetread.main_job import external, external_numbers
from wetread.steps.external import evaluate


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """(data, run) of two classes; patients H1 to H20."""
    place = tmp_path_factory.mktemp("home")
    data = write_set(place / "data")
    return data, make_run(data, place / "run")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What is tested elsewhere takes no time here: heatmaps, probes, headers, many resamples, the page."""
    monkeypatch.setattr(external, "CASES", 0)
    monkeypatch.setattr(external, "FEWEST_FOR_PROBES", 10**6)
    monkeypatch.setattr(external, "examine_headers", lambda rows: Counter())
    monkeypatch.setattr(external, "write_external_page", lambda *_: None)
    monkeypatch.setattr(external_numbers, "RESAMPLES", 200)


@pytest.fixture
def whole(monkeypatch, quick):
    """Nothing is left out; there is less of it."""
    monkeypatch.undo()
    monkeypatch.setattr(external, "CASES", 2)
    monkeypatch.setattr(external, "FEWEST_FOR_PROBES", 5)
    monkeypatch.setattr(external_numbers, "RESAMPLES", 200)


@pytest.fixture
def run(home, tmp_path):
    shutil.copytree(home[1], tmp_path / "run", ignore=shutil.ignore_patterns("lock"))
    return tmp_path / "run"


def away(root, **options):
    return write_set(root, **({"seed": 5, "first_patient": 100, "per_class": 14} | options))


def table_of(path):
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_another_hospital(whole, run, tmp_path):
    found = evaluate(run, away(tmp_path / "away"))
    folder = run / "external" / "away"
    assert found.folder == folder
    assert found.headline.endswith("28 images of 14 patients, external test")
    told = json.loads((folder / "external.json").read_text())
    assert told["overlap"] == {"left_out": 0, "counts": {}, "not_compared": []}
    rows = {row["name"]: row for row in told["rows"]}
    home = json.loads((run / "numbers.json").read_text())["metrics"]
    for name in ("auroc", "sensitivity", "specificity", "brier"):
        change = rows[name]["difference"]
        assert change["value"] == pytest.approx(found.numbers["metrics"][name]["value"] - home[name]["value"], abs=2e-6)
        assert change["low"] <= change["value"] <= change["high"]
    assert json.loads((folder / "run.json").read_text())["kind"] == "external"
    predictions = read_predictions(folder / "predictions.csv", ("ill", "well"), "ill")
    assert [point["rule"] for point in found.numbers["operating_points"]] == ["youden"]
    assert set(predictions.splits) == {"test"} and set(predictions.thresholds) == {0.5}
    assert {"prevalence", "file properties", "blur", "selected"} <= set(found.numbers["models"])
    page = found.report.read_text(encoding="utf-8")
    assert "external test" in page and "Confusion matrix" in page and "<script>alert" not in page
    assert "What it refuses" not in page and "calls anything one of these" in page  # nothing is learnt here
    cases = json.loads((folder / "heatmaps" / "index.json").read_text())["cases"]
    assert len(cases) == external.CASES
    said = f"{len(cases)} cases, {sum(len(one['maps']) for one in cases)} maps"  # not the pictures and the scale
    assert said in (folder / "events.jsonl").read_text()
    assert {row["split"] for row in table_of(folder / "images.csv") if row["status"] == "used"} == {"test"}


def test_known_patients_are_refused(run, tmp_path):
    """H19 and H20 came to both places: two images each."""
    data = away(tmp_path / "away", first_patient=19)
    with pytest.raises(InputError, match=r"4 of 28 images are not new .* 4 of a patient") as caught:
        evaluate(run, data)
    assert caught.value.code == "overlap" and "--without-overlap" in caught.value.remedy
    listed = table_of(run / "external" / "away" / "overlap.csv")
    assert len(listed) == 4 and {row["reason"] for row in listed} == {"patient"}
    found = evaluate(run, data, without_overlap=True)
    assert found.numbers["n"]["images"] == 24
    assert "4 images left out that were not new" in found.headline
    assert not any(one["code"] == "WR401" for one in found.findings), "they were left out as asked, none was lost"
    assert json.loads((found.folder / "external.json").read_text())["overlap"]["counts"] == {"patient": 4}


def test_other_people_with_the_same_numbers(run, tmp_path):
    found = evaluate(run, away(tmp_path / "away", first_patient=1), other_patients=True)
    told = json.loads((found.folder / "external.json").read_text())
    assert found.numbers["n"]["images"] == 28
    assert any("equal numbers name other people" in limit for limit in told["overlap"]["not_compared"])


@pytest.mark.parametrize("kind", ["file", "pixels", "near"])
def test_known_pixels_under_other_names_are_refused(kind, run, home, tmp_path):
    """A copy of the file, the same pixels as TIFF, and the same picture saved anew as JPEG."""
    data = away(tmp_path / "away", patients=False)
    for number, source in enumerate(sorted((home[0] / "ill").iterdir())[:3]):
        pixels = np.asarray(Image.open(source))
        place = data / "ill" / f"renamed-{number}"
        if kind == "file":
            shutil.copy(source, place.with_suffix(".png"))
        elif kind == "pixels":
            Image.fromarray(pixels).save(place.with_suffix(".tif"))
        else:
            write_jpeg(place.with_suffix(".jpg"), pixels, quality=98)
    with pytest.raises(InputError, match="3 of 31 images are not new") as caught:
        evaluate(run, data)
    assert "renamed-0" in caught.value.message
    assert {row["reason"] for row in table_of(run / "external" / "away" / "overlap.csv")} == {kind}


def test_a_model_without_its_run_knows_its_pixels(run, home, tmp_path):
    model = shutil.copytree(run / "model", tmp_path / "handed-over")
    data = away(tmp_path / "away", patients=False)
    Image.open(next((home[0] / "ill").iterdir())).save(data / "ill" / "renamed.tif")
    with pytest.raises(InputError, match="1 with the pixels"):
        evaluate(model, data, out=tmp_path / "out")
    found = evaluate(model, data, out=tmp_path / "out", without_overlap=True)
    told = json.loads((found.folder / "external.json").read_text())
    assert "only the model was given" in told["overlap"]["not_compared"][0]
    assert {row["name"]: row for row in told["rows"]}["auroc"]["difference"] is not None  # it keeps its numbers


def test_nothing_new_at_all(run, home):
    with pytest.raises(InputError, match="the model knows every image"):
        evaluate(run, home[0], without_overlap=True)


def test_other_names_of_classes(run, tmp_path):
    data = away(tmp_path / "away", classes=("ILL", "healthy"))
    with pytest.raises(InputError) as caught:
        evaluate(run, data)
    assert caught.value.code == "unknown-class"
    assert "knows: ill, well" in caught.value.message and "healthy (14 images)" in caught.value.message
    assert '--map "healthy=well"' in caught.value.remedy
    found = evaluate(run, data, names={"healthy": "well"})
    assert found.numbers["n"]["per_class"] == {"ill": 14, "well": 14}
    assert json.loads((found.folder / "external.json").read_text())["renamed"] == {"ILL": "ill", "healthy": "well"}


def test_further_classes_are_set_aside_and_counted(run, tmp_path):
    found = evaluate(run, away(tmp_path / "away", classes=("ill", "well", "fracture")))
    assert found.numbers["n"]["images"] == 28
    assert json.loads((found.folder / "external.json").read_text())["set_aside"] == {"fracture": 14}
    assert not any(one["code"] == "WR401" for one in found.findings), "none of them was lost"
    assert "fracture (14)" in " ".join(json.loads((found.folder / "run.json").read_text())["notes"])


def test_one_class_says_what_can_still_be_said(run, tmp_path):
    with pytest.raises(InputError, match="needs at least two of the model's classes") as caught:
        evaluate(run, away(tmp_path / "one", classes=("ill",)))
    assert caught.value.code == "one-class" and "wetread predict" in caught.value.remedy


def test_one_class_left_is_counted(run, home, tmp_path):
    """All that is well was known already: how many of the ill were called so can still be said."""
    data = away(tmp_path / "away", patients=False)
    for path in (data / "well").iterdir():
        path.unlink()
    for path in (home[0] / "well").iterdir():
        shutil.copy(path, data / "well")
    with pytest.raises(InputError, match=r"All images to test on are ill\..* of 14 were called so \(.*95 % interval"):
        evaluate(run, data, without_overlap=True)


def test_an_unreadable_image_is_listed(run, tmp_path):
    data = away(tmp_path / "away", patients=False)
    (data / "ill" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    found = evaluate(run, data)
    assert found.numbers["n"]["skipped"] == 1 and found.numbers["n"]["images"] == 28
    assert any(finding["code"] == "WR401" for finding in found.findings)


def test_a_split_that_came_with_the_data_is_tested_as_a_whole(run, tmp_path):
    away(tmp_path / "away" / "train", seed=5, patients=False)
    away(tmp_path / "away" / "test", seed=6, patients=False)
    found = evaluate(run, tmp_path / "away")
    assert found.numbers["n"]["images"] == 56


@pytest.mark.parametrize(
    ("names", "said"), [({"nobody": "ill"}, 'no "nobody" in the data'), ({"ill": "sick"}, 'does not know "sick"')]
)
def test_names_that_are_not_there(names, said, run, tmp_path):
    with pytest.raises(InputError, match=said):
        evaluate(run, away(tmp_path / "away", patients=False), names=names)


def test_several_findings(tmp_path):
    run = make_run(write_findings(tmp_path / "home"), tmp_path / "run")
    found = evaluate(run, write_findings(tmp_path / "away", seed=9, blank=True))
    assert found.headline.startswith("mean AUROC of 2 findings")
    told = json.loads((found.folder / "external.json").read_text())
    assert told["findings"] == ["mass", "nodule"] and told["rows"][0]["difference"] is not None
    partly = evaluate(run, write_findings(tmp_path / "partly", seed=11, findings=("mass", "hernia")))
    told = json.loads((partly.folder / "external.json").read_text())
    assert told["findings"] == ["mass"] and told["missing"] == ["nodule"] and "hernia" in told["set_aside"]
    assert partly.numbers["headline"]["mean_over"] == ["mass"]
    with pytest.raises(InputError, match="each image has one class"):
        evaluate(run, away(tmp_path / "classes", patients=False))


def test_findings_for_a_model_of_classes(run, tmp_path):
    with pytest.raises(InputError, match="can have several findings"):
        evaluate(run, write_findings(tmp_path / "away"))


def test_a_missing_class_of_three_leaves_a_mean_over_the_others(tmp_path):
    run = make_run(write_set(tmp_path / "home", classes=("a", "b", "c"), per_class=10), tmp_path / "run")
    found = evaluate(run, away(tmp_path / "away", classes=("a", "b")))
    assert found.numbers["headline"]["mean_over"] == ["a", "b"]
    assert json.loads((found.folder / "external.json").read_text())["rows"][0]["difference"] is None


def test_what_a_model_would_refuse_is_counted(whole, run, tmp_path, monkeypatch):
    from wetread.main_job import overlap
    from wetread.model.refusal import Answer

    class Timid:
        """Refuses every second picture."""

        probes_see = "classical"

        def answers(self, inputs, headers):
            assert len(headers) == len(inputs)
            return [Answer("out" if n % 2 else "in", 0.5, "", ()) for n in range(len(inputs))]

    def opened(place, really=overlap.open_tried):
        tried = really(place)
        tried.classifier.refusal = Timid()
        return tried

    monkeypatch.setattr(overlap, "open_tried", opened)
    found = evaluate(run, away(tmp_path / "away", patients=False))
    refused = json.loads((found.folder / "external.json").read_text())["refused"]
    assert (refused["in"], refused["edge"], refused["out"]) == (14, 0, 14)
    assert found.numbers["n"]["images"] == 28 and refused["auroc_of_others"]["value"] is not None
    page = found.report.read_text(encoding="utf-8")
    assert "would refuse <b>14</b>" in page and "Pictures unlike its own it refuses" in page
    assert "cannot refuse" not in page and "calls anything" not in page
    assert "That patients are new to the model." in page and "kept apart" not in page


def test_what_holds_no_model(run, tmp_path):
    data = away(tmp_path / "away", patients=False)
    with pytest.raises(ModelRejected):
        evaluate(tmp_path, data)
    found = evaluate(run, data)
    with pytest.raises(InputError, match="holds no model"):
        evaluate(found.folder, data)
    with pytest.raises(OutputError, match="already holds a run"):
        evaluate(run, data)


def test_an_external_test_is_compared_with_another(run, tmp_path):
    """Two models on the same images of a third place."""
    from wetread.steps.compare import compare

    data = away(tmp_path / "away")
    other = make_run(write_set(tmp_path / "second", seed=3, first_patient=300), tmp_path / "run-2")
    folders = [
        evaluate(one, data, out=tmp_path / name).folder for one, name in ((run, "first"), (other, "second-test"))
    ]
    found = compare(folders, out=tmp_path / "compared", resamples=200)
    assert found["cases"]["images"] == 28 and found["cases"]["same"]
