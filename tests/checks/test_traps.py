"""The traps of real public sets, found by the checks that everybody's data meet; figures stand in docs/traps.md."""

import csv
import json
from collections import Counter

import pytest

import wetread
from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan


@pytest.fixture(scope="module")
def audited(real_data, tmp_path_factory):
    """Audits a set once, however many tests ask for it."""
    done = {}

    def audit(name):
        if name not in done:
            run = wetread.check(real_data / name, out=tmp_path_factory.mktemp("traps") / "run")
            done[name] = run.gate, {finding["code"]: finding for finding in run.findings}, run.folder
        return done[name]

    return audit


def read_rows(folder):
    with open(folder / "images.csv", newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_width_alone_tells_chest_from_abdomen_and_one_picture_is_there_twice(audited):
    gate, findings, folder = audited("chest-vs-abdomen-openi")
    assert gate == "red"
    assert findings["WR301"]["severity"] == "red"
    assert findings["WR301"]["numbers"]["auroc"]["low"] > 0.9
    assert findings["WR301"]["numbers"]["auroc"]["value"] > 0.95
    assert findings["WR301"]["numbers"]["strongest"] == "width"
    assert findings["WR301"]["numbers"]["strongest_auroc"] == pytest.approx(0.89, abs=0.005)
    assert any("(1)" in image for image in findings["WR102"]["images"]), "the picture that VAL holds twice"
    splits = Counter(row["split"] for row in read_rows(folder))
    assert splits["unlabelled"] == 2 and splits["cv"] == 75


def test_copies_across_the_split_of_the_brain_set_are_found_although_their_files_differ(audited):
    gate, findings, folder = audited("brain-mri-tumor-4class")
    assert gate == "red" and findings["WR102"]["severity"] == "red"
    numbers = findings["WR102"]["numbers"]
    assert numbers["across_splits"] >= 41 > numbers["file"], "17 + 18 + 6, by the data's README"
    rows = read_rows(folder)
    trained = {row["group"] for row in rows if row["image"].startswith("Training/")}
    copied = Counter(row["label"] for row in rows if row["image"].startswith("Testing/") and row["group"] in trained)
    assert copied == {"meningioma_tumor": 17, "no_tumor": 18, "pituitary_tumor": 6}
    assert len({row["sha256"] for row in rows}) > len(rows) - 30, "file hashes alone find only some"
    skipped = json.loads((folder / "run.json").read_text())["ledger"]["skipped"]
    assert skipped >= 41, "their training images are set aside"


def test_patients_in_two_parts_of_the_given_split(audited):
    gate, findings, _ = audited("cxr-nih1000-64px-kcr2019")
    assert gate == "red"
    assert findings["WR101"]["severity"] == "red"
    # In the test part and outside: 8 of the training and 9 of the validation part, one of them in all three.
    assert findings["WR101"]["numbers"]["patients"] == 8 + 9 - 1
    assert findings["WR104"]["numbers"]["patients"] >= 60


def test_patients_of_the_effusion_table_are_known(audited):
    _, findings, folder = audited("cxr-nih-effusion")
    assert findings["WR104"]["numbers"]["patients"] == 11
    rows = read_rows(folder)
    used = [row for row in rows if row["status"] == "used"]
    assert len(used) == 200 and len({row["patient"] for row in used}) == 152
    assert sum("not named" in row["reason"] for row in rows) == 4


def test_class_that_is_the_source_is_red(audited):
    gate, findings, _ = audited("cxr-covid-vs-normal-confounded")
    assert gate == "red"
    assert findings["WR303"]["severity"] == findings["WR304"]["severity"] == "red"
    assert {"WR301", "WR305", "WR306"} <= set(findings)


def test_an_honest_set_is_not_accused(audited):
    gate, findings, _ = audited("head-ct-hemorrhage-rsna-tm/experiment1.tm")
    assert gate == "amber", "only since nothing tells who the patients are"
    assert {code for code, finding in findings.items() if finding["severity"] != "info"} <= {"WR105", "WR201"}
    assert not [code for code in findings if code.startswith("WR30")], "not even for information"


def test_slices_shared_between_two_projects(real_data):
    tables = [scan(real_data / "head-ct-hemorrhage-rsna-tm" / f"experiment{number}.tm") for number in (1, 4)]
    for table in tables:
        read_images(table)
    first, second = (rows_with_pictures(table) for table in tables)
    pairs = [(pair.first, pair.second) for pair in find_duplicates([*first, *second])]
    across = {first[a].image for a, b in pairs if a < len(first) <= b}
    assert across == {f"Hemorrhage-!-{number}.jpg" for number in (7, 11, 17, 25)}
