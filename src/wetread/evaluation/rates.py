"""What is counted once images are called: sensitivity, specificity, PPV and NPV; intervals as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wetread.metrics.interval import Interval
from wetread.shapes import Bools

RATES = ("sensitivity", "specificity", "ppv", "npv")


def rates_of(has: Bools, has_not: Bools, called: Bools) -> dict[str, tuple[Bools, Bools]]:
    """Sensitivity, specificity, PPV and NPV: name -> (successes, trials), each one bool per image.

    Args:
        has: Images that have the finding.
        has_not: Images that do not; images that are neither count nowhere.
        called: Images that were called to have it.
    """
    known = has | has_not
    return {
        "sensitivity": (has & called, has),
        "specificity": (has_not & ~called, has_not),
        "ppv": (has & called, known & called),
        "npv": (has_not & ~called, known & ~called),
    }


def as_dicts(intervals: Mapping[str, Interval | None]) -> dict[str, dict[str, Any]]:
    """Defined intervals only, rounded to six places."""
    return {
        name: {key: round(value, 6) if isinstance(value, float) else value for key, value in interval.as_dict().items()}
        for name, interval in intervals.items()
        if interval is not None
    }
