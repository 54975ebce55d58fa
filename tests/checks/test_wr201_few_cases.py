import pytest

from checks.audits import audit, clean_rows
from wetread.checks.wr201_few_cases import check


@pytest.mark.parametrize(("cases", "severity"), [(9, "red"), (10, "amber"), (29, "amber")])
def test_few_cases_are_amber_and_very_few_red(cases, severity):
    found = check(audit(clean_rows(40, "a") + clean_rows(cases, "b")))
    assert found.severity == severity
    assert found.numbers == {"cases_per_class": {"a": 40, "b": cases}}
    assert f"The class b has only {cases} patients." in found.sentence


def test_thirty_cases_are_silent():
    assert check(audit(clean_rows(30))) is None


def test_images_of_one_patient_are_one_case():
    rows = clean_rows(40)
    for one in rows[40:]:
        one.group = "G"
    assert check(audit(rows)).numbers["cases_per_class"] == {"a": 40, "b": 1}


def test_where_patients_are_unknown_images_are_counted_and_said():
    assert "20 separate images" in check(audit(clean_rows(20), grouping="none")).sentence
