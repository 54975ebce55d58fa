"""WR306: grey values without places, or a blur, tell the class: the task may not need the anatomy."""

from __future__ import annotations

from wetread.checks.finding import Audit, Finding
from wetread.checks.given_away import Limits, judge

#: The whole picture counts here, disease included, so this is information, and never red.
LIMITS = Limits(info=0.75, amber=0.90)


def check(audit: Audit) -> Finding | None:
    """For information above a lower bound of 0.75, amber above 0.90; the better of histogram and blur."""
    both = [found for name in ("histogram", "blur") if (found := judge(audit, name, LIMITS)) is not None]
    if not both:
        return None
    found = max(both, key=lambda one: one.area.value)
    return Finding(
        "WR306",
        "A blur or the grey values alone tell the label",
        found.severity,
        f"A model that saw only {found.probe.looks_at} reaches {found.measured} The disease itself may change the "
        "brightness, and so may the exposure, the device or the age of the patients.",
        "Compare with the number of the real model: within 0.05, it may not need the anatomy at all.",
        found.images,
        {**found.numbers, "aurocs": {one.probe.name: one.area.as_dict() for one in both}},
    )
