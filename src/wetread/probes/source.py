"""Where an image comes from, or how it was taken, by the user's own columns: hospital, device, data set, projection."""

from __future__ import annotations

from collections import Counter

import numpy as np

from wetread.dataset.other_columns import tells_source
from wetread.dataset.table import Row
from wetread.probes.probe import Features, Probe, Sight

#: More values than this are names of single images rather than sources.
MOST_VALUES = 30


def source_columns(rows: list[Row]) -> dict[str, list[str]]:
    """The user's columns that tell a source, with their cells in the order of the rows."""
    names = dict.fromkeys(name for row in rows for name in row.extra if tells_source(name))
    columns = {name: [row.extra.get(name, "").strip() for row in rows] for name in names}
    return {name: cells for name, cells in columns.items() if 1 < len(set(cells)) <= MOST_VALUES}


def describe(sight: Sight) -> Features | None:
    """Each value of each such column as 0 or 1; None where there is none."""
    columns: dict[str, list[float]] = {}
    for name, cells in source_columns(sight.rows).items():
        for value, _ in Counter(cells).most_common():
            columns[f"{name} {value or 'empty'}"] = [float(cell == value) for cell in cells]
    if not columns:
        return None
    return Features(tuple(columns), np.array(list(columns.values())).T)


SOURCE = Probe("source", "where each image comes from or how it was taken, by the columns of the table", describe, True)
