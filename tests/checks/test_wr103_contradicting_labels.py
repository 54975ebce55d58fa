import pytest

from checks.audits import audit
from wetread.checks.wr103_contradicting_labels import check
from wetread.dataset.duplicates import Pair

# In a clean audit rows 0 to 39 are of class a, rows 40 to 79 of class b.


@pytest.mark.parametrize(("kind", "severity"), [("file", "red"), ("pixels", "red"), ("near", "amber")])
def test_one_picture_with_two_labels_is_found(kind, severity):
    found = check(audit(pairs=[Pair(0, 1, "file"), Pair(2, 41, kind)]))
    assert (found.severity, found.images) == (severity, ("a2.png", "b1.png"))
    assert found.numbers == {"identical": int(kind != "near"), "nearly_identical": int(kind == "near")}
    assert "1 pair of" in found.sentence


def test_copies_with_one_label_are_silent():
    assert check(audit(pairs=[Pair(0, 1, "file"), Pair(40, 41, "near")])) is None
