import pytest

from checks.audits import audit
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


@pytest.mark.parametrize("grouping", ["column", "dicom", "filename", "folder"])
def test_known_patients_are_silent(grouping):
    assert check(audit(grouping=grouping)) is None
