"""The readers by experience, and how long they took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wetread.evaluation.evaluate import as_dicts
from wetread.metrics.interval import Interval
from wetread.readers.agreement import within
from wetread.readers.protocol import Scores
from wetread.readers.resample import FEWEST_TO_JUDGE, percentiles
from wetread.shapes import Floats


def by_experience(
    strata: Mapping[str, Sequence[str]],
    names: Sequence[str],
    columns: Sequence[str],
    scores: Scores,
    marks: Floats,
    groups: Sequence[str],
    *,
    model_row: int | None,
    resamples: int = 2000,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Mean F1 of each stratum by the paper's protocol, and how far its readers agree with each other.

    Args:
        strata: Stratum -> its readers.
        names: Of all readers, in the order of the rows of `scores`.
        columns: Names of the columns of `scores`; the first of them are the findings.
        scores: Of the paper's protocol.
        marks: ``reader image finding``.
        groups: The patient of each image.
        model_row: The row of the model in `scores`, if there is one.
        resamples: Of patients, for the agreement.
        seed: Of the resamples.

    Returns:
        Per stratum ``name``, ``readers`` and ``columns``: name -> ``average``, with a model ``difference`` (model minus
        average), and for findings ``fleiss`` and ``alpha`` where the stratum has two readers.
    """
    patients = len(set(groups))
    found = []
    for stratum, readers in strata.items():
        rows = [names.index(reader) for reader in readers]
        cells = {}
        for column, name in enumerate(columns):
            told = average_and_difference(scores, rows, model_row, column, patients)
            if column < marks.shape[2]:
                told |= within(marks[rows, :, column], groups, resamples=resamples, seed=seed)
            cells[name] = told
        found.append({"name": stratum, "readers": list(readers), "columns": cells})
    return found


def average_and_difference(
    scores: Scores, rows: Sequence[int], model_row: int | None, column: int, patients: int
) -> dict[str, Any]:
    """Mean of some rows, and the model's row minus it, on the same draws.

    Args:
        scores: Of a protocol.
        rows: The readers' rows.
        model_row: The model's row, or None.
        column: Which finding, or all pooled, or the mean.
        patients: How many were drawn from.

    Returns:
        ``average`` and ``difference``, as intervals; of the difference also ``significant``, which is None where there
        are too few patients to say.
    """
    usable = [row for row in rows if np.isfinite(scores.values[row, column])]
    if not usable:
        return {}
    value = float(scores.values[usable, column].mean())
    draws = scores.draws[:, usable, column].mean(axis=1)
    found: dict[str, Interval | None] = {"average": percentiles(value, draws, patients)}
    if model_row is not None:
        difference = float(scores.values[model_row, column]) - value
        found["difference"] = percentiles(difference, scores.draws[:, model_row, column] - draws, patients)
    told = as_dicts(found)
    if "difference" in told:
        gap, enough = told["difference"], patients >= FEWEST_TO_JUDGE
        gap["significant"] = (gap["low"] > 0 or gap["high"] < 0) if enough else None
    return told


def times(names: Sequence[str], seconds: Floats | None, strata: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Median seconds per case with quartiles, per reader and per stratum; empty where no times were given.

    Args:
        names: Of the readers.
        seconds: ``reader image``, NaN not given; or None.
        strata: Stratum -> its readers.
    """
    if seconds is None:
        return {}
    rows = {name: seconds[number] for number, name in enumerate(names)}
    found = {"readers": {name: _quartiles(row) for name, row in rows.items() if np.isfinite(row).any()}}
    pooled = {name: np.concatenate([rows[reader] for reader in readers]) for name, readers in strata.items()}
    return found | {"strata": {name: _quartiles(row) for name, row in pooled.items() if np.isfinite(row).any()}}


def _quartiles(seconds: Floats) -> dict[str, Any]:
    known = seconds[np.isfinite(seconds)]
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    return {
        "median": round(float(middle), 2),
        "from": round(float(low), 2),
        "to": round(float(high), 2),
        "n": len(known),
    }
