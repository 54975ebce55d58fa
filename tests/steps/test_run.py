"""The main job from a folder to a report, as a user meets it."""

import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

import wetread
from wetread.errors import InputError, OutputError, Stopped
from wetread.progress import FoldDone, FoldLoaded, StepFinished

FILES = [
    "run.json",
    "plan.yaml",
    "images.csv",
    "findings.json",
    "events.jsonl",
    "history.csv",
    "predictions.csv",
    "numbers.json",
    "report.html",
    "model/model.json",
    "model/weights.safetensors",
    "model/golden.json",
    "heatmaps/index.json",
    "figures/roc.svg",
]


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_every_file_of_the_run_folder_is_there(finished_run):
    assert [name for name in FILES if not (finished_run.folder / name).is_file()] == []
    assert json.loads((finished_run.folder / "run.json").read_text())["status"] == "finished"
    assert not list(finished_run.folder.rglob("*.tmp"))
    assert not [path for path in finished_run.folder.rglob("*") if path.suffix in (".pkl", ".pt", ".joblib")]


def test_the_headline_can_be_recomputed_from_predictions(finished_run):
    numbers = finished_run.numbers
    rows = read_csv(finished_run.folder / "predictions.csv")
    assert len(rows) == numbers["n"]["images"] == 60
    positive = numbers["positive"]
    truth = [row["truth"] == positive for row in rows]
    p = [float(row[f"p_{positive}"]) for row in rows]
    assert numbers["headline"]["value"] == pytest.approx(roc_auc_score(truth, p), abs=1e-6)
    called = [row["predicted"] == positive for row in rows]
    assert called == [a >= float(row["threshold"]) for a, row in zip(p, rows, strict=True)]
    right = np.mean([a == b for a, b in zip(truth, called, strict=True)])
    assert numbers["metrics"]["accuracy"]["value"] == pytest.approx(right, abs=1e-6)
    assert np.array(numbers["confusion"]["matrix"]).trace() == sum(a == b for a, b in zip(truth, called, strict=True))


def test_every_image_is_accounted_for_and_no_patient_is_in_two_folds(finished_run, chest_set):
    rows = read_csv(finished_run.folder / "images.csv")
    assert {row["image"] for row in rows} == {
        path.relative_to(chest_set).as_posix() for path in chest_set.rglob("*") if path.is_file()
    }
    assert {row["image"] for row in rows if row["status"] == "used"} == {
        path.relative_to(chest_set).as_posix() for path in chest_set.glob("images/*")
    }
    rows = [row for row in rows if row["status"] == "used"]
    assert all(re.fullmatch("[0-9a-f]{64}", row["sha256"]) for row in rows)
    folds = {}
    for row in rows:
        folds.setdefault(row["patient"], set()).add(row["fold"])
    assert all(len(found) == 1 for found in folds.values())
    assert len(folds) == finished_run.numbers["n"]["patients"] == 40


def test_the_ladder_has_every_rung_with_interval_and_seconds(finished_run):
    models = finished_run.numbers["models"]
    assert list(models)[:2] == ["prevalence", "file properties"]
    assert list(models)[-4:] == ["classical", "network", "ensemble", "selected"]
    assert {"borders", "corners", "masked centre", "histogram", "blur"} < set(models)
    for row in models.values():
        assert row["auroc"]["low"] <= row["auroc"]["value"] <= row["auroc"]["high"]
        assert row["seconds"] >= 0
    assert models["selected"]["auroc"]["value"] == finished_run.numbers["headline"]["value"]


def test_history_has_one_row_per_fit_and_epoch(finished_run):
    rows = read_csv(finished_run.folder / "history.csv")
    # 5 folds and the final model, 3 inner folds each, 2 epochs
    assert len(rows) == 6 * 3 * 2
    assert len({(row["repeat"], row["fold"], row["inner"], row["epoch"]) for row in rows}) == len(rows)


def test_the_report_is_one_page_that_asks_nobody_for_anything(finished_run):
    page = finished_run.report.read_text(encoding="utf-8")
    outside = set(re.findall(r"https?://[^\s\"'<)]+", page)) - {"http://www.w3.org/2000/svg"}
    assert outside == set()
    assert page.count("<script") == 1  # the prevalence field, by its hash
    assert "Not a medical device" in page
    for word in (
        "Gate",
        "The ladder",
        "Confusion matrix",
        "Where the model looked",
        "What this does not show",
        "repeat it",
    ):
        assert word in page
    value = finished_run.numbers["headline"]["value"]
    assert f"<b>{value:.2f}</b>" in page


