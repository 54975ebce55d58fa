"""Patients drawn with replacement, the same draws for every number of a comparison.

The paper drew images; where patients have several images these are drawn together or not at all. No strata: what
counts as a case depends on who is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.metrics.interval import Interval, enclosing
from wetread.shapes import Floats

#: Cells of a table of counts that are drawn and used at once.
CELLS_AT_ONCE = 2**22

#: With fewer patients no difference is called significant: percentiles of so few are much too short.
FEWEST_TO_JUDGE = 10


def draw_counts(groups: Sequence[str], resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yields ``resample image`` tables of how often each image was drawn, in pieces; all of a patient alike.

    Args:
        groups: The patient of each image.
        resamples: How many in all.
        seed: The same seed gives the same draws.
    """
    _, patient = np.unique(np.asarray(groups), return_inverse=True)
    n = int(patient.max()) + 1
    random = np.random.default_rng(seed)
    at_once = max(1, CELLS_AT_ONCE // max(len(patient), n))
    for start in range(0, resamples, at_once):
        size = min(at_once, resamples - start)
        drawn = random.integers(0, n, size=(size, n)) + np.arange(size)[:, None] * n
        counts = np.bincount(drawn.ravel(), minlength=size * n).reshape(size, n)
        yield counts[:, patient].astype(np.float64)


def percentiles(value: float, drawn: Floats, patients: int, level: float = 0.95) -> Interval | None:
    """The value with the percentiles of its resamples; None where it is not defined.

    Args:
        value: In the data themselves.
        drawn: In each resample; NaN where it is not defined there.
        patients: How many were drawn from.
        level: Confidence level in (0, 1).
    """
    kept = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or len(kept) < 2:
        return None
    low, high = np.quantile(kept, [(1 - level) / 2, (1 + level) / 2])
    return enclosing(value, low, high, f"patient bootstrap percentile, {len(drawn)} resamples", patients, level)


def drop_lone_intervals(found: Any, patients: int) -> None:
    """Removes the bounds of every interval that rests on one patient: resamples of one are all alike, without width.

    Args:
        found: Results, searched all through, changed in place.
        patients: In the whole study.
    """
    if isinstance(found, list):
        for one in found:
            drop_lone_intervals(one, patients)
    elif isinstance(found, dict):
        if "method" in found and (patients < 2 or ("bootstrap" in found["method"] and found["n"] < 2)):
            for name in ("low", "high", "level", "method"):
                found.pop(name, None)
        for one in found.values():
            drop_lone_intervals(one, patients)
