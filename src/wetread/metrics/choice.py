"""Which interval is right for the data at hand: one image per patient, or several.

With one image per patient the images are independent and closed formulas hold. With several, patients are drawn
instead; and where every draw says the same (all images right), the bound falls back to counting each patient once,
because a bootstrap of a perfect result would claim to be certain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap
from wetread.metrics.delong import delong, exact_by_pairs
from wetread.metrics.inputs import as_column, as_scores, as_truth, check_level
from wetread.metrics.interval import Interval, enclosing
from wetread.metrics.intervals import wilson


def one_image_per_patient(patients: ArrayLike) -> bool:
    """Say whether no patient appears twice."""
    keys = np.asarray(patients)
    return len(np.unique(keys)) == len(keys)


def interval_for_proportion(
    successes: ArrayLike,
    trials: ArrayLike,
    patients: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval | None:
    """Return the share of trials that are successes: Wilson for one trial per patient, else the patient bootstrap.

    Sensitivity: successes are ``truth & predicted``, trials are ``truth``. Only patients with a trial count.

    Args:
        successes: One bool per image; each success is also a trial.
        trials: One bool per image: does it count at all?
        patients: Who each image belongs to.
        strata: Label of each image, usually the truth; see :func:`wetread.metrics.bootstrap.patient_bootstrap_many`.
        resamples: How many resamples to draw.
        level: Confidence level in (0, 1).
        seed: Seed of the draws.

    Returns:
        The interval within [0, 1], or None when no image is a trial.

    Raises:
        ValueError: Lengths differ, or a success is no trial.
    """
    check_level(level)
    tried = as_truth(trials, "trials")
    statistic = counted.rate(successes, tried)
    keys = as_column(patients, len(tried), "patients")
    won = as_truth(successes, "successes")
    n = int(tried.sum())
    if n == 0:
        return None
    if one_image_per_patient(keys[tried]):
        return wilson(int(won.sum()), n, level)
    found = patient_bootstrap(statistic, keys, strata, resamples=resamples, level=level, seed=seed)
    if found is None or found.low < found.high:
        return found
    people = len(np.unique(keys[tried]))
    bounds = wilson(found.value * people, people, level)
    assert bounds is not None
    method = "Wilson, each patient counted once (every resample gives the same value)"
    return enclosing(found.value, bounds.low, bounds.high, method, people, level)


def interval_for_auroc(
    truth: ArrayLike,
    score: ArrayLike,
    patients: ArrayLike,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval | None:
    """Return the AUROC: DeLong on the logit scale for one image per patient, else the patient bootstrap.

    Args:
        truth: One bool (or 0/1) per image.
        score: One finite number per image.
        patients: Who each image belongs to.
        resamples: How many resamples to draw.
        level: Confidence level in (0, 1).
        seed: Seed of the draws.

    Returns:
        The interval within [0, 1], or None when a class is absent.

    Raises:
        ValueError: Lengths differ, or a score is not finite.
    """
    check_level(level)
    y = as_truth(truth)
    s = as_scores(score, len(y))
    keys = as_column(patients, len(y), "patients")
    if one_image_per_patient(keys):
        return delong(y, s, level)
    found = patient_bootstrap(counted.auroc(y, s), keys, y, resamples=resamples, level=level, seed=seed)
    if found is None or found.low < found.high:
        return found
    return exact_by_pairs(found.value, disjoint_pairs(y, keys), level)


def disjoint_pairs(y: NDArray[np.bool_], keys: NDArray[np.generic]) -> int:
    """Return how many pairs of a positive and a negative image can be formed without using a patient twice."""
    positive, negative = set(keys[y].tolist()), set(keys[~y].tolist())
    people = len(positive | negative)
    return min(len(positive), len(negative), max(1, people // 2))
