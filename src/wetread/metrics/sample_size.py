"""How many cases an AUROC needs: the standard error before the study is done (Hanley and McNeil 1982)."""

from __future__ import annotations

import math

from scipy.special import ndtri

#: No answer beyond this many cases: nobody collects them for a quick preliminary reading.
MOST_CASES = 1_000_000


def hanley_mcneil_error(area: float, positives: float, negatives: float) -> float:
    """Standard error of an AUROC from its size and the number of cases alone.

    Args:
        area: AUROC in [0, 1].
        positives: Patients who have the finding, at least 1.
        negatives: Patients who do not, at least 1.

    Returns:
        The standard error, under exponential distributions of the scores.

    Raises:
        ValueError: An argument is out of its range.

    Source: Hanley and McNeil, Radiology 1982, 143:29-36, equation 1 with Q1 = A / (2 - A) and Q2 = 2A² / (1 + A).
    """
    if not 0 <= area <= 1 or positives < 1 or negatives < 1:
        raise ValueError("an area in [0, 1] and at least one case of each kind")
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (positives - 1) * (first - area**2) + (negatives - 1) * (second - area**2)
    return math.sqrt(max(spread, 0.0) / (positives * negatives))


def cases_for_half_width(area: float, share: float, half_width: float, level: float = 0.95) -> int | None:
    """How many cases make the interval of an AUROC reach this far to each side.

    Args:
        area: The AUROC that is expected, in [0, 1].
        share: Part of the cases that has the finding, inside (0, 1).
        half_width: How far the interval may reach to each side, above 0.
        level: Of the interval.

    Returns:
        Cases in all, rounded up to two leading digits; None where a million is not enough.

    Raises:
        ValueError: An argument is out of its range.
    """
    if not 0 < share < 1 or half_width <= 0:
        raise ValueError("a share inside (0, 1) and a width above 0")
    wanted = half_width / float(ndtri((1 + level) / 2))
    low, high = math.ceil(1 / min(share, 1 - share)), MOST_CASES
    if hanley_mcneil_error(area, high * share, high * (1 - share)) > wanted:
        return None
    while low < high:
        middle = (low + high) // 2
        if hanley_mcneil_error(area, max(middle * share, 1), max(middle * (1 - share), 1)) <= wanted:
            high = middle
        else:
            low = middle + 1
    unit: int = 10 ** max(0, len(str(low)) - 2)
    return -(-low // unit) * unit
