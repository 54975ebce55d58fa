"""Interval and paired test for the AUROC when every patient has one image.

DeLong, DeLong & Clarke-Pearson 1988 write the AUROC as a mean of placements: for a positive, the share of negatives it
outranks; for a negative, the share of positives that outrank it. The variance follows from the spread of both. Ranks
give all placements in O(n log n) (Sun & Xu 2014, 10.1109/LSP.2014.2337313) instead of comparing every pair.

The interval is taken on the logit scale and turned back (Pepe 2003, section 5.2): near 1 the plain interval is too
short and runs past 1. Here, at AUROC 0.85 with 25 + 25 cases, it covers 0.955 instead of 0.928 of a nominal 0.95.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, ndtri

from wetread.metrics.discrimination import midranks
from wetread.metrics.inputs import as_scores, as_truth, check_level
from wetread.metrics.interval import Difference, Interval, enclosing
from wetread.metrics.intervals import clopper_pearson


def placements(y: NDArray[np.bool_], s: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return per positive the share of negatives below it, and per negative the share of positives above it.

    Ties count one half, and both columns have the AUROC as their mean. Both classes must be present.
    """
    together = midranks(s)
    n_pos = int(y.sum())
    of_positives = (together[y] - midranks(s[y])) / (len(y) - n_pos)
    of_negatives = 1 - (together[~y] - midranks(s[~y])) / n_pos
    return of_positives, of_negatives


def delong(truth: ArrayLike, score: ArrayLike, level: float = 0.95) -> Interval | None:
    """Return the AUROC with DeLong's interval on the logit scale; images must be of different patients.

    Where there is no variance to go by (AUROC 0 or 1, one case in a class, all scores equal) the bounds come from
    pairs. Matching each case of the smaller class with one of the larger gives m = min(positives, negatives)
    independent trials "does the positive win?", whose chance of success is the AUROC and whose interval is exact.

    Args:
        truth: One bool (or 0/1) per image.
        score: One finite number per image.
        level: Confidence level in (0, 1).

    Returns:
        The interval within [0, 1], or None when a class is absent; ``method`` says which rule was used.

    Raises:
        ValueError: Lengths differ, a score is not finite, or the level is outside (0, 1).
    """
    check_level(level)
    y = as_truth(truth)
    s = as_scores(score, len(y))
    smaller = min(int(y.sum()), int((~y).sum()))
    if smaller == 0:
        return None
    of_positives, of_negatives = placements(y, s)
    area = float(of_positives.mean())
    if smaller == 1 or of_positives.std() + of_negatives.std() < 1e-12:
        return exact_by_pairs(area, smaller, level)
    variance = of_positives.var(ddof=1) / len(of_positives) + of_negatives.var(ddof=1) / len(of_negatives)
    half = float(ndtri((1 + level) / 2)) * math.sqrt(variance) / (area * (1 - area))
    low, high = expit(logit(area) - half), expit(logit(area) + half)
    return enclosing(area, low, high, "DeLong, logit scale", len(y), level)


def exact_by_pairs(area: float, pairs: int, level: float = 0.95) -> Interval | None:
    """Return an AUROC with the exact bounds of that many independent pairs; None for no pair.

    Args:
        area: The AUROC, in [0, 1].
        pairs: How many disjoint pairs of a positive and a negative can be formed.
        level: Confidence level in (0, 1).

    Raises:
        ValueError: The area lies outside [0, 1], or the level outside (0, 1).
    """
    bounds = clopper_pearson(min(area, 1.0) * pairs, pairs, level)
    if bounds is None:
        return None
    method = f"exact on {pairs} disjoint pairs (no variance to go by)"
    return enclosing(area, bounds.low, bounds.high, method, pairs, level)


def delong_paired(truth: ArrayLike, score_a: ArrayLike, score_b: ArrayLike, level: float = 0.95) -> Difference | None:
    """Return AUROC(a) - AUROC(b) on the same images, with interval and two-sided p value.

    Args:
        truth: One bool (or 0/1) per image.
        score_a: One finite number per image, of the first model.
        score_b: One finite number per image, of the second model.
        level: Confidence level in (0, 1).

    Returns:
        The difference within [-1, 1], or None when a class has fewer than two cases, or the difference has no variance
        to go by (both models rank alike, or neither makes a mistake).

    Raises:
        ValueError: Lengths differ, a score is not finite, or the level is outside (0, 1).
    """
    check_level(level)
    y = as_truth(truth)
    a, b = as_scores(score_a, len(y), "score_a"), as_scores(score_b, len(y), "score_b")
    if min(int(y.sum()), int((~y).sum())) < 2:
        return None
    # the variance of the differences holds the covariance of the two models, case by case
    pairs = zip(placements(y, a), placements(y, b), strict=True)
    of_positives, of_negatives = (of_a - of_b for of_a, of_b in pairs)
    error = math.sqrt(of_positives.var(ddof=1) / len(of_positives) + of_negatives.var(ddof=1) / len(of_negatives))
    if error < 1e-12:
        return None
    value = float(of_positives.mean())
    half = float(ndtri((1 + level) / 2)) * error
    low, high = max(value - half, -1.0), min(value + half, 1.0)
    return Difference(value, low, high, "DeLong, paired", len(y), level, p_value=float(2 * ndtr(-abs(value) / error)))
