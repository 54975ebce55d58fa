"""What is found inside a model, as pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.explanation.heatmap import Heatmap, draw_over
from wetread.shapes import Floats, Picture

#: Longest side of a real picture beside a drawn one.
THUMBNAIL = 160
#: Grey ground of signed maps, that of the colour bar.
GROUND = 60


def is_coloured(picture: Picture) -> bool:
    """Whether colours differ anywhere by more than what JPEG does to grey."""
    return picture.ndim == 3 and int(np.ptp(picture.astype(np.int16), axis=2).max()) > 12


def draw_signed(values: Floats, scale: float) -> NDArray[np.uint8]:
    """Positive orange, negative blue, nothing grey; the size of the map, each cell enlarged by a whole number."""
    times = max(1, 64 // max(values.shape))
    large = np.repeat(np.repeat(values, times, axis=0), times, axis=1)
    return draw_over(Heatmap(large, "", "", ""), np.full(large.shape, GROUND, dtype=np.uint8), scale)


def draw_filter(weights: Floats, scale: float) -> NDArray[np.uint8]:
    """A filter of one colour signed; of three as a picture whose middle grey is zero."""
    if len(weights) == 1:
        return draw_signed(weights[0], scale)
    drawn: NDArray[np.uint8] = (
        np.clip(127.5 + 127.5 * weights.transpose(1, 2, 0) / scale, 0, 255).round().astype(np.uint8)
    )
    return drawn


def draw_waves(values: Floats) -> NDArray[np.uint8]:
    """A frequency response in [0, 1], brighter where it is stronger."""
    drawn: NDArray[np.uint8] = np.clip(255 * np.sqrt(values), 0, 255).round().astype(np.uint8)
    return drawn


def make_small(picture: Picture, side: int = THUMBNAIL) -> NDArray[np.uint8]:
    """A picture within a square of `side` pixels."""
    image = Image.fromarray(picture)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image)
