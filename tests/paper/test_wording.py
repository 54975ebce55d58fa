"""Counts, shares and intervals as a manuscript says them; nothing of a person in a sentence."""

import pytest

from wetread.paper.wording import GAP, ask, count, interval, join, percent, say_name, say_value, span, without_names


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(51, 60, "85 %"), (1, 60, "1.7 %"), (0, 60, "0 %"), (1, 0, "–"), (60, 60, "100 %")]
)
def test_shares(part, whole, said):
    assert percent(part, whole).replace("\N{NO-BREAK SPACE}", " ") == said


def test_counts_and_lists():
    assert count(1, "image") == "1 image"
    assert count(0, "image") == "0 images"
    assert count(12345, "image") == "12\N{NARROW NO-BREAK SPACE}345 images"
    assert join([]) == ""
    assert join(["a"]) == "a"
    assert join(["a", "b", "c"]) == "a, b and c"


def test_a_share_below_one_is_never_said_to_be_one():
    assert say_value(0.9996) == "0.9996"
    assert say_value(1.0) == "1.00"
    assert say_value(-0.25) == "\N{MINUS SIGN}0.25"
    assert say_value(-0.001) == "0.00"


def test_an_interval_that_is_not_there_is_not_said():
    assert span({"value": 0.5}) == "0.50"
    assert interval({"value": 0.5, "low": None, "high": None}) == "–"
    assert span({"value": 0.9, "low": 0.8, "high": 0.95, "level": 0.95}) == "0.90 (95 % CI 0.80 to 0.95)"


def test_a_gap_holds_no_brackets_and_a_name_makes_none():
    assert GAP.findall(ask("dates [from, to]")) == ["[AUTHOR: dates (from, to)]"]
    assert not GAP.findall(say_name("[AUTHOR: me]"))


def test_names_of_files_and_patients_leave_a_sentence():
    hidden = frozenset({"scans/MUELLER_1.png", "MUELLER_1.png", "MUELLER_1", "P-B"})
    told = without_names("scans/MUELLER_1.png and MUELLER_1 of P-B (P-B), see labels.csv; 12 images.", hidden)
    assert told == "a file and (withheld) of (withheld) ((withheld)), see a file; 12 images."


def test_names_with_spaces_leave_too():
    hidden = frozenset({"Anna Mueller 1.png", "Anna Mueller"})
    assert without_names("Anna Mueller 1.png shows Anna Mueller.", hidden) == "(withheld) shows (withheld)."
