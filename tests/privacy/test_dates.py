"""Hand-computed shifts, and the edges of what is a date."""

import pytest

from wetread.privacy.dates import cap_age, keep_time, shift_date, shift_datetime, shift_written


def test_dates_move_by_days_across_months_and_leap_years():
    assert shift_date("20200301", -1) == "20200229"
    assert shift_date("2019.03.01", -1) == "20190228"
    assert shift_date("20200101 ", -366) == "20181231"
    assert shift_date("20200101", 0) == "20200101"


@pytest.mark.parametrize("text", ["", "20201301", "2020", "Karny", "20200230", "00000000", "20200101-20200201"])
def test_what_is_no_date_is_none(text):
    assert shift_date(text, -1) is None


def test_datetimes_keep_their_precision_and_lose_their_zone():
    assert shift_datetime("20200301101112.123456+0100", -1, times=True) == "20200229101112.123456"
    assert shift_datetime("20200301101112.123456+0100", -1, times=False) == "20200229000000"
    assert shift_datetime("202003", -1, times=True) == "202002"
    assert shift_datetime("2020", -1, times=True) == "2019"
    assert shift_datetime("Karny", -1, times=True) is None


def test_times_stay_only_if_they_are_asked_for_and_are_times():
    assert keep_time("101112.5", times=True) == "101112.5"
    assert keep_time("101112.5", times=False) == "000000"
    assert keep_time("Karny", times=True) == "000000"


def test_ages_are_capped_at_ninety():
    assert [cap_age(age) for age in ("089Y", "090Y", "104Y", "011M", "999M", "89")] == [
        *("089Y", "090Y", "090Y", "011M", "999M", None)
    ]
    assert cap_age("999W") == "999W"


def test_written_dates_keep_their_manner():
    assert shift_written("2020-03-01", -1) == "2020-02-29"
    assert shift_written("2020/03/01 10:11", -1) == "2020/02/29"
    assert shift_written("20200301", -1) == "20200229"
    assert shift_written("2020-03-01T10:11:12Z", -1) == "2020-02-29"
    assert shift_written("", -1) == ""
    assert shift_written("01.03.2020", -1) is None
