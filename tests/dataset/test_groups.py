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


def test_one_image_in_ten_may_lack_its_patient_more_may_not():
    rows = [row(f"{n}.png", patient=f"P{n // 2}") for n in range(20)]
    rows[0].patient = rows[7].patient = ""
    assert known_from(rows, "column") == "column"
    rows[9].patient = ""
    assert known_from(rows, "column") == "none"


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
