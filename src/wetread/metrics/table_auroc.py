"""The AUROC of a table of class probabilities, two classes or more, with its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap
from wetread.metrics.choice import disjoint_pairs, interval_for_auroc
from wetread.metrics.delong import exact_by_pairs
from wetread.metrics.inputs import as_classes, as_probability_table
from wetread.metrics.interval import Interval


def auroc_of_table(
    truth: ArrayLike,
    probabilities: ArrayLike,
    patients: ArrayLike,
    positive: int | None = None,
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval | None:
    """Return the AUROC of the positive class of two, or the mean of each class against the rest.

    Args:
        truth: Class number per image.
        probabilities: ``image class``, rows adding up to 1.
        patients: Who each image belongs to.
        positive: Column of the positive class; the last of two if None. Not looked at for more than two classes.
        resamples: How many resamples to draw where the bootstrap is needed.
        level: Confidence level in (0, 1).
        seed: Seed of the draws.

    Returns:
        The interval within [0, 1], or None when a class is absent.

    Raises:
        ValueError: Shapes do not fit.
    """
    classes = as_classes(truth)
    table = as_probability_table(probabilities, len(classes))
    as_classes(classes, table.shape[1])
    if table.shape[1] == 2:
        column = 1 if positive is None else positive
        return interval_for_auroc(
            classes == column, table[:, column], patients, resamples=resamples, level=level, seed=seed
        )
    if len(set(classes.tolist())) < table.shape[1]:
        return None
    statistic = counted.macro_auroc(classes, table)
    found = patient_bootstrap(statistic, patients, classes, resamples=resamples, level=level, seed=seed)
    if found is None or found.low < found.high:
        return found
    # Every resample of a perfect ranking is perfect, which is no certainty: the rarest class bounds what is known.
    keys = np.asarray(patients)
    return exact_by_pairs(found.value, min(disjoint_pairs(classes == c, keys) for c in set(classes.tolist())), level)
