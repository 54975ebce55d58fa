"""Chest or abdomen: the same size, an even deal, and a silent header."""

from __future__ import annotations

import csv

import numpy as np
import pydicom
import pytest

from wetread.phantoms.abdomen_dataset import COLUMNS, make_chest_abdomen, plan_regions
from wetread.phantoms.knobs import ChestKnobs

IMAGES = 10


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("regions")
    table = make_chest_abdomen(folder, images=IMAGES, patients=8, size=64, knobs=ChestKnobs(scanner_mix=1.0))
    with table.open(encoding="utf-8", newline="") as handle:
        return folder, list(csv.DictReader(handle))


def test_table(made):
    folder, rows = made
    assert tuple(rows[0]) == COLUMNS
    assert sorted(row["label"] for row in rows) == ["abdomen"] * 5 + ["chest"] * 5
    assert len({row["patient"] for row in rows}) == 8
    assert sorted(row["image"] for row in rows) == sorted(f"images/{p.name}" for p in (folder / "images").iterdir())


def test_header_names_no_body_part_and_all_sizes_agree(made):
    folder, rows = made
    headers = [pydicom.dcmread(folder / row["image"]) for row in rows]
    assert {(header.Rows, header.Columns, header.BodyPartExamined, header.ViewPosition) for header in headers} == {
        (64, 64, "", "")
    }
    assert not any("chest" in header.StudyDescription.lower() for header in headers)
    # With the scanner mix at 1 the device alone tells the label: that is the lesson.
    models = {(row["label"], header.ManufacturerModelName) for row, header in zip(rows, headers, strict=True)}
    assert models == {("abdomen", "Phantom A"), ("chest", "Phantom B")}


def test_lungs_make_the_difference(made):
    folder, rows = made
    upper = {"chest": [], "abdomen": []}
    for row in rows:
        header = pydicom.dcmread(folder / row["image"])
        grey = header.pixel_array / 4095.0
        grey = 1 - grey if header.PhotometricInterpretation == "MONOCHROME1" else grey
        upper[row["label"]].append(grey[20:36, 14:24].mean())
    assert np.mean(upper["chest"]) < np.mean(upper["abdomen"]) - 0.1


def test_nothing_else_follows_the_label():
    plan = plan_regions(80, 80, 2026, ChestKnobs())
    abdomen = np.array([item.abdomen for item in plan])
    assert abdomen.sum() == 40
    traits = np.array([[item.sex == "F", item.age > 56, item.inverted] for item in plan], dtype=float)
    assert np.abs(traits[abdomen].mean(axis=0) - traits[~abdomen].mean(axis=0)).max() < 0.12
    fields = {True: [], False: []}
    from wetread.phantoms.patient import draw_patient, draw_pose

    for item in plan:
        rng = np.random.default_rng([2026, 21, item.patient])
        patient = draw_patient(rng, sex=item.sex, age=item.age)
        fields[item.abdomen].append(draw_pose(rng, patient).field)
    assert abs(np.mean(fields[True]) - np.mean(fields[False])) < 1.5


def test_label_noise():
    plan = plan_regions(200, 200, 1, ChestKnobs(label_noise=0.2))
    assert 20 <= sum(item.abdomen != item.labelled for item in plan) <= 60
