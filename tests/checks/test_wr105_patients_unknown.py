import pytest

from checks.audits import audit
from wetread.checks.wr105_patients_unknown import check


def test_unknown_patients_are_amber():
    found = check(audit(grouping="none"))
    assert found.severity == "amber"
    assert "patient column" in found.remedy


@pytest.mark.parametrize("grouping", ["column", "dicom", "filename", "folder"])
def test_known_patients_are_silent(grouping):
    assert check(audit(grouping=grouping)) is None
