import pytest
from dataset.rows import facts

from checks.audits import audit, clean_rows
from wetread.checks.wr405_mixed_grey_values import check, way_of


def rows_with(change, chosen):
    rows = clean_rows()
    for one in rows:
        if chosen(one.label, int(one.image[1:-4])):
            one.facts = facts(**change)
    return rows


def test_ways_that_are_mixed_evenly_are_for_information():
    found = check(audit(rows_with({"intensity": "VOI window 40/80"}, lambda label, n: n < 10)))
    assert (found.severity, found.numbers["ways"]) == ("info", {"VOI window": 20, "as stored": 60})


@pytest.mark.parametrize("change", [{"intensity": "percentiles 0.5-99.5"}, {"photometric": "MONOCHROME1"}])
def test_a_way_that_follows_the_class_is_amber(change):
    found = check(audit(rows_with(change, lambda label, n: label == "b" and n < 20)))
    assert found.severity == "amber"
    assert "50 %" in found.sentence


def test_an_external_test_cannot_choose_a_window():
    for classes in ("b", "ab"):  # mixed in one class only, in both alike
        rows = rows_with({"intensity": "VOI window 40/80"}, lambda label, n, of=classes: n < 20 and label in of)
        assert "--window" in check(audit(rows)).remedy
        assert "--window" not in check(audit(rows, estimate="external test")).remedy


def test_inverted_storage_in_all_classes_alike_was_undone_and_is_silent():
    assert check(audit(rows_with({"photometric": "MONOCHROME1"}, lambda label, n: n < 13))) is None


def test_one_way_for_all_is_silent():
    assert check(audit()) is None


@pytest.mark.parametrize(
    ("intensity", "way"), [("VOI window 40/80", "VOI window"), ("VOI window 35/70", "VOI window"), ("12", "12")]
)
def test_windows_of_different_numbers_are_one_way(intensity, way):
    assert way_of(intensity) == way
