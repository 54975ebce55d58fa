import pytest

from checks.audits import audit, clean_rows
from wetread.checks.wr101_patient_in_two_splits import check


def rows_with_split():
    rows = clean_rows()
    for number, one in enumerate(rows):
        one.given_split = "test" if number % 4 == 0 else "train"
    return rows


def test_a_patient_in_train_and_test_is_red_and_all_his_images_are_named():
    rows = rows_with_split()
    for one in rows[:3]:
        one.patient = "P"
    found = check(audit(rows))
    assert (found.severity, found.images) == ("red", ("a0.png", "a1.png", "a2.png"))
    assert found.numbers == {"patients": 1, "images": 3}
    assert "1 patient with 3 images" in found.sentence


@pytest.mark.parametrize(("first", "second"), [("train", "tune"), ("tune", "test")])
def test_the_validation_part_counts_too(first, second):
    rows = clean_rows()
    rows[0].given_split, rows[1].given_split = first, second
    rows[1].patient = rows[0].patient
    assert check(audit(rows)).severity == "red"


def test_the_remedy_tells_what_was_done_about_it():
    rows = rows_with_split()
    rows[1].patient = rows[0].patient
    assert "1 training image of" in check(audit(rows, estimate="given test", leaking=[rows[1]])).remedy
    assert "divided again" in check(audit(rows)).remedy


def test_a_patient_in_one_part_is_silent_and_so_are_patients_nobody_knows():
    rows = rows_with_split()
    assert check(audit(rows)) is None
    for one in rows:
        one.patient = ""
    assert check(audit(rows)) is None


def test_without_a_given_split_a_patient_with_many_images_is_silent():
    rows = clean_rows()
    for one in rows:
        one.patient = "P"
    assert check(audit(rows)) is None
