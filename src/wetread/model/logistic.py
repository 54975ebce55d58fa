"""Logistic regression with an L2 penalty, by Newton's method: scikit-learn's objective without its seconds of import.

Each step is found by conjugate gradients (Nash 2000, 10.1016/S0377-0427(00)00426-X), scaled by the diagonal of the
curvature. In the basis that `linear.LinearFit` chooses, columns are all but uncorrelated and the diagonal is nearly all
there is, so a few products with the table suffice. A test holds the coefficients to those of scikit-learn.

Tables are ``class image`` and ``class feature`` here: BLAS multiplies few rows two to four times as fast as few
columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.shapes import Floats

#: Newton steps at most; a dozen is usual, and each lowers the objective.
MOST_STEPS = 100
#: Conjugate directions per step at most.
MOST_DIRECTIONS = 200
#: The last step promised less than this part of the objective: coefficients are then right to four or more digits.
SMALLEST_GAIN = 1e-6
#: How exactly the first step is solved; later ones more so, as the slope shrinks (Eisenstat 1996, 10.1137/0917003).
COARSE = 0.1
#: The shortest part of a step that is tried.
SHORTEST = 1e-6


def fit_logistic(rows: Floats, truth: NDArray[Any], strength: float) -> tuple[Floats, Floats]:
    """Minimises strength * (log loss summed over images) + half the sum of squared weights; the bias is free.

    Args:
        rows: ``image feature``.
        truth: ``1 image`` of 1 and 0, for a sigmoid; or ``class image`` with a single 1 for each image, for a softmax.
            No class may have all images or none: its bias would have no end.
        strength: Above 0; C in scikit-learn.

    Returns:
        Weights, ``class feature``, and one bias per class; those of a softmax add up to 0.
    """
    design = np.hstack([rows, np.ones((len(rows), 1))])
    penalty = np.full(design.shape[1], 1 / strength)
    penalty[-1] = 0.0
    weights = np.zeros((len(truth), design.shape[1]))
    logits = np.zeros(truth.shape)
    objective = start = _loss(logits, truth)
    steepest = 0.0
    for _ in range(MOST_STEPS):
        shares = _shares(logits)
        gradient = (shares - truth) @ design + penalty * weights
        slope = float(np.linalg.norm(gradient))
        steepest = steepest or max(slope, 1e-300)
        step = _solve(*_curvature(design, shares, penalty), gradient, min(COARSE, (slope / steepest) ** 0.5))
        gain = -float(np.vdot(gradient, step))
        change, size = step @ design.T, 1.0
        while True:  # the whole step, halved until it keeps a part of what it promised
            tried = weights + size * step
            reached = _loss(logits + size * change, truth) + 0.5 * float(np.sum(penalty * tried**2))
            if reached <= objective - 1e-4 * size * gain or size < SHORTEST:
                break
            size /= 2
        if not reached < objective:  # nothing but rounding is left to gain
            break
        weights, logits, objective = tried, logits + size * change, reached
        if gain <= SMALLEST_GAIN * start:
            break
    bias = weights[:, -1]
    return weights[:, :-1], bias - bias.mean() if len(bias) > 1 else bias


def _shares(logits: Floats) -> Floats:
    """Sigmoid of a single row, softmax of several."""
    if len(logits) == 1:
        odds = np.exp(-np.abs(logits))
        one: Floats = np.where(logits >= 0, 1.0, odds) / (1.0 + odds)
        return one
    powers = np.exp(logits - logits.max(axis=0))
    several: Floats = powers / powers.sum(axis=0)
    return several


def _loss(logits: Floats, truth: NDArray[Any]) -> float:
    """Log loss, summed over images."""
    if len(logits) == 1:
        return float(np.sum(np.logaddexp(0.0, logits) - truth * logits))
    highest = logits.max(axis=0)
    return float(np.sum(np.log(np.exp(logits - highest).sum(axis=0)) + highest) - np.vdot(truth, logits))


def _curvature(design: Floats, shares: Floats, penalty: Floats) -> tuple[Callable[[Floats], Floats], Floats]:
    """What multiplies a direction by the second derivatives, and the diagonal of these."""
    spread = shares * (1 - shares)

    def product(direction: Floats) -> Floats:
        moved = direction @ design.T
        turned = spread * moved if len(shares) == 1 else shares * (moved - np.sum(shares * moved, axis=0))
        found: Floats = turned @ design + penalty * direction
        return found

    return product, np.maximum(spread @ design**2 + penalty, 1e-12)


def _solve(product: Callable[[Floats], Floats], diagonal: Floats, gradient: Floats, accuracy: float) -> Floats:
    """The step to the bottom of the local parabola, until only that part of the slope is left."""
    step, left = np.zeros_like(gradient), -gradient
    scaled = left / diagonal
    direction, size = scaled, float(np.vdot(left, scaled))
    goal = accuracy**2 * size
    for _ in range(MOST_DIRECTIONS):
        if size <= goal:
            break
        turned = product(direction)
        length = size / max(float(np.vdot(direction, turned)), 1e-300)
        step, left = step + length * direction, left - length * turned
        scaled = left / diagonal
        before, size = size, float(np.vdot(left, scaled))
        direction = scaled + size / before * direction
    return step
