"""How fast weights move at each step. No torch here."""

from __future__ import annotations

import math


def rate_factor(schedule: str, step: int, steps: int) -> float:
    """Part of the top rate at a step of a phase: for cosine up over the first tenth, then down to nothing.

    Args:
        schedule: ``cosine``, ``constant`` or ``plateau``; the last two are 1 here.
        step: From 0.
        steps: Of the whole phase.
    """
    if schedule != "cosine":
        return 1.0
    warm = max(1, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
