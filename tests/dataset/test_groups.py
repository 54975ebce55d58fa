"""Who is one patient: the first source that serves, and never a word of a header on disk."""

from pathlib import Path

import numpy as np
import pytest
from fake.dicoms import write_dicom

from dataset.rows import facts, row
from wetread.dataset.duplicates import Pair
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.reading import read_images
from wetread.dataset.scan import scan
from wetread.dataset.table import Table
from wetread.errors import InputError


def known_from(rows, grouping="none"):
    table = Table(Path(), "table", rows, grouping=grouping)
    assert assign_patients(table) == table.grouping
    return table.grouping


def rows_with(*, column=False, dicom=False, nih=False, folder=False):
    """Six images of three patients, known from the sources that are asked for."""
    return [
        row(
            f"{number // 2:08}_{number:03}.png" if nih else f"image {number}.png",
            patient=f"C{number // 2}" if column else "",
            facts=facts(patient_key=f"key{number // 2}" if dicom else None),
            extra={"folder": f"f{number // 2}"} if folder else {},
        )
        for number in range(6)
    ]


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ({"column", "dicom", "nih", "folder"}, "column"),
        ({"dicom", "nih", "folder"}, "dicom"),
        ({"nih", "folder"}, "filename"),
        ({"folder"}, "folder"),
        (set(), "none"),
    ],
)
def test_the_first_source_that_serves_wins(sources, expected):
    rows = rows_with(**dict.fromkeys(sources, True))
    assert known_from(rows, "column" if "column" in sources else "none") == expected
    patients = [one.patient for one in rows]
    assert len(set(patients)) == (3 if sources else 1)
    assert patients[::2] == patients[1::2]


def test_a_constant_patient_id_does_not_count():
    rows = rows_with(dicom=True)
    for one in rows:
        one.facts = facts(patient_key="ANONYMOUS")
    assert known_from(rows) == "none"


def test_a_constant_column_is_no_patient_and_joins_nobody():
    rows = rows_with()
    for one in rows:
        one.patient = "anonymous"
    table = Table(Path(), "table", rows, grouping="column")
    assert assign_patients(table) == "none"
    assign_groups(rows, [])
    assert len({one.group for one in rows}) == 6


def test_a_constant_column_yields_to_the_header():
    rows = rows_with(dicom=True)
    for one in rows:
        one.patient = "anonymous"
    assert known_from(rows, "column") == "dicom"
    assert len({one.patient for one in rows}) == 3


@pytest.mark.parametrize("blank", [1, 3, 10, 16])
def test_a_column_with_gaps_is_used_and_who_has_no_patient_stands_alone(blank):
    rows = [row(f"{n}.png", patient="" if n < blank else f"P{n // 2}") for n in range(20)]
    table = Table(Path(), "table", rows, grouping="column")
    assert (assign_patients(table), table.patients_unused) == ("column", "")
    assign_groups(rows, [])
    alone = blank + blank % 2  # of a patient with two images one of which has no name
    assert len({one.group for one in rows}) == alone + (20 - alone) // 2


def test_a_column_with_gaps_is_believed_before_a_header_unless_most_of_it_is_blank():
    rows = rows_with(column=True, dicom=True)
    for one in rows[:3]:
        one.patient = ""
    assert known_from(rows, "column") == "column"
    for one, name in zip(rows, ["", "", "", "C1", "", "C2"], strict=True):
        one.patient = name
    table = Table(Path(), "table", rows, grouping="column")
    assert assign_patients(table) == "dicom"
    assert table.patients_unused == "The patient column of the table is blank for 4 of 6 images"
    assert table.notes == [f"{table.patients_unused}, so it is not used; patients were taken from the DICOM headers."]
    assert [one.patient for one in rows] == ["P0001", "P0001", "P0002", "P0002", "P0003", "P0003"]


def test_gaps_of_a_column_are_filled_from_headers_that_tell_persons():
    keys = ["a", "a", "b", "b", "c", "d", "d", "e", "e"]
    names = ["A", "", "", "", "", "D", "D'", "E", "E"]
    rows = [
        row(f"{n}.png", patient=name, facts=facts(patient_key=key), sha256=f"{n}" * 64)
        for n, (key, name) in enumerate(zip(keys, names, strict=True))
    ]
    table = Table(Path(), "table", rows, grouping="column")
    assert assign_patients(table) == "column"
    unnamed = "unnamed 222222222222"
    assert [one.patient for one in rows] == ["A", "A", unnamed, unnamed, "", "D", "D'", "E", "E"]
    assert table.notes == ["Where the patient column is blank, 3 images took their patients from the DICOM headers."]


