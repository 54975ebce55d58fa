"""Numbers with decimal commas in the columns of subgroups: read where the whole column is made of them."""

import math

import numpy as np
import pytest

from wetread.evaluation.subgroup_columns import divide

TENTHS = [f"{20 + 1.5 * number:.1f}" for number in range(30)]
COMMAS = [cell.replace(".", ",") for cell in TENTHS]


@pytest.mark.parametrize("name", ["age", "bmi", "creatinine"])
@pytest.mark.parametrize("more", [[], ["", "48"]])
def test_commas_make_the_same_bands_as_points(name, more):
    points, commas = divide(name, TENTHS + more), divide(name, COMMAS + more)
    assert points.groups == commas.groups and len(commas.groups) == 3
    np.testing.assert_array_equal(points.members, commas.members)


def test_ages_with_a_unit_may_have_commas():
    with_unit = divide("age", [f"{cell} years" for cell in COMMAS])
    assert with_unit.groups == divide("age", TENTHS).groups


@pytest.mark.parametrize(
    "cells",
    [
        [*COMMAS, "48.5"],
        [*COMMAS, "1,200.5"],
        [*COMMAS, "1,2,3"],
        [f"1,{number:03}" for number in range(100, 130)],
    ],
)
def test_what_may_be_read_in_two_ways_is_no_number(cells):
    assert divide("creatinine", cells) is None
    assert divide("bmi", cells) is None


def test_three_decimals_are_read_beside_others_and_after_a_nought():
    assert divide("bmi", ["0,125", *COMMAS]) is not None
    assert divide("bmi", [f"0,{number:03}" for number in range(100, 130)]) is not None
    assert not math.isnan(len(divide("bmi", ["1,125", *COMMAS]).groups))
