"""Where things are in a head: points of a slice, soft edges, rounded rods, random folds, depth below the skull.

Coordinates are those of the standard skull in cm: x grows to the right of the picture (the patient's left), y towards
the back of the head, z upwards from the suprasellar cistern. All anatomy is three-dimensional, so neighbouring slices
of one patient fit together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wetread.phantoms.head_patient import HALF_LENGTH, HALF_WIDTH, HEIGHT, Head
from wetread.shapes import Floats

#: Height of the widest section of the skull, and power of its super-ellipsoid.
WIDEST, POWER = 2.4, 2.25
#: The skull's sides go on downwards almost straight.
DEPTH_BELOW = 9.0


@dataclass(frozen=True, eq=False)
class Points:
    """Places in the standard head.

    Args:
        x, y, z: Coordinates in cm, all of one shape.
        soft: Width over which an edge across the slice is spread, cm: about a pixel.
    """

    x: Floats
    y: Floats
    z: Floats
    soft: float

    def moved(self, dx: Floats, dy: Floats, dz: Floats | float = 0.0) -> Points:
        """The points shifted by so much, cm."""
        return Points(self.x + dx, self.y + dy, self.z + dz, self.soft)


class Canvas:
    """HU at some points, painted over layer by layer.

    Args:
        hu: Start values, changed in place.
    """

    def __init__(self, hu: Floats) -> None:
        self.hu = hu

    def lay(self, amount: Floats, value: Floats | float) -> None:
        """Lets ``value`` (HU) take the place of ``amount`` (0 to 1) of what is there."""
        self.hu += amount * (value - self.hu)


def slice_points(head: Head, size: int, field: float, height: float) -> Points:
    """Places of all pixels of a slice, ``row column``.

    Args:
        head: Its position on the table.
        size: Pixels along each edge.
        field: Edge of the field of view, cm.
        height: z of the slice in the standard head, cm.
    """
    steps = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * np.float32(field)
    across, down = steps[None, :], steps[:, None]
    cos, sin = math.cos(head.tilt), math.sin(head.tilt)
    x = (cos * across + sin * down + head.shift[0]) / head.stretch[0]
    y = (cos * down - sin * across + head.shift[1]) / head.stretch[1]
    z = np.float32(height) + head.roll * x + head.pitch * y
    return Points(x, y, np.asarray(z, dtype=np.float32), field / size)


def cover(inside: Floats, width: Floats | float) -> Floats:
    """How much of a pixel lies inside, 0 to 1.

    Args:
        inside: Distance to the edge, cm, positive inside.
        width: Over how many cm the edge is spread.
    """
    return np.asarray(np.clip(inside / width + 0.5, 0, 1))


def step_up(value: Floats, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high`` (or the reverse where low exceeds high), smooth in between."""
    part = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(part * part * (3 - 2 * part))


def turn_between(angle: Floats, other: Floats | float) -> Floats:
    """Difference of two angles, -pi to pi."""
    return np.asarray(np.remainder(angle - other + math.pi, 2 * math.pi) - math.pi)


def rod(points: Points, line: Sequence[tuple[float, float, float]], radii: Sequence[float]) -> Floats:
    """Signed distance to a tapering rod round a line in the right half of the picture, mirrored to the left one.

    Args:
        points: Where.
        line: Its corners (x, y, z), cm; x counts from the midline.
        radii: Radius at each corner, cm.

    Returns:
        cm, positive inside.
    """
    side = np.abs(points.x)
    inside = np.full(side.shape, -99.0, dtype=np.float32)
    for at in range(len(line) - 1):
        (x0, y0, z0), (x1, y1, z1) = line[at], line[at + 1]
        dx, dy, dz = x1 - x0, y1 - y0, z1 - z0
        px, py, pz = side - x0, points.y - y0, points.z - z0
        part = np.clip((px * dx + py * dy + pz * dz) / (dx * dx + dy * dy + dz * dz), 0, 1)
        distance = np.sqrt((px - part * dx) ** 2 + (py - part * dy) ** 2 + (pz - part * dz) ** 2)
        np.maximum(inside, radii[at] + part * (radii[at + 1] - radii[at]) - distance, out=inside)
    return inside


