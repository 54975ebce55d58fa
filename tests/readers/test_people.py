"""Experience of readers -> strata."""

import pytest

from wetread.errors import InputError
from wetread.readers.people import make_strata, read_people


def test_words_are_strata():
    found = make_strata(["a", "b", "c"], {"a": "resident", "b": "consultant", "c": "resident"})
    assert found == {"consultant": ["b"], "resident": ["a", "c"]}


def test_many_different_years_become_three_strata():
    years = {"a": "1", "b": "12", "c": "7.5", "d": "3 years", "e": "25"}
    found = make_strata(list("abcde"), years)
    assert found == {"under 5 years": ["a", "d"], "5 to 10 years": ["c"], "10 years or more": ["b", "e"]}


def test_few_different_years_stay():
    assert make_strata(list("abc"), {"a": "10", "b": "2", "c": "2"}) == {"2 years": ["b", "c"], "10 years": ["a"]}


def test_unknown_ones_come_last_and_equals_are_no_strata():
    assert make_strata(list("abc"), {"a": "x"}) == {"x": ["a"], "not known": ["b", "c"]}
    assert make_strata(list("ab"), {"a": "x", "b": "x"}) == {}
    assert make_strata(list("ab"), {}) == {}


def test_the_table(tmp_path):
    path = tmp_path / "people.csv"
    path.write_text("Reader;Role\nDr A;consultant\nDr B;\n")
    assert read_people(path) == {"Dr A": "consultant"}
    path.write_text("Reader,shoe size\nDr A,44\n")
    with pytest.raises(InputError, match="no column experience"):
        read_people(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_people(tmp_path / "other.csv")
