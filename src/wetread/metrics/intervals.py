"""Intervals in closed form: a share of counted cases, and the mean of a repeated cross-validation.

Sources: Wilson 1927; Clopper & Pearson 1934; Nadeau & Bengio 2003, 10.1023/A:1024068626366. See ``delong`` and
``newcombe`` for the AUROC, ``bootstrap`` for everything else, and ``choice`` for which of them is right for the data at
hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, ndtri, stdtrit

from wetread.metrics.inputs import as_column, as_scores, as_truth, check_level
from wetread.metrics.interval import Interval, enclosing

#: Patients that a guessed design effect counts for, beside the one measured in the patients at hand.
GUESSED_PATIENTS = 10


def wilson(successes: float, n: int, level: float = 0.95) -> Interval | None:
    """Return a share with its score interval (Wilson 1927), which stays inside [0, 1]: 10 of 10 gives 0.72 to 1.

    Args:
        successes: How many of the n came out right; may be a fraction (half a point for a tie).
        n: How many independent cases were counted.
        level: Confidence level in (0, 1).

    Returns:
        The interval, or None when nothing was counted.

    Raises:
        ValueError: Successes outside [0, n], or a level outside (0, 1).
    """
    _check_counts(successes, n, level)
    if n == 0:
        return None
    low, high = _score_bounds(successes / n, n, level)
    return enclosing(successes / n, low, high, "Wilson", n, level)


def _score_bounds(share: float, n: float, level: float) -> tuple[float, float]:
    z = float(ndtri((1 + level) / 2))
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def wilson_by_patient(
    won: ArrayLike, patients: ArrayLike, level: float = 0.95, weights: ArrayLike | None = None
) -> Interval | None:
    """Return a share with its score interval where patients have several trials: Wilson, for as many as they are worth.

    Trials of one patient resemble each other, so n of them are worth n divided by the design effect: the variance of
    the share with patients as units over that with trials as units (Rao & Scott 1992; effective sizes in a score
    interval: Korn & Graubard 1998, Dean & Pagano 2015, 10.1093/jssam/smv024). Of few patients that ratio is mostly
    noise, so ``GUESSED_PATIENTS`` are added in whom trials are half alike. When every trial was won (or none), nothing
    speaks against all trials of a patient being alike, and each patient counts about once.

    Args:
        won: One bool per trial.
        patients: Who each trial belongs to.
        level: Confidence level in (0, 1).
        weights: How much each trial counts, above 0; all alike if None. The mean of several readers' shares is the
            share of all their readings, each weighted by one over how many that reader has.

    Returns:
        The interval, whose ``n`` is the number of patients; with one trial per patient it is :func:`wilson`.

    Raises:
        ValueError: Lengths differ, there is no trial, or a level outside (0, 1).
    """
    check_level(level)
    right = as_truth(won, "won")
    _, patient, size = np.unique(as_column(patients, len(right), "patients"), return_inverse=True, return_counts=True)
    n, people = len(right), len(size)
    if n == people and weights is None:
        return wilson(int(right.sum()), n, level)
    weight = np.ones(n) if weights is None else as_scores(weights, n, "weights")
    share = float(np.sum(weight * right) / weight.sum())  # two like sums: exactly 1 where every trial was won
    weight = weight / weight.sum()
    trials = 1 / float(weight @ weight)  # how many of equal weight these are worth, were they independent
    most = float(np.sum(np.bincount(patient, weights=weight) ** 2)) * trials  # all trials of a patient are alike
    effect = most
    if 0 < share < 1 and people > 1:
        away = np.bincount(patient, weights=weight * (right - share))
        measured = people / (people - 1) * float(away @ away) * trials / (share * (1 - share))
        half_alike = (1 + most) / 2
        effect = (people * measured + GUESSED_PATIENTS * half_alike) / (people + GUESSED_PATIENTS)
    worth = trials / min(max(effect, 1.0), most)
    low, high = _score_bounds(share, worth, level)
    return enclosing(share, low, high, "Wilson, patients as units", people, level)


def clopper_pearson(successes: float, n: int, level: float = 0.95) -> Interval | None:
    """Return a share with its exact interval (Clopper & Pearson 1934), never too short; use it as :func:`wilson`."""
    _check_counts(successes, n, level)
    if n == 0:
        return None
    tail = (1 - level) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes > 0 else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return enclosing(successes / n, low, high, "Clopper-Pearson", n, level)


def _check_counts(successes: float, n: int, level: float) -> None:
    check_level(level)
    if not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n = {n}, not {successes}")


def nadeau_bengio(
    values: ArrayLike,
    n_train: float,
    n_test: float,
    level: float = 0.95,
    *,
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Interval | None:
    """Return the mean over the folds of a repeated cross-validation, with the corrected t interval.

    Folds share training images, so s^2 / J is far too small; the variance here is (1/J + n_test/n_train) s^2. It speaks
    of the procedure (training again on such data), not of one trained model.

    Args:
        values: One number per fold and repetition, J in all.
        n_train: Patients (or images) in a training part.
        n_test: Patients (or images) in a test part.
        level: Confidence level in (0, 1).
        bounds: Where the quantity must lie, for example (0, 1) for an AUROC; the interval is cut there.

    Returns:
        The interval, or None for fewer than two values.

    Raises:
        ValueError: A value is not finite or outside the bounds, or a part is empty.
    """
    check_level(level)
    column = as_scores(values, np.size(values), "values")
    if not (n_train > 0 and n_test > 0):
        raise ValueError(f"both parts need images: n_train = {n_train}, n_test = {n_test}")
    j = len(column)
    if j < 2:
        return None
    if column.min() < bounds[0] or column.max() > bounds[1]:
        raise ValueError(f"values must lie within the bounds {bounds}")
    half = float(stdtrit(j - 1, (1 + level) / 2)) * math.sqrt((1 / j + n_test / n_train) * float(column.var(ddof=1)))
    mean = float(column.mean())
    method = f"corrected t over {j} folds (Nadeau-Bengio)"
    return enclosing(mean, max(mean - half, bounds[0]), min(mean + half, bounds[1]), method, j, level)


def procedure_interval(
    per_fold_values: Sequence[float | None],
    repeats: int,
    folds: int,
    n_train: float,
    n_test: float,
    level: float = 0.95,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Interval | None:
    """Return the mean over folds with the interval for "training again in this way on such data" (Nadeau & Bengio).

    Args:
        per_fold_values: One number per fold and repetition; None where it is not defined (a class is absent).
        repeats: How often the data were divided anew.
        folds: Parts of each division.
        n_train: Mean number of patients (or images) in a training part.
        n_test: Mean number of them in a test part.
        level: Confidence level in (0, 1).
        bounds: Where the quantity must lie; (0, 1) is right for an AUROC.

    Returns:
        The interval; ``method`` says how many folds were left out. None for a single division into two parts (one test
        set says nothing of training again), and where more than a tenth of the folds have no value.

    Raises:
        ValueError: There are not ``repeats`` times ``folds`` values, one lies outside the bounds, or a part is empty.
    """
    if len(per_fold_values) != repeats * folds:
        raise ValueError(f"{repeats} repeats of {folds} folds need as many values, not {len(per_fold_values)}")
    known = [value for value in per_fold_values if value is not None]
    missing = len(per_fold_values) - len(known)
    if folds < 2 or len(known) < 2 or missing > 0.1 * len(per_fold_values):
        return None
    found = nadeau_bengio(known, n_train, n_test, level, bounds=bounds)
    if found is None or not missing:
        return found
    return replace(found, method=f"{found.method}, {missing} not defined and left out")
