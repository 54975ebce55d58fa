"""The line of Cox (1958) through logits, with intervals from a formula, patients as units.

A bootstrap of this line is too sure of itself: with 50 cases a slope from fitted resamples covers about 0.91, one from
single Newton steps 0.79, since small samples pull the resampled slopes away from 1 once more. Here the variance is that
of the line when one patient after the other is left out (jackknife; one step of Newton's method each, which needs no
second fit: Pregibon 1981, 10.1214/aos/1176345513; for groups of rows Bell & McCaffrey 2002). It does not trust the
model's own likelihood, and images of a patient count together. How common the finding is was left to chance.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, stdtrit

from wetread.metrics.counted import added_up, quotient
from wetread.metrics.counted_calibration import NEAREST_TO_CERTAIN, fit_calibration_lines
from wetread.metrics.inputs import as_column, as_probabilities, as_truth, check_level
from wetread.metrics.interval import Interval, enclosing


def calibration_line_intervals(
    truth: ArrayLike, p: ArrayLike, patients: ArrayLike, level: float = 0.95
) -> tuple[Interval, Interval] | None:
    """Return slope and intercept of the recalibration line, each with its interval.

    Args:
        truth: One bool (or 0/1) per image.
        p: Probability of the finding per image.
        patients: Who each image belongs to.
        level: Confidence level in (0, 1).

    Returns:
        Slope and intercept, or None where the line is not defined (see
        :func:`wetread.metrics.calibration.calibration_slope_intercept`), with fewer than three patients, or where the
        line hangs on a single one.

    Raises:
        ValueError: Lengths differ, p is no probability, or the level is outside (0, 1).
    """
    check_level(level)
    y = as_truth(truth)
    said = as_probabilities(p, len(y))
    _, patient = np.unique(as_column(patients, len(y), "patients"), return_inverse=True)
    n = int(patient.max()) + 1 if len(y) else 0
    if n < 3:
        return None
    slope, intercept, _ = fit_calibration_lines(y, said, np.ones((1, len(y))))[0]
    if not np.isfinite(slope):
        return None
    x = logit(np.clip(said, NEAREST_TO_CERTAIN, 1 - NEAREST_TO_CERTAIN))
    moves = _moves(y, x, expit(intercept + slope * x), patient)
    errors = np.sqrt((n - 1) / n * np.sum(moves**2, axis=0))
    if not np.isfinite(errors).all():
        return None
    half = float(stdtrit(n - 2, (1 + level) / 2)) * errors
    method = "jackknife of patients, one step each, Student's t"
    of_intercept, of_slope = (
        enclosing(value, value - width, value + width, method, n, level)
        for value, width in zip((intercept, slope), half, strict=True)
    )
    return of_slope, of_intercept


def _moves(
    y: NDArray[np.bool_], x: NDArray[np.float64], mu: NDArray[np.float64], patient: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return ``patient (intercept, slope)``: how far the line moves, to one step, when that patient is left out."""
    residual, weight = y - mu, mu * (1 - mu)
    sums = added_up(np.stack([residual, residual * x, weight, weight * x, weight * x**2], axis=1), patient)
    g0, g1 = sums[:, 0], sums[:, 1]
    h00, h01, h11 = (sums[:, 2:].sum(axis=0) - sums[:, 2:]).T  # the information that the others hold
    determinant = h00 * h11 - h01**2
    return np.stack([quotient(h11 * g0 - h01 * g1, determinant), quotient(h00 * g1 - h01 * g0, determinant)], axis=1)
