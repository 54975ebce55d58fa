"""The brain without disease: grey and white matter, folds, ventricles, cisterns, falx and tentorium, in HU.

Positions are read off anatomical sections parallel to the orbitomeatal line; CT numbers are the usual textbook ones
(water 0, white matter about 29, cortex about 37, flowing blood about 50).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetread.phantoms.head_patient import Head
from wetread.phantoms.head_space import Canvas, Points, Waves, cover, draw_waves, ellipsoid, rod, step_up
from wetread.phantoms.head_ventricles import lateral_ventricles, third_ventricle
from wetread.shapes import Floats

CSF = 7.0
#: Thickness of the cortex, cm.
CORTEX = 0.33


@dataclass(frozen=True, eq=False)
class Textures:
    """Random fields of one patient.

    Args:
        folds: Sulci are its zero lines.
        bend: Bends the folds; also how deep they reach.
        warp: Makes the two halves of the brain differ.
        grain: Fine differences of density.
    """

    folds: Waves
    bend: Waves
    warp: Waves
    grain: Waves


def draw_textures(seed: int) -> Textures:
    """The fields of a patient, from `Head.texture`."""
    rng = np.random.default_rng([seed, 77])
    return Textures(
        draw_waves(rng, 2.7, 26, 0.22), draw_waves(rng, 4.5, 10), draw_waves(rng, 8.0, 8), draw_waves(rng, 1.0, 16)
    )


@dataclass(frozen=True, eq=False)
class Brain:
    """The brain at some points, each array in their shape.

    Args:
        hu: HU before any artefact.
        sulci, sylvian, cisterns, fissure: How much of the pixel each kind of space under the arachnoid fills, 0 to 1.
        creases: The same for sulci as wide as blood would make them.
        ventricles: Signed distance to the wall of the lateral ventricles, cm, positive inside.
        third: The same for the third ventricle.
        falx: Distance from the midline within the fissure, cm, 99 elsewhere.
    """

    hu: Floats
    sulci: Floats
    creases: Floats
    sylvian: Floats
    cisterns: Floats
    fissure: Floats
    ventricles: Floats
    third: Floats
    falx: Floats


def make_brain(
    points: Points, depth: Floats, head: Head, textures: Textures, room: Floats, dilated: float = 1.0
) -> Brain:
    """The brain at points that may have been displaced by a mass.

    Args:
        points: Where, in the coordinates of the brain at rest.
        depth: Depth below the skull of the brain at rest, cm, at least 0.
        head: The patient.
        textures: The patient's random fields.
        room: How wide the fluid spaces are left, 1 at rest, 0 where a mass has squeezed them out.
        dilated: Factor on the ventricles (blood in them dams up the fluid).
    """
    points = _uneven(points, textures)
    loss, soft = head.atrophy, points.soft
    flat = Points(points.x, points.y, np.zeros_like(points.z), soft)
    mid = np.abs(points.x)
    fissure, falx_room = _fissure(points, head, room)
    sylvian = _sylvian(flat, points.z, loss, room, textures)
    outer = (0.03 + 0.17 * loss * (1 + 0.7 * step_up(-points.y, 0, 6))) * room
    hindbrain = _hindbrain(points, mid) + 0.16 * textures.bend.value(points.x, points.y, points.z)
    pia = np.minimum(depth - outer, np.where(falx_room > 0, mid - fissure, 9.0))
    fold, reach = _folds(points, textures)
    pia = np.maximum(pia, 0)
    width = (0.02 + 0.085 * loss) * room * np.clip(1.15 - pia / reach, 0, 1)
    shallow = cover(reach - pia, 0.3) * (1 - cover(hindbrain, 0.1))
    sulci = _crack(width - fold, width, soft) * shallow
    creases = _crack(width + 0.06 - fold, width + 0.06, soft) * shallow

    canvas = Canvas(np.full(points.x.shape, head.white, dtype=np.float32))
    lay = canvas.lay
    ribbon = np.minimum(
        np.minimum(pia, np.where(sylvian > -2.0, -sylvian, 9.0)), np.where(pia < reach + 0.2, fold, 9.0)
    )
    lay(cover(CORTEX - ribbon, 0.16), head.grey)
    ventricles = lateral_ventricles(points, head, room, dilated)
    third = third_ventricle(points, mid, loss, room, dilated)
    lay(cover(_deep_grey(points), 0.14), head.grey)
    lay(cover(_brainstem(points), 0.2), head.white + 2.5)
    lay(
        cover(hindbrain, 0.1),
        head.grey - 3.5 + 1.6 * np.sin(8.5 * points.y + 2.5 * textures.bend.value(points.x, points.y, points.z)),
    )
    caps = np.exp(-((np.maximum(-ventricles, 0) / 0.75) ** 2)) * step_up(points.z, 1.5, 2.8) * cover(pia - 0.9, 0.4)
    canvas.hu -= head.small_vessel * caps
    canvas.hu += 0.7 * textures.grain.value(points.x, points.y, points.z)

    lay(_scar(points, head, textures), 15.0)
    wavy = 0.06 * textures.bend.value(2 * points.x, 2 * points.y, points.z)
    cisterns = _cisterns(flat.moved(wavy, wavy), points.z, loss, room, soft)
    opened = _crack(sylvian, 0.12, soft) * step_up(points.z, 3.9, 3.1)
    split = _crack(fissure - mid, fissure, soft) * cover(falx_room, 0.3)
    lay(cover(outer - depth, soft), CSF)
    for space in (sulci, opened, split, cisterns):
        lay(space, CSF)
    falx = np.where(falx_room > 0.25, mid, 99.0)
    _lay_dura(canvas, points, mid, depth, head, falx_room, hindbrain)
    for cavity in (ventricles, third):
        lay(cover(cavity, soft + 0.03), CSF)
    lay(cover(0.09 - mid, soft) * cover(ventricles + 0.35, 0.1) * cover(1.9 - np.abs(points.y + 0.9), 0.2), head.white)
    _lay_calcium(canvas, points, head)
    return Brain(canvas.hu, sulci, creases, opened, cisterns, split, ventricles, third, falx)


def _uneven(points: Points, textures: Textures) -> Points:
    near = step_up(np.hypot(points.x, points.y - 1), 0.0, 4.0)
    return points.moved(
        0.16 * near * textures.warp.value(points.x, points.y, points.z),
        0.22 * near * textures.warp.value(points.y + 20, points.x, points.z),
    )


def _crack(inside: Floats, half_width: Floats | float, soft: float) -> Floats:
    """Cover of a line that may be thinner than a pixel."""
    return np.asarray(cover(inside, soft) * np.clip(np.asarray(half_width, dtype=np.float32) * (2 / soft), 0, 1))


def _fissure(points: Points, head: Head, room: Floats) -> tuple[Floats, Floats]:
    """Half width of the fissure between the hemispheres, and the distance above the corpus callosum, cm."""
    core = np.hypot((points.y - 0.1) / 3.75, (points.z - 1.7) / 3.3)
    above = (core - 1) * 3.4
    # Below the splenium the midline belongs to brainstem and cerebellum.
    above = np.where((points.y > 0) & (points.z < 2.2), np.minimum(above, points.z - 1.6), above)
    front = step_up(-points.y, 1.0, 5.0)
    half = (0.035 + 0.10 * head.atrophy * (1 + 0.6 * front)) * room
    return np.asarray(half), np.asarray(above)


def _folds(points: Points, textures: Textures) -> tuple[Floats, Floats]:
    """Distance to the next sulcus, and how deep the sulci reach there, cm."""
    radius = np.maximum(np.sqrt(points.x**2 + points.y**2 + (points.z - 2.0) ** 2), 1.0)
    outward = 5.4 / radius
    # Mostly a field on a sphere: its zero lines, seen in depth, are sheets that stand upright on the surface.
    x, y, z = points.x * (outward + 0.32), points.y * (outward + 0.32), (points.z - 2.0) * (outward + 0.32)
    bend = textures.bend.value(x, y, z)
    value, slope = textures.folds.value_and_slope(x + 0.45 * bend, y - 0.45 * bend, z)
    slope = np.hypot(slope, 0.8) * (outward + 0.32)
    return np.abs(value) / slope, np.asarray(1.35 + 0.4 * bend)


def _sylvian(flat: Points, z: Floats, loss: float, room: Floats, textures: Textures) -> Floats:
    """Signed distance to the Sylvian fissure: opercula outside, the island of Reil inside."""
    bend = textures.bend.value(1.3 * flat.x, 1.3 * flat.y, z)
    place = Points(flat.x + 0.16 * bend, flat.y + 0.35 * (z - 1.5) - 0.12 * bend, flat.z, flat.soft)
    wide = 0.015 + 0.12 * loss
    # Its stem opens to the side low in the head, its hind branch higher up.
    stem = rod(place, [(6.8, -3.0, 0), (5.2, -2.3, 0), (3.8, -1.9, 0)], [wide * 0.7, wide, wide * 1.5])
    island = rod(
        place, [(3.8, -1.9, 0), (3.5, -0.8, 0), (3.55, 0.5, 0), (3.95, 1.4, 0)], [wide * 1.5, wide, wide, wide]
    )
    branch = rod(place, [(3.95, 1.4, 0), (4.7, 1.9, 0), (6.6, 2.3, 0)], [wide, wide * 1.2, wide * 0.6])
    stem = stem - 0.5 * step_up(z, 1.6, 2.6)
    branch = branch - 0.5 * step_up(z, 2.4, 1.2)
    island = island - 0.5 * step_up(z, 0.9, 0.2)
    pinch = (1 - room) * wide * 2 + 0.5 * wide * np.clip(bend + 0.3, 0, 1)
    return np.asarray(np.maximum.reduce([stem, island, branch]) - pinch)


def _hindbrain(points: Points, mid: Floats) -> Floats:
    """Signed distance to the cerebellum's upper part between the leaves of the tentorium, cm."""
    tip, slope = 1.55 - 0.55 * points.z, 0.74 - 0.40 * points.z
    behind = points.y - 2.3
    leaf = (np.maximum(tip, 0.1) + slope * (0.7 * behind + 0.075 * behind**2) - mid) / np.hypot(1, slope)
    return np.asarray(np.minimum(np.minimum(leaf, points.y - 3.2 + 0.12 * mid), 2.0 - points.z))


