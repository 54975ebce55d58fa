"""Blood in the head: what a bleed pushes aside, where its blood lies, how dense it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wetread.phantoms.head_bleeds import Bleed
from wetread.phantoms.head_brain import Brain
from wetread.phantoms.head_patient import HALF_LENGTH, HALF_WIDTH
from wetread.phantoms.head_space import Points, cover, draw_waves, step_up, turn_between
from wetread.shapes import Floats


@dataclass(frozen=True, eq=False)
class Push:
    """What a mass does to the brain at some points.

    Args:
        dx, dy, dz: From each point to where its tissue lay at rest, cm.
        room: How wide fluid spaces stay there, 0 to 1.
    """

    dx: Floats
    dy: Floats
    dz: Floats
    room: Floats


def push_brain(points: Points, depth: Floats, bleeds: tuple[Bleed, ...]) -> Push:
    """Adds up what all bleeds push aside; to be applied before any blood is painted."""
    still = np.zeros_like(points.x)
    total = Push(still, still, still, np.ones_like(points.x))
    for bleed in bleeds:
        push = None
        if bleed.kind in ("SDH", "EDH"):
            push = _push_from_skull(points, depth, bleed)
        elif bleed.kind == "IPH":
            push = _push_from_within(points, bleed)
        if push is not None:
            total = Push(total.dx + push.dx, total.dy + push.dy, total.dz + push.dz, total.room * push.room)
    return total


def dilation(bleeds: tuple[Bleed, ...]) -> float:
    """Factor on the ventricles: blood in them, or in the cisterns, dams up the fluid."""
    if any(bleed.kind == "IVH" for bleed in bleeds):
        return max(1.45 if bleed.size[0] > 1 else 1.25 for bleed in bleeds if bleed.kind == "IVH")
    return 1.12 if any(bleed.kind == "SAH" and bleed.spread[0] > 0 for bleed in bleeds) else 1.0


def blood_cover(points: Points, depth: Floats, bleed: Bleed, brain: Brain) -> Floats:
    """How much of each pixel is blood, 0 to 1, in the shape of the points.

    Args:
        points: Where, as imaged.
        depth: Below the skull, cm.
        bleed: What bleeds.
        brain: The displaced brain, for blood that lies in its spaces.
    """
    if bleed.kind in ("SDH", "EDH"):
        return _beside_skull(points, depth, bleed)
    if bleed.kind == "IPH":
        return cover(np.minimum(_clot(points, bleed), depth - 0.25), points.soft)
    return _in_ventricles(points, bleed, brain) if bleed.kind == "IVH" else _in_cisterns(points, bleed, brain)


def blood_hu(points: Points, bleed: Bleed) -> Floats:
    """Density of the blood at the points, HU."""
    rng = np.random.default_rng([bleed.shape, 3])
    mottle = draw_waves(rng, 2.0 if bleed.kind != "SAH" else 4.0, 12).value(points.x, points.y, points.z)
    hu = bleed.hu + bleed.mottle * mottle
    # Cells sink to the back of the lying patient.
    return np.asarray(hu + bleed.settled * step_up(points.y, bleed.centre[1] - 4, bleed.centre[1] + 5))


def swelling(points: Points, bleed: Bleed) -> Floats:
    """How much the brain around an intraparenchymal bleed is swollen, 0 to 1."""
    if bleed.halo == 0:
        return np.zeros_like(points.x)
    return np.asarray(step_up(_clot(points, bleed), -1.4 * bleed.halo - 0.1, -0.7 * bleed.halo))


def thickness(points: Points, bleed: Bleed) -> Floats:
    """Thickness of a subdural or epidural layer below each point of the skull, cm."""
    x, y, z = bleed.centre
    if bleed.kind == "EDH":
        return _lens(points, bleed)
    # Arcs are measured on the skull, which is narrower towards the vertex.
    radius = 6.8 * np.sqrt(np.clip(1 - ((points.z - 2.4) / 6.6) ** 2, 0.2, 1))
    away = turn_between(np.arctan2(points.y, points.x), math.atan2(y, x))
    along = np.asarray(away * radius / bleed.size[0], dtype=np.float32)
    up = (points.z - z) / bleed.size[1]
    wavy = draw_waves(np.random.default_rng([bleed.shape, 1]), 5.0, 8).value(points.x, points.y, points.z)
    crescent = np.clip(1 - np.abs(along) ** 3, 0, None) * np.clip(1 - up**2, 0, None) ** 0.75
    # Free to spread under the dura, but not across the falx.
    return np.asarray(bleed.size[2] * crescent * (1 + 0.12 * wavy) * step_up(points.x * bleed.side, 0.05, 1.2))


def _lens(points: Points, bleed: Bleed) -> Floats:
    """The dura is stripped off the bone as far as it gives: a lens with edges of its own."""
    x, y, z = bleed.centre
    outward = np.array([x / HALF_WIDTH**2, y / HALF_LENGTH**2])
    outward /= np.hypot(*outward)
    # Straight along the bone, not round the middle of the head: a thick clot keeps its width.
    ahead, aside = (float(part) for part in outward)
    along = ((points.x - x) * -aside + (points.y - y) * ahead) / bleed.size[0]
    up = (points.z - z) / bleed.size[1]
    same_half = points.x * ahead + points.y * aside > 0.5
    # Near the vertex the falx is in the way.
    free = same_half * step_up(points.x * bleed.side, 0.0, 1.2)
    return np.asarray(bleed.size[2] * np.clip(1 - along**2 - up**2, 0, None) * free, dtype=np.float32)


def _beside_skull(points: Points, depth: Floats, bleed: Bleed) -> Floats:
    layer = thickness(points, bleed)
    blood = cover(layer - depth, points.soft + 0.03) * step_up(layer, 0.04, 0.14)
    if bleed.kind == "SDH" and bleed.spread[0] > 0:
        # A second layer along the falx, on the same side.
        off = points.x * bleed.side - 0.04
        sheet = bleed.spread[0] * step_up(np.abs(points.z - bleed.centre[2]), bleed.size[1], 0.4 * bleed.size[1])
        sheet = sheet * step_up(np.abs(points.y), 2.5, 5.0)
        behind = points.z > 2.2
        blood = np.maximum(
            blood, cover(np.minimum(sheet - off, off), points.soft) * behind * step_up(sheet, 0.06, 0.12)
        )
    return np.asarray(blood)


def _clot(points: Points, bleed: Bleed) -> Floats:
    """Signed distance to the surface of a lumpy clot, cm, positive inside."""
    rng = np.random.default_rng([bleed.shape, 2])
    coarse, fine = (draw_waves(rng, length * bleed.size[0], 10) for length in (2.8, 1.2))
    x, y, z = points.x - bleed.centre[0], points.y - bleed.centre[1], points.z - bleed.centre[2]
    # Deep bleeds follow the fibres from front to back.
    across, along, up = bleed.size[2], bleed.size[0], bleed.size[1]
    part = np.sqrt((x / across) ** 2 + (y / along) ** 2 + (z / up) ** 2)
    lumpy = 0.20 * coarse.value(points.x, points.y, points.z) + 0.09 * fine.value(points.x, points.y, points.z)
    return np.asarray((1 + lumpy - part) * min(across, along))


def _push_from_skull(points: Points, depth: Floats, bleed: Bleed) -> Push:
    layer = thickness(points, bleed)
    radius = np.maximum(np.hypot(points.x, points.y), 0.5)
    # Right below the blood lies what lay at the skull before.
    near = layer * np.exp(-np.maximum(depth - layer, 0) / 2.6)
    # The whole brain gives way to the other side, most at the level of the bleed.
    x, y, z = bleed.centre
    length = math.hypot(x, y)
    volume = bleed.size[2] * min(bleed.size[0] / 6, 1.0)
    reach = np.exp(
        -(((points.x - x) ** 2 + (points.y - y) ** 2) / 7.5**2) - ((points.z - z) / (1.6 * bleed.size[1])) ** 2
    )
    far = 0.85 * volume * reach * step_up(depth - layer, 0.0, 4.0)
    room = 1 - 0.9 * np.clip(reach * volume * 1.1, 0, 1) * step_up(points.x * bleed.side, -1.0, 1.5)
    return Push(
        near * points.x / radius + far * x / length,
        near * points.y / radius + far * y / length,
        np.zeros_like(near),
        room,
    )


def _push_from_within(points: Points, bleed: Bleed) -> Push:
    x, y, z = points.x - bleed.centre[0], points.y - bleed.centre[1], points.z - bleed.centre[2]
    distance = np.sqrt(x * x + y * y + z * z) + 1e-3
    radius = 0.82 * (bleed.size[0] * bleed.size[1] * bleed.size[2]) ** (1 / 3)
    # Brain keeps its volume: a shell at r came from (r^3 - R^3)^(1/3).
    rest = np.cbrt(np.maximum(distance**3 - radius**3, 0))
    inwards = (rest - distance) / distance
    fades = np.exp(-((distance / 7.0) ** 2))
    room = 1 - 0.85 * np.clip(radius / 1.4, 0, 1) * np.exp(-((np.maximum(distance - radius, 0) / 2.5) ** 2))
    return Push(inwards * x * fades, inwards * y * fades, inwards * z * fades, room)


def _in_ventricles(points: Points, bleed: Bleed, brain: Brain) -> Floats:
    soft = points.soft + 0.03
    # The level is horizontal in the lying patient, so it is a line across the picture; blood reaches further forwards
    # the more of it there is.
    front = 5.4 - 8.5 * (bleed.size[2])
    level = cover(points.y - front, 0.12) * step_up(points.z, 0.8, 1.4)
    if bleed.size[0] > 1:
        waves = draw_waves(np.random.default_rng([bleed.shape, 4]), 2.5, 10).value(points.x, points.y, points.z)
        own = step_up(points.x * bleed.side, -0.25, 0.05)
        level = np.maximum(level, own * cover(waves + 2.6, 0.4))
    lateral = cover(brain.ventricles - 0.02, soft) * level
    third = cover(brain.third, soft) * (0.9 if bleed.size[0] > 1 else 0.0)
    return np.asarray(np.maximum(lateral, third))


def _in_cisterns(points: Points, bleed: Bleed, brain: Brain) -> Floats:
    basal, right, left, middle, sulcal = bleed.spread
    x, y, z = bleed.centre
    fade = step_up(np.abs(points.z - z), bleed.size[1] * 1.15, bleed.size[1] * 0.6)
    away = np.abs(turn_between(np.arctan2(points.y, points.x), math.atan2(y, x)))
    near = step_up(away, bleed.size[0] * 1.15, bleed.size[0] * 0.7)
    waves = draw_waves(np.random.default_rng([bleed.shape, 5]), 4.0, 10).value(points.x, points.y, points.z)
    patchy = step_up(waves, -1.6, -0.5)
    in_front = step_up(points.y, 1.0, -1.0)
    sylvian = brain.sylvian * np.where(points.x < 0, right, left)
    blood = np.maximum(brain.cisterns * basal, brain.fissure * middle * in_front)
    blood = np.maximum(blood, np.maximum(sylvian, brain.creases * sulcal * near))
    # Blood spreads the space apart that it fills.
    return np.asarray(np.clip(1.3 * blood, 0, 1) * fade * patchy)
