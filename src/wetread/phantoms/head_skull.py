"""Scalp, skull cap and frontal sinus: everything outside the brain, in HU."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wetread.phantoms.head_patient import HALF_LENGTH, Head
from wetread.phantoms.head_space import Canvas, Points, Waves, cover, step_up, turn_between
from wetread.shapes import Floats

AIR, SKIN, FAT, MUSCLE, TABLE, BRUISE = -1000.0, 38.0, -75.0, 52.0, 1350.0, 58.0
#: Thickness of a CT slice, cm: edges that are cut obliquely are smeared over it.
SLICE_THICKNESS = 0.5


@dataclass(frozen=True)
class Fracture:
    """A thin gap in the skull cap.

    Args:
        angle: Where, radians (0 at the right of the picture, positive towards the back).
        height: z of its middle, cm.
        slope: Radians per cm of z.
        length: Half its extent in z, cm.
    """

    angle: float
    height: float
    slope: float
    length: float


def paint_skull(
    hu: Floats, points: Points, depth: Floats, steep: Floats, head: Head, grain: Waves, fracture: Fracture | None
) -> None:
    """Fills in everything from the inner table outwards, in place.

    Args:
        hu: ``row column``; what lies deeper than the bone is left alone.
        points: Where the pixels are.
        depth: From `wetread.phantoms.head_space.skull_depth`.
        steep: Likewise.
        head: The patient.
        grain: Texture of the marrow and of the table's inner face.
        fracture: A break of the bone, or None.
    """
    ring = np.flatnonzero((depth < 1.0).ravel() & (depth > -4.0).ravel())
    hu.ravel()[depth.ravel() <= -4.0] = AIR
    place = Points(points.x.ravel()[ring], points.y.ravel()[ring], points.z.ravel()[ring], points.soft)
    x, y, z = place.x, place.y, place.z
    down = depth.ravel()[ring]
    soft = np.hypot(points.soft, SLICE_THICKNESS * steep.ravel()[ring] * 0.8)
    angle = np.arctan2(y, x)
    thickness, crest = _bone(place, head, angle)
    muscle, bruise = _muscle(place), _bruise(place, head, angle)
    skin = _scalp(place, head, angle) + 0.5 * muscle + bruise
    surface = down + thickness
    over_bone = cover(-surface, soft)
    canvas = Canvas(np.full(ring.shape, AIR, dtype=np.float32))
    lay = canvas.lay
    lay(cover(surface + skin, soft), SKIN)
    fatty = cover(surface + skin - 0.17, soft) * cover(-0.10 - surface, soft)
    lay(fatty * head.scalp[1] * (1 - 0.75 * muscle), FAT)
    lay(cover(surface + skin - 0.25, soft) * over_bone * muscle, MUSCLE)
    lay(cover(surface + skin - 0.2, soft) * over_bone * np.clip(bruise / 0.25, 0, 1), BRUISE)
    grains = grain.value(x * 3, y * 3, z * 3)
    bone = cover(surface, soft) * cover(crest - down, soft)
    lay(bone, TABLE)
    # Marrow between the tables; missing where the bone is thin.
    middle = 0.26 * thickness - np.abs(surface - 0.5 * thickness)
    lay(cover(middle, soft) * step_up(thickness, 0.25, 0.5), head.diploe + 110 * grains)
    lay(_sutures(place, angle) * bone * cover(middle + 0.12, soft), 420.0)
    if fracture is not None:
        lay(_gap(place, angle, fracture) * bone, 40.0)
    lay(_sinus(place, head, surface, thickness, soft, grains), AIR)
    inner = cover(crest - down, soft)
    flat = hu.ravel()
    flat[ring] += inner * (canvas.hu - flat[ring])


def _bone(place: Points, head: Head, angle: Floats) -> tuple[Floats, Floats]:
    """Thickness of the skull cap, and how far ridges project inwards, cm."""
    back, front = np.maximum(place.y, 0), np.maximum(-place.y, 0)
    midline = np.exp(-((place.x / 1.3) ** 2))
    bump = 0.35 * midline * step_up(back, 6.2, 8.0) * step_up(place.z, 4.5, 1.0)
    temple = (
        0.38
        * np.exp(-(((np.abs(place.x) - 6.0) / 1.6) ** 2) - ((place.y + 1.5) / 2.6) ** 2)
        * step_up(place.z, 4.5, 1.0)
    )
    sinus = (
        0.75
        * np.exp(-((place.x / 2.4) ** 2))
        * step_up(front, 6.0, 7.6)
        * step_up(place.z, 2.4, -0.4)
        * (head.sinus > 0)
    )
    frontal = 0.12 * step_up(front, 3.0, 7.5)
    wavy = 0.06 * np.sin(3 * angle + head.texture % 7) + 0.04 * np.sin(7 * angle + head.texture % 11)
    thickness = np.maximum(head.bone * (1 - temple) + bump + frontal + sinus + wavy * head.bone, 0.22)
    narrow = np.exp(-((place.x / 0.38) ** 2))
    crest = 0.38 * narrow * step_up(back, 6.0, 7.6) * step_up(place.z, 3.2, 0.5)
    crest += 0.42 * narrow * step_up(front, 6.0, 7.4) * step_up(place.z, 2.6, 0.2)
    # The lesser wing of the sphenoid juts in between frontal and temporal lobe.
    wing = np.exp(-(((place.y + 3.3) / 0.5) ** 2)) * step_up(np.abs(place.x), 3.4, 5.0) * step_up(place.z, 0.5, -0.5)
    return thickness, crest + 1.1 * wing


def _scalp(place: Points, head: Head, angle: Floats) -> Floats:
    """Thickness of the scalp without muscle and bruises, cm."""
    nape = 0.35 * step_up(place.y, 5.5, 8.5) * step_up(place.z, 4.0, 0.0)
    return np.asarray(head.scalp[0] * (1 + 0.12 * np.sin(2 * angle + 1)) + nape)


def _muscle(place: Points) -> Floats:
    """The chewing muscle at the temples, 0 to 1."""
    return np.asarray(
        np.exp(-(((place.y + 1.6) / 2.7) ** 2)) * step_up(np.abs(place.x), 3.5, 5.0) * step_up(place.z, 3.4, 0.2)
    )


def _bruise(place: Points, head: Head, angle: Floats) -> Floats:
    """Swelling of the scalp, cm."""
    centre, width, thickness, height = head.swelling
    if thickness == 0:
        return np.zeros_like(angle)
    away = turn_between(angle, centre)
    return np.asarray(thickness * np.exp(-((away / width) ** 2) - ((place.z - height) / 2.0) ** 2))


def _sutures(place: Points, angle: Floats) -> Floats:
    """Coronal and lambdoid sutures: narrow gaps in the marrow."""
    waves = 0.12 * np.sin(place.z * 4.0)
    coronal = np.abs(place.y - (-4.4 + 0.55 * place.z) + waves) < 0.13
    lambdoid = np.abs(place.y - (4.9 + 0.25 * place.z) + waves) < 0.13
    return np.asarray((coronal | lambdoid) & (np.abs(np.cos(angle)) > 0.2), dtype=np.float32)


def _gap(place: Points, angle: Floats, fracture: Fracture) -> Floats:
    away = turn_between(angle, fracture.angle + fracture.slope * (place.z - fracture.height))
    distance = np.abs(away) * np.hypot(place.x, place.y)
    return np.asarray((np.abs(place.z - fracture.height) < fracture.length) * np.clip(1.5 - distance / 0.07, 0, 1))


def _sinus(place: Points, head: Head, surface: Floats, thickness: Floats, soft: Floats, grains: Floats) -> Floats:
    """Air in the frontal bone, divided in the middle."""
    if head.sinus == 0:
        return np.zeros_like(surface)
    reach = head.sinus * np.sqrt(np.clip((1.5 - place.z) / 2.2, 0, 1)) * (1 + 0.10 * grains)
    off_middle = np.abs(place.x - 0.15 * math.sin(head.texture % 5))
    reach = np.where(reach < 0.6, -1.0, reach)
    pocket = np.minimum(reach - off_middle, off_middle - 0.12)
    pocket = np.minimum(pocket, np.minimum(surface - 0.24, thickness - 0.22 - surface))
    return np.asarray(cover(pocket, soft) * (place.y < -0.6 * HALF_LENGTH))