def test_headers_with_one_id_for_everybody_fill_no_gap():
    rows = rows_with(column=True)
    for one in rows:
        one.facts = facts(patient_key="ANONYMOUS")
    rows[0].patient = ""
    table = Table(Path(), "table", rows, grouping="column")
    assert (assign_patients(table), rows[0].patient, table.notes) == ("column", "", [])


@pytest.mark.parametrize(
    ("patients", "why"),
    [
        (["P1"] * 4, "names the same patient for every image, as an anonymiser leaves it"),
        (["P1", "", "P1", ""], "names one patient only, and is blank for 2 of 4 images"),
        ([""] * 4, "is empty"),
    ],
)
def test_a_column_that_tells_nobody_apart_is_passed_over_and_that_is_said(patients, why):
    rows = [row(f"{n}.png", patient=patient) for n, patient in enumerate(patients)]
    unread = row("5.png", patient="P1")
    unread.facts = None
    table = Table(Path(), "table", [*rows, unread], grouping="column")
    assert assign_patients(table) == "none"
    assert table.notes == [
        f"The patient column of the table {why}, so it is not used; each image was taken for a patient of its own."
    ]
    assert not any(one.patient for one in table.rows)


def test_without_a_column_nothing_is_said_of_one():
    table = Table(Path(), "folder", rows_with(dicom=True))
    assign_patients(table)
    assert (table.patients_unused, table.notes) == ("", [])


@pytest.mark.parametrize(
    "name", ["scan_001.png", "2020_1.png", "00000061-012.png", "00000061_012_a.png", "1_00000061.png"]
)
def test_only_names_like_those_of_the_nih_are_believed(name):
    assert known_from([row(f"{number}{name}"[1:], extra={}) for number in range(4)]) == "none"


def test_an_nih_name_keeps_its_patient_number():
    rows = [row("a/00000061_012.png"), row("a/00000061_013.png"), row("b/00000062_000.png")]
    assert known_from(rows) == "filename"
    assert [one.patient for one in rows] == ["00000061", "00000061", "00000062"]


def test_copies_join_the_groups_of_their_patients_also_in_chains():
    rows = [row(f"{n}", patient=patient) for n, patient in enumerate(["A", "A", "B", "", "C", ""])]
    assign_groups(rows, [Pair(1, 3, "near"), Pair(2, 3, "file")])
    groups = [one.group for one in rows]
    assert len(set(groups[:4])) == 1
    assert len(set(groups)) == 3


def test_without_patients_and_copies_every_image_is_its_own_group():
    rows = [row(f"{n}") for n in range(5)]
    assign_groups(rows, [])
    assert [one.group for one in rows] == ["G0001", "G0002", "G0003", "G0004", "G0005"]


def test_no_patient_id_nor_its_hash_reaches_images_csv(tmp_path):
    rng = np.random.default_rng(0)
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(2):
            write_dicom(
                tmp_path / label / f"{number}.dcm",
                rng.integers(0, 256, (16, 16)).astype(np.uint8),
                patient_id=f"SECRET{label}-4711",
                patient_name="Musterfrau^Erika",
                birth_date="19610203",
            )
    table = scan(tmp_path)
    read_images(table)
    assert assign_patients(table) == "dicom"
    assign_groups(table.used, [])
    text = table.to_csv()
    assert [one.patient for one in table.rows] == ["P0001", "P0001", "P0002", "P0002"]
    for word in ("SECRET", "4711", "Muster", "1961", *(one.facts.patient_key for one in table.rows)):
        assert word not in text


def test_a_column_can_keep_images_together():
    rows = [row(str(n), patient=f"P{n}", extra={"site": "AABB"[n]}) for n in range(4)]
    assign_groups(rows, [], "site")
    assert [one.group for one in rows] == ["G0001", "G0001", "G0002", "G0002"]
    with pytest.raises(InputError, match="site"):
        assign_groups(rows, [], "hospital")
    for one in rows:
        one.extra = {"site": "A"}
    with pytest.raises(InputError, match="same site"):
        assign_groups(rows, [], "site")
