"""How much of the heat lies outside the body: in air, on markers, on the frame. Reported, not judged."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import binary_fill_holes, binary_opening, label

from wetread.explanation.trials.likeness import on_grid
from wetread.explanation.trials.sample import Maps
from wetread.shapes import Bools, Picture

#: Above this the body fills the picture, and there is no outside to speak of.
FILLED = 0.97
#: A pixel is taken for air below this part of the 90th percentile.
AIR = 0.15


def body_of(picture: Picture) -> Bools:
    """The largest connected bright part, holes filled: a rough outline, right for dark surroundings only."""
    grey = picture.mean(axis=-1) if picture.ndim == 3 else picture.astype(np.float64)
    bright = binary_opening(grey > AIR * np.quantile(grey, 0.9), iterations=2)
    parts, count = label(bright)
    if count == 0:
        return np.ones(grey.shape, dtype=np.bool_)
    largest = 1 + int(np.bincount(parts.ravel())[1:].argmax())
    body: Bools = binary_fill_holes(parts == largest)
    return body


def heat_outside(maps: Maps, pictures: list[Picture]) -> float | None:
    """Mean part of the absolute heat outside the body; None where bodies fill their pictures."""
    shares = []
    for values, picture in zip(maps, pictures, strict=True):
        body = body_of(picture)
        if values is None or body.mean() > FILLED or not np.abs(values).sum():
            continue
        outside = 1 - on_grid(body.astype(np.float32), *values.shape)
        shares.append(float((np.abs(values) * outside).sum() / np.abs(values).sum()))
    return round(float(np.mean(shares)), 4) if shares else None
