"""One number that softens or sharpens logits; the order of the classes, and with it the accuracy, stays.

Source: Guo, Pleiss, Sun & Weinberger 2017, arXiv 1706.04599. Fit it on tune or out-of-fold rows, 50 or more, and never
on the rows that are reported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import softmax

from wetread.metrics.inputs import as_class_table, as_classes
from wetread.metrics.root import find_root

#: Beyond these a fit says more about too few rows than about the model.
LOWEST, HIGHEST = 0.01, 100.0


def fit_temperature(logits: ArrayLike, truth: ArrayLike) -> float | None:
    """Return the temperature that makes the truth most likely (least log loss).

    The log loss is convex in 1 / temperature, so its slope has a single zero and no optimiser can be caught elsewhere.

    Args:
        logits: ``image class`` table of any finite numbers. For a single output z pass the columns (0, z).
        truth: Class number per image.

    Returns:
        A temperature above 0; above 1 means the model was overconfident. None when the best one lies beyond
        [0.01, 100]: every image is right (the sharper the better) or the logits say nothing (the softer the better).

    Raises:
        ValueError: Shapes do not fit, or a class number has no column.
    """
    classes = as_classes(truth)
    z = as_class_table(logits, len(classes), "logits")
    as_classes(classes, z.shape[1])
    of_truth = z[np.arange(len(z)), classes]

    def slope(sharpness: float) -> float:
        expected = np.sum(softmax(sharpness * z, axis=1) * z, axis=1)
        return float(np.mean(expected - of_truth))

    if slope(1 / HIGHEST) >= 0 or slope(1 / LOWEST) <= 0:
        return None
    return 1 / find_root(slope, 1 / HIGHEST, 1 / LOWEST, tolerance=1e-12)


def apply_temperature(logits: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Return probabilities (``image class``, rows add up to 1): the softmax of logits / temperature.

    Args:
        logits: ``image class`` table of any finite numbers.
        temperature: Above 0; 1 leaves the model as it was.

    Raises:
        ValueError: The temperature is not above 0, or the logits are no table of finite numbers.
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"temperature must be above 0, not {temperature}")
    z = as_class_table(logits, len(np.asarray(logits)), "logits")
    return np.asarray(softmax(z / temperature, axis=1), dtype=np.float64)
