"""A whole data set: nothing planted is left in any byte or name of the copy, and it still works."""

import csv
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest

from tests.fake.dicoms import write_dicom, write_report
from tests.privacy.canaries import MARKS, NAME, crowded_file, occurrences
from tests.privacy.conftest import PIXELS
from tests.privacy.test_pictures import CASES
from wetread.dataset.scan import scan
from wetread.errors import InputError, OutputError
from wetread.privacy.folder import LEDGER, deidentify_folder

PATIENTS = ("4711", "4712")


def everything(folder):
    """All names and bytes below a folder."""
    for path in sorted(folder.rglob("*")):
        yield path, path.relative_to(folder).as_posix().encode()
        if path.is_file():
            yield path, path.read_bytes()


def leaks(folder, marks=MARKS):
    return {(path.name, mark) for path, data in everything(folder) for mark in occurrences(data, marks)}


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """Class folders with patients below them, every format, and what cannot be cleaned."""
    root = tmp_path_factory.mktemp("originals") / "set"
    for label in ("effusion", "normal"):
        for number, patient in enumerate(PATIENTS):
            place = root / label / f"{NAME}_{patient}"
            place.mkdir(parents=True)
            write_dicom(
                place / f"{NAME}_{number}.dcm", PIXELS + number, patient_id=patient, patient_name=f"{NAME}^A",
                StudyDate=f"2020030{number + 1}", StudyInstanceUID=f"1.2.{label.__len__()}.{patient}", modality="US",
            )  # fmt: skip
    for name, (kind, data) in CASES.items():
        (root / "normal" / f"{NAME} {name}.{kind.lower()}").write_bytes(data)
    crowded_file(root / "normal" / f"{NAME}-crowded.ima", PIXELS, every=False)
    write_report(root / "normal" / f"{NAME}-report.dcm")
    (root / "effusion" / "cut.png").write_bytes(CASES["png"][1][:300])
    (root / f"{NAME}.txt").write_text(f"{NAME} notes")
    return root


@pytest.fixture(scope="module")
def copied(originals, tmp_path_factory):
    out = tmp_path_factory.mktemp("copies") / "copy"
    return deidentify_folder(originals, out)


def test_nothing_is_left_in_any_byte_or_name(originals, copied):
    assert len(leaks(originals)) > 20
    assert leaks(copied.out) == set()
    assert occurrences(str(copied).encode()) == []


def test_every_file_is_accounted_for(originals, copied):
    assert copied.copied == 4 + len(CASES) + 1
    assert {(Path(name).name, code) for name, code in copied.refused} == {
        *((f"{NAME}-report.dcm", "no-pixels"), ("cut.png", "truncated"))
    }
    assert copied.left_out == [f"{NAME}.txt"]
    rows = list(csv.DictReader((copied.out / LEDGER).open()))
    assert len(rows) == copied.copied + len(copied.refused)
    assert sum(row["status"] == "not copied" and row["reason"] != "" for row in rows) == 2
    assert copied.exit_code == 1


def test_classes_stay_and_patients_become_the_same_pseudonym_everywhere(copied):
    table = scan(copied.out)
    assert table.classes == ["effusion", "normal"]
    found = {}
    for path in copied.out.rglob("*.dcm"):
        dataset = pydicom.dcmread(path)
        found.setdefault(dataset.PatientID, set()).add(path.parent.parent.name)
    assert sum(classes == {"effusion", "normal"} for classes in found.values()) == 2


def test_ultrasound_and_flags_are_to_be_looked_at(copied):
    looks = {name: why for name, why in copied.suspects.items() if name.endswith(".dcm")}
    assert len(looks) >= 4
    assert any("modality US" in reason for why in looks.values() for reason in why)
    assert "Look at the pictures" in str(copied)
    assert "clean" not in str(copied).lower().replace("cleaned", "")


def test_the_copy_of_an_archive_is_that_of_its_folder(originals, tmp_path):
    packed = Path(shutil.make_archive(str(tmp_path / "set"), "zip", originals))
    secret = tmp_path / "secret"
    first = deidentify_folder(originals, tmp_path / "a", secret=secret, look_for_text=False)
    second = deidentify_folder(packed, tmp_path / "b", secret=secret, look_for_text=False)
    # The order in the ledger is that in which files were met.
    one, two = (
        {path.relative_to(run.out): path.read_bytes() for path in run.out.rglob("*.*") if path.name != LEDGER}
        for run in (first, second)
    )
    assert one == two
    assert first.repeatable
    assert "not searched" in str(first)


