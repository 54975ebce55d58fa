"""Interval for the AUROC of few cases, with one image per patient or several: Newcombe's score interval.

With ten cases in a class the spread of ten placements is itself a guess: where the hardest case happens to be missing,
DeLong's interval is short and too high, and covers 0.87 to 0.92 of a nominal 0.95 (10 + 90 cases, AUROC 0.95). Newcombe
(2006, 10.1002/sim.2324, method 5) asks instead which AUROCs would make the one found unlikely, with the variance that
such an AUROC *would* have (Hanley & McNeil 1982, for the mean size of the classes). That covers, but the variance is a
model's. So both are pooled: the model counts like ``MODEL_CASES`` degrees of freedom, what the data say like their own
(Satterthwaite). With more cases the data win. ``docs/intervals.md`` has the coverage in simulated studies.

Several images of a patient count as fewer: each class is divided by its design effect, which is the variance with
patients as units over that with images as units (Obuchowski 1997, 10.2307/2533958; Rao & Scott 1992).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

from wetread.metrics.delong import influence, placements, variance_by_patient
from wetread.metrics.inputs import as_column, as_scores, as_truth, check_level
from wetread.metrics.interval import Interval, enclosing
from wetread.metrics.root import find_root

#: Degrees of freedom that the model's variance counts for; chosen among 0, 10, 30 and no data by simulation.
MODEL_CASES = 30


def newcombe(
    truth: ArrayLike, score: ArrayLike, patients: ArrayLike | None = None, level: float = 0.95
) -> Interval | None:
    """Return the AUROC with a score interval; the bounds lie inside (0, 1).

    Args:
        truth: One bool (or 0/1) per image.
        score: One finite number per image.
        patients: Who each image belongs to; every image is its own patient if None.
        level: Confidence level in (0, 1).

    Returns:
        The interval, whose ``n`` is the number of patients; None when a class is absent or has a single patient, or
        when there is no variance to go by (AUROC 0 or 1, all scores equal).

    Raises:
        ValueError: Lengths differ, a score is not finite, or the level is outside (0, 1).
    """
    check_level(level)
    y = as_truth(truth)
    s = as_scores(score, len(y))
    keys = np.arange(len(y)) if patients is None else as_column(patients, len(y), "patients")
    if y.all() or not y.any():
        return None
    area, pull = float(placements(y, s)[0].mean()), influence(y, s)
    found = variance_by_patient(pull, y.astype(np.int64), keys)
    if found is None or found[0] < 1e-12 or not 0 < area < 1:
        return None
    variance, freedom = found
    m, n = _worth(pull[y], keys[y]), _worth(pull[~y], keys[~y])
    scale = (freedom * variance / _model_variance(area, m, n) + MODEL_CASES) / (freedom + MODEL_CASES)
    quantile = float(stdtrit(freedom + MODEL_CASES, (1 + level) / 2))

    def surprise(other: float) -> float:
        return abs(other - area) - quantile * math.sqrt(scale * _model_variance(other, m, n))

    people = len(np.unique(keys))
    method = "Newcombe's score interval with DeLong's variance" + (", patients as units" if people < len(y) else "")
    return enclosing(area, find_root(surprise, 0.0, area), find_root(surprise, area, 1.0), method, people, level)


def _model_variance(area: float, m: float, n: float) -> float:
    """Return the variance of an AUROC by Hanley & McNeil, with both classes as large as their mean (Newcombe)."""
    others = (m + n) / 2 - 1
    return area * (1 - area) * (1 + others * (1 - area) / (2 - area) + others * area / (1 + area)) / (m * n)


def _worth(pull: NDArray[np.float64], patients: NDArray[np.generic]) -> float:
    """Return how many independent images the images of one class are worth.

    The design effect lies between 1 (images of a patient are as different as those of two) and the mean size of a
    patient, seen from an image (they are all alike); estimates beyond are noise.
    """
    _, patient, size = np.unique(patients, return_inverse=True, return_counts=True)
    n, units = len(pull), len(size)
    by_patient = units / (units - 1) * float(np.sum(np.bincount(patient, weights=pull) ** 2))
    by_image = n / (n - 1) * float(np.sum(pull**2))
    most = float(np.sum(size.astype(np.float64) ** 2)) / n
    return n / (min(max(by_patient / by_image, 1.0), most) if by_image > 0 else most)