def ellipsoid(
    points: Points, centre: tuple[float, float, float], radii: tuple[float, float, float], mirror: bool = True
) -> Floats:
    """Signed distance to an ellipsoid (or to a mirrored pair), nearly in cm, positive inside."""
    x = np.abs(points.x) if mirror else points.x
    part = np.sqrt(
        ((x - centre[0]) / radii[0]) ** 2
        + ((points.y - centre[1]) / radii[1]) ** 2
        + ((points.z - centre[2]) / radii[2]) ** 2
    )
    return np.asarray((1 - part) * min(radii[:2]))


@dataclass(frozen=True, eq=False)
class Waves:
    """A random field as a sum of plane waves of similar length: its zero lines are folds of even spacing.

    Args:
        vectors: ``wave 3``, radians per cm.
        phases: ``wave``, radians.
    """

    vectors: Floats
    phases: Floats

    def value(self, x: Floats, y: Floats, z: Floats) -> Floats:
        """The field, mean 0 and standard deviation 1, in the shape of ``x``."""
        total = np.zeros(x.shape, dtype=np.float32)
        for angle, _ in self._angles(x, y, z):
            total += np.cos(angle)
        return total * self._scale

    def value_and_slope(self, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Floats]:
        """The field and the length of its gradient within the slice, 1/cm."""
        total, across, down = (np.zeros(x.shape, dtype=np.float32) for _ in range(3))
        for angle, vector in self._angles(x, y, z):
            total += np.cos(angle)
            sine = np.sin(angle)
            across += vector[0] * sine
            down += vector[1] * sine
        return total * self._scale, np.hypot(across, down) * self._scale

    @property
    def _scale(self) -> np.float32:
        return np.float32(math.sqrt(2 / len(self.phases)))

    def _angles(self, x: Floats, y: Floats, z: Floats) -> Iterator[tuple[Floats, Floats]]:
        # One wave after the other stays within the cache; a matrix product would start threads of its own.
        x, y, z = (np.asarray(part, dtype=np.float32) for part in (x, y, z))
        for vector, phase in zip(self.vectors, self.phases, strict=True):
            yield vector[0] * x + vector[1] * y + vector[2] * z + phase, vector


def draw_waves(rng: np.random.Generator, length: float, count: int = 20, spread: float = 0.25) -> Waves:
    """Draws a field.

    Args:
        rng: The random numbers.
        length: Mean wavelength, cm; folds lie half of it apart.
        count: Number of waves.
        spread: Relative deviation of the wavelengths.
    """
    directions = rng.standard_normal((count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    numbers = 2 * math.pi / length * np.clip(1 + spread * rng.standard_normal(count), 0.4, 2.0)
    return Waves(
        (directions * numbers[:, None]).astype(np.float32), rng.uniform(0, 2 * math.pi, count).astype(np.float32)
    )


def skull_depth(points: Points, head: Head) -> tuple[Floats, Floats]:
    """Depth below the inner surface of the skull cap.

    Returns:
        Depth in cm, positive inside, and how obliquely the surface is cut there (0 upright to 1 flat), both in the
        shape of the points.
    """
    along = points.y / HALF_LENGTH
    # The forehead is narrow, and narrower still at the level of the temples.
    low = step_up(points.z, 2.5, -0.5)
    waist = 1 + (head.narrow + 0.05 * low) * along - 0.05 * along**2 + head.skew * along * np.sign(points.x)
    across = points.x / (HALF_WIDTH * waist)
    up = points.z - WIDEST
    height = up / np.where(up > 0, HEIGHT - WIDEST, DEPTH_BELOW)
    ratio = (np.abs(across) ** POWER + np.abs(along) ** POWER + np.abs(height) ** POWER) ** (1 / POWER)
    radius = np.sqrt(points.x**2 + points.y**2 + up**2)
    depth = radius * (1 / np.maximum(ratio, 1e-3) - 1)
    steep = np.clip(up / np.maximum(radius, 1e-3), 0, 1)
    return np.asarray(np.minimum(depth, 20.0), dtype=np.float32), np.asarray(steep, dtype=np.float32)
