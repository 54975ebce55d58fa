"""Which images a model knows."""

from pathlib import Path

import pytest
from dataset.rows import row

from wetread.dataset.duplicates import Pair
from wetread.dataset.table import Table
from wetread.main_job.overlap import Overlap, Seen, find_overlap, fold_patient, say_overlap


def table(rows, grouping="column"):
    return Table(Path("away"), "table", rows, grouping=grouping)


@pytest.mark.parametrize(("one", "other"), [("00000061", "61"), (" Ab1 ", "ab1"), ("0", "000"), ("'-7", "-7")])
def test_spellings_of_a_patient_number(one, other):
    assert fold_patient(one) == fold_patient(other)
    assert fold_patient("16") != fold_patient("61")


def test_the_surest_reason_is_given():
    rows = [row(f"{n}.png", patient=f"P{n}") for n in range(4)]
    seen = Seen(frozenset({"p0"}), frozenset({rows[0].sha256, rows[1].sha256}), frozenset({rows[2].pixel_sha256[:24]}))
    found = find_overlap(seen, table(rows), rows, [])
    assert [(one.image, why) for one, why in found.rows] == [
        ("0.png", "patient"),
        ("1.png", "file"),
        ("2.png", "pixels"),
    ]
    assert found.counts() == {"patient": 1, "file": 1, "pixels": 1}
    assert say_overlap(found).startswith("1 of a patient in its own data, 1 with the bytes")


def test_copies_of_what_is_known_are_known():
    rows = [row(f"{n}.png") for n in range(4)]
    pairs = [Pair(0, 1, "near"), Pair(1, 3, "near")]
    found = find_overlap(Seen(files=frozenset({rows[0].sha256})), table(rows), rows, pairs)
    assert [why for _, why in found.rows] == ["file", "copy", "copy"]


@pytest.mark.parametrize("grouping", ["dicom", "folder", "none"])
def test_numbers_counted_anew_in_each_set_are_not_compared(grouping):
    """P0001 is the first patient of any set whose patients come from headers or folders."""
    rows = [row("a.png", patient="P0001")]
    found = find_overlap(Seen(patients=frozenset({"p0001"})), table(rows, grouping), rows, [])
    assert not found.rows and "no patient numbers of its own" in found.limits[0]


def test_nothing_known_is_no_overlap():
    rows = [row("a.png", patient="P1")]
    assert find_overlap(Seen(), table(rows), rows, []) == Overlap()