@pytest.fixture
def with_table(tmp_path):
    root = tmp_path / "set"
    (root / "images").mkdir(parents=True)
    rows = ["image,patient,label,study_date,comment"]
    for number in range(6):
        patient = f"77{number // 2}"
        write_dicom(root / "images" / f"{NAME}{number}.dcm", PIXELS, patient_id=patient, StudyDate="20200301")
        rows.append(f"images/{NAME}{number}.dcm,{patient},{'ab'[number % 2]},2020-03-01,{NAME}")
    (root / "labels.csv").write_text("\n".join(rows) + "\n")
    return root


def test_a_table_and_its_headers_agree(with_table, tmp_path):
    mapping = tmp_path / "mapping.csv"
    outcome = deidentify_folder(with_table, tmp_path / "copy", mapping=mapping)
    assert leaks(outcome.out) == set()
    assert outcome.tables == {"labels.csv": ["comment"]}
    rows = list(csv.DictReader((outcome.out / "labels.csv").open()))
    assert len(rows) == 6
    for row in rows:
        dataset = pydicom.dcmread(outcome.out / row["image"])
        assert dataset.PatientID == row["patient"]
        assert dataset.StudyDate == row["study_date"].replace("-", "") != "20200301"
    assert scan(outcome.out).classes == ["a", "b"]
    told = list(csv.DictReader(mapping.open()))
    assert {row["patient"] for row in told} == {"", "770", "771", "772"}
    assert mapping.stat().st_mode & 0o077 == 0


def test_rectangles_dates_and_names_as_asked(with_table, tmp_path):
    outcome = deidentify_folder(
        with_table, tmp_path / "copy", blank=[(0, 0, 8, 2)], no_text_left=True, rename=False, keep_dates=True,
        keep_columns=["comment"],
    )  # fmt: skip
    dataset = pydicom.dcmread(outcome.out / "images" / f"{NAME}0.dcm")
    assert np.array_equal(dataset.pixel_array[2:], PIXELS[2:])
    assert dataset.pixel_array[:2].max() == 0
    assert dataset.StudyDate == "20200301"
    assert dataset.LongitudinalTemporalInformationModified == "UNMODIFIED"
    assert not any("modality" in reason for why in outcome.suspects.values() for reason in why)
    assert "kept their names" in str(outcome)


def test_places_that_would_mix_copy_and_originals_are_refused(with_table, tmp_path):
    for out, code in ((with_table / "copy", "nested"), (with_table.parent, "nested"), (with_table, "nested")):
        with pytest.raises(InputError) as caught:
            deidentify_folder(with_table, out)
        assert caught.value.code == code
    with pytest.raises(OutputError):
        full = tmp_path / "full"
        full.mkdir()
        (full / "x").touch()
        deidentify_folder(with_table, full)
    for more in ({"secret": tmp_path / "copy" / "s"}, {"mapping": tmp_path / "copy" / "m.csv"}):
        with pytest.raises(InputError) as caught:
            deidentify_folder(with_table, tmp_path / "copy", **more)
        assert caught.value.code == "secret-inside"
    for more, code in (({"keep_columns": ["x"]}, "no-column"), ({"blank": [(0, 0, 0, 5)]}, "bad-rectangle")):
        with pytest.raises(InputError) as caught:
            deidentify_folder(with_table, tmp_path / "copy", **more)
        assert caught.value.code == code
    assert not (tmp_path / "copy").exists()


def test_two_patients_of_one_pseudonym_stop_everything(with_table, tmp_path, monkeypatch):
    monkeypatch.setattr("wetread.privacy.pseudonyms.Pseudonyms.patient", lambda self, key: "P00000000")
    from wetread.privacy import folder
    from wetread.privacy.cleaner import CleanFile

    def clean(self, place, pseudonyms, options, fallback):
        return CleanFile(b"x", "DICOM", ".dcm", "P00000000", fallback, 0)

    monkeypatch.setattr(folder.Cleaner, "clean", clean)
    with pytest.raises(InputError) as caught:
        deidentify_folder(with_table, tmp_path / "copy")
    assert caught.value.code == "pseudonym-collision"
    assert NAME not in str(caught.value)
