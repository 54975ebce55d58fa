"""Several questions asked of the same data: p values that keep the chance of any false alarm at the level of one.

Sources: Holm 1979 (step-down, no assumption about how the questions depend on each other); Altman & Bland 2011,
10.1136/bmj.d2304 (a p value from an interval).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from wetread.metrics.interval import Interval


def holm(p_values: Sequence[float]) -> list[float]:
    """Return adjusted p values in the order given: reject those that are at most the level.

    Args:
        p_values: Each in [0, 1].

    Raises:
        ValueError: One is outside [0, 1].
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.size and not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p values must lie in [0, 1]")
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)) if len(p) else p
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(raised, 1.0)
    return [float(value) for value in adjusted]


def p_from_interval(difference: Interval) -> float:
    """Return the two-sided p value of "no difference" that belongs to an interval.

    The distance from the value to the bound on the side of 0 is taken as so many standard errors of a normal
    distribution. So p is below ``1 - level`` exactly where the interval excludes 0, whatever made it lopsided.
    """
    value = difference.value
    reach = value - difference.low if value > 0 else difference.high - value
    if value == 0:
        return 1.0
    if reach <= 0:
        return 0.0
    z = abs(value) / reach * float(-ndtri((1 - difference.level) / 2))
    return float(2 * ndtr(-z))
