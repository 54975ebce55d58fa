"""Bodies that no ellipsoid describes, from their outline in the picture: liver, hip bone, sacrum, vertebrae.

A plate with a rounded edge: its chord grows from the outline inwards as that of a tube does, and stays even further in.
All lengths are in cm; fields are ``row column``.
"""

from __future__ import annotations

import numpy as np

from wetread.phantoms.geometry import Grid
from wetread.shapes import Floats


def knots(text: str) -> Floats:
    """Reads ``point 2`` from a line of numbers "x y  x y ...", cm."""
    return np.array([float(word) for word in text.split()]).reshape(-1, 2)


def spline(through: Floats, count: int, closed: bool = False) -> Floats:
    """Smooth curve through knots (Catmull-Rom).

    Args:
        through: ``knot 2``, cm.
        count: Points per piece between two knots.
        closed: Whether the last knot joins the first.

    Returns:
        ``point 2``, cm; the last knot itself is only part of an open curve.
    """
    before, after = (through[-1:], through[:2]) if closed else (through[:1], through[-1:])
    around = np.concatenate([before, through, after])
    t = np.linspace(0, 1, count, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (around[k : len(around) - 3 + k, None] for k in range(4))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * (p1 - p2) + p3 - p0) * t**3)
    points = curve.reshape(-1, 2)
    return points if closed else np.concatenate([points, through[-1:]])


def add_plate(
    canvas: Floats,
    grid: Grid,
    outline: Floats,
    edge: float,
    weight: float,
    wall: float = 0.0,
    wall_weight: float = 0.0,
) -> None:
    """Adds a plate of thickness ``2 edge`` with a rounded border, and with a dense wall if one is asked for.

    Args:
        canvas: What it is added to, changed in place.
        grid: The detector.
        outline: Closed, ``point 2``, cm.
        edge: Radius of the rounded border, half the thickness, cm.
        weight: Factor on the chord of the inside, 1/cm.
        wall: Thickness of the wall, cm.
        wall_weight: Factor on the chord of the wall, 1/cm.
    """
    # The smallest box that holds the outline: every pixel in it is measured against every side.
    places = grid.to_pixels(outline)
    low = np.clip(np.floor(places.min(axis=0)).astype(int) - 1, 0, grid.size)
    high = np.clip(np.ceil(places.max(axis=0)).astype(int) + 2, 0, grid.size)
    box = slice(low[1], high[1]), slice(low[0], high[0])
    if box[0].start >= box[0].stop or box[1].start >= box[1].stop:
        return
    depth = _depth(grid.xy[0][box], grid.xy[1][box], outline, grid.pixel)
    outer = _rounded(depth, edge)
    if wall <= 0:
        canvas[box] += weight * outer
        return
    inner = _rounded(depth - wall, edge - wall)
    canvas[box] += wall_weight * (outer - inner) + weight * inner


def _rounded(depth: Floats, radius: float) -> Floats:
    """Chord of a plate at a depth inside its outline: 2 sqrt(r^2 - (r - d)^2), even from d = r on."""
    out = radius - np.clip(depth, 0, radius)
    return 2 * np.sqrt(np.maximum(radius * radius - out * out, 0))


def _depth(x: Floats, y: Floats, outline: Floats, pixel: float) -> Floats:
    """Distance to the outline, positive inside, 0 outside, cm."""
    points = outline.astype(np.float32)
    nearest = np.full(x.shape, np.float32(1e6))
    inside = np.zeros(x.shape, dtype=bool)
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        along_x, along_y = end - start
        dx, dy = x - start[0], y - start[1]
        t = np.clip((dx * along_x + dy * along_y) / max(along_x**2 + along_y**2, 1e-6), 0, 1)
        np.minimum(nearest, (dx - t * along_x) ** 2 + (dy - t * along_y) ** 2, out=nearest)
        if start[1] != end[1]:
            crosses = (start[1] > y) != (end[1] > y)
            inside ^= crosses & (dx < along_x * dy / along_y)
    distance = np.sqrt(nearest)
    # Half a pixel of grace softens the staircase along the border.
    return np.where(inside, distance + 0.25 * pixel, np.maximum(0.25 * pixel - distance, 0))
