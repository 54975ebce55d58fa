"""Several findings in one folder: shares, independence, masks, and nothing else that tells them."""

from __future__ import annotations

import csv
import hashlib

import numpy as np
import pydicom
import pytest
from PIL import Image

from wetread.phantoms.findings_dataset import COLUMNS, NO_FINDING, make_chest_findings, plan_findings
from wetread.phantoms.knobs import ChestKnobs
from wetread.phantoms.lesions import FINDINGS

IMAGES, PATIENTS, SIZE = 20, 12, 64


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("findings")
    seen = []
    table = make_chest_findings(
        folder, images=IMAGES, patients=PATIENTS, size=SIZE, progress=lambda done, of: seen.append((done, of))
    )
    assert table == folder / "labels.csv" and seen[-1] == (IMAGES, IMAGES)
    with table.open(encoding="utf-8", newline="") as handle:
        return folder, list(csv.DictReader(handle))


def test_table_and_masks(made):
    folder, rows = made
    assert tuple(rows[0]) == COLUMNS and len(rows) == IMAGES
    assert len({row["patient"] for row in rows}) == PATIENTS
    written = set()
    for row in rows:
        assert (folder / row["image"]).is_file() and row["view"] == "PA"
        findings = [] if row["label"] == NO_FINDING else row["label"].split("|")
        assert findings == sorted(findings) and set(findings) <= set(FINDINGS)
        for finding in FINDINGS:
            path = row[f"mask_{finding}"]
            assert bool(path) == (finding in findings)
            if path:
                mask = np.asarray(Image.open(folder / path))
                assert mask.shape == (SIZE, SIZE) and set(np.unique(mask)) == {0, 255}
                written.add(path)
    assert written == {path.relative_to(folder).as_posix() for path in (folder / "masks").rglob("*.png")}
    assert "SYNTHETIC" in (folder / "README.txt").read_text(encoding="utf-8")


def test_header_tells_nothing(made):
    folder, rows = made
    headers = [pydicom.dcmread(folder / row["image"]) for row in rows]
    assert {header.BodyPartExamined for header in headers} == {"CHEST"}
    assert not any("ManufacturerModelName" in header for header in headers)
    assert len({header.SOPInstanceUID for header in headers}) == IMAGES
    assert sum(header.PhotometricInterpretation == "MONOCHROME1" for header in headers) == round(IMAGES / 3)


def test_same_seed_same_bytes(made, tmp_path):
    make_chest_findings(tmp_path, images=IMAGES, patients=PATIENTS, size=SIZE)
    for path in made[0].rglob("*"):
        if path.is_file():
            again = tmp_path / path.relative_to(made[0])
            assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(again.read_bytes()).digest()


def test_shares_and_independence():
    plan = plan_findings(200, 120, 2026, ChestKnobs())
    truth = np.array([[finding in item.findings for finding in FINDINGS] for item in plan])
    assert all(item.findings == item.labelled for item in plan)
    assert 0.30 <= (~truth.any(axis=1)).mean() <= 0.40
    assert np.all((truth.mean(axis=0) >= 0.15) & (truth.mean(axis=0) <= 0.30))
    assert (truth.sum(axis=1) >= 2).sum() >= 30
    assert np.abs(np.corrcoef(truth.T) - np.eye(5)).max() < 0.15


def test_sex_age_and_inversion_do_not_follow_any_finding():
    plan = plan_findings(200, 120, 2026, ChestKnobs())
    traits = np.array([[item.sex == "F", item.age > 56, item.inverted] for item in plan], dtype=float)
    for finding in (*FINDINGS, ""):
        has = np.array([finding in item.findings if finding else not item.findings for item in plan])
        assert np.abs(traits[has].mean(axis=0) - traits[~has].mean(axis=0)).max() < 0.15


def test_lasting_findings_stay_with_the_patient():
    lasting = {}
    for item in plan_findings(60, 30, 3, ChestKnobs()):
        kept = frozenset(item.findings) & {"cardiomegaly", "nodule"}
        assert lasting.setdefault(item.patient, kept) == kept


def test_label_noise_adds_or_removes_one_finding():
    plan = plan_findings(200, 120, 1, ChestKnobs(label_noise=0.25))
    changes = [len(set(item.findings) ^ set(item.labelled)) for item in plan]
    assert set(changes) == {0, 1} and 30 <= sum(changes) <= 70
