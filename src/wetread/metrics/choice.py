"""Which interval is right for the data at hand: few patients or many, with one image each or several.

Every rule was chosen by what it covers in simulated studies (``bench/coverage.py``; the table is in docs/intervals.md):

- a proportion with one image per patient: Wilson; with several, Wilson for as many images as they are worth, and from
  ``MANY_PATIENTS`` on drawn patients, which then say the same;
- an AUROC with fewer than ``FEW_PATIENTS`` in a class: Newcombe's score interval with DeLong's variance, patients as
  units; above, DeLong on the logit scale for one image per patient and drawn patients for several;
- a perfect ranking, which has no variance to go by: exact bounds on pairs. A bootstrap would claim to be certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap
from wetread.metrics.delong import delong, exact_by_pairs
from wetread.metrics.discrimination import auroc
from wetread.metrics.inputs import as_column, as_scores, as_truth, check_level
from wetread.metrics.interval import Interval
from wetread.metrics.intervals import wilson, wilson_by_patient
from wetread.metrics.newcombe import newcombe

#: Below this number of patients in the smaller class, bootstrap and normal theory promise too much of an AUROC.
FEW_PATIENTS = 100
#: The same for a proportion: near 0 or 1 a few failures decide, be there 100 patients or 300.
MANY_PATIENTS = 1000


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
    """Return the share of trials that are successes, with the interval that fits; see above.

    Sensitivity: successes are ``truth & predicted``, trials are ``truth``. Only patients with a trial count.

    Args:
        successes: One bool per image; each success is also a trial.
        trials: One bool per image: does it count at all?
        patients: Who each image belongs to.
        strata: Label of each image, usually the truth; see :func:`wetread.metrics.bootstrap.patient_bootstrap_many`,
            which draws within them only where the trials are of one label.
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
    statistic = counted.rate(successes, tried)  # refuses a success that is no trial
    keys = as_column(patients, len(tried), "patients")
    won = as_truth(successes, "successes")
    n = int(tried.sum())
    if n == 0:
        return None
    people = len(np.unique(keys[tried]))
    if people == n or people < MANY_PATIENTS:
        return wilson_by_patient(won[tried], keys[tried], level)
    found = patient_bootstrap(statistic, keys, strata, resamples=resamples, level=level, seed=seed)
    if found is None or found.low < found.high:
        return found
    return wilson_by_patient(won[tried], keys[tried], level)  # every draw says the same


def interval_for_mean_proportion(
    pairs: Sequence[tuple[NDArray[np.bool_], NDArray[np.bool_]]],
    patients: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval | None:
    """Return the unweighted mean of several shares of the same patients, such as the sensitivities of several readers.

    The rule is that of one share, so that the mean of one reader has the interval of this reader. All readings of a
    patient resemble each other; what they are worth is measured as for several images of a patient.

    Args:
        pairs: Successes and trials of each share, one bool per image; at least one. Those without a trial are left out.
        patients: Who each image belongs to.
        strata: As for :func:`interval_for_proportion`.
        resamples: How many resamples to draw.
        level: Confidence level in (0, 1).
        seed: Seed of the draws.

    Returns:
        The interval within [0, 1], or None when no image is a trial of any.

    Raises:
        ValueError: Lengths differ, or a success is no trial.
    """
    options = {"resamples": resamples, "level": level, "seed": seed}
    tried = [pair for pair in pairs if np.any(pair[1])] or list(pairs[:1])
    if len(tried) == 1:
        return interval_for_proportion(*tried[0], patients, strata, **options)  # type: ignore[arg-type]
    check_level(level)
    statistic = counted.mean_of([counted.rate(*pair) for pair in tried])
    keys = as_column(patients, len(tried[0][1]), "patients")
    won = np.concatenate([successes[trials] for successes, trials in tried])
    whose = np.concatenate([keys[trials] for _, trials in tried])
    weights = np.concatenate([np.full(int(trials.sum()), 1 / trials.sum()) for _, trials in tried])
    if len(np.unique(whose)) >= MANY_PATIENTS:
        found = patient_bootstrap(statistic, keys, strata, **options)  # type: ignore[arg-type]
        if found is None or found.low < found.high:
            return found
    return wilson_by_patient(won, whose, level, weights)


def interval_for_auroc(
    truth: ArrayLike,
    score: ArrayLike,
    patients: ArrayLike,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval | None:
    """Return the AUROC with the interval that fits; see above.

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
    area = auroc(y, s)
    if area is None:
        return None
    found: Interval | None
    if min(len(np.unique(keys[y])), len(np.unique(keys[~y]))) < FEW_PATIENTS:
        found = newcombe(y, s, keys, level)
    elif one_image_per_patient(keys):
        return delong(y, s, level)
    else:
        found = patient_bootstrap(counted.auroc(y, s), keys, y, resamples=resamples, level=level, seed=seed)
    return exact_if_certain(found, area, [(y, keys)], level)


def exact_if_certain(
    found: Interval | None,
    area: float,
    questions: Iterable[tuple[NDArray[np.bool_], NDArray[np.generic]]],
    level: float = 0.95,
) -> Interval | None:
    """Return the interval of an AUROC, or exact bounds on pairs where it has no width.

    Every resample of a perfect ranking is perfect, and none has a variance to go by, which is no certainty. The
    question with the fewest disjoint pairs bounds what is known.

    Args:
        found: The interval so far; None where no rule gave one.
        area: The AUROC, in [0, 1].
        questions: Truth and patient of each image, for each of the areas whose mean it is; one for a single AUROC.
        level: Confidence level in (0, 1).
    """
    if found is not None and found.low < found.high:
        return found
    return exact_by_pairs(area, min(disjoint_pairs(y, keys) for y, keys in questions), level)


def wilson_if_certain(found: Interval, patients: int) -> Interval:
    """Return the interval of a number in [0, 1], or Wilson's where every resample gives the same value.

    Args:
        found: From a bootstrap.
        patients: How many patients the number rests on, each counted once; at least 1.
    """
    if found.low < found.high:
        return found
    bounds = wilson(found.value * patients, patients, found.level)
    assert bounds is not None  # there is a patient
    method = "Wilson, each patient counted once (every resample gives the same value)"
    low, high = min(bounds.low, found.value), max(bounds.high, found.value)
    return replace(found, low=low, high=high, n=patients, method=method)


def disjoint_pairs(y: NDArray[np.bool_], keys: NDArray[np.generic]) -> int:
    """Return how many pairs of a positive and a negative image can be formed without using a patient twice."""
    positive, negative = set(keys[y].tolist()), set(keys[~y].tolist())
    people = len(positive | negative)
    return min(len(positive), len(negative), max(1, people // 2))
