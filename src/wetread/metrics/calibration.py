"""Whether probabilities come true: of the cases called 0.7, do seven in ten have the finding?

Conventions: ``p`` is the probability of the finding, in [0, 1]; a table of probabilities is ``image class`` with rows
that add up to 1. For several classes, ask about the class that was called: :func:`top_label` turns a table into the
pair (was it right, how sure was it) that the binary functions take.

Sources: Brier 1950; Cox 1958 (slope and intercept of the logistic recalibration line); Nixon 2019, arXiv 1904.01685
(bins of equal mass); Broecker & Smith 2007 (what a calibrated forecast would score by luck alone).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics.counted_calibration import fit_calibration_lines
from wetread.metrics.inputs import as_classes, as_column, as_probabilities, as_probability_table, as_truth
from wetread.metrics.interval import Interval
from wetread.metrics.intervals import wilson, wilson_by_patient


class ReliabilityBin(NamedTuple):
    """One point of the reliability plot: what was said on average, what came true, and how sure we are of that."""

    mean_probability: float
    observed: Interval
    n: int


class CalibrationLine(NamedTuple):
    """``logit(observed) = intercept + slope * logit(p)``; (1, 0) is perfect, a slope below 1 means overconfident.

    ``in_the_large`` is the intercept with the slope held at 1: positive when the finding is more frequent than said.
    """

    slope: float
    intercept: float
    in_the_large: float


def brier(truth: ArrayLike, p: ArrayLike) -> float:
    """Return the mean squared distance between what was said and what was: 0 is best.

    Args:
        truth: One bool (or 0/1) per image for a column of ``p``; class number per image for a table.
        p: Probability of the finding per image, or an ``image class`` table.

    Returns:
        A number in [0, 1] for a column, in [0, 2] for a table (Brier's sum over classes). Two classes as a table give
        twice the number of the same classes as a column.

    Raises:
        ValueError: Shapes do not fit, or p is no probability.
    """
    said, was = _said_and_was(truth, p)
    return float(np.mean(np.sum((said - was) ** 2, axis=1)))


def brier_skill(truth: ArrayLike, p: ArrayLike) -> float | None:
    """Return how much better the Brier score is than that of always saying the prevalence; 1 is best, 0 is no gain.

    Args:
        truth: As for :func:`brier`.
        p: As for :func:`brier`.

    Returns:
        A number of at most 1 (negative: worse than the prevalence), or None when all images are of one class.

    Raises:
        ValueError: Shapes do not fit, or p is no probability.
    """
    said, was = _said_and_was(truth, p)
    reference = float(np.mean(np.sum((was.mean(axis=0) - was) ** 2, axis=1)))
    return 1 - float(np.mean(np.sum((said - was) ** 2, axis=1))) / reference if reference else None


def _said_and_was(truth: ArrayLike, p: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two tables of the same shape: probability, and 1 where it came true."""
    if np.ndim(p) == 2:
        classes = as_classes(truth)
        table = as_probability_table(p, len(classes))
        return table, np.eye(table.shape[1])[as_classes(classes, table.shape[1])]
    y = as_truth(truth)
    return as_probabilities(p, len(y))[:, None], y[:, None].astype(np.float64)


def top_label(truth: ArrayLike, probabilities: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return per image whether the most probable class was right, and its probability.

    Args:
        truth: Class number per image.
        probabilities: ``image class`` table, rows adding up to 1.

    Raises:
        ValueError: Shapes do not fit, or a class number has no column.
    """
    classes = as_classes(truth)
    table = as_probability_table(probabilities, len(classes))
    as_classes(classes, table.shape[1])
    return table.argmax(axis=1) == classes, table.max(axis=1)


def equal_mass_bins(p: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Return the bin number per image, so that bins hold about the same number of images.

    Equal probabilities always share a bin (that of their middle rank): the result must not depend on the row order. So
    a model that says few distinct numbers fills fewer bins.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    _, group, size = np.unique(p, return_inverse=True, return_counts=True)
    # whole numbers throughout: half ranks times bins must not be rounded across the edge of a bin
    twice_middle = 2 * np.cumsum(size) - size
    return np.asarray((twice_middle * bins // (2 * len(p)))[group], dtype=np.int64)


def reliability_bins(
    truth: ArrayLike, p: ArrayLike, bins: int = 10, level: float = 0.95, *, patients: ArrayLike | None = None
) -> list[ReliabilityBin]:
    """Return the points of the reliability plot, in rising order of probability.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        bins: How many bins of equal mass to aim for; ties and few images give fewer.
        level: Confidence level of the Wilson interval of each observed rate.
        patients: Who each image belongs to, where that may be several; images count as independent if None.

    Raises:
        ValueError: Lengths differ, p is no probability, or bins is below 1.
    """
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    keys = None if patients is None else as_column(patients, len(y), "patients")
    number = equal_mass_bins(said, bins)
    points = []
    for k in np.unique(number):
        inside = number == k
        n = int(inside.sum())
        if keys is None:
            observed = wilson(int(y[inside].sum()), n, level)
        else:
            observed = wilson_by_patient(y[inside], keys[inside], level)
        assert observed is not None
        points.append(ReliabilityBin(float(said[inside].mean()), observed, n))
    return points


def expected_calibration_error(truth: ArrayLike, p: ArrayLike, bins: int = 10) -> float:
    """Return the mean distance between said and observed over bins of equal mass, in [0, 1].

    Biased upwards in small data: show it beside :func:`calibration_error_by_luck`.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        bins: How many bins of equal mass to aim for.

    Raises:
        ValueError: Lengths differ, p is no probability, or bins is below 1.
    """
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    number = equal_mass_bins(said, bins)
    return float(np.abs(np.bincount(number, weights=said - y)).sum() / len(y))


def calibration_error_by_luck(p: ArrayLike, bins: int = 10, *, draws: int = 1000, seed: int = 0) -> float:
    """Return the calibration error that these probabilities would show on average if they were perfectly true.

    Args:
        p: Probability of the finding per image.
        bins: As for :func:`expected_calibration_error`.
        draws: How many times the truth is drawn from ``p``.
        seed: Seed of the draws; the same seed gives the same number.

    Raises:
        ValueError: p is no probability, or bins is below 1.
    """
    said = as_probabilities(p, np.size(p))
    number = equal_mass_bins(said, bins)
    member = np.eye(bins)[number]
    random = np.random.default_rng(seed)
    at_once = max(1, 2**20 // len(said))  # keeps the table of draws at a few megabytes
    total = 0.0
    for start in range(0, draws, at_once):
        drawn = random.random((min(at_once, draws - start), len(said))) < said
        total += float(np.abs((said - drawn) @ member).sum())
    return total / (draws * len(said))


def calibration_slope_intercept(truth: ArrayLike, p: ArrayLike) -> CalibrationLine | None:
    """Fit the logistic recalibration line of Cox (1958) by maximum likelihood.

    Probabilities are moved inside [1e-6, 1 - 1e-6] first, because a network that says exactly 1 has no logit.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.

    Returns:
        Slope and intercept, or None when they have no finite best value: a class is absent, all probabilities are
        equal, or a threshold separates the classes without error.

    Raises:
        ValueError: Lengths differ, or p is no probability.
    """
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    lines = fit_calibration_lines(y, said, np.ones((1, len(y))))
    return CalibrationLine(*map(float, lines[0])) if np.isfinite(lines).all() else None
