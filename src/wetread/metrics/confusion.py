"""What the called classes are worth: every number here follows from the confusion matrix.

Conventions: rows of a confusion matrix are the truth, columns what was predicted. Results lie in [0, 1] (kappa in
[-1, 1]) and are ``None`` where they are not defined, for example the precision of a model that never says yes.

Sources: Cohen 1960 and 1968 (kappa and weighted kappa); Opitz & Burst 2019, arXiv 1911.03347 (macro F1 is the mean of
the F1 of the classes, not the F1 of the means).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.inputs import as_classes, as_truth

KappaWeights = Literal["none", "linear", "quadratic"]


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> NDArray[np.int64]:
    """Count the images of each true class (row) that were called each class (column).

    Args:
        truth: Class number per image, 0 to ``n_classes - 1``.
        predicted: Class number per image, 0 to ``n_classes - 1``.
        n_classes: How many classes there are, including any without a case.

    Raises:
        ValueError: Lengths differ, or a class number is out of range.
    """
    t = as_classes(truth, n_classes)
    p = as_classes(predicted, n_classes, "predicted")
    if len(t) != len(p):
        raise ValueError(f"truth has {len(t)} rows and predicted {len(p)}")
    return np.bincount(t * n_classes + p, minlength=n_classes**2).reshape(n_classes, n_classes).astype(np.int64)


def f1(truth: ArrayLike, predicted: ArrayLike) -> float | None:
    """Return 2 TP / (2 TP + FP + FN), or None when the finding is neither there nor called anywhere.

    Args:
        truth: One bool (or 0/1) per image.
        predicted: One bool (or 0/1) per image.

    Raises:
        ValueError: Lengths differ, or a value is neither 0 nor 1.
    """
    (_, fp), (fn, tp) = confusion_matrix(as_truth(truth), as_truth(predicted, "predicted"), 2).tolist()
    return 2 * tp / (2 * tp + fp + fn) if tp + fp + fn else None


def macro_f1(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> float | None:
    """Return the unweighted mean of the F1 of the classes, or None when one is neither there nor called anywhere.

    Args:
        truth: Class number per image.
        predicted: Class number per image.
        n_classes: How many classes there are.

    Raises:
        ValueError: Lengths differ, or a class number is out of range.
    """
    matrix = confusion_matrix(truth, predicted, n_classes)
    mentioned = matrix.sum(axis=0) + matrix.sum(axis=1)
    return float(np.mean(2 * np.diag(matrix) / mentioned)) if mentioned.all() else None


def balanced_accuracy(truth: ArrayLike, predicted: ArrayLike, n_classes: int) -> float | None:
    """Return the unweighted mean of the recall of the classes, or None when a class has no case; chance is 1/n_classes.

    Args:
        truth: Class number per image.
        predicted: Class number per image.
        n_classes: How many classes there are.

    Raises:
        ValueError: Lengths differ, or a class number is out of range.
    """
    matrix = confusion_matrix(truth, predicted, n_classes)
    cases = matrix.sum(axis=1)
    return float(np.mean(np.diag(matrix) / cases)) if cases.all() else None


def cohen_kappa(truth: ArrayLike, predicted: ArrayLike, n_classes: int, weights: KappaWeights = "none") -> float | None:
    """Return agreement beyond chance: 1 is perfect, 0 what the marginal frequencies alone would give.

    Args:
        truth: Class number per image (or the first reader's).
        predicted: Class number per image (or the second reader's).
        n_classes: How many classes there are.
        weights: "none" counts every disagreement alike; "linear" and "quadratic" are for ordered classes.

    Returns:
        A number in [-1, 1], or None when both always name one and the same class, so that nothing is left to chance.

    Raises:
        ValueError: Lengths differ, a class number is out of range, or the weights are unknown.
    """
    matrix = confusion_matrix(truth, predicted, n_classes)
    cost = disagreement_cost(n_classes, weights)
    expected = float((cost * np.outer(matrix.sum(axis=1), matrix.sum(axis=0))).sum()) / int(matrix.sum())
    return 1 - float((cost * matrix).sum()) / expected if expected else None


def disagreement_cost(n_classes: int, weights: KappaWeights) -> NDArray[np.float64]:
    """Return the ``class class`` table of what each disagreement costs; the diagonal is 0."""
    if weights not in ("none", "linear", "quadratic"):
        raise ValueError(f"weights must be none, linear or quadratic, not {weights!r}")
    number = np.arange(n_classes)
    distance = np.abs(number[:, None] - number[None, :]).astype(np.float64)
    if weights == "none":
        return np.asarray(distance > 0, dtype=np.float64)
    return distance if weights == "linear" else np.asarray(distance**2)
