"""WR305: the picture tells the class even without its middle."""

from __future__ import annotations

from wetread.checks.finding import Audit, Finding
from wetread.checks.given_away import Limits, judge

#: A disease may reach into what is left (a costophrenic angle, the skin), so the limits are wide.
LIMITS = Limits(info=0.60, amber=0.80, red=0.95)


def check(audit: Audit) -> Finding | None:
    """For information above a lower bound of 0.60, amber above 0.80, red above 0.95."""
    found = judge(audit, "masked centre", LIMITS)
    if found is None:
        return None
    return Finding(
        "WR305",
        "The label shows without the middle of the picture",
        found.severity,
        f"A model that saw only {found.probe.looks_at} reaches {found.measured} Some of that can be the disease itself "
        "where it reaches the edge of the body, or the part of the body where the classes are different ones; the rest "
        "is positioning, frame and background.",
        "Compare with the number of the real model: if it is hardly better, look at its heatmaps before you believe it.",
        found.images,
        found.numbers,
    )
