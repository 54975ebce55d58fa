"""Fires where the table divides a patient of the headers, red where a split does so too; silent otherwise."""

import json
from dataclasses import replace

import numpy as np
import pytest
from dataset.rows import facts
from fake.dicoms import write_dicom

from checks.audits import audit, clean_rows
from checks.test_real_sets import read
from wetread.checks.wr107_headers_join_patients import check
from wetread.dataset.fix import fixed_csv, propose_fixes
from wetread.dataset.split import cross_validation


def rows_with_headers():
    """Eighty images, each of a patient of its own in table and headers alike."""
    rows = clean_rows()
    for number, one in enumerate(rows):
        one.facts = facts(patient_key=f"{number:016x}")
    return rows


def joined_by_header():
    """The same; by the headers the first two images show one patient, and so do the third and the fourth."""
    rows = rows_with_headers()
    rows[1].facts, rows[3].facts = rows[0].facts, rows[2].facts
    return rows


def test_patients_and_images_are_counted_and_it_is_amber_while_nothing_is_divided():
    found = check(audit(joined_by_header()))
    assert (found.severity, found.images) == ("amber", ("a0.png", "a1.png", "a2.png", "a3.png"))
    assert found.numbers == {"patients": 2, "patients_in_table": 4, "images": 4, "on_both_sides": 0}
    assert "4 images show 2 patients" in found.sentence and "calls them 4" in found.sentence


def test_no_identifier_is_shown():
    rows = joined_by_header()
    told = json.dumps(check(audit(rows)).as_dict())
    assert not [one for one in rows if one.patient in told or one.facts.patient_key in told]


@pytest.mark.parametrize(
    ("first", "second", "severity"),
    [
        ({"given_split": "train"}, {"given_split": "test"}, "red"),
        ({"given_split": "train"}, {"given_split": "tune"}, "red"),  # no test part: the validation part is the test
        ({"given_split": "test"}, {"given_split": ""}, "red"),  # what stands in no part is learnt from
        ({"given_split": "test"}, {"given_split": "test"}, "amber"),
        ({"split": "train"}, {"split": "test"}, "red"),
        ({"split": "test"}, {"split": "test"}, "amber"),
        ({"split": "cv", "folds": (1, 2)}, {"split": "cv", "folds": (1, 3)}, "red"),
        ({"split": "cv", "folds": (1, 2)}, {"split": "cv", "folds": (1, 2)}, "amber"),
        ({"split": "cv", "folds": (1,)}, {"status": "skipped"}, "amber"),
    ],
)
def test_it_is_red_where_one_of_them_is_on_both_sides(first, second, severity):
    rows = joined_by_header()
    for row, fields in ((rows[0], first), (rows[1], second)):
        for name, value in fields.items():
            setattr(row, name, value)
    found = check(audit(rows))
    assert (found.severity, found.numbers["on_both_sides"]) == (severity, int(severity == "red"))


def test_training_and_validation_are_no_two_sides_beside_a_test_part():
    rows = joined_by_header()
    for one, part in zip(rows, ("train", "tune", "test"), strict=False):
        one.given_split = part
    rows[3].given_split = "test"
    found = check(audit(rows))
    assert (found.severity, found.numbers["on_both_sides"]) == ("amber", 0)


def test_a_given_split_counts_in_a_run_only_where_it_carries_the_number():
    rows = joined_by_header()
    rows[0].given_split, rows[1].given_split = "train", "test"
    for one in rows:
        one.split, one.folds = "cv", (1,)
    found = check(audit(rows, run=True))
    assert (found.severity, found.numbers["on_both_sides"]) == ("amber", 0)
    assert "1 of them stands on both sides of the split that came with the data, but none" in found.sentence
    rows[0].split, rows[1].split = "train", "test"
    assert check(audit(rows, run=True)).severity == "red"


def test_an_external_test_divides_nothing():
    told = check(audit(joined_by_header(), estimate="external test")).sentence
    assert "too narrow" in told and "No split" not in told


def test_headers_that_are_empty_constant_or_agree_are_silent():
    rows = rows_with_headers()
    assert check(audit(rows)) is None
    for one in rows:
        one.facts = facts(patient_key="the same")
    assert check(audit(rows)) is None
    assert check(audit()) is None


def test_a_table_that_joins_what_headers_separate_is_silent():
    rows = rows_with_headers()
    for one in rows[:10]:
        one.patient = rows[0].patient
    assert check(audit(rows)) is None


def two_films_each(folder):
    """Two films of each of 24 patients by the headers; the table numbers its rows."""
    folder.mkdir()
    random = np.random.default_rng(0)
    lines = ["image,label,patient"]
    for number in range(48):
        picture = random.integers(0, 256, (24, 24)).astype(np.uint8)
        write_dicom(folder / f"{number:02}.dcm", picture, patient_id=f"SECRET-{number // 2}")
        lines.append(f"{number:02}.dcm,{'ab'[number // 2 % 2]},row{number}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")
    return folder


def divide(data, labels=None):
    """What the checks see of a set that was divided into five."""
    seen = read(data, labels)
    assert seen.table.grouping == "column"
    folds = cross_validation(seen.rows, seen.classes, folds=5, repeats=1, seed=0)
    return replace(seen, folds=folds)


def test_there_and_back_with_the_headers_of_files(tmp_path):
    before = divide(two_films_each(tmp_path / "data"))
    found = check(before)
    assert (found.severity, found.numbers["on_both_sides"] > 10) == ("red", True)
    assert found.numbers | {"patients": 24, "patients_in_table": 48, "images": 48} == found.numbers
    labels = tmp_path / "labels_fixed.csv"
    labels.write_text(fixed_csv(before.table, propose_fixes(before.table, before.rows, before.pairs)))
    assert "SECRET" not in labels.read_text()
    after = divide(tmp_path / "data", labels)
    assert len({row.group for row in after.rows}) == 24
    assert check(after) is None