def test_a_title_heads_the_report_and_the_comparison(finished_run, tmp_path):
    """The name of a table may mean nothing to anybody; it stays in run.json."""
    for name in ("first", "second"):
        shutil.copytree(finished_run.folder, tmp_path / name, ignore=shutil.ignore_patterns("folds", "lock"))
        stored = json.loads((tmp_path / name / "run.json").read_text(encoding="utf-8"))
        assert "title" not in stored
        (tmp_path / name / "run.json").write_text(json.dumps(stored | {"title": "Chests <2026>"}), encoding="utf-8")
    page = wetread.write_report(tmp_path / "first").read_text(encoding="utf-8")
    assert "</span> Chests &lt;2026&gt; <small>" in page and f"</span> {stored['data']} <small>" not in page
    found = wetread.compare([tmp_path / "first", tmp_path / "second"], out=tmp_path / "both", resamples=100)
    assert found["title"] == "Chests <2026>"
    assert "Chests &lt;2026&gt; <small>· comparison of 2 runs" in (tmp_path / "both/compare.html").read_text("utf-8")
    assert wetread.compare([tmp_path / "first", finished_run.folder], out=tmp_path / "b", resamples=100)["title"] == ""


def test_the_report_can_be_written_anew(finished_run):
    before = finished_run.report.read_text(encoding="utf-8")
    finished_run.report.unlink()
    wetread.write_report(finished_run.folder)
    assert finished_run.report.read_text(encoding="utf-8") == before


def test_no_identifier_of_a_dicom_header_reaches_the_run_folder(finished_run):
    for path in finished_run.folder.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".html", ".yaml", ".svg"):
            assert "PHANTOM" not in path.read_text(encoding="utf-8", errors="replace"), path


def test_the_run_shows_well_in_a_notebook(finished_run):
    assert finished_run.headline in repr(finished_run)
    shown = finished_run._repr_html_()
    assert finished_run.headline in shown and "Not a medical device" in shown
    assert wetread.Run.open(finished_run.folder).numbers == finished_run.numbers


def test_the_shipped_model_predicts_files(finished_run, chest_set, tmp_path):
    image = sorted((chest_set / "images").iterdir())[0]
    (tmp_path / "broken.dcm").write_text("no image")
    rows = wetread.predict(finished_run.folder, [image, tmp_path / "broken.dcm"], out=tmp_path / "out")
    classes = finished_run.numbers["classes"]
    assert sum(rows[0][f"p_{name}"] for name in classes) == pytest.approx(1, abs=1e-5)
    assert rows[0]["predicted"] in classes
    assert rows[1]["predicted"] == "" and rows[1]["reason"]
    assert len(read_csv(tmp_path / "out" / "predictions.csv")) == 2


def test_the_same_seed_gives_the_same_predictions(finished_run, chest_set, short_plan, tmp_path):
    again = wetread.run(chest_set, out=tmp_path / "again", plan=short_plan, device="cpu")
    ours, theirs = (read_csv(run.folder / "predictions.csv") for run in (again, finished_run))
    for one, other in zip(ours, theirs, strict=True):
        assert one["image"] == other["image"] and one["predicted"] == other["predicted"]
        assert float(one["p_effusion"]) == pytest.approx(float(other["p_effusion"]), abs=1e-5)


