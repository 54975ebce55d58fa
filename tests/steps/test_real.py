"""The traps of real public sets are seen. Checks only: whole runs on them are in bench/real.py."""

import csv

import pytest

import wetread


def codes(run):
    return {finding["code"]: finding for finding in run.findings}


def test_width_gives_the_class_away_in_chest_against_abdomen(real_data, tmp_path):
    run = wetread.check(real_data / "chest-vs-abdomen-openi", out=tmp_path / "run")
    found = codes(run)
    assert run.gate == "red"
    assert found["WR301"]["numbers"]["auroc"]["value"] > 0.85
    copies = [image for image in found["WR102"]["images"] if "(1)" in image]
    assert copies, "the picture that VAL holds twice"
    with open(run.folder / "images.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert sum(row["split"] == "unlabelled" for row in rows) == 2
    assert sum(row["split"] == "cv" for row in rows) == 75


def test_patients_of_the_effusion_table_are_known(real_data, tmp_path):
    run = wetread.check(real_data / "cxr-nih-effusion", out=tmp_path / "run")
    assert codes(run)["WR104"]["numbers"]["patients"] == 11
    with open(run.folder / "images.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    used = [row for row in rows if row["status"] == "used"]
    assert len(used) == 200 and len({row["patient"] for row in used}) == 152
    assert sum("not named" in row["reason"] for row in rows) == 4


def test_patients_in_two_parts_of_a_given_split_are_found(real_data, tmp_path):
    run = wetread.check(real_data / "cxr-nih1000-64px-kcr2019", out=tmp_path / "run")
    assert run.gate == "red"
    if "WR101" not in codes(run):
        pytest.fail("8 patients stand in train and test")


def test_identical_pictures_across_the_split_are_found_though_the_files_differ(real_data, tmp_path):
    run = wetread.check(real_data / "brain-mri-tumor-4class", out=tmp_path / "run")
    numbers = codes(run)["WR102"]["numbers"]
    assert run.gate == "red"
    # 17 + 18 + 6 test pictures are identical to a training picture (the data's README); files alone show fewer.
    assert numbers["across_splits"] >= 41 > numbers["file"]