def _deep_grey(points: Points) -> Floats:
    """Signed distance to caudate nucleus, lentiform nucleus and thalamus."""
    turned = Points(
        np.abs(points.x) * 0.96 - points.y * 0.26, points.y * 0.96 + np.abs(points.x) * 0.26, points.z, points.soft
    )
    lentiform = ellipsoid(turned, (2.45, 0.2, 1.9), (0.62, 1.75, 1.25), mirror=False)
    thalamus = ellipsoid(points, (0.95, 1.35, 2.3), (0.82, 1.45, 1.15))
    head_of_caudate = ellipsoid(points, (1.55, -2.35, 2.8), (0.55, 1.0, 1.15))
    tail = rod(points, [(1.55, -1.6, 3.6), (1.6, 0.4, 4.3), (2.2, 1.8, 4.2)], [0.4, 0.24, 0.12])
    return np.asarray(np.maximum.reduce([lentiform, thalamus, head_of_caudate, tail]))


def _scar(points: Points, head: Head, textures: Textures) -> Floats:
    """How much of the brain an old infarct has turned into fluid, 0 to 1."""
    x, y, z, radius = head.scar
    if radius == 0:
        return np.zeros_like(points.x)
    away = np.sqrt((points.x - x) ** 2 + (points.y - y) ** 2 + 1.5 * (points.z - z) ** 2)
    return cover(radius - away + 0.25 * radius * textures.grain.value(0.6 * points.x, 0.6 * points.y, points.z), 0.3)


