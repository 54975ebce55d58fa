"""The four corners of the picture, where side markers, dates and logos stand."""

from __future__ import annotations

import numpy as np

from wetread.probes.probe import SMALL, Features, Probe, Sight

#: Side of a corner, as a part of the picture's.
CORNER = 1 / 8
#: Cells along each side of a corner whose mean brightness is taken.
CELLS = 4


def describe(sight: Sight) -> Features:
    """Brightness in 4 x 4 cells of each corner, with spread, darkest and brightest; grey values 0 to 255."""
    side = round(CORNER * SMALL)
    small = sight.small.astype(np.float32)
    names: list[str] = []
    columns = []
    for down, rows in (("upper", slice(0, side)), ("lower", slice(SMALL - side, SMALL))):
        for across, places in (("left", slice(0, side)), ("right", slice(SMALL - side, SMALL))):
            corner, where = small[:, rows, places], f"the {down} {across} corner"
            cells = corner.reshape(len(small), CELLS, side // CELLS, CELLS, side // CELLS).mean(axis=(2, 4))
            flat = corner.reshape(len(small), -1)
            names += [f"brightness in {where}, cell {cell}" for cell in range(1, CELLS**2 + 1)]
            names += [f"{what} in {where}" for what in ("spread", "darkest", "brightest")]
            measured = np.stack([flat.std(axis=1), flat.min(axis=1), flat.max(axis=1)], axis=1)
            columns += [cells.reshape(len(small), -1), measured]
    return Features(tuple(names), np.concatenate(columns, axis=1).astype(np.float64))


CORNERS = Probe("corners", "the four corners of the picture, an eighth of its side each", describe)
