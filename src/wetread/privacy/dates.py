"""Dates of DICOM and of tables -> the same dates some days earlier; ages above 89 -> 90.

Within one patient all intervals stay as they are: the shift is a whole number of days and the same for all dates.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

#: Stands where a date is asked for and the original is none; the first day that every reader accepts.
NO_DATE = "19000101"
NO_TIME = "000000"

#: PS3.5 section 6.2: DA is YYYYMMDD, in files before 1993 YYYY.MM.DD.
_DATE = re.compile(r"(\d{4})(\.?)(\d{2})\2(\d{2})")
#: PS3.5 section 6.2: DT is YYYYMMDDHHMMSS.FFFFFF&ZZXX, cut anywhere behind the year.
_DATETIME = re.compile(r"(\d{4})(\d{2})?(\d{2})?((?:\d{2}){0,3})(\.\d{1,6})?([+-]\d{4})?")
_AGE = re.compile(r"(\d{3})([DWMY])")
#: Dates as tables have them; what may be day first or month first is no date for us.
_WRITTEN = re.compile(
    r"(\d{4})([-/.]?)(\d{2})\2(\d{2})(?:[T ]\d{2}:?\d{2}(?::?\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)


def shift_date(text: str, days: int) -> str | None:
    """Shifts a DA value; None where it is no date."""
    match = _DATE.fullmatch(text.strip(" \0"))
    if match is None:
        return None
    moved = _move(match[1], match[3], match[4], days)
    return None if moved is None else moved.strftime("%Y%m%d") if moved.year >= 1000 else None


def shift_datetime(text: str, days: int, *, times: bool) -> str | None:
    """Shifts a DT value as precisely as it is written; None where it is no date.

    Args:
        text: The value.
        days: To add.
        times: Keep the time of day; else it becomes midnight. The time zone goes in either case: it tells the place.
    """
    match = _DATETIME.fullmatch(text.strip(" \0"))
    if match is None:
        return None
    moved = _move(match[1], match[2] or "01", match[3] or "01", days)
    if moved is None or moved.year < 1000:
        return None
    if match[3] is None:
        return moved.strftime("%Y%m%d")[: 4 + 2 * (match[2] is not None)]
    time = match[4] + (match[5] or "") if times else "0" * len(match[4])
    return moved.strftime("%Y%m%d") + time


def keep_time(text: str, *, times: bool) -> str:
    """A TM value as it is if it is one and times are kept; else midnight."""
    plain = text.strip(" \0")
    known = re.fullmatch(r"\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?", plain)
    return plain if times and known else NO_TIME


def cap_age(text: str) -> str | None:
    """An AS value, 090Y where it is above 89 years (45 CFR 164.514(b)(2)(i)(C)); None where it is no age."""
    match = _AGE.fullmatch(text.strip(" \0"))
    if match is None:
        return None
    years = int(match[1]) / {"Y": 1, "M": 12, "W": 52.18, "D": 365.25}[match[2]]
    return "090Y" if years >= 90 else match[0]


def shift_written(text: str, days: int) -> str | None:
    """Shifts a date as tables have it (2024-01-31, 2024/01/31, 20240131, with a time or not); the time is dropped.

    Returns:
        Written in the same manner; empty stays empty; None where it is no date.
    """
    if not text.strip():
        return ""
    match = _WRITTEN.fullmatch(text.strip())
    moved = _move(match[1], match[3], match[4], days) if match else None
    return moved.strftime(f"%Y{match[2]}%m{match[2]}%d") if match and moved and moved.year >= 1000 else None


def _move(year: str, month: str, day: str, days: int) -> date | None:
    try:
        return date(int(year), int(month), int(day)) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
