"""The outer strips of the picture, where films have shutters, frames, air and letters."""

from __future__ import annotations

import numpy as np

from wetread.probes.probe import SMALL, Features, Probe, Sight

#: Width of a strip, as a part of the side.
STRIP = 1 / 12
#: Pieces along each side whose mean brightness is taken.
PIECES = 8


def describe(sight: Sight) -> Features:
    """Brightness along the four edges, and how much of each is black, white or flat.

    Returns:
        Grey values 0 to 255, and shares in [0, 1].
    """
    width = round(STRIP * SMALL)
    small = sight.small.astype(np.float32)
    # Each strip lies along its length: ``image across along``.
    strips = {
        "top": small[:, :width],
        "bottom": small[:, -width:],
        "left": small[:, :, :width].transpose(0, 2, 1),
        "right": small[:, :, -width:].transpose(0, 2, 1),
    }
    names: list[str] = []
    columns = []
    for edge, strip in strips.items():
        pieces = strip.reshape(len(small), width, PIECES, -1).mean(axis=(1, 3))
        names += [f"brightness of the {edge} edge, part {piece} of {PIECES}" for piece in range(1, PIECES + 1)]
        outermost = strip[:, :2].mean(axis=(1, 2))
        spread = strip.std(axis=(1, 2))
        black, white = (strip <= 3).mean(axis=(1, 2)), (strip >= 252).mean(axis=(1, 2))
        names += [f"{what} of the {edge} edge" for what in ("outermost brightness", "spread", "black", "white")]
        columns += [pieces, np.stack([outermost, spread, black, white], axis=1)]
    return Features(tuple(names), np.concatenate(columns, axis=1).astype(np.float64))


BORDERS = Probe("borders", "the outermost twelfth of the picture on each side", describe)
