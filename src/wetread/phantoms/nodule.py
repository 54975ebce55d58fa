"""Nodules: solid, roughly round lumps of 1 to 3 cm in diameter, surrounded by lung.

Above 3 cm the word is mass (Fleischner Society, Radiology 2024; 310: e232558).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from wetread.phantoms.geometry import Grid, ellipsoid_chord
from wetread.phantoms.patient import SIDES
from wetread.shapes import Bools, Floats

#: Nodule of at least this chord (cm) belongs to the mask.
MASK_CHORD = 0.3
#: Where less lung than this surrounds a nodule (cm along the ray), it could not be told from the wall or the heart.
LUNG_NEEDED = 9.0
#: Largest radius, cm, whatever the factor on the size.
LARGEST = 3.5


@dataclass(frozen=True)
class Nodule:
    """One nodule; its place is relative to the lung, so that it follows breath and pose.

    Args:
        side: ``right`` or ``left``.
        height: 0 at the apex, 1 at the base.
        out: 0 at the mediastinum, 1 at the chest wall.
        radius: cm.
        lobes: Direction (radians) and relative size of each bump on its surface.
    """

    side: str
    height: float
    out: float
    radius: float
    lobes: tuple[tuple[float, float], ...]


def draw_nodules(rng: np.random.Generator, lesion_size: float = 1.0) -> tuple[Nodule, ...]:
    """Draws one to three nodules with radii of 0.5 to 1.6 cm.

    Args:
        rng: The random numbers.
        lesion_size: Factor on the radius.
    """
    nodules = []
    for _ in range(int(rng.choice([1, 1, 1, 2, 2, 3]))):
        radius = 0.5 + 1.1 * rng.random() ** 1.4
        lobes = tuple((float(rng.uniform(0, 6.28)), float(rng.uniform(0.45, 0.7))) for _ in range(4))
        side = "right" if rng.random() < 0.53 else "left"
        place = (float(rng.uniform(0.12, 0.85)), float(rng.uniform(0.25, 0.85)))
        nodules.append(Nodule(side, *place, min(radius * lesion_size, LARGEST), lobes))
    return tuple(nodules)


def nodule_chord(nodules: tuple[Nodule, ...], lung: Floats, grid: Grid) -> Floats:
    """Chord of all nodules in cm, ``row column``.

    Args:
        nodules: Which.
        lung: Chord of aerated lung, cm: where a nodule could be seen.
        grid: The detector.
    """
    total = np.zeros_like(lung)
    for nodule in nodules:
        x, y = _place(nodule, lung, grid)
        chord = ellipsoid_chord(grid, (x, y), (nodule.radius,) * 3)
        for angle, size in nodule.lobes:
            reach = nodule.radius * (1.06 - size)
            bump = (x + reach * np.cos(angle), y + reach * np.sin(angle))
            chord = np.maximum(chord, ellipsoid_chord(grid, bump, (nodule.radius * size * 1.15,) * 3))
        total = np.maximum(total, chord)
    return np.asarray(np.minimum(total, 0.8 * lung))


def nodule_mask(chord: Floats, fluid: Floats) -> Bools:
    """Where nodules can be seen: thick enough, and not drowned in fluid."""
    return np.asarray((chord > MASK_CHORD) & (fluid < 4.0))


def _place(nodule: Nodule, lung: Floats, grid: Grid) -> tuple[float, float]:
    """Centre (x, y) in cm: the asked place, or the nearest one in height with lung all round."""
    aerated = (lung > LUNG_NEEDED) & (grid.xy[0] * SIDES[nodule.side] > 0)
    if not aerated.any():
        aerated = lung >= lung.max()
    inside = ndimage.distance_transform_edt(np.pad(aerated, 1))[1:-1, 1:-1] * grid.pixel
    room = inside >= min(nodule.radius + 0.3, 0.8 * float(inside.max()))
    rows = np.flatnonzero(room.any(axis=1))
    extent = np.flatnonzero(aerated.any(axis=1))
    wanted = extent[0] + nodule.height * (extent[-1] - extent[0])
    row = int(rows[np.argmin(np.abs(rows - wanted))])
    columns = np.flatnonzero(room[row])
    if nodule.side == "right":
        columns = columns[::-1]
    column = int(columns[round(nodule.out * (len(columns) - 1))])
    return float(grid.xy[0][row, column]), float(grid.xy[1][row, column])
