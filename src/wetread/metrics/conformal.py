"""Sets of classes that hold the true one with a promised chance, class by class.

Cross-conformal and Mondrian: a case scores one minus the probability that its true class was given while it was held
out; a new case may belong to a class where its own score is not above the quantile of that class. ``{one}`` is an
answer, several are "unsure", none means that it fits no class.

Sources: Vovk, Gammerman & Shafer 2005 (Algorithmic Learning in a Random World: Mondrian, by class); Vovk 2015
(cross-conformal, 10.1007/s10472-013-9368-4); Vovk 2012 and Angelopoulos & Bates 2023 (arXiv 2107.07511: the realised
coverage of one calibration follows a Beta distribution). The promise is about the mean over many calibrations and holds
only for cases like those it was made from: of little use at small n (arXiv 2512.14727), and not under shift or in
subgroups (10.1007/978-3-031-44336-7_20). So a set is a flag beside the answer, never the headline.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from wetread.metrics.inputs import as_classes, as_probability_table, check_level
from wetread.metrics.interval import Interval, enclosing

ALPHA = 0.10


def class_quantiles(truth: ArrayLike, probabilities: ArrayLike, alpha: float = ALPHA) -> list[float | None]:
    """Return for each class the score that at most a share ``alpha`` of its new cases will exceed.

    Args:
        truth: Class number of each case.
        probabilities: ``image class``, each row predicted while the case was held out; rows add up to 1.
        alpha: The share of a class that may fall outside its set, in (0, 1).

    Returns:
        For each class the ceil((n + 1)(1 - alpha))-th smallest of its scores 1 - p, in [0, 1]; None where the class has
        too few cases for that rank: 9 are needed for 90 %, 19 for 95 %.

    Raises:
        ValueError: The arrays do not fit together.
    """
    check_level(alpha)
    classes = as_classes(truth)
    table = as_probability_table(probabilities, len(classes))
    as_classes(classes, table.shape[1])
    return [_quantile(1.0 - table[classes == number, number], alpha) for number in range(table.shape[1])]


def _quantile(scores: NDArray[np.float64], alpha: float) -> float | None:
    rank = rank_needed(len(scores), alpha)
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else None


def rank_needed(n: int, alpha: float = ALPHA) -> int:
    """Return ceil((n + 1)(1 - alpha)), which is above n where n cases cannot promise that much."""
    # A hair's breadth off: (9 + 1) x 0.9 must be 9 in floating point too.
    return math.ceil((n + 1) * (1 - alpha) - 1e-9)


def prediction_sets(probabilities: ArrayLike, quantiles: Sequence[float | None]) -> NDArray[np.bool_]:
    """Return ``image class``: which classes each case may belong to.

    A class without a quantile cannot be excluded, so it is in every set.

    Args:
        probabilities: ``image class``, rows add up to 1.
        quantiles: From :func:`class_quantiles`.

    Raises:
        ValueError: The arrays do not fit together.
    """
    table = np.asarray(probabilities, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(quantiles):
        raise ValueError(f"{len(quantiles)} quantiles do not fit a table of shape {table.shape}")
    cuts = np.array([np.inf if one is None else one for one in quantiles])
    # Room for the last digit: a stored quantile must still let the case in that it was taken from.
    return np.asarray(1.0 - table <= cuts + 1e-9)


def coverage_range(n: int, alpha: float = ALPHA, level: float = 0.90) -> Interval | None:
    """Return the coverage that one calibration on n cases really has: its mean, and between what it lies.

    With l = floor((n + 1) alpha) it follows Beta(n + 1 - l, l): a promise of 90 % is 83 to 96 % at n = 50.

    Args:
        n: Cases of the class that the quantile was taken from.
        alpha: As for the quantile.
        level: Share of calibrations inside the range; 0.90 leaves 5 % on either side.

    Returns:
        The range, or None where n is too small for any promise.

    Raises:
        ValueError: A share outside (0, 1).
    """
    check_level(alpha)
    check_level(level)
    outside = n + 1 - rank_needed(n, alpha)
    if outside < 1:
        return None
    inside, tail = n + 1 - outside, (1 - level) / 2
    low, high = (float(betaincinv(inside, outside, share)) for share in (tail, 1 - tail))
    return enclosing(inside / (n + 1), low, high, "Beta distribution of realised coverage", n, level)
