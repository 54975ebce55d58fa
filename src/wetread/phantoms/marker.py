"""What is added to the finished picture: the side letter and the border of the collimated field.

The letter always tells the truth about the side: R stands at the left of the picture, L at the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from wetread.shapes import Bools, Floats

GLYPHS: dict[str, tuple[str, ...]] = {
    "R": ("####.", "#...#", "#...#", "####.", "#.#..", "#..#.", "#...#"),
    "L": ("#....", "#....", "#....", "#....", "#....", "#....", "#####"),
}


@dataclass(frozen=True)
class Marker:
    """A lead letter.

    Args:
        letter: ``R`` or ``L``.
        framed: Whether a ring is drawn round it: the kind that may be tied to the label on purpose.
        across: Distance from the picture's edge, as a part of the width.
        down: Distance from the upper edge, as a part of the height.
        height: Height of the letter, as a part of the picture's.
        angle: Rotation, radians.
        brightness: 0.75 to 1.
    """

    letter: str
    framed: bool
    across: float
    down: float
    height: float
    angle: float
    brightness: float


def draw_marker(rng: np.random.Generator, framed_chance: float = 0.5) -> Marker:
    """Draws a marker; the number of random draws does not depend on the chance of a ring."""
    return Marker(
        letter="R" if rng.random() < 0.5 else "L",
        framed=bool(rng.random() < framed_chance),
        across=rng.uniform(0.06, 0.11),
        down=rng.uniform(0.06, 0.16),
        height=rng.uniform(0.030, 0.045),
        angle=rng.normal(0, 0.15),
        brightness=rng.uniform(0.8, 1.0),
    )


def add_marker(pixels: Floats, marker: Marker) -> Floats:
    """Lays the letter over a picture in [0, 1] (bright is dense); returns a new picture."""
    size = pixels.shape[0]
    centre_row = marker.down * size
    centre_column = (marker.across if marker.letter == "R" else 1 - marker.across) * size
    glyph = np.array([[1.0 if cell == "#" else 0.0 for cell in line] for line in GLYPHS[marker.letter]])
    # Smooth strokes: the coarse letter is enlarged, softened and cut at half height.
    large = ndimage.gaussian_filter(np.kron(np.pad(glyph, 2), np.ones((12, 12))), 3.5)
    strokes = np.clip((large - 0.42) * 6, 0, 1)
    unit = marker.height * size / (7 * 12)
    half = round(marker.height * size)
    low_row, low_column = max(round(centre_row) - half, 0), max(round(centre_column) - half, 0)
    box = slice(low_row, round(centre_row) + half + 1), slice(low_column, round(centre_column) + half + 1)
    height, width = pixels[box].shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    down, across = (rows + low_row - centre_row) / unit, (columns + low_column - centre_column) / unit
    cos, sin = math.cos(marker.angle), math.sin(marker.angle)
    at = [cos * down - sin * across + strokes.shape[0] / 2, cos * across + sin * down + strokes.shape[1] / 2]
    ink = ndimage.map_coordinates(strokes, at, order=1, mode="constant")
    if marker.framed:
        ring = np.abs(np.hypot(down, across) - 5.6 * 12)
        # The ring is at least one pixel wide and soft at its edges.
        ink = np.maximum(ink, np.clip((max(8.0, 1 / unit) - ring) * unit, 0, 1))
    marked = np.array(pixels, dtype=np.float32)
    marked[box] += ink * np.maximum(marker.brightness - marked[box], 0)
    return marked


def draw_collimation(rng: np.random.Generator, size: int) -> Bools | None:
    """Draws the shutter: where the field was not exposed, ``row column``; none in about half the images."""
    borders, turn = rng.uniform(-0.06, 0.05, 4), rng.normal(0, 0.008)
    if rng.random() < 0.45:
        return None
    rows, columns = (np.mgrid[:size, :size].astype(np.float32) + 0.5) / size
    across, down = columns + turn * (rows - 0.5), rows - turn * (columns - 0.5)
    left, right, top, bottom = borders
    return np.asarray((across < left) | (across > 1 - right) | (down < top) | (down > 1 - bottom))
