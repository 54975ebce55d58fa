"""What a file tells without looking at the picture: size, shape, bytes, format.

If these predict the label, a network can too, and nobody will know whether it ever looked at the anatomy.
"""

from __future__ import annotations

import numpy as np

from wetread.probes.probe import Features, Probe, Sight


def describe(sight: Sight) -> Features:
    """File properties as numbers, those that vary; none where all files are alike."""
    facts = [row.facts for row in sight.rows if row.facts is not None]
    assert len(facts) == len(sight.rows)
    columns: dict[str, list[float]] = {
        "width": [fact.width for fact in facts],
        "height": [fact.height for fact in facts],
        "aspect": [fact.width / fact.height for fact in facts],
        "bytes": [fact.bytes for fact in facts],
        "bytes per pixel": [fact.bytes / (fact.width * fact.height) for fact in facts],
        "bit depth": [fact.bit_depth for fact in facts],
    }
    for name, values in (("format", [fact.format for fact in facts]), ("mode", [fact.mode for fact in facts])):
        for value in sorted(set(values)):
            columns[f"{name} {value}"] = [float(one == value) for one in values]
    varying = {name: values for name, values in columns.items() if len(set(values)) > 1}
    if not varying:
        return Features((), np.zeros((len(sight.rows), 0)))
    return Features(tuple(varying), np.array(list(varying.values()), dtype=np.float64).T)


#: Every row is predicted: this one is also a rung of the ladder.
FILE_PROPERTIES = Probe(
    "file properties", "the size, shape, bytes and format of the files", describe, mixed=True, at_most=0
)
