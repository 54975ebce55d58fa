"""A smaller picture by area averaging: every new pixel is the mean of the old ones below it."""

from __future__ import annotations

import numpy as np
from PIL import Image

from wetread.shapes import Picture


def shrink(pixels: Picture, max_side: int | None, full: tuple[int, int] | None = None) -> Picture:
    """Reduces a picture until no side is longer than ``max_side``; never enlarges.

    Args:
        pixels: ``row column`` or ``row column 3``, 0..255.
        max_side: The longest side allowed, in pixels; None leaves the picture as it is.
        full: Rows and columns of the original, where the picture is a reduced one with sides rounded up; None: its own.

    Returns:
        The same kind of array with the same aspect, at least one pixel wide and high.
    """
    rows, columns = full or pixels.shape[:2]
    longest = max(rows, columns)
    if max_side is None or longest <= max_side:
        return pixels
    size = tuple(max(1, round(side * max_side / longest)) for side in (columns, rows))
    if pixels.shape[:2] == size[::-1]:
        return pixels
    # A box filter, since it does not ring: Lanczos would draw bright rims around lead markers.
    smaller = Image.fromarray(np.ascontiguousarray(pixels)).resize((size[0], size[1]), Image.Resampling.BOX)
    return np.asarray(smaller, dtype=np.uint8)
