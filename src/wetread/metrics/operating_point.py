"""Where to cut a probability into yes and no; use it on tune or out-of-fold rows, never on the rows that are reported.

Conventions: the prediction is ``p >= threshold``. A threshold lies midway between two neighbouring distinct scores, so
that rounding a probability in a file cannot flip a case. Where several thresholds are equally good, the one nearest to
the middle of their range is taken. "Call everybody" and "call nobody" are thresholds too, halfway to 0 and to 1.

Sources: Youden 1950; Lipton, Elkan & Naryanaswamy 2014, arXiv 1402.1892 (F1 may choose to call everybody); Zweig &
Campbell 1993 (cost of errors and prevalence give the slope at which the ROC curve is touched).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.inputs import as_probabilities, as_truth


class _Cuts(NamedTuple):
    """Every threshold worth trying, in rising order, with the counts it gives."""

    threshold: NDArray[np.float64]
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    n_pos: int
    n_neg: int


def youden_threshold(truth: ArrayLike, p: ArrayLike) -> float | None:
    """Return the threshold with the largest sensitivity + specificity - 1.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.

    Returns:
        A threshold between two scores, or None when a class is absent or all probabilities are equal.

    Raises:
        ValueError: Lengths differ, or p is no probability.
    """
    cuts = _cuts(truth, p)
    if cuts is None or len(cuts.threshold) < 3:
        return None
    gain = cuts.tp * cuts.n_neg - cuts.fp * cuts.n_pos  # in whole numbers, so that ties are ties
    inner = np.arange(1, len(gain) - 1)  # calling everybody or nobody is no rule
    return _middle(cuts.threshold, inner[gain[inner] == gain[inner].max()])


def sensitivity_threshold(truth: ArrayLike, p: ArrayLike, at_least: float = 0.95) -> float | None:
    """Return the lowest threshold with the best specificity among those that find this share of the positives.

    Thresholds of the same specificity clear the same negatives; the lowest of them may find more positives at no cost.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        at_least: Sensitivity to reach, in (0, 1].

    Returns:
        A threshold in [0, 1], or None when a class is absent.

    Raises:
        ValueError: Lengths differ, p is no probability, or the share is outside (0, 1].
    """
    _check_share(at_least)
    cuts = _cuts(truth, p)
    if cuts is None:
        return None
    needed = math.ceil(at_least * cuts.n_pos - 1e-9)  # 0.95 * 20 must mean 19, not 20
    fewest = cuts.fp[cuts.tp >= needed].min()
    return float(cuts.threshold[np.flatnonzero(cuts.fp == fewest)[0]])


def specificity_threshold(truth: ArrayLike, p: ArrayLike, at_least: float = 0.95) -> float | None:
    """Return the lowest threshold that still clears this share of the negatives (so, with the best sensitivity).

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        at_least: Specificity to reach, in (0, 1].

    Returns:
        A threshold, or None when a class is absent. Just above 1 when only calling nobody is specific enough and
        a negative was given probability 1.

    Raises:
        ValueError: Lengths differ, p is no probability, or the share is outside (0, 1].
    """
    _check_share(at_least)
    cuts = _cuts(truth, p)
    if cuts is None:
        return None
    allowed = cuts.n_neg - math.ceil(at_least * cuts.n_neg - 1e-9)
    most = cuts.tp[cuts.fp <= allowed].max()
    return float(cuts.threshold[np.flatnonzero((cuts.tp == most) & (cuts.fp <= allowed))[-1]])


def f1_threshold(truth: ArrayLike, p: ArrayLike) -> float | None:
    """Return the threshold with the largest F1.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.

    Returns:
        A threshold in [0, 1], or None when a class is absent.

    Raises:
        ValueError: Lengths differ, or p is no probability.
    """
    cuts = _cuts(truth, p)
    if cuts is None:
        return None
    f1 = 2 * cuts.tp / (cuts.tp + cuts.fp + cuts.n_pos)
    return _middle(cuts.threshold, np.flatnonzero(f1 == f1.max()))


def cost_threshold(truth: ArrayLike, p: ArrayLike, ratio: float = 1.0, prevalence: float | None = None) -> float | None:
    """Return the threshold with the least expected cost of misses and false alarms.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        ratio: What a missed case costs, where a false alarm costs 1; above 0.
        prevalence: Share of cases where the model will be used, in (0, 1); that of these data if None. At ratio 1 and
            the prevalence of the data, this is the threshold with the fewest errors.

    Returns:
        A threshold, or None when a class is absent. Calling everybody or nobody may be cheapest: then it lies below or
        above all probabilities.

    Raises:
        ValueError: Lengths differ, p is no probability, the ratio is not above 0, or the prevalence is outside (0, 1).
    """
    if not 0 < ratio < math.inf:
        raise ValueError(f"the cost of a miss against a false alarm must be above 0, not {ratio}")
    if prevalence is not None and not 0 < prevalence < 1:
        raise ValueError(f"a prevalence must lie between 0 and 1, not {prevalence}")
    cuts = _cuts(truth, p)
    if cuts is None:
        return None
    # Relative to the data: what one missed image weighs, where an image called in error weighs 1.
    weight = ratio
    if prevalence is not None:
        weight *= (prevalence / (1 - prevalence)) * (cuts.n_neg / cuts.n_pos)
    cost = weight * (cuts.n_pos - cuts.tp) + cuts.fp
    return _middle(cuts.threshold, np.flatnonzero(np.isclose(cost, cost.min(), rtol=1e-12, atol=0)))


def _cuts(truth: ArrayLike, p: ArrayLike) -> _Cuts | None:
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    n_pos = int(y.sum())
    if n_pos in (0, len(y)):
        return None
    scores, group = np.unique(said, return_inverse=True)
    between = (scores[:-1] + scores[1:]) / 2
    between = np.where(between > scores[:-1], between, scores[1:])  # neighbours in floating point have no middle
    nobody = (scores[-1] + 1) / 2 if scores[-1] < 1 else np.nextafter(1, 2)
    threshold = np.concatenate([[scores[0] / 2], between, [nobody]])
    size = np.bincount(group)
    tp = np.append(np.cumsum(np.bincount(group, weights=y)[::-1])[::-1], 0).astype(np.int64)
    called = np.append(np.cumsum(size[::-1])[::-1], 0)
    return _Cuts(threshold, tp, called - tp, n_pos, len(y) - n_pos)


def _middle(threshold: NDArray[np.float64], tied: NDArray[np.int64]) -> float:
    """Return, of equally good thresholds, the one nearest to the middle of their range."""
    candidates = threshold[tied]
    centre = (candidates[0] + candidates[-1]) / 2
    return float(candidates[np.argmin(np.abs(candidates - centre))])


def _check_share(share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"the share to reach must lie in (0, 1], for example 0.95, not {share}")
