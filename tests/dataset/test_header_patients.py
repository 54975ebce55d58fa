"""Who is one patient by the headers and several by the table, and which IDs of headers tell no person."""

from pathlib import Path

import pytest

from dataset.rows import facts, row
from wetread.dataset.header_patients import count_names, divided_patients
from wetread.dataset.table import Table


def divided(named, grouping="column"):
    """``[(ID of the header, patient of the table)]`` -> row numbers of each patient who is divided."""
    rows = [
        row(f"{number}.dcm", patient=patient, facts=facts(patient_key=key))
        for number, (key, patient) in enumerate(named)
    ]
    found = divided_patients(Table(Path(), "table", rows, grouping=grouping), rows)
    return found, count_names(rows, found)


def numbered(*counts):
    """So many images of each ID, every image a patient of its own in the table."""
    keys = [f"k{key}" for key, count in enumerate(counts) for _ in range(count)]
    return [(key, f"P{number}") for number, key in enumerate(keys)]


def test_one_person_under_two_names_is_found_with_all_his_images():
    named = [("k1", "A"), ("k2", "C"), ("k1", "B"), ("k1", "A"), ("k3", "D")]
    assert divided(named) == ([[0, 2, 3]], 2)


def test_a_table_that_numbers_its_rows_divides_everybody_with_two_images():
    assert divided(numbered(2, 3, 1)) == ([[0, 1], [2, 3, 4]], 5)


def test_a_table_that_numbers_slices_is_found_with_few_patients_of_many_slices():
    found, names = divided(numbered(*[30] * 8))
    assert (len(found), names) == (8, 240)


def test_an_image_without_a_patient_is_kept_together_with_nothing():
    assert divided([("k1", "A"), ("k1", ""), ("k2", "B"), ("k3", ""), ("k3", "")]) == ([[0, 1], [3, 4]], 4)


@pytest.mark.parametrize(
    "named",
    [
        [("k1", "A"), ("k1", "A"), ("k2", "B")],
        [("k1", "A"), ("k2", "A"), ("k3", "B")],  # the table joins: an ID per visit
        [(None, "A"), (None, "B"), (None, "C")],
        [("anon", "A"), ("anon", "B"), ("anon", "C")],
        [("anon", "A"), ("anon", "B"), (None, "C")],
    ],
    ids=["agree", "joined by the table", "no IDs", "one ID for all", "one ID for all that have one"],
)
def test_headers_that_agree_or_tell_nobody_apart_are_silent(named):
    assert divided(named) == ([], 0)


@pytest.mark.parametrize(
    "counts", [(60, 60), (50, 70, 40), (50, *[1] * 50), (15, *[1] * 100), (60, 60, *[1] * 50), (60, 1, 1)]
)
def test_ids_of_hospitals_are_no_persons(counts):
    assert divided(numbered(*counts)) == ([], 0)


def test_beside_a_constant_a_person_is_still_found():
    assert divided(numbered(50, 3, *[1] * 50))[0] == [[50, 51, 52]]


def test_a_person_of_many_images_in_a_large_set_is_no_constant():
    assert [len(numbers) for numbers in divided(numbered(40, *[1] * 500))[0]] == [40]


@pytest.mark.parametrize("grouping", ["dicom", "filename", "folder", "none"])
def test_only_a_column_can_contradict_the_headers(grouping):
    assert divided(numbered(2, 2), grouping) == ([], 0)
