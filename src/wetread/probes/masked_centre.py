"""A thumbnail whose middle is blanked: what is left is mostly frame, air, shoulders and the edge of the body."""

from __future__ import annotations

import numpy as np

from wetread.outcome import say_percent
from wetread.probes.probe import SMALL, Features, Probe, Sight
from wetread.shapes import Bools

SIDE = 24
#: Part of each side that is blanked.
BLANKED = 0.6


def describe(sight: Sight) -> Features:
    """Grey values, 0 to 255, of a 24 x 24 thumbnail outside its middle."""
    cell = SMALL // SIDE
    thumbnails = sight.small.reshape(-1, SIDE, cell, SIDE, cell).mean(axis=(2, 4))
    left = ~_middle()
    places = np.argwhere(left)
    names = tuple(f"brightness {_depth(row)} from the top, {_depth(column)} from the left" for row, column in places)
    return Features(names, thumbnails[:, left])


def _middle() -> Bools:
    """``row column`` of the thumbnail: what is blanked."""
    edge = round((1 - BLANKED) / 2 * SIDE)
    blanked = np.zeros((SIDE, SIDE), dtype=bool)
    blanked[edge : SIDE - edge, edge : SIDE - edge] = True
    return blanked


def _depth(place: int) -> str:
    return say_percent((place + 0.5) / SIDE)


MASKED_CENTRE = Probe("masked centre", "the picture without its middle (60 % of each side blanked)", describe)
