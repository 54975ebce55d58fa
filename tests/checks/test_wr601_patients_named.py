from collections import Counter

import pytest

from checks.audits import audit
from wetread.checks.wr601_patients_named import check


def test_kinds_are_listed_with_their_files_and_the_way_out():
    found = check(audit(phi=Counter(name=24, identifier=24, date=30, private=10, uid=30)))
    assert found.severity == "info"
    assert "dates in 30, names in 24, identifiers in 24, private elements in 10" in found.sentence
    assert "wetread deidentify" in found.remedy
    assert found.numbers["files_by_kind"] == {"date": 30, "name": 24, "identifier": 24, "private": 10}


@pytest.mark.parametrize("phi", [None, Counter(), Counter(uid=30, device=30, characteristic=2), Counter(name=0)])
def test_files_that_name_nobody_are_silent(phi):
    assert check(audit(phi=phi)) is None
