"""Soft tissue of the belly: wall, liver, spleen, kidneys, psoas muscles and bladder, told apart only by fat.

Fat attenuates an eighth less than muscle and organs, so margins show where fat lies against them and nowhere else.
"""

from __future__ import annotations

import numpy as np

from wetread.phantoms.aeration import speckle
from wetread.phantoms.geometry import Grid, add_ellipsoid, super_ellipse_chord, tube_along, tube_chord
from wetread.phantoms.outline import add_plate, knots, spline
from wetread.phantoms.patient import SIDES, Patient
from wetread.phantoms.thorax import TRUNK_POWER
from wetread.phantoms.tissue import FAT, SOFT
from wetread.shapes import Floats

#: Bowel, its mesentery and the fat between: a mixture.
MIXED = 0.202
LIVER = 0.227
#: Outline of the liver, cm; the picture's left is the patient's right.
LIVER_OUTLINE = knots(
    "-7.0 -20.5  -11.4 -19.0  -13.2 -15.0  -13.4 -9.5  -12.8 -5.6  -11.2 -3.2  -9.2 -4.4  -6.6 -6.8 "
    "-3.0 -9.0  0.6 -11.4  4.8 -15.0  3.0 -19.0  -2.0 -20.5"
)


def body_chord(patient: Patient, grid: Grid, inset: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """Chord of the trunk lying on its back, cm, ``row column``; less ``inset`` at the side, and front and back."""
    x, y = grid.xy
    waist = 1 - 0.055 * np.exp(-(((y + 1.0) / 6.5) ** 2)) * max(2.2 - 0.5 * patient.fat, 0.2)
    hips = 1 + 0.045 / (1 + np.exp(-np.clip((y - 11.0) / 2.0, -20, 20)))
    reach = (patient.cage_width + patient.wall + 0.6) * waist * hips
    depth = patient.cage_depth * 0.93 + 0.6 * patient.fat
    return super_ellipse_chord(x, np.maximum(reach - inset[0], 0.01), max(depth - inset[1], 0.01), TRUNK_POWER)


def soft_integral(patient: Patient, grid: Grid, scale: float, rng: np.random.Generator) -> Floats:
    """Line integral of all soft tissue, no unit, ``row column``.

    Args:
        patient: Gives size and fat.
        grid: The detector.
        scale: Factor on all lengths.
        rng: Size and place of the organs.
    """
    fat, muscle, strip = 0.9 * patient.fat, rng.uniform(1.3, 2.2), rng.uniform(0.35, 0.8)
    body = body_chord(patient, grid)
    outer = body_chord(patient, grid, (fat, fat))
    inner = body_chord(patient, grid, (fat + muscle, fat + 0.8))
    sac = body_chord(patient, grid, (fat + muscle + strip, fat + 0.8 + strip))
    total = FAT * body + (SOFT - FAT) * (outer - inner) + (MIXED - FAT) * sac
    # Hip and seat muscles fill the lower flanks; loops of bowel make the rest uneven.
    low = 1 / (1 + np.exp(-np.clip((grid.xy[1] - 13.0) / 1.6, -20, 20)))
    total += (SOFT - MIXED) * 0.7 * low * sac
    total += sac * (1 - low) * (0.0016 * speckle(rng, grid, 2.6) + 0.0008 * speckle(rng, grid, 1.0))
    organs = np.zeros_like(total)
    _add_organs(organs, grid, patient, scale, rng)
    return np.asarray(total + organs * np.clip(body / 6, 0, 1))


def _add_organs(total: Floats, grid: Grid, patient: Patient, scale: float, rng: np.random.Generator) -> None:
    wide = patient.cage_width / 13.6
    shape = LIVER_OUTLINE * [wide, scale] * rng.uniform(0.94, 1.06, 2)
    shape[3:8, 1] += rng.normal(0.0, 1.2)
    add_plate(total, grid, spline(shape, 3, closed=True), 4.2, LIVER - MIXED)
    spleen = ((10.4 + rng.normal(0, 0.4)) * wide, (-12.4 + rng.normal(0, 0.7)) * scale)
    length = rng.uniform(4.2, 5.6)
    add_ellipsoid(total, grid, spleen, (2.7, length, 4.0), LIVER - MIXED, angle=0.30, power=2.3)
    for side, sign in SIDES.items():
        # The liver pushes the right kidney down.
        level = -4.6 if side == "right" else -6.0
        place = (sign * 6.2 * scale + rng.normal(0, 0.3), level * scale + rng.normal(0, 0.4))
        # Positive angles turn clockwise: the upper pole leans towards the spine.
        lean = sign * 0.24
        add_ellipsoid(total, grid, place, (3.7, 6.7, 3.4), FAT - MIXED, angle=-lean)
        add_ellipsoid(total, grid, place, (2.6, rng.uniform(5.0, 5.8), 2.7), SOFT - FAT + 0.004, angle=-lean, power=2.3)
        course = np.array([[1.6, -11.0], [2.2, -6.0], [3.0, 0.0], [4.2, 6.0], [6.0, 11.5], [8.4, 17.0]])
        line = spline(course * [sign, 1] * scale, 4)
        thick = np.interp(np.arange(len(line)), np.arange(0, 21, 4), [0.8, 1.4, 2.1, 2.5, 2.3, 1.8]) * scale
        bulk = rng.uniform(0.85, 1.15)
        total += (FAT - MIXED) * tube_chord(grid, tube_along(line, thick * bulk + 0.5))
        total += (SOFT - FAT + 0.006) * tube_chord(grid, tube_along(line, thick * bulk, 1.25))
    full = rng.uniform(2.2, 5.0)
    bladder = (rng.normal(0, 0.3), (20.0 - 0.75 * full) * scale)
    add_ellipsoid(total, grid, bladder, (full * 1.25, full * 0.9, full), 0.010)
