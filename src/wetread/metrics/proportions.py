"""Many proportions of the same patients at once: sensitivities, predictive values of several rules and findings.

Each is what :func:`wetread.metrics.choice.interval_for_proportion` would give. The resamples are shared, so that a
hundred proportions cost one matrix product, and all of them speak of the same drawn patients.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.choice import MANY_PATIENTS
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.inputs import as_column
from wetread.metrics.interval import Interval
from wetread.metrics.intervals import wilson_by_patient
from wetread.shapes import Bools

#: Any name of a proportion.
Key = TypeVar("Key", bound=Hashable)


def intervals_for_proportions(
    rates: Mapping[Key, tuple[Bools, Bools]],
    patients: ArrayLike,
    strata: ArrayLike | None = None,
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[Key, Interval | None]:
    """Return the share of trials that are successes for each of many: Wilson, or the patient bootstrap.

    Args:
        rates: Key -> (successes, trials), each one bool per image; each success is also a trial.
        patients: Who each image belongs to.
        strata: Label of each image; see :func:`wetread.metrics.bootstrap.patient_bootstrap_many`.
        resamples: How many resamples to draw.
        seed: Of the draws.

    Returns:
        Key -> interval within [0, 1], or None where no image is a trial.

    Raises:
        ValueError: Lengths differ, or a success is no trial.
    """
    if not rates:
        return {}
    keys = as_column(patients, len(next(iter(rates.values()))[0]), "patients")
    found: dict[Key, Interval | None] = {}
    drawn: dict[Key, CountedStatistic] = {}
    for name, (successes, trials) in rates.items():
        statistic = counted.rate(successes, trials)  # refuses a success that is no trial
        people = len(np.unique(keys[trials]))
        found[name] = wilson_by_patient(successes[trials], keys[trials]) if people else None
        if MANY_PATIENTS <= people < int(trials.sum()):
            drawn[name] = statistic
    numbered = {str(number): statistic for number, statistic in enumerate(drawn.values())}
    intervals = patient_bootstrap_many(numbered, keys, strata, resamples=resamples, seed=seed) if drawn else {}
    for name, one in zip(drawn, intervals.values(), strict=True):
        if one is not None and one.low < one.high:  # else every draw says the same, and Wilson stays
            found[name] = one
    return found
