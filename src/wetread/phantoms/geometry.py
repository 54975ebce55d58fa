"""Chord lengths: how many centimetres of a body a ray crosses, in closed form, on a pixel grid.

Rays are parallel to z. Lengths are in cm, angles in radians; x grows to the right of the picture (the patient's left),
y grows downwards. All fields are ``row column``, float32. A shape is only evaluated inside its bounding box.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wetread.shapes import Floats, Ints

#: Narrower tubes are drawn this wide (in pixels) and thinner in proportion, so that their mass survives sampling.
THINNEST_PIXELS = 0.65


@dataclass(frozen=True, eq=False)
class Grid:
    """The square detector, and where it lies in the patient's coordinates.

    Args:
        size: Pixels along each edge.
        field: Length of an edge in cm.
        tilt: Rotation of the patient within the picture plane, radians.
        shift: Patient coordinates (x, y) of the picture's centre, cm.
    """

    size: int
    field: float
    tilt: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)

    @property
    def pixel(self) -> float:
        """Edge of one pixel in cm."""
        return self.field / self.size

    @cached_property
    def xy(self) -> tuple[Floats, Floats]:
        """Patient coordinates of every pixel centre: x and y, ``row column``, cm."""
        steps = ((np.arange(self.size, dtype=np.float32) + 0.5) / self.size - 0.5) * np.float32(self.field)
        across, down = steps[None, :], steps[:, None]
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        return cos * across + sin * down + self.shift[0], cos * down - sin * across + self.shift[1]

    def to_pixels(self, points: Floats) -> Floats:
        """Turns points (x, y) in cm, ``point 2``, into fractional (column, row)."""
        x, y = points[:, 0] - self.shift[0], points[:, 1] - self.shift[1]
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        across, down = cos * x - sin * y, sin * x + cos * y
        return (np.stack([across, down], axis=1) / self.field + 0.5) * self.size - 0.5

    def box(self, centre: tuple[float, float], reach: float) -> tuple[slice, slice]:
        """Rows and columns that hold a disc of radius ``reach`` (cm); empty slices where it lies outside."""
        # Plain Python: this runs some two hundred times per image, on two numbers each.
        x, y = centre[0] - self.shift[0], centre[1] - self.shift[1]
        cos, sin = math.cos(self.tilt), math.sin(self.tilt)
        half = reach / self.pixel + 1
        slices = []
        for place in (sin * x + cos * y, cos * x - sin * y):
            at = (place / self.field + 0.5) * self.size - 0.5
            low, high = math.floor(at - half), math.ceil(at + half) + 1
            slices.append(slice(min(max(low, 0), self.size), min(max(high, 0), self.size)))
        return slices[0], slices[1]


def ellipsoid_chord(
    grid: Grid, centre: tuple[float, float], radii: tuple[float, float, float], angle: float = 0.0, power: float = 2.0
) -> Floats:
    """Chord of an ellipsoid, or of a boxier body where ``power`` exceeds 2.

    The chord is 2c sqrt(1 - |u/a|^p - |v/b|^p), which for p = 2 is exact and integrates to the volume 4/3 pi a b c.

    Args:
        grid: The detector.
        centre: Its centre (x, y), cm.
        radii: Half axes: across, down (before the rotation) and along the ray, cm.
        angle: Rotation within the picture plane, radians, positive turns clockwise on the screen.
        power: 2 for an ellipsoid, 3 to 4 for vertebrae and the like.

    Returns:
        Chord lengths in cm, ``row column``.
    """
    chord = np.zeros((grid.size, grid.size), dtype=np.float32)
    add_ellipsoid(chord, grid, centre, radii, 1.0, angle, power)
    return chord


def add_ellipsoid(
    canvas: Floats,
    grid: Grid,
    centre: tuple[float, float],
    radii: tuple[float, float, float],
    weight: float,
    angle: float = 0.0,
    power: float = 2.0,
) -> None:
    """Adds ``weight`` times `ellipsoid_chord` to a canvas; cheap for the many small parts of a spine."""
    # A super-ellipse reaches further along its diagonal than its longer half axis.
    box = grid.box(centre, max(radii[:2]) * (1.0 if power <= 2 else 1.42))
    if box[0].start >= box[0].stop or box[1].start >= box[1].stop:
        return
    x, y = grid.xy[0][box] - centre[0], grid.xy[1][box] - centre[1]
    cos, sin = math.cos(angle) / radii[0], math.sin(angle) / radii[0]
    u = np.abs(cos * x + sin * y)
    cos, sin = math.cos(angle) / radii[1], math.sin(angle) / radii[1]
    v = np.abs(cos * y - sin * x)
    inside = 1 - u * u - v * v if power == 2 else 1 - u**power - v**power
    canvas[box] += weight * 2 * radii[2] * np.sqrt(np.maximum(inside, 0))


def super_ellipse_chord(offset: Floats, half_width: Floats | float, half_depth: Floats | float, power: float) -> Floats:
    """Chord across a horizontal section |x/a|^p + |z/c|^p <= 1 that may change from row to row.

    Args:
        offset: Distance from the axis, cm, any shape that broadcasts with the others.
        half_width: a, cm, 0 where there is no section.
        half_depth: c along the ray, cm.
        power: p; 2 is an ellipse, a trunk has about 2.6.

    Returns:
        2c (1 - |x/a|^p)^(1/p), cm.
    """
    ratio = np.abs(offset) / np.maximum(half_width, 1e-3)
    return 2 * half_depth * np.maximum(1 - ratio**power, 0) ** (1 / power)


@dataclass(frozen=True, eq=False)
class Tubes:
    """Straight tapering pieces; pieces of one layer merge (largest chord), layers add up.

    Args:
        ends: First and last point of each piece, ``piece 2 2`` (start/end, x/y), cm.
        radii: Radius at both ends, ``piece 2``, cm.
        stretch: Factor on the chord, ``piece``: above 1 where the tube runs oblique to the picture, below 1 where it
            is flatter than round.
        layer: Which layer each piece belongs to, ``piece``, from 0.
    """

    ends: Floats
    radii: Floats
    stretch: Floats
    layer: Ints


def tubes_along(points: Floats, radii: Floats, stretch: Floats, layer: Ints) -> Tubes:
    """Makes tubes around many polylines at once.

    Args:
        points: ``tube point 2``, cm.
        radii: ``tube point``, cm.
        stretch: ``tube piece``, one piece less than points.
        layer: ``tube``, the layer each merges with.
    """
    pieces = points.shape[1] - 1
    return Tubes(
        ends=np.stack([points[:, :-1], points[:, 1:]], axis=2).reshape(-1, 2, 2).astype(np.float32),
        radii=np.stack([radii[:, :-1], radii[:, 1:]], axis=2).reshape(-1, 2).astype(np.float32),
        stretch=stretch.reshape(-1).astype(np.float32),
        layer=np.repeat(layer, pieces),
    )


def tube_along(points: Floats, radii: Floats | float, stretch: float = 1.0, layer: int = 0) -> Tubes:
    """Makes a tube around one polyline ``point 2`` (cm) with one radius, or one for each point (cm)."""
    count = len(points)
    at_points = np.broadcast_to(np.asarray(radii, dtype=np.float32), (count,))
    return tubes_along(points[None], at_points[None], np.full((1, count - 1), stretch), np.array([layer]))


def join_tubes(parts: list[Tubes]) -> Tubes:
    """Puts the pieces of several tubes into one, so that they are drawn in one go."""
    return Tubes(
        np.concatenate([part.ends for part in parts]),
        np.concatenate([part.radii for part in parts]),
        np.concatenate([part.stretch for part in parts]),
        np.concatenate([part.layer for part in parts]),
    )


def tube_chord(grid: Grid, tubes: Tubes) -> Floats:
    """Chord 2 sqrt(R^2 - d^2) of solid tubes at distance d from their axis, cm, ``row column``."""
    return _draw(grid, tubes, (0.0,))[0]


def hollow_bone(grid: Grid, tubes: Tubes, wall: float, cortex: float, core: float) -> Floats:
    """Line integral of tubes with a dense wall: brightest just inside the edge, as on every radiograph of a rib.

    Args:
        grid: The detector.
        tubes: Outer surface of the bones.
        wall: Thickness of the cortex, cm.
        cortex: Attenuation of the wall above that of what it replaces, 1/cm.
        core: The same for the inside, 1/cm.

    Returns:
        cortex (t(R) - t(R - wall)) + core t(R - wall), no unit, ``row column``.
    """
    outer, inner = _draw(grid, tubes, (0.0, wall))
    return cortex * (outer - inner) + core * inner


def enlarge(field: Floats, size: int) -> Floats:
    """Linear interpolation of a small square field to ``size`` pixels along each edge, without a shift."""
    at = (np.arange(size, dtype=np.float32) + 0.5) * (field.shape[0] / size) - 0.5
    low = np.clip(np.floor(at).astype(np.int64), 0, field.shape[0] - 2)
    part = np.clip(at - low, 0, 1).astype(np.float32)
    rows = field[low] * (1 - part)[:, None] + field[low + 1] * part[:, None]
    return np.asarray(rows[:, low] * (1 - part) + rows[:, low + 1] * part, dtype=np.float32)


def _draw(grid: Grid, tubes: Tubes, insets: tuple[float, ...]) -> list[Floats]:
    """Chords of tubes made thinner by each of ``insets`` (cm); distances are measured once for all of them."""
    size = grid.size
    layers = int(tubes.layer.max()) + 1
    canvases = [np.zeros(layers * size * size, dtype=np.float32) for _ in insets]
    start = grid.to_pixels(tubes.ends[:, 0]).astype(np.float32)
    move = grid.to_pixels(tubes.ends[:, 1]).astype(np.float32) - start
    radii = np.asarray(tubes.radii / grid.pixel, dtype=np.float32)
    reach = np.maximum(radii.max(axis=1), THINNEST_PIXELS)[:, None]
    low = np.ceil(np.minimum(start, start + move) - reach).astype(np.int32)
    extent = (np.floor(np.maximum(start, start + move) + reach).astype(np.int32) - low + 1).max(axis=1)
    # Pieces of like extent are evaluated together, each on its own small square patch.
    edges = np.where(extent < 24, (extent + 1) // 2 * 2, (extent + 7) // 8 * 8)
    visible = np.all((low < size) & (low + edges[:, None] > 0), axis=1)
    for edge in np.unique(edges[visible]):
        chosen = np.flatnonzero(visible & (edges == edge))
        steps = np.arange(edge, dtype=np.int32)
        column, row = low[chosen, 0, None] + steps, low[chosen, 1, None] + steps
        # int32 minus float32 would become float64, at twice the cost.
        dx = (column.astype(np.float32) - start[chosen, 0, None])[:, None, :]
        dy = (row.astype(np.float32) - start[chosen, 1, None])[:, :, None]
        along_x, along_y = move[chosen, 0, None, None], move[chosen, 1, None, None]
        length = np.maximum(along_x**2 + along_y**2, 1e-6)
        t = np.clip(dx * (along_x / length) + dy * (along_y / length), 0, 1)
        distance = (dx - t * along_x) ** 2 + (dy - t * along_y) ** 2
        first, change = radii[chosen, 0, None, None], (radii[chosen, 1] - radii[chosen, 0])[:, None, None]
        radius = first + t * change
        # Most of a patch is empty: only what a tube touches goes on.
        touched = distance < np.maximum(radius, THINNEST_PIXELS) ** 2
        touched &= ((column >= 0) & (column < size))[:, None, :]
        touched &= ((row >= 0) & (row < size))[:, :, None]
        piece, down, across = np.nonzero(touched)
        place = (tubes.layer[chosen][piece] * size + row[piece, down]) * size + column[piece, across]
        scale = np.asarray(2 * grid.pixel * tubes.stretch[chosen][piece], dtype=np.float32)
        distance, radius = distance[touched], radius[touched]
        for inset, canvas in zip(insets, canvases, strict=True):
            true = np.maximum(radius - np.float32(inset / grid.pixel), 0)
            drawn = np.maximum(true, THINNEST_PIXELS)
            chord = np.sqrt(np.maximum(drawn * drawn - distance, 0)) * (true / drawn) ** 2 * scale
            np.maximum.at(canvas, place, chord)
    return [canvas.reshape(layers, size, size).sum(axis=0) for canvas in canvases]