def test_interrupted_after_two_folds_it_goes_on_with_the_third(
    finished_run, chest_set, short_plan, tmp_path, monkeypatch
):
    monkeypatch.setattr("wetread.training.ladder.MOST_AT_ONCE", 1)
    out, seen = tmp_path / "run", []

    def interrupt(event):
        seen.append(event)
        if sum(isinstance(one, FoldDone) for one in seen) == 3 and isinstance(event, FoldDone):
            raise KeyboardInterrupt

    with pytest.raises(Stopped) as caught:
        wetread.run(chest_set, out=out, plan=short_plan, device="cpu", listen=interrupt)
    assert "Go on with: resume=True, out=" in str(caught.value) and caught.value.exit_code == 130
    assert json.loads((out / "run.json").read_text())["status"] == "stopped"
    assert not (out / "numbers.json").exists() and not (out / "report.html").exists()

    events = []
    run = wetread.run(chest_set, out=out, device="cpu", resume=True, listen=events.append)
    assert sum(isinstance(event, FoldLoaded) for event in events) == 2
    assert json.loads((out / "run.json").read_text())["status"] == "finished"
    assert run.numbers["headline"]["value"] == pytest.approx(finished_run.numbers["headline"]["value"], abs=1e-5)
    # Five folds and the final model, three inner fits each, two epochs; none of them twice.
    rows = read_csv(out / "history.csv")
    assert len(rows) == len({tuple(row[name] for name in ("repeat", "fold", "inner", "epoch")) for row in rows}) == 36


def test_an_existing_run_is_not_overwritten_by_accident(finished_run, chest_set, tmp_path):
    before = finished_run.report.read_bytes()
    with pytest.raises(OutputError, match="--overwrite"):
        wetread.run(chest_set, out=finished_run.folder)
    assert finished_run.report.read_bytes() == before
    (tmp_path / "mine.txt").write_text("not a run")
    with pytest.raises(OutputError, match="other files"):
        wetread.run(chest_set, out=tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").exists()


def test_a_dry_run_reads_checks_and_plans_but_trains_nothing(chest_set, tmp_path):
    steps = []
    run = wetread.run(chest_set, out=tmp_path / "dry", dry_run=True, device="cpu", listen=steps.append)
    assert [event.step for event in steps if isinstance(event, StepFinished)] == ["read", "group", "check", "report"]
    page = run.report.read_text(encoding="utf-8")
    assert f"Gate: {run.gate}" in page and "Nothing was trained" in page and "The ladder" not in page
    assert (run.folder / "plan.yaml").is_file() and not (run.folder / "model").exists()


@pytest.mark.parametrize(
    "options", [{"preset": "fastest"}, {"seed": -1}, {"device": "tpu"}, {"device": "cuda:99"}, {"positive": "x"}]
)
def test_wishes_that_cannot_be_met_are_refused(options, chest_set, tmp_path):
    with pytest.raises(InputError):
        wetread.run(chest_set, out=tmp_path / "run", dry_run=True, **({"device": "cpu"} | options))


def test_a_zip_is_a_data_set_too(chest_set, tmp_path):
    import shutil

    archive = shutil.make_archive(str(tmp_path / "chest"), "zip", chest_set)
    run = wetread.check(Path(archive), out=tmp_path / "run")
    assert sum(row["status"] == "used" for row in read_csv(run.folder / "images.csv")) == 60


def test_several_classes_and_unlabelled_images(tmp_path, short_plan):
    """Three classes by brightness, in given splits of which the test part has no classes."""
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(45):
        label = number % 3
        folder = tmp_path / "data" / "train" / "abc"[label]
        folder.mkdir(parents=True, exist_ok=True)
        picture = random.integers(0, 60, (40, 40)) + 60 * label
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"x {number} é'.png")
    (tmp_path / "data" / "Test").mkdir()
    alike = (random.integers(0, 60, (40, 40)) + 120).astype(np.uint8)  # one without noise would be refused
    Image.fromarray(alike).save(tmp_path / "data" / "Test" / "new.png")
    run = wetread.run(tmp_path / "data", out=tmp_path / "run", plan=short_plan, device="cpu")
    assert run.numbers["task"] == "multiclass" and run.numbers["positive"] is None
    assert set(run.numbers["per_class"]) == {"a", "b", "c"}
    rows = read_csv(run.folder / "predictions.csv")
    assert len(rows) == 46 and run.numbers["n"]["images"] == 45
    (new,) = [row for row in rows if row["split"] == "unlabelled"]
    assert new["image"] == "Test/new.png" and new["truth"] == "" and new["predicted"] in ("a", "b", "c")
    page = run.report.read_text(encoding="utf-8")
    assert "patients not known" in page and "Images without a label" in page and "Test/new.png" in page


