"""A line through logits that makes probabilities come true: ``calibrated = slope * logit + intercept``.

Unlike a temperature it also moves the middle, so that a finding that is said too often is said less often. Targets are
pulled towards the middle by Platt's rule, so a best line exists even where a threshold separates the classes.

Source: Platt 1999 (Advances in Large Margin Classifiers); Lin, Lin & Weng 2007, 10.1007/s10994-007-5018-6. Fit it on
tune or out-of-fold rows, 50 or more, and never on the rows that are reported.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from wetread.metrics.inputs import as_scores, as_truth

#: A slope beyond these says more about too few rows than about the model; below 0 the ranking would turn round.
FLATTEST, STEEPEST = 0.1, 10.0


class PlattLine(NamedTuple):
    """``calibrated logit = slope * logit + intercept``; (1, 0) leaves a model as it was."""

    slope: float
    intercept: float


def fit_platt(logits: ArrayLike, truth: ArrayLike) -> PlattLine | None:
    """Return the line that makes the (smoothed) truth most likely.

    Args:
        logits: One finite number per image: the log odds of the finding.
        truth: One bool (or 0/1) per image.

    Returns:
        Slope in [0.1, 10] and intercept, or None when a class is absent or all logits are equal.

    Raises:
        ValueError: Lengths differ, or a logit is not finite.
    """
    y = as_truth(truth)
    z = as_scores(logits, len(y))
    positive, negative = int(y.sum()), int((~y).sum())
    width = float(z.std())
    if not positive or not negative or width <= 1e-12 * max(1.0, float(np.abs(z).max())):
        return None
    target = np.where(y, (positive + 1) / (positive + 2), 1 / (negative + 2))
    middle = float(z.mean())
    scaled = _maximise(target, np.stack([np.ones_like(z), (z - middle) / width], axis=1), np.zeros_like(z))
    slope = float(np.clip(scaled[1] / width, FLATTEST, STEEPEST))
    if slope == scaled[1] / width:
        return PlattLine(slope, float(scaled[0] - slope * middle))
    return PlattLine(slope, float(_maximise(target, np.ones((len(z), 1)), slope * z)[0]))


def _maximise(target: NDArray[np.float64], x: NDArray[np.float64], offset: NDArray[np.float64]) -> NDArray[np.float64]:
    """Newton's method on ``logit = offset + x @ beta``; steps that do not improve the likelihood are halved."""
    beta = np.zeros(x.shape[1])
    height = _likelihood(target, offset)
    for _ in range(100):
        mu = expit(offset + x @ beta)
        weight = np.maximum(mu * (1 - mu), 1e-12)
        step = np.linalg.solve(x.T @ (weight[:, None] * x), x.T @ (target - mu))
        while (reached := _likelihood(target, offset + x @ (beta + step))) < height and np.abs(step).max() > 1e-10:
            step /= 2
        beta, height = beta + step, reached
        if np.abs(step).max() <= 1e-10:
            break
    return beta


def _likelihood(target: NDArray[np.float64], eta: NDArray[np.float64]) -> float:
    return float(np.sum(target * eta - np.logaddexp(0, eta)))