def _brainstem(points: Points) -> Floats:
    return np.asarray(ellipsoid(points, (0.0, 1.35, -0.6), (1.45, 1.25, 1.8), mirror=False))


def _cisterns(flat: Points, z: Floats, loss: float, room: Floats, soft: float) -> Floats:
    """The star of the suprasellar cistern, the cisterns round the midbrain and the smile behind it."""
    wide = 0.75 + 0.5 * loss
    star = rod(flat, [(0.0, -0.75, 0), (0.25, -0.7, 0)], [0.62 * wide] * 2)
    for end, thin in (((0.0, -2.7, 0.0), 0.12), ((1.5, 0.5, 0.0), 0.10), ((0.0, 0.5, 0.0), 0.15)):
        star = np.maximum(star, rod(flat, [(0.1, -0.75, 0), end], [0.42 * wide, thin * wide]))
    # Along the middle cerebral artery it leads into the Sylvian fissure.
    star = np.maximum(
        star, rod(flat, [(0.4, -0.8, 0), (1.7, -1.15, 0), (3.7, -2.2, 0)], [0.3 * wide, 0.11 * wide, 0.09])
    )
    ring = rod(
        flat,
        [(1.45, 0.5, 0), (1.68, 1.5, 0), (1.1, 2.7, 0), (0.0, 3.0, 0)],
        [0.09 * wide, 0.07 * wide, 0.13 * wide, 0.24 * wide],
    )
    squeeze = (1 - room) * 0.4
    vermis = rod(flat, [(0.0, 3.0, 0), (0.0, 3.9, 0)], [0.25 * wide, 0.05])
    lower, upper = step_up(z, 1.1, 0.6), step_up(z, 2.0, 1.3)
    behind = np.maximum(ring, vermis)
    return np.maximum(cover(star - squeeze, soft) * lower, cover(behind - squeeze, soft) * upper)


