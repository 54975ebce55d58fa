"""What is asked for is understood, or refused at once."""

from pathlib import Path

import pytest

from wetread.errors import InputError
from wetread.request import Request, as_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [(None, None), ("30", 1800), (5, 300), ("90s", 90), ("45min", 2700), ("2h", 7200), ("1.5 h", 5400)],
)
def test_a_time_limit_is_minutes_or_names_its_unit(text, seconds):
    assert as_seconds(text) == seconds


def test_a_time_limit_of_days_is_one_and_of_years_none():
    assert as_seconds("300h") == 1_080_000
    with pytest.raises(InputError, match="longer than a year"):
        as_seconds("9000h")


@pytest.mark.parametrize("text", ["soon", "-3", "5 days", ""])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(InputError, match="no time limit"):
        as_seconds(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [("laterality", "left"), ("time_limit", 0.1), ("preset", "fast"), ("seed", -1), ("title", "two\nlines")],
)
def test_a_request_that_makes_no_sense_is_refused(name, value):
    with pytest.raises(InputError):
        Request(Path("data"), **{name: value}).validate()
