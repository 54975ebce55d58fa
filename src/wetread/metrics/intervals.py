"""Intervals in closed form: a share of counted cases, and the mean of a repeated cross-validation.

Sources: Wilson 1927; Clopper & Pearson 1934; Nadeau & Bengio 2003, 10.1023/A:1024068626366. See ``delong`` for the
AUROC, ``bootstrap`` for everything else, and ``choice`` for which of them is right for the data at hand.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, ndtri, stdtrit

from wetread.metrics.inputs import as_scores, check_level
from wetread.metrics.interval import Interval, enclosing


def wilson(successes: float, n: int, level: float = 0.95) -> Interval | None:
    """Return a share with its score interval (Wilson 1927), which stays inside [0, 1]: 10 of 10 gives 0.72 to 1.

    Args:
        successes: How many of the n came out right; may be a fraction (half a point for a tie).
        n: How many independent cases were counted.
        level: Confidence level in (0, 1).

    Returns:
        The interval, or None when nothing was counted.

    Raises:
        ValueError: Successes outside [0, n], or a level outside (0, 1).
    """
    _check_counts(successes, n, level)
    if n == 0:
        return None
    share = successes / n
    z = float(ndtri((1 + level) / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return enclosing(share, max(0.0, centre - half), min(1.0, centre + half), "Wilson", n, level)


def clopper_pearson(successes: float, n: int, level: float = 0.95) -> Interval | None:
    """Return a share with its exact interval (Clopper & Pearson 1934), never too short; use it as :func:`wilson`."""
    _check_counts(successes, n, level)
    if n == 0:
        return None
    tail = (1 - level) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return enclosing(successes / n, low, high, "Clopper-Pearson", n, level)


def _check_counts(successes: float, n: int, level: float) -> None:
    check_level(level)
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n = {n}, not {successes}")


def nadeau_bengio(
    values: ArrayLike,
    n_train: float,
    n_test: float,
    level: float = 0.95,
    *,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Interval | None:
    """Return the mean over the folds of a repeated cross-validation, with the corrected t interval.

    Folds share training images, so s^2 / J is far too small; the variance here is (1/J + n_test/n_train) s^2. It speaks
    of the procedure (training again on such data), not of one trained model.

    Args:
        values: One number per fold and repetition, J in all.
        n_train: Patients (or images) in a training part.
        n_test: Patients (or images) in a test part.
        level: Confidence level in (0, 1).
        bounds: Where the quantity must lie, for example (0, 1) for an AUROC; the interval is cut there.

    Returns:
        The interval, or None for fewer than two values.

    Raises:
        ValueError: A value is not finite or outside the bounds, or a part is empty.
    """
    check_level(level)
    column = as_scores(values, np.size(values), "values")
    if not (n_train > 0 and n_test > 0):
        raise ValueError(f"both parts need images: n_train = {n_train}, n_test = {n_test}")
    j = len(column)
    if j < 2:
        return None
    if column.min() < bounds[0] or column.max() > bounds[1]:
        raise ValueError(f"values must lie within the bounds {bounds}")
    half = float(stdtrit(j - 1, (1 + level) / 2)) * math.sqrt((1 / j + n_test / n_train) * float(column.var(ddof=1)))
    mean = float(column.mean())
    method = f"corrected t over {j} folds (Nadeau-Bengio)"
    return enclosing(mean, max(mean - half, bounds[0]), min(mean + half, bounds[1]), method, j, level)
