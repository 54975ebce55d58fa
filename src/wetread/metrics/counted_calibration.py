"""The numbers of ``calibration`` for many resamples at once; see ``counted`` for the idea."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from wetread.metrics.counted import CountedStatistic, OfSums, added_up, quotient
from wetread.metrics.inputs import as_classes, as_column, as_probabilities, as_probability_table, as_truth

#: A network that says exactly 0 or 1 has no logit; nearer than this to the end counts as this near.
NEAREST_TO_CERTAIN = 1e-6


def brier(truth: ArrayLike, p: ArrayLike) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.calibration.brier`, for a column or an ``image class`` table."""
    squares, _ = _squares_and_classes(truth, p)
    columns = np.stack([squares, np.ones_like(squares)], axis=1)
    return OfSums([columns], lambda sums: quotient(sums[:, 0], sums[:, 1]))


def brier_skill(truth: ArrayLike, p: ArrayLike) -> CountedStatistic:
    """Return the counted :func:`wetread.metrics.calibration.brier_skill`; the prevalence is that of the resample."""
    squares, was = _squares_and_classes(truth, p)
    columns = np.column_stack([squares, np.ones_like(squares), was])

    def finish(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        n = sums[:, 1]
        share = quotient(sums[:, 2:], n[:, None])
        # the mean of (share - was)^2 over rows and classes, for columns of zeros and ones
        reference = np.sum(share * (1 - share), axis=1)
        return 1 - quotient(quotient(sums[:, 0], n), reference)

    return OfSums([columns], finish)


def brier_and_skill(
    truth: ArrayLike, p: ArrayLike, rows: ArrayLike | None = None
) -> tuple[CountedStatistic, CountedStatistic]:
    """Return the counted Brier score and its skill against the prevalence of the resample, from the same sums.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        rows: The row of the counts that each image belongs to; image n is row n if None.

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


def _squares_and_classes(truth: ArrayLike, p: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the squared distance per row, and the columns of zeros and ones it was taken from."""
    if np.ndim(p) == 2:
        classes = as_classes(truth)
        table = as_probability_table(p, len(classes))
        was = np.eye(table.shape[1])[as_classes(classes, table.shape[1])]
    else:
        y = as_truth(truth)
        table = as_probabilities(p, len(y))[:, None]
        was = y[:, None].astype(np.float64)
    return np.asarray(np.sum((table - was) ** 2, axis=1)), was


def calibration_line(
    truth: ArrayLike, p: ArrayLike, part: Literal["slope", "intercept", "in_the_large"]
) -> CountedStatistic:
    """Return one part of the counted :func:`wetread.metrics.calibration.calibration_slope_intercept`."""
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    column = {"slope": 0, "intercept": 1, "in_the_large": 2}[part]
    return lambda counts: fit_calibration_lines(y, said, counts)[:, column]


def fit_calibration_lines(
    y: NDArray[np.bool_], p: NDArray[np.float64], counts: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fit the line of Cox (1958) in each resample.

    Args:
        y: Truth per row.
        p: Probability per row, in [0, 1].
        counts: ``resample row`` table.

    Returns:
        Per resample: slope, intercept, and intercept with the slope held at 1; a row of NaN where a class is absent,
        all probabilities are equal, or a threshold separates the classes (the best slope is then infinite).
    """
    x = logit(np.clip(p, NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN))
    lines = np.full((len(counts), 3), np.nan)
    drawn = counts > 0
    lowest_positive, highest_positive = _range(x, drawn & y)
    lowest_negative, highest_negative = _range(x, drawn & ~y)
    overlap = (highest_negative > lowest_positive) & (highest_positive > lowest_negative)
    if overlap.any():
        kept = counts[overlap]
        middle, width = float(x.mean()), float(x.std())  # Newton's steps are safest on a standardised scale
        intercept, slope = _newton(y, (x - middle) / width, np.zeros_like(x), kept)
        lines[overlap, 0] = slope / width
        lines[overlap, 1] = intercept - slope * middle / width
        lines[overlap, 2] = _newton(y, np.zeros_like(x), x, kept)[0]
    lines[~np.isfinite(lines).all(axis=1)] = np.nan
    return lines


def _range(x: NDArray[np.float64], chosen: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest x of the chosen rows per resample; an empty choice overlaps with nothing."""
    return np.where(chosen, x, np.inf).min(axis=1), np.where(chosen, x, -np.inf).max(axis=1)


def _newton(
    y: NDArray[np.bool_], x: NDArray[np.float64], offset: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Maximise the likelihood of ``logit = offset + intercept + slope * x``; NaN where it does not settle.

    An x of zeros leaves the slope at 0. Steps that do not improve the likelihood are halved, so Newton cannot run off.
    """
    best = np.zeros((len(counts), 2))
    step = np.zeros_like(best)
    height = np.full(len(counts), -np.inf)
    open_rows = np.arange(len(counts))
    no_slope = float(not x.any())
    for _ in range(60):
        c, trial = counts[open_rows], best[open_rows] + step[open_rows]
        eta = offset + trial[:, :1] + trial[:, 1:] * x
        reached = np.einsum("ij,ij->i", c, y * eta - np.logaddexp(0, eta))
        better = reached >= height[open_rows] - 1e-12 * np.abs(reached)
        worse = open_rows[~better]
        step[worse] /= 2
        rows = open_rows[better]
        best[rows], height[rows] = trial[better], reached[better]
        mu = expit(eta[better])
        residual = c[better] * (y - mu)
        weight = c[better] * mu * (1 - mu)
        g0, g1 = residual.sum(axis=1), residual @ x
        h00, h01, h11 = weight.sum(axis=1), weight @ x, weight @ x**2 + no_slope
        determinant = h00 * h11 - h01**2
        step[rows, 0] = quotient(h11 * g0 - h01 * g1, determinant)
        step[rows, 1] = quotient(h00 * g1 - h01 * g0, determinant)
        open_rows = open_rows[~(np.abs(step[open_rows]).max(axis=1) <= 1e-9)]  # NaN stays open
        if len(open_rows) == 0:
            break
    best[open_rows] = np.nan
    return best[:, 0], best[:, 1]
