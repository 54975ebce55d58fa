"""The AUROC of a table of class probabilities, two classes or more, with its interval.

For more than two classes it is the mean of each class against the rest: DeLong with patients as units where a class has
fewer than ``choice.FEW_PATIENTS``, drawn patients above.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap
from wetread.metrics.choice import FEW_PATIENTS, exact_if_certain, interval_for_auroc
from wetread.metrics.delong import delong_macro
from wetread.metrics.discrimination import macro_auroc
from wetread.metrics.inputs import as_classes, as_column, as_probability_table, check_level
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
    check_level(level)
    classes = as_classes(truth)
    table = as_probability_table(probabilities, len(classes))
    as_classes(classes, table.shape[1])
    if table.shape[1] == 2:
        column = 1 if positive is None else positive
        return interval_for_auroc(
            classes == column, table[:, column], patients, resamples=resamples, level=level, seed=seed
        )
    keys = as_column(patients, len(classes), "patients")
    area = macro_auroc(classes, table)
    if area is None:
        return None
    numbers = range(table.shape[1])
    if min(len(np.unique(keys[classes == number])) for number in numbers) < FEW_PATIENTS:
        found = delong_macro(classes, table, keys, level)
    else:
        statistic = counted.macro_auroc(classes, table)
        found = patient_bootstrap(statistic, keys, classes, resamples=resamples, level=level, seed=seed)
    return exact_if_certain(found, area, [(classes == number, keys) for number in numbers], level)
