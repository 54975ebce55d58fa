"""The folder of head CTs: series, labels, masks, header, and that nothing but the head tells the label."""

from __future__ import annotations

import csv
import hashlib
import shutil
import subprocess

import numpy as np
import pydicom
import pytest
from PIL import Image

from wetread.errors import InputError
from wetread.phantoms.head_bleeds import KINDS
from wetread.phantoms.head_dataset import COLUMNS, make_head_ct, plan_patients, plan_series
from wetread.phantoms.head_knobs import HeadKnobs

IMAGES, PATIENTS, SIZE = 24, 6, 64


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def read(table):
    with table.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder, seen = tmp_path_factory.mktemp("heads"), []
    table = make_head_ct(
        folder, images=IMAGES, patients=PATIENTS, size=SIZE, progress=lambda done, of: seen.append((done, of))
    )
    assert table == folder / "labels.csv" and seen[-1] == (IMAGES, IMAGES)
    return folder, read(table)


def test_same_seed_same_bytes(tmp_path):
    for name in ("one", "two"):
        make_head_ct(tmp_path / name, images=4, patients=2, size=SIZE)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_table_and_masks(made):
    folder, rows = made
    assert tuple(rows[0]) == COLUMNS and len(rows) == IMAGES
    for row in rows:
        kinds = [] if row["label"] == "normal" else row["label"].split("|")
        assert set(kinds) <= set(KINDS) and kinds == sorted(kinds)
        assert row["any_hemorrhage"] == str(int(bool(kinds)))
        assert [kind for kind in KINDS if row[f"mask_{kind}"]] == kinds
        union = np.zeros((SIZE, SIZE), dtype=bool)
        for kind in kinds:
            mask = np.asarray(Image.open(folder / row[f"mask_{kind}"]))
            assert mask.shape == (SIZE, SIZE) and set(np.unique(mask)) == {0, 255}
            union |= mask > 0
        if kinds:
            np.testing.assert_array_equal(np.asarray(Image.open(folder / row["mask"])) > 0, union)
        else:
            assert row["mask"] == ""
    named = sum(bool(row[column]) for row in rows for column in row if column.startswith("mask"))
    assert len(list((folder / "masks").rglob("*.png"))) == named