def _lay_dura(
    canvas: Canvas, points: Points, mid: Floats, depth: Floats, head: Head, above: Floats, hindbrain: Floats
) -> None:
    """Falx, tentorium and the venous sinuses, whose blood is denser than brain."""
    soft = points.soft
    dura = head.blood_pool - 5
    front = points.y < 0
    low_edge = np.where(front, 1.2, 0.5)
    canvas.lay(_crack(0.055 - mid, 0.055, soft) * cover(above - low_edge, 0.4), dura)
    leaf = (
        0.75 * _crack(0.06 - np.abs(hindbrain), 0.06, soft) * step_up(points.y, 2.6, 3.4) * step_up(points.z, 1.95, 1.7)
    )
    canvas.lay(leaf, dura)
    behind = points.y > 0
    vein = np.where(behind, 0.85, 0.55 * step_up(points.z, 3.0, 5.0))
    canvas.lay(cover((vein - depth) * 0.5 - mid, soft) * step_up(points.z, 0.6, 1.6), head.blood_pool)
    straight = rod(points, [(0.0, 3.5, 2.3), (0.0, 7.3, 0.8)], [0.14, 0.2])
    canvas.lay(cover(straight, soft), head.blood_pool)
    # Arteries in the star: the basilar artery, and the carotids on their way to the Sylvian fissures.
    basilar = rod(points, [(0.0, 0.25, -1.0), (0.0, 0.15, 0.5)], [0.17, 0.13])
    carotid = rod(points, [(0.85, -1.0, -1.0), (0.9, -1.05, 0.2), (2.2, -1.35, 0.3)], [0.2, 0.15, 0.06])
    canvas.lay(cover(np.maximum(basilar, carotid), soft), head.blood_pool - 9)


def _lay_calcium(canvas: Canvas, points: Points, head: Head) -> None:
    """Harmless calcification: bright on every CT, and no blood."""
    soft = points.soft
    for side, radius in zip((-1, 1), head.glomus, strict=True):
        if radius > 0:
            spot = Points(points.x * side, points.y, points.z, soft)
            lump = ellipsoid(spot, (2.35, 3.75, 3.0), (radius * 0.8, radius * 1.2, radius * 2.2), mirror=False)
            canvas.lay(cover(lump, 0.12), 150 + 120 * (radius - 0.2))
    if head.pineal > 0:
        canvas.lay(
            cover(ellipsoid(points, (0.0, 2.75, 1.7), (head.pineal, head.pineal, 0.45), mirror=False), 0.12), 160.0
        )
    if head.falx_calcium > 0:
        plate = rod(points, [(0.0, -5.6, 6.0), (0.0, -5.6 + head.falx_calcium, 6.2)], [0.13, 0.1])
        canvas.lay(cover(plate, soft), 300.0)
