import pytest
from dataset.rows import facts

from checks.audits import audit, clean_rows
from wetread.checks.wr404_mixed_files import check


def rows_with(change, chosen):
    rows = clean_rows()
    for one in rows:
        if chosen(one.label, int(one.image[1:-4])):
            one.facts = facts(**change)
    return rows


@pytest.mark.parametrize(
    ("change", "name"),
    [({"width": 80}, "size"), ({"mode": "rgb"}, "mode"), ({"bit_depth": 12}, "bits per value")],
)
def test_a_mixture_is_for_information_and_counted(change, name):
    found = check(audit(rows_with(change, lambda label, n: n < 10)))
    assert found.severity == "info"
    assert sorted(found.numbers[name].values()) == [20, 60]
    assert name in found.sentence


@pytest.mark.parametrize("change", [{"width": 80}, {"mode": "rgb"}, {"bit_depth": 12}])
def test_a_mixture_that_follows_the_class_is_amber(change):
    found = check(audit(rows_with(change, lambda label, n: label == "b" and n < 20)))
    assert found.severity == "amber"
    assert "by class" in found.sentence


def test_many_sizes_are_told_apart_by_their_area():
    rows = clean_rows()
    for number, one in enumerate(rows):
        one.facts = facts(width=100 + number)
    found = check(audit(rows))
    assert found.severity == "amber"
    assert list(found.numbers["by_class"]) == ["area"]
    assert "80 different sizes" in found.sentence


def test_files_of_one_kind_are_silent():
    assert check(audit()) is None
