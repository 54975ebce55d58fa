"""Folders of patients and file names of NIH sets together: what either joins is never torn apart."""

from pathlib import Path

import pytest

from dataset.rows import row
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.table import Table


def grouped(*images):
    """Rows ``class/folder/name`` or ``class/name`` with their patients and groups, and the table."""
    rows = []
    for image in images:
        label, *folder, _ = image.split("/")
        rows.append(row(image, label, extra={"folder": folder[0]} if folder else {}))
    table = Table(Path(), "folder", rows)
    assign_patients(table)
    assign_groups(rows, [])
    return rows, table


def count(rows):
    return len({one.group for one in rows})


def numbered(label, folders, each):
    """Images in folders, each with a number of its own that looks like an NIH patient."""
    return [
        f"{label}/Pat {folder}/{70000 + 100 * folder + number:08}_001.png"
        for folder in folders
        for number in range(each)
    ]


def test_a_folder_per_patient_counts_although_each_name_has_a_number_of_its_own():
    rows, table = grouped(*numbered("a", range(6), 4), *numbered("b", range(6, 12), 4))
    assert (table.grouping, count(rows)) == ("folder", 12)
    for one in rows:
        assert len({other.group for other in rows if other.extra["folder"] == one.extra["folder"]}) == 1
    assert [note for note in table.notes if "folders" in note and "12 patients" in note]


def test_a_patient_in_several_folders_by_its_name_is_one_patient():
    rows, table = grouped(
        "a/x/00000001_000.png", "a/x/00000002_000.png", "a/y/00000002_001.png", "b/z/00000003_000.png"
    )
    assert [one.group for one in rows[:3]] == [rows[0].group] * 3
    assert (table.grouping, count(rows)) == ("folder+filename", 2)
    assert "joined" in table.notes[-1]


def test_folders_that_say_what_the_names_say_leave_the_numbers_of_the_names():
    rows, table = grouped("a/1/00000001_000.png", "a/1/00000001_001.png", "b/2/00000002_000.png")
    assert (table.grouping, [one.patient for one in rows]) == ("filename", ["00000001", "00000001", "00000002"])
    assert not table.notes


def test_a_flat_set_of_nih_names_is_grouped_by_name():
    rows, table = grouped("a/00000001_000.png", "a/00000001_001.png", "b/00000002_000.png", "b/00000003_000.png")
    assert (table.grouping, count(rows)) == ("filename", 3)


@pytest.mark.parametrize("parts", [2, 12])
def test_the_parts_of_a_large_download_are_no_patients(parts):
    images = [
        f"{'ab'[patient % 2]}/images_{patient // 30:03}/{patient:08}_{number:03}.png"
        for patient in range(30 * parts)
        for number in range(2)
    ]
    rows, table = grouped(*images)
    assert (table.grouping, count(rows)) == ("filename", 30 * parts)


def test_in_doubt_a_folder_is_a_patient():
    rows, _ = grouped(*numbered("a", range(4), 40), *numbered("b", range(4, 8), 40))
    assert count(rows) == 8


def test_an_image_beside_the_folders_keeps_the_patient_of_its_name():
    rows, table = grouped(*numbered("a", range(3), 4), "b/00000001_000.png", "b/00000001_001.png")
    assert (table.grouping, count(rows)) == ("folder+filename", 4)
    assert rows[-1].group == rows[-2].group


@pytest.mark.parametrize("each", [1, 3, 15])
def test_there_are_never_more_groups_than_by_either_source_alone(each):
    images = numbered("a", range(6), each) + numbered("b", range(3, 9), each)
    rows, _ = grouped(*images)
    assert count(rows) <= len({one.extra["folder"] for one in rows})
    assert count(rows) <= len({one.image.rsplit("/", 1)[-1].split("_")[0] for one in rows})
