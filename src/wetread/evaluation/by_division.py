"""The AUROC of each division of the data alone: what one fit reaches, which averaged predictions exceed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def by_division(values: Sequence[float | None]) -> dict[str, Any]:
    """What numbers.json says of the divisions.

    The predictions that a run is judged by are averaged over its divisions, and so are those of several models; the
    model that is handed over is one. Its AUROC is nearer to the mean of the divisions than to that of the averages.

    Args:
        values: AUROC of each division; None where it has none.

    Returns:
        ``auroc``: those that there are; ``mean``: theirs, None of none.
    """
    there = [round(value, 6) for value in values if value is not None]
    return {"auroc": there, "mean": round(float(np.mean(there)), 6) if there else None}