def test_bleeding_patients_have_slices_of_both_kinds(made):
    states = {}
    for row in made[1]:
        states.setdefault(row["patient"], []).append(row["any_hemorrhage"])
    assert len(states) == PATIENTS and all(len(slices) == IMAGES // PATIENTS for slices in states.values())
    assert sum(set(slices) == {"0"} for slices in states.values()) == 1
    assert sum(set(slices) == {"0", "1"} for slices in states.values()) == 5


def test_a_patient_is_one_series(made):
    folder, rows = made
    series, images, heights = {}, set(), {}
    for row in rows:
        header = pydicom.dcmread(folder / row["image"])
        uids = (header.StudyInstanceUID, header.SeriesInstanceUID, header.FrameOfReferenceUID)
        assert series.setdefault(row["patient"], uids) == uids
        images.add(header.SOPInstanceUID)
        heights.setdefault(row["patient"], []).append(float(header.ImagePositionPatient[2]))
        assert (int(header.InstanceNumber), header.PatientID) == (int(row["position"]), row["patient"])
        assert (header.PatientSex, int(header.PatientAge[:3])) == (row["sex"], int(row["age"]))
    assert len(images) == IMAGES and len(set(series.values())) == PATIENTS
    for places in heights.values():
        gaps = np.diff(places)
        assert np.all(gaps > 5) and np.ptp(gaps) < 0.02


def test_header_says_what_the_pixels_are(made):
    folder, rows = made
    header = pydicom.dcmread(folder / rows[0]["image"])
    assert header.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert header.SOPClassUID == pydicom.uid.CTImageStorage and header.Modality == "CT"
    assert list(header.ImageType) == ["DERIVED", "PRIMARY", "AXIAL"]
    assert str(header.PatientName).startswith("SYNTHETIC^")
    assert (header.BurnedInAnnotation, header.ContentQualification) == ("NO", "RESEARCH")
    assert (header.BitsAllocated, header.BitsStored, header.HighBit, header.PixelRepresentation) == (16, 12, 11, 0)
    assert (header.RescaleSlope, header.RescaleIntercept, header.RescaleType) == (1, -1024, "HU")
    assert [list(map(float, header[name].value)) for name in ("WindowCenter", "WindowWidth")] == [[40, 80], [80, 200]]
    assert header.PixelPaddingValue == 0 and float(header.SliceThickness) == 5
    field = SIZE * float(header.PixelSpacing[0])
    assert 210 < field < 270
    assert float(header.ImagePositionPatient[0]) == pytest.approx(
        -field / 2 + float(header.PixelSpacing[0]) / 2, abs=0.01
    )
    hu = header.pixel_array.astype(int) - 1024
    assert hu.min() >= -1024 and hu.max() > 900 and 25 < np.median(hu[26:38, 26:38]) < 45


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is not installed")
def test_files_are_valid_dicom(made):
    folder, rows = made
    for row in rows[::8]:
        told = subprocess.run(["dciodvfy", str(folder / row["image"])], capture_output=True, text=True, check=False)
        assert "CTImage" in told.stderr + told.stdout
        assert not [line for line in (told.stderr + told.stdout).splitlines() if line.startswith("Error")]


def test_nothing_outside_the_head_follows_the_label():
    plan = plan_patients(240, 60, 2026, HeadKnobs())
    bleeding = np.array([bool(patient.kinds) for patient in plan])
    assert bleeding.sum() == 50 and sum(patient.slices for patient in plan) == 240
    per_kind = [sum(patient.kinds[:1] == (kind,) for patient in plan) for kind in KINDS]
    assert per_kind == [10] * 5
    assert sum(len(patient.kinds) == 2 for patient in plan) == 8
    for trait in ("second_scanner", "female", "old"):
        values = np.array(
            [{"second_scanner": p.second_scanner, "female": p.sex == "F", "old": p.age > 56}[trait] for p in plan]
        )
        assert abs(values[bleeding].mean() - values[~bleeding].mean()) < 0.2


def test_knobs_reach_the_plan():
    mixed = plan_patients(240, 60, 2026, HeadKnobs(scanner_mix=1.0))
    assert all(patient.second_scanner == bool(patient.kinds) for patient in mixed)
    bleeding = next(patient for patient in plan_patients(240, 60, 2026, HeadKnobs()) if patient.kinds == ("SDH",))
    plain, dark = (plan_series(bleeding, 2026, HeadKnobs(blood_contrast=shift)) for shift in (0.0, -40.0))
    assert dark[0].series.bleeds[0].hu == pytest.approx(plain[0].series.bleeds[0].hu - 40)
    assert plan_series(bleeding, 2026, HeadKnobs(calcification=0.0))[0].series.head.pineal == 0


def test_slices_and_label_noise(tmp_path):
    knobs = HeadKnobs(slices=2, label_noise=0.5)
    rows = read(make_head_ct(tmp_path, images=16, patients=3, size=64, knobs=knobs))
    assert len(rows) == 16 and len({row["patient"] for row in rows}) == 8
    wrong = sum((row["label"] != "normal") != bool(row["mask"]) for row in rows)
    assert 3 <= wrong <= 13


@pytest.mark.parametrize("numbers", [(10, 20, 64), (100, 4, 64), (20, 5, 32), (20, 5, 1024), (1, 1, 64)])
def test_impossible_numbers_are_refused(tmp_path, numbers):
    images, patients, size = numbers
    with pytest.raises(InputError, match="must"):
        make_head_ct(tmp_path, images=images, patients=patients, size=size)
