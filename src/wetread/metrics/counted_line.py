"""Calibration for many resamples at once: Brier, and the line of Cox (1958) without fitting it anew.

Fitting a logistic line in thousands of resamples takes seconds. From the best line of the data one step of Newton's
method comes close (one-step bootstrap of generalised linear models: Moulton & Zeger 1991), and a step needs nothing but
sums: one matrix product for all resamples. The curvature's own change, a few sums more, takes away most of the rest
(Chebyshev's method). ``counted_calibration`` fits to the end and is what this is tested against.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from wetread.metrics.counted import CountedStatistic, OfSums, added_up, quotient
from wetread.metrics.counted_calibration import NEAREST_TO_CERTAIN, fit_calibration_lines
from wetread.metrics.inputs import as_column, as_probabilities, as_truth


def counted_line(
    truth: ArrayLike, p: ArrayLike, rows: ArrayLike | None = None
) -> tuple[CountedStatistic, CountedStatistic] | None:
    """Return counted slope and intercept; both come from the same sums, which are made once per table of counts.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        rows: The row of the counts that each image belongs to; image n is row n if None.

    Returns:
        Two counted statistics, or None where the line is not defined (see
        :func:`wetread.metrics.calibration.calibration_slope_intercept`).

    Raises:
        ValueError: Lengths differ, or p is no probability.
    """
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    slope, intercept, _ = fit_calibration_lines(y, said, np.ones((1, len(y))))[0]
    if not np.isfinite(slope):
        return None
    x = logit(np.clip(said, NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN))
    mu = expit(intercept + slope * x)
    residual, weight = y - mu, mu * (1 - mu)
    turn = weight * (1 - 2 * mu)
    powers = [residual, residual * x, *(weight * x**k for k in range(3)), *(turn * x**k for k in range(4))]
    block = _placed(powers, rows)
    return OfSums([block], lambda sums: slope + _moves(sums)[1]), OfSums(
        [block], lambda sums: intercept + _moves(sums)[0]
    )


def _moves(sums: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far intercept and slope move in each resample."""
    g0, g1, h00, h01, h11, t0, t1, t2, t3 = sums.T
    determinant = h00 * h11 - h01**2
    a, b = quotient(h11 * g0 - h01 * g1, determinant), quotient(h00 * g1 - h01 * g0, determinant)
    bent0 = (t0 * a**2 + 2 * t1 * a * b + t2 * b**2) / 2
    bent1 = (t1 * a**2 + 2 * t2 * a * b + t3 * b**2) / 2
    return (
        a - quotient(h11 * bent0 - h01 * bent1, determinant),
        b - quotient(h00 * bent1 - h01 * bent0, determinant),
    )


def brier_and_skill(
    truth: ArrayLike, p: ArrayLike, rows: ArrayLike | None = None
) -> tuple[CountedStatistic, CountedStatistic]:
    """Return the counted Brier score and its skill against the prevalence of the resample, from the same sums.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        rows: As for :func:`counted_line`.

    Raises:
        ValueError: Lengths differ, or p is no probability.
    """
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    block = _placed([(said - y) ** 2, y.astype(np.float64), np.ones(len(y))], rows)

    def skill(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        squares, positive, n = sums.T
        return 1 - quotient(squares, positive * (1 - quotient(positive, n)))

    return OfSums([block], lambda sums: quotient(sums[:, 0], sums[:, 2])), OfSums([block], skill)


def _placed(columns: list[NDArray[np.float64]], rows: ArrayLike | None) -> NDArray[np.float64]:
    """Return columns as a table ``row column`` of all rows of the counts; rows that are not named add nothing."""
    table = np.stack(columns, axis=1)
    return table if rows is None else added_up(table, as_column(rows, len(table), "rows"))
