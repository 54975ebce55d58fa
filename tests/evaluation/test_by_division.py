"""What one fit reaches, beside the averages of several."""

import pytest

from wetread.evaluation.by_division import by_division, first_alone, of_first_division


def test_divisions_have_a_mean_and_those_without_a_number_do_not_count():
    assert by_division([0.7, None, 0.8]) == {"auroc": [0.7, 0.8], "mean": 0.75}
    assert by_division([None]) == by_division([]) == {"auroc": [], "mean": None}


@pytest.mark.parametrize(
    ("numbers", "first"),
    [
        ({}, None),
        ({"repeats": None}, None),
        ({"repeats": by_division([])}, None),
        ({"repeats": by_division([0.7])}, None),
        ({"repeats": by_division([0.7, 0.8])}, 0.7),
    ],
)
def test_the_first_division_stands_apart_only_where_there_are_several(numbers, first):
    assert first_alone(numbers) == first


def test_a_gain_of_the_first_division_says_so_in_its_method_too():
    assert of_first_division(None) is None
    gain = of_first_division({"value": 0.1, "method": "BCa"})
    assert gain == {"value": 0.1, "method": "BCa; first division alone", "division": 1}
