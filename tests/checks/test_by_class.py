import pytest

from checks.audits import clean_rows
from wetread.checks.by_class import most_uneven

CLASSES = ["a", "b"]


def values(rows, a, b):
    """``x`` for the first so many of each class, else ``y``."""
    return ["x" if int(row.image[1:-4]) < {"a": a, "b": b}[row.label] else "y" for row in rows]


def test_a_value_of_one_class_is_found_with_its_shares():
    rows = clean_rows()
    found = most_uneven(values(rows, 4, 30), rows, CLASSES, 0.2)
    assert (found.label, round(found.share, 4), round(found.others, 4)) in {("b", 0.75, 0.1), ("a", 0.9, 0.25)}
    assert found.p < 1e-6
    only = most_uneven(values(rows, 30, 4), rows, CLASSES, 0.2, only="x")
    assert str(only) == "x: 75 % of a, 10 % of the others"


@pytest.mark.parametrize(("a", "b", "least"), [(10, 14, 0.0), (0, 7, 0.2), (40, 40, 0.0)])
def test_chance_a_small_difference_and_one_value_are_silent(a, b, least):
    rows = clean_rows()
    assert most_uneven(values(rows, a, b), rows, CLASSES, least) is None


def test_the_least_difference_decides_where_chance_does_not():
    rows = clean_rows(100)
    assert most_uneven(values(rows, 0, 15), rows, CLASSES, 0.1) is not None
    assert most_uneven(values(rows, 0, 15), rows, CLASSES, 0.2) is None


def test_many_images_of_one_patient_are_one_case():
    rows = clean_rows()
    for row in rows:
        row.group = f"G{row.label}{int(row.image[1:-4]) // 10}"
    assert most_uneven(values(rows, 0, 30), rows, CLASSES, 0.2) is None


def test_of_three_classes_each_is_compared_with_the_rest():
    rows = clean_rows(classes=("a", "b", "c"))
    found = most_uneven(["x" if row.label == "c" else "y" for row in rows], rows, ["a", "b", "c"], 0.2)
    assert (found.label, {found.share, found.others}) == ("c", {0.0, 1.0})
