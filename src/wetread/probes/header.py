"""What the DICOM header tells: device, exposure, processing. Only the harmless fields that reading kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from wetread.dataset.table import Row
from wetread.probes.probe import Features, Probe, Sight

#: The file-properties probe sees these.
_ELSEWHERE = frozenset(("Rows", "Columns", "SamplesPerPixel", "BitsAllocated", "BitsStored"))
#: Values of one field that get a column of their own, and how often each must occur.
MOST_VALUES = 12
FEWEST = 3


def describe(sight: Sight) -> Features | None:
    """Header fields as numbers; None where no file has a header, or none of the fields varies."""
    if not any(row.facts and row.facts.header for row in sight.rows):
        return None
    fields = [_fields(row) for row in sight.rows]
    columns: dict[str, list[float]] = {}
    for keyword in sorted({keyword for one in fields for keyword in one}):
        columns |= _columns(keyword, [one.get(keyword) for one in fields])
    varying = {name: values for name, values in columns.items() if len(set(values)) > 1}
    if not varying:
        return None
    return Features(tuple(varying), np.array(list(varying.values()), dtype=np.float64).T)


def _fields(row: Row) -> dict[str, Any]:
    """Keyword -> number or word."""
    if row.facts is None:
        return {}
    found: dict[str, Any] = {"TransferSyntaxUID": row.facts.transfer_syntax, "frames": row.facts.frames}
    for keyword, value in row.facts.header.items():
        if keyword not in _ELSEWHERE:
            # Of a spacing the first number says it all; several words are one word.
            numbers = isinstance(value, list) and value and not isinstance(value[0], str)
            found[keyword] = value[0] if numbers else " ".join(value) if isinstance(value, list) else value
    return {keyword: value for keyword, value in found.items() if value is not None}


def _columns(keyword: str, values: list[Any]) -> dict[str, list[float]]:
    """One field as columns: is it there, its number, and each frequent word."""
    columns = {f"{keyword} is given": [float(value is not None) for value in values]}
    numbers = [value for value in values if isinstance(value, (int, float))]
    if numbers:
        # Where it is missing, the median: that it is missing stands in a column of its own.
        usual = float(np.median(numbers))
        columns[keyword] = [float(value) if isinstance(value, (int, float)) else usual for value in values]
    words = Counter(value for value in values if isinstance(value, str))
    for word, count in words.most_common(MOST_VALUES):
        if count >= FEWEST:
            columns[f"{keyword} {word}"] = [float(value == word) for value in values]
    return columns


HEADER = Probe("header fields", "the header of the files: device, exposure, processing", describe, mixed=True)
