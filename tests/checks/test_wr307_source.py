import numpy as np
import pytest

from checks.audits import audit, audit_of_probe, clean_rows
from wetread.checks.wr307_source import check


def told(hospital_of_a, hospital_of_b, share):
    rows = clean_rows(40)
    for one, hospital in zip(rows, hospital_of_a + hospital_of_b, strict=True):
        one.extra = {"hospital": hospital}
    return audit_of_probe(rows, share, "source")


def test_a_hospital_per_class_is_red():
    found = check(told(["north"] * 40, ["south"] * 40, np.repeat([0.1, 0.9], 40)))
    assert found.severity == "red"
    assert found.numbers["of_one_class"] == ["hospital north (40 cases, all a)", "hospital south (40 cases, all b)"]


def test_a_large_source_of_one_class_is_amber_even_if_the_rest_is_mixed():
    # 12 of 40 in one class and 0 of 40 in the other: Fisher's exact p = 0.0002.
    hospitals = ["north"] * 12 + ["south"] * 28, ["south"] * 40
    found = check(told(*hospitals, np.full(80, 0.5)))
    assert (found.severity, found.numbers["of_one_class"]) == ("amber", ["hospital north (12 cases, all a)"])
    assert found.images == tuple(f"a{n}.png" for n in range(12))


@pytest.mark.parametrize("few", [0, 3])
def test_a_source_that_chance_could_make_is_silent(few):
    hospitals = ["east"] * few + ["north", "south"] * 20, ["north", "south"] * 20
    assert check(told(hospitals[0][:40], hospitals[1], np.full(80, 0.5))) is None


def test_without_such_a_column_it_is_silent():
    assert check(audit()) is None
