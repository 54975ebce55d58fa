"""Further columns of a table: what makes groups is kept, what tells whose picture it is is not."""

import pytest

from wetread.privacy.further_columns import LONGEST, MOST_COLUMNS, cap_written_age, keep_further_columns, read_age


def kept(name, cells):
    return keep_further_columns({name: cells}).kept


@pytest.mark.parametrize(
    "name",
    ["patient_name", "Nachname", "initials", "BirthDate", "born", "dob", "MRN", "ssn", "study_date", "AccessionNumber",
     "SeriesInstanceUID", "case", "hospital_number", "phone", "e-mail", "comment", "file", "doctor", "day", "died"],
)  # fmt: skip
def test_columns_that_tell_who_or_when_are_left_out_whatever_stands_there(name):
    found = keep_further_columns({name: ["a", "a", "b", "b"]})
    assert (found.kept, found.left_out) == ({}, [name])


@pytest.mark.parametrize(
    "cells",
    [
        ["Doe^Jane", "Doe^Jane", "b", "b"],
        ["jane@example.org"] * 2 + ["b"] * 2,
        ["20240131", "20240131", "20240201", "20240201"],
        ["31.01.2024"] * 4,
        ["2024-01"] * 4,
        ["x" * (LONGEST + 1)] * 4,
        ["a", "b", "c", "d"],  # each its own
        ["4711", "4712", "4713", "4714"],
        ["https://example.org/1"] * 4,
    ],
)
def test_cells_that_tell_who_or_when_or_are_texts_leave_their_column_out(cells):
    assert kept("remark", cells) == {}


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("sex", ["F", "M", "", "F"]),
        ("Hospital", ["North", "South", "West", "East"]),
        ("scanner_id", ["A", "B", "A", "B"]),
        ("stage", ["I", "II", "I", "II"]),
        ("spacing", ["0.143211", "0.1388", "0.2", "0.15"]),
        ("bmi", ["21.5", "30", "", "19"]),
        ("year", ["2019", "2019", "2020", "2020"]),
    ],
)
def test_columns_that_make_groups_are_kept_as_written(name, cells):
    assert kept(name, cells) == {name: cells}


def test_blank_columns_are_neither_kept_nor_told_and_what_means_blank_is_blank():
    found = keep_further_columns({"sex": ["F", "nan", "N/A", "M"], "ward": ["", "nan", "", ""]})
    assert found.kept == {"sex": ["F", "", "", "M"]} and found.left_out == []


def test_formulas_are_no_values():
    assert kept("ward", ["=1+1", "A", "A", "@x"]) == {"ward": ["", "A", "A", ""]}
    assert kept("=cmd", ["A", "A"]) == {}


def test_no_more_columns_than_can_be_compared_and_traits_come_first():
    columns = {f"mark {number}": ["a", "a"] for number in range(MOST_COLUMNS + 3)} | {
        "site": ["N", "S"],
        "Age": ["1", "2"],
    }
    found = keep_further_columns(columns)
    assert list(found.kept)[:3] == ["Age", "site", "mark 0"]
    assert len(found.kept) == MOST_COLUMNS and len(found.left_out) == 5


def test_two_spellings_of_one_name_are_one_and_commas_go():
    assert list(keep_further_columns({"Sex": ["F"] * 2, "sex": ["M"] * 2, "age, years": ["1", "2"]}).kept) == [
        "Sex",
        "age years",
    ]


@pytest.mark.parametrize(
    ("cell", "column", "expected"),
    [
        ("63", "age", "63"),
        ("89.9", "age", "89.9"),
        ("90", "age", "90"),
        ("104", "patientage", "90"),
        ("104Y", "Age", "090Y"),
        ("97 years", "age", "90"),
        ("60-69", "age_group", "60-69"),
        ("90-99", "age_group", "90"),
        ("240", "age_months", "240"),
        ("1200", "AgeMonths", "1080"),
        ("10957", "age_days", "10957"),
        ("unknown", "age", "unknown"),
    ],
)
def test_ages_above_89_become_90(cell, column, expected):
    assert cap_written_age(cell, column) == expected
    assert kept(column, [cell, cell]) == {column: [expected] * 2}


def test_what_is_no_age_is_none():
    assert [read_age(cell) for cell in ("63", "063Y", "99", "63 years", "-1")] == ["63", "063Y", "90", None, None]


def test_bone_ages_are_no_ages_of_patients():
    assert kept("boneage", ["228", "120"]) == {"boneage": ["228", "120"]}
