"""How well a score ranks the cases.

Conventions: ``truth`` is True for the finding; a higher ``score`` speaks for the finding; the prediction at a threshold
is ``score >= threshold``. Results lie in [0, 1] and are ``None`` where they are not defined.

Sources: Hanley & McNeil 1982 (AUROC as the chance that a positive outranks a negative, ties one half); Davis & Goadrich
2006 (no straight lines in precision-recall space, hence steps).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.inputs import as_class_table, as_classes, as_scores, as_truth, known_pairs


class RocCurve(NamedTuple):
    """Rates from "nobody is called positive" (threshold inf) to "everybody is"; one point per distinct score."""

    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]
    thresholds: NDArray[np.float64]


class PrecisionRecallCurve(NamedTuple):
    """Precision and recall, from recall 0 (threshold inf, precision 1 by convention) to recall 1."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def midranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ranks from 1, where tied values share the mean of their ranks."""
    _, group, size = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(size)
    return np.asarray((last - (size - 1) / 2)[group], dtype=np.float64)


def auroc(truth: ArrayLike, score: ArrayLike) -> float | None:
    """Return the chance that a random positive scores higher than a random negative, ties counting one half.

    Args:
        truth: One bool (or 0/1) per image.
        score: One finite number per image; only the order matters.

    Returns:
        A number in [0, 1], or None when one of the two classes is absent.

    Raises:
        ValueError: Lengths differ, or a score is not finite.
    """
    y = as_truth(truth)
    s = as_scores(score, len(y))
    n_pos = int(y.sum())
    n_neg = len(y) - n_pos
    if n_pos == 0 or n_neg == 0:
        return None
    wins = midranks(s)[y].sum() - n_pos * (n_pos + 1) / 2
    return float(wins / (n_pos * n_neg))


def _counts_by_threshold(
    y: NDArray[np.bool_], s: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return true positives, false positives and threshold for each distinct score, highest first."""
    order = np.argsort(-s, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(s[order])), len(s) - 1)
    tp = np.cumsum(y[order])[ends]
    return tp, ends + 1 - tp, s[order][ends]


def roc_curve(truth: ArrayLike, score: ArrayLike) -> RocCurve | None:
    """Return the ROC curve with every distinct score as a threshold, or None when a class is absent.

    Args:
        truth: One bool (or 0/1) per image.
        score: One finite number per image.

    Raises:
        ValueError: Lengths differ, or a score is not finite.
    """
    y = as_truth(truth)
    s = as_scores(score, len(y))
    if y.all() or not y.any():
        return None
    tp, fp, thresholds = _counts_by_threshold(y, s)
    return RocCurve(np.append(0, fp) / fp[-1], np.append(0, tp) / tp[-1], np.append(np.inf, thresholds))


def precision_recall_curve(truth: ArrayLike, score: ArrayLike) -> PrecisionRecallCurve | None:
    """Return precision and recall with every distinct score as a threshold, or None when a class is absent.

    Draw it as steps: points between two thresholds are not reached on a straight line (Davis & Goadrich 2006).

    Args:
        truth: One bool (or 0/1) per image.
        score: One finite number per image.

    Raises:
        ValueError: Lengths differ, or a score is not finite.
    """
    y = as_truth(truth)
    s = as_scores(score, len(y))
    if y.all() or not y.any():
        return None
    tp, fp, thresholds = _counts_by_threshold(y, s)
    return PrecisionRecallCurve(
        np.append(1.0, tp / (tp + fp)), np.append(0, tp) / tp[-1], np.append(np.inf, thresholds)
    )


def average_precision(truth: ArrayLike, score: ArrayLike) -> float | None:
    """Return the area under the precision-recall steps: precision averaged over the positives; chance is prevalence.

    Args:
        truth: One bool (or 0/1) per image.
        score: One finite number per image.

    Returns:
        A number in (0, 1], or None when a class is absent (without negatives every ranking scores 1).

    Raises:
        ValueError: Lengths differ, or a score is not finite.
    """
    curve = precision_recall_curve(truth, score)
    if curve is None:
        return None
    return float(np.sum(np.diff(curve.recall) * curve.precision[1:]))


def macro_auroc(truth: ArrayLike, probabilities: ArrayLike) -> float | None:
    """Return the unweighted mean over classes of the one-versus-rest AUROC.

    Args:
        truth: Class number per image.
        probabilities: ``image class`` table; only the order within a column matters.

    Returns:
        A number in [0, 1], or None when a class has no case: a mean over fewer classes would be another number.

    Raises:
        ValueError: Shapes do not fit, or a class number has no column.
    """
    return _macro_one_versus_rest(auroc, truth, probabilities)


def macro_average_precision(truth: ArrayLike, probabilities: ArrayLike) -> float | None:
    """Return the unweighted mean over classes of the one-versus-rest average precision; see :func:`macro_auroc`."""
    return _macro_one_versus_rest(average_precision, truth, probabilities)


def micro_auroc(truth: ArrayLike, probabilities: ArrayLike) -> float | None:
    """Return the AUROC of all pairs of an image and a class in one list; common classes decide it.

    Args:
        truth: Class number per image, or ``image finding`` of 1, 0 and NaN; what is not known is left out.
        probabilities: ``image class`` or ``image finding``, comparable from column to column.

    Returns:
        A number in [0, 1], or None when there is no positive or no negative pair.

    Raises:
        ValueError: Shapes do not fit, or a probability of a known pair is not finite.
    """
    return _of_pairs(auroc, truth, probabilities)


def micro_average_precision(truth: ArrayLike, probabilities: ArrayLike) -> float | None:
    """Return the average precision of all pairs of an image and a class in one list; see :func:`micro_auroc`."""
    return _of_pairs(average_precision, truth, probabilities)


def _of_pairs(
    metric: Callable[[ArrayLike, ArrayLike], float | None], truth: ArrayLike, probabilities: ArrayLike
) -> float | None:
    is_there, score, _ = known_pairs(truth, probabilities)
    return metric(is_there, score) if len(score) else None


def _macro_one_versus_rest(
    metric: Callable[[ArrayLike, ArrayLike], float | None], truth: ArrayLike, probabilities: ArrayLike
) -> float | None:
    classes = as_classes(truth)
    table = as_class_table(probabilities, len(classes))
    as_classes(classes, table.shape[1])
    values = [metric(classes == k, table[:, k]) for k in range(table.shape[1])]
    defined = [value for value in values if value is not None]
    return float(np.mean(defined)) if len(defined) == len(values) else None
