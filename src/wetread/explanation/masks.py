"""Masks: where a finding is visible, read from picture files in the proportions of the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wetread.errors import ImageRejected
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.shapes import Bools

#: Longest side; a mask is compared with cells, so no finer detail is needed.
SIDE = 320


def decode_masks(places: Sequence[Source], decoder: Decoder) -> list[Bools | None]:
    """Reads masks: everything brighter than half of the brightest pixel is the finding.

    Args:
        places: Image files.
        decoder: Running.

    Returns:
        ``row column`` per place, in order; None where a file cannot be read.
    """
    found: list[Bools | None] = [None] * len(places)
    for number, outcome in decoder.decode_many(places, max_side=SIDE):
        if not isinstance(outcome, ImageRejected):
            pixels = outcome.pixels if outcome.pixels.ndim == 2 else outcome.pixels.max(axis=-1)
            brightest = int(pixels.max())
            found[number] = pixels > brightest / 2 if brightest else np.zeros(pixels.shape, dtype=np.bool_)
    return found