def test_a_locked_test_set_is_opened_once_and_the_tested_model_is_shipped(chest_set, tmp_path):
    plan = tmp_path / "plan.yaml"
    plan.write_text("epochs: 2\nresamples: 200\ncases: 4\nestimate: locked test\n")
    run = wetread.run(chest_set, out=tmp_path / "run", plan=plan, device="cpu")
    assert run.numbers["estimate"] == "locked test"
    rows = read_csv(run.folder / "images.csv")
    parts = {split: {row["patient"] for row in rows if row["split"] == split} for split in ("train", "test")}
    assert parts["train"] and parts["test"] and not parts["train"] & parts["test"]
    tested = read_csv(run.folder / "predictions.csv")
    assert {row["split"] for row in tested} == {"test"}
    assert run.numbers["n"]["images"] == len(tested) < 20
    assert run.numbers["n"]["trained_on"] == 60 - len(tested)
    # What is shipped is what was tested: the model folder repeats the probabilities in the table.
    again = wetread.predict(run.folder, chest_set / tested[0]["image"])[0]
    assert again["p_effusion"] == pytest.approx(float(tested[0]["p_effusion"]), abs=1e-4)
    assert "locked test" in run.report.read_text(encoding="utf-8")


def test_a_given_test_set_that_leaks_is_mended_for_the_number_and_red_where_it_is_not(tmp_path, short_plan):
    """20 + 20 to train, 12 + 12 to test; two test patients are in training as well."""
    from PIL import Image

    random = np.random.default_rng(0)
    for number in range(64):
        split, label = ("train" if number < 40 else "test"), number % 2
        patient = 10_000 + (number if number not in (60, 61) else number - 60)
        folder = tmp_path / "data" / split / ("ill" if label else "healthy")
        folder.mkdir(parents=True, exist_ok=True)
        picture = random.integers(0, 120, (48, 48)) + 40 * label
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{patient:08d}_{number:03d}.png")
    run = wetread.run(tmp_path / "data", out=tmp_path / "run", plan=short_plan, device="cpu")
    assert (run.numbers["estimate"], run.gate, run.exit_code) == ("given test", "amber", 0)
    assert run.numbers["positive"] == "ill"
    (leak,) = [finding for finding in run.findings if finding["code"] == "WR101"]
    assert (leak["severity"], leak["numbers"]["patients"]) == ("amber", 2)
    assert "2 training images" in leak["sentence"] and "were set aside" in leak["sentence"]
    (light,) = [one for one in run.lights if one["name"] == "leak"]
    assert (light["light"], light["evidence"]) == ("amber", leak["sentence"])
    aside = [row for row in read_csv(run.folder / "images.csv") if row["status"] == "skipped"]
    assert sorted(row["image"] for row in aside) == [
        "train/healthy/00010000_000.png",
        "train/ill/00010001_001.png",
    ]
    assert run.numbers["n"] | {"images": 24, "trained_on": 38} == run.numbers["n"]
    assert run.numbers["test_set"]["opened"] == 1
    # The data as they came: what no run has mended is red.
    checked = wetread.check(tmp_path / "data", out=tmp_path / "checked")
    assert (checked.gate, checked.exit_code) == ("red", 1)
    assert {one["code"]: one["severity"] for one in checked.findings}["WR101"] == "red"
    again = wetread.run(tmp_path / "data", out=tmp_path / "again", plan=short_plan, device="cpu", allow_leak=True)
    assert again.numbers["n"] | {"images": 24, "trained_on": 40} == again.numbers["n"]
    assert again.headline.startswith("LEAK ALLOWED, 2 training images also in the test set: AUROC")
    assert again.headline.endswith("given test (opened 2 times)")
    assert (again.gate, again.exit_code) == ("red", 1)
    assert {one["code"]: one["severity"] for one in again.findings}["WR101"] == "red"
    assert {one["name"]: one["light"] for one in again.lights}["leak"] == "red"
    page = (again.folder / "report.html").read_text(encoding="utf-8")
    assert "leak allowed: 2 training images" in page and "opened 2 times" in page
    # Divided anew, nothing leaks that could be allowed.
    anew = {"allow_leak": True, "settings": ["estimate=cross-validation", "folds=2"]}
    other = wetread.run(tmp_path / "data", out=tmp_path / "other", plan=short_plan, device="cpu", **anew)
    assert other.headline.startswith("AUROC") and "leak_allowed" not in other.numbers
    assert (other.gate, {one["name"]: one["light"] for one in other.lights}["leak"]) == ("amber", "amber")
