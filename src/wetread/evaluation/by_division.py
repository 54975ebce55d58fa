"""The AUROC of each division of the data alone: what one fit reaches, which averaged predictions usually exceed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def by_division(values: Sequence[float | None]) -> dict[str, Any]:
    """What numbers.json says of the divisions.

    The predictions that a run is judged by are averaged over its divisions, and so are those of several models; the
    model that is handed over is one. Its AUROC is usually nearer to the mean of the divisions than to that of the
    averages.

    Args:
        values: AUROC of each division; None where it has none.

    Returns:
        ``auroc``: those that there are; ``mean``: theirs, None of none.
    """
    there = [round(value, 6) for value in values if value is not None]
    return {"auroc": there, "mean": round(float(np.mean(there)), 6) if there else None}


def first_alone(numbers: Mapping[str, Any]) -> float | None:
    """The model's AUROC in the first division alone, where it was averaged over several; None where there was one.

    The probes are baselines, fitted in the first division only: with this they are compared, like with like.

    Args:
        numbers: Of numbers.json, of whatever version.
    """
    divisions = (numbers.get("repeats") or {}).get("auroc") or []
    return float(divisions[0]) if len(divisions) > 1 else None


def of_first_division(gain: dict[str, Any] | None) -> dict[str, Any] | None:
    """Marks a gain over a probe as one of the first division alone, in its method too.

    Args:
        gain: As `wetread.evaluation.evaluate.paired_gain` tells it.
    """
    return gain and {**gain, "method": f"{gain['method']}; first division alone", "division": 1}
