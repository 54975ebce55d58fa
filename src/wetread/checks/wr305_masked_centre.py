"""WR305: the picture tells the class even without its middle."""

from __future__ import annotations

from wetread.checks.finding import Audit, Finding
from wetread.checks.given_away import Limits, judge

#: A disease may reach into what is left (a costophrenic angle, the skin), so the limits
#: are wide: on honest phantoms of pleural effusion 19 lower bounds of 20 lie below 0.72 (docs/false_alarms.md).
LIMITS = Limits(info=0.75, amber=0.85, red=0.95)


def check(audit: Audit) -> Finding | None:
    """For information above a lower bound of 0.75, amber above 0.85, red above 0.95."""
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
        "Compare with the number of the real model: if that is hardly better, look at its heatmaps first.",
        found.images,
        found.numbers,
    )
