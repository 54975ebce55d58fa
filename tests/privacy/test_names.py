"""Which folder names stay, and which are those of patients."""

from pathlib import Path

import pytest

from wetread.dataset.listing import Entry
from wetread.images.source import Source
from wetread.privacy.names import find_class_folders, rename
from wetread.privacy.pseudonyms import Pseudonyms

SECRET = Pseudonyms(bytes(range(32)))


def entries(*names):
    return [Entry(name, Source(Path(name))) for name in names]


def test_class_folders_stay_also_below_splits():
    kept, why = find_class_folders(entries("train/cat/1.png", "train/dog/2.png", "test/cat/p1/3.png"), has_table=False)
    assert kept == ["cat", "dog"]
    assert "cat, dog" in why


@pytest.mark.parametrize(
    "names",
    [
        [f"p{number}/1.png" for number in range(21)],
        ["Smith^John/1.png", "Doe^Anna/1.png"],
        ["Smith, John/1.png", "Doe, Anna/1.png"],
        ["19230417/1.png", "other/1.png"],
        ["Dr Smith/1.png", "other/1.png"],
        ["1.png", "2.png"],
    ],
)
def test_folders_of_patients_do_not(names):
    assert find_class_folders(entries(*names), has_table=False)[0] == []


def test_with_a_table_no_folder_is_a_class():
    assert find_class_folders(entries("cat/1.png", "dog/1.png"), has_table=True)[0] == []


def test_one_patient_per_folder_means_folders_of_patients():
    images = entries("john/1.dcm", "john/2.dcm", "anna/1.dcm", "anna/2.dcm")
    assert find_class_folders(images, has_table=False, patient_of=lambda entry: entry.parts[0])[0] == []
    assert find_class_folders(images, has_table=False, patient_of=lambda entry: "")[0] == ["anna", "john"]
    assert find_class_folders(images, has_table=False, patient_of=lambda entry: entry.name)[0] == ["anna", "john"]


def test_patient_folders_bear_the_pseudonym_of_the_patient():
    (entry,) = entries("train/cat/4711/Smith John.JPG")
    new = rename(entry, ".jpg", ["cat"], SECRET)
    assert new.startswith(f"train/cat/{SECRET.patient('4711')}/I")
    assert new.endswith(".jpg")
    assert "Smith" not in new
    (deep,) = entries("4711/train/1.png")
    assert rename(deep, ".png", [], SECRET).split("/")[1].startswith("P")
