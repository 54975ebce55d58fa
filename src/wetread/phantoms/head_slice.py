"""One slice of a head CT: anatomy, bleeds, scanner, with a mask for each bleed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetread.phantoms.ct_physics import Scanner, acquire, add_surroundings, outside_field
from wetread.phantoms.head_bleeds import Bleed
from wetread.phantoms.head_blood import blood_cover, blood_hu, dilation, push_brain, swelling
from wetread.phantoms.head_brain import Brain, draw_textures, make_brain
from wetread.phantoms.head_patient import HALF_LENGTH, Head
from wetread.phantoms.head_skull import Fracture, paint_skull
from wetread.phantoms.head_space import Points, skull_depth, slice_points
from wetread.shapes import Bools, Floats

#: Smallest area of blood that is drawn, cm2, larger where it is thin: less would be a label that nobody can see.
LEAST_AREA = {"EDH": 0.6, "IPH": 0.4, "IVH": 0.5, "SAH": 0.9, "SDH": 0.9}
#: Part of a pixel that must be blood to count. A ventricle just touched by the slice looks like brain.
LEAST_SHARE = {"EDH": 0.45, "IPH": 0.45, "IVH": 0.62, "SAH": 0.45, "SDH": 0.45}
#: Lowest and highest HU that 12 bits hold with an intercept of -1024, and the value of padding.
LOWEST, HIGHEST, PADDING = -1023, 3071, -1024
OEDEMA = 20.0
#: Masks keep off the skull by so much, cm: there bone shines into the pixels.
BONE_EDGE = 0.1


@dataclass(frozen=True, eq=False)
class HeadSlice:
    """A slice as imaged.

    Args:
        hu: HU as whole numbers, ``row column``, `PADDING` outside the field.
        masks: Where blood of each kind is seen, by kind; only kinds that are in the slice.
        pixel: Edge of a pixel, cm.
    """

    hu: Floats
    masks: dict[str, Bools]
    pixel: float


@dataclass(frozen=True)
class Series:
    """All that the slices of one patient share.

    Args:
        head: The patient.
        bleeds: What bleeds, maybe nothing.
        scanner: Settings.
        fracture: A break of the bone, or None.
    """

    head: Head
    bleeds: tuple[Bleed, ...]
    scanner: Scanner
    fracture: Fracture | None = None


def render_slice(
    series: Series,
    height: float,
    rng: np.random.Generator,
    *,
    size: int = 256,
    noise: float = 1.0,
    halo: float = 1.0,
    tube_chance: tuple[float, float] = (0.5, 0.5),
) -> HeadSlice:
    """Draws one slice.

    Args:
        series: The patient and the scanner.
        height: z of the slice in the standard head, cm.
        rng: Noise and surroundings; the number of draws does not depend on what bleeds.
        size: Pixels along each edge.
        noise: Factor on the noise.
        halo: Factor on the bright rim under the skull.
        tube_chance: Chance of a tube beside the head without and with blood in the slice.
    """
    head, scanner = series.head, series.scanner
    points = slice_points(head, size, scanner.field, height)
    depth, steep = skull_depth(points, head)
    hu, masks = _section(series, points, depth)
    paint_skull(hu, points, depth, steep, head, draw_textures(head.texture).grain, series.fracture)
    behind = (HALF_LENGTH + head.bone + head.scalp[0]) * head.stretch[1] - head.shift[1]
    add_surroundings(hu, scanner, behind, rng.random() < tube_chance[bool(masks)])
    seen = np.clip(np.round(acquire(hu, depth, scanner, rng, noise=noise, halo=halo)), LOWEST, HIGHEST)
    seen[outside_field(scanner, size)] = PADDING
    return HeadSlice(seen, masks, scanner.field / size)


def slice_masks(series: Series, height: float, size: int) -> dict[str, Bools]:
    """The masks alone, without skull and scanner: cheap, for planning."""
    points = slice_points(series.head, size, series.scanner.field, height)
    depth, _ = skull_depth(points, series.head)
    return _section(series, points, depth)[1]


def _section(series: Series, points: Points, depth: Floats) -> tuple[Floats, dict[str, Bools]]:
    """Brain and blood in HU (air elsewhere), and the masks, all ``row column``."""
    hu = np.full(depth.shape, -1000.0, dtype=np.float32)
    at = np.flatnonzero(depth.ravel() > -0.3)
    place = Points(points.x.ravel()[at], points.y.ravel()[at], points.z.ravel()[at], points.soft)
    below = depth.ravel()[at]
    brain = _displaced(series, place, below)
    area = points.soft**2
    values = brain.hu
    masks: dict[str, Bools] = {}
    for bleed in series.bleeds:
        amount = blood_cover(place, below, bleed, brain) * (below > -0.1)
        mask = (amount > LEAST_SHARE[bleed.kind]) & (below > BONE_EDGE)
        if mask.sum() * area < LEAST_AREA[bleed.kind]:
            continue
        values = values + swelling(place, bleed) * np.minimum(OEDEMA - values, 0) * (values > 15)
        values = values + amount * (blood_hu(place, bleed) - values)
        whole = masks.setdefault(bleed.kind, np.zeros(depth.shape, dtype=bool))
        whole.ravel()[at[mask]] = True
    hu.ravel()[at] = values
    return hu, masks


def _displaced(series: Series, place: Points, below: Floats) -> Brain:
    """The brain as masses have pushed it, at the points of the picture."""
    push = push_brain(place, below, series.bleeds)
    rest = place.moved(push.dx, push.dy, push.dz)
    depth, _ = skull_depth(rest, series.head)
    textures = draw_textures(series.head.texture)
    return make_brain(rest, np.maximum(depth, 0), series.head, textures, push.room, dilation(series.bleeds))
