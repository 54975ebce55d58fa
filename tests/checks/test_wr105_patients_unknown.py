import pytest

from checks.audits import audit, clean_rows
from wetread.checks.wr105_patients_unknown import check


def test_unknown_patients_are_amber():
    found = check(audit(grouping="none"))
    assert found.severity == "amber"
    assert "patient column" in found.remedy
    assert "trained on and tested on" in found.sentence


def test_an_external_test_divides_nothing_and_its_intervals_take_images_for_patients():
    found = check(audit(grouping="none", estimate="external test"))
    assert found.severity == "amber"
    assert "intervals are too narrow" in found.sentence and "trained" not in found.sentence


def test_a_patient_column_that_is_not_used_is_named_with_its_reason():
    one = audit(grouping="none")
    one.table.patients_unused = "The patient column of the table is empty"
    found = check(one)
    assert found.sentence.startswith("The patient column of the table is empty, so it is not used. No other column, ")
    assert "If it really is one patient" not in found.sentence
    assert found.remedy.startswith("Write a number of their own")
    one.table.patients_unused = "The patient column of the table names the same patient for every image"
    assert "If it really is one patient" in check(one).sentence


@pytest.mark.parametrize(("blank", "severity"), [(1, "info"), (8, "info"), (9, "amber")])
def test_gaps_in_the_patient_column_are_counted(blank, severity):
    rows = clean_rows()
    for one in rows[:blank]:
        one.patient = ""
    found = check(audit(rows))
    assert found.severity == severity
    assert f"is blank, and no header tells the patient, for {blank} of 80 images; " in found.sentence
    assert found.numbers == {"blank": blank, "images": 80} and len(found.images) == blank
    assert "No column" not in found.sentence and "trained on and tested on" in found.sentence
    elsewhere = check(audit(rows, estimate="external test")).sentence
    assert "intervals are too narrow" in elsewhere and "trained on" not in elsewhere


@pytest.mark.parametrize("grouping", ["column", "dicom", "filename", "folder"])
def test_known_patients_are_silent(grouping):
    assert check(audit(grouping=grouping)) is None
