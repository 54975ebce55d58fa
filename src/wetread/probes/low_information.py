"""What is left of a picture when almost everything is thrown away: its grey values without places, or a blur."""

from __future__ import annotations

import numpy as np
from PIL import Image

from wetread.probes.probe import SMALL, Features, Probe, Sight

LEVELS = 32
SIDE = 8


def describe_histogram(sight: Sight) -> Features:
    """Square roots of the shares of 32 grey levels, in [0, 1]."""
    names = tuple(
        f"share of grey {256 // LEVELS * level} to {256 // LEVELS * (level + 1) - 1}" for level in range(LEVELS)
    )
    shares = np.zeros((len(sight.rows), LEVELS))
    for number, picture in enumerate(sight.pictures):
        grey = np.asarray(Image.fromarray(picture).convert("L"))
        shares[number] = np.bincount(grey.ravel() // (256 // LEVELS), minlength=LEVELS) / grey.size
    return Features(names, np.sqrt(shares))


def describe_blur(sight: Sight) -> Features:
    """Grey values, 0 to 255, of an 8 x 8 thumbnail."""
    cell = SMALL // SIDE
    thumbnails = sight.small.reshape(-1, SIDE, cell, SIDE, cell).mean(axis=(2, 4))
    names = tuple(
        f"brightness in row {row} of {SIDE}, column {column} of {SIDE}"
        for row in range(1, SIDE + 1)
        for column in range(1, SIDE + 1)
    )
    return Features(names, thumbnails.reshape(len(thumbnails), -1))


HISTOGRAM = Probe("histogram", "how often each grey value occurs, not where", describe_histogram)
BLUR = Probe("blur", "the picture blurred to 8 by 8 squares", describe_blur)
