"""The bony pelvis from the front: iliac wings, sacrum, pubis, ischium, and the hips.

y = 0 is the middle of the third lumbar vertebra; the iliac crests stand at the fourth. What is returned is attenuation
above that of soft tissue.
"""

from __future__ import annotations

import numpy as np

from wetread.phantoms.geometry import Grid, Tubes, add_ellipsoid, hollow_bone, join_tubes, tube_along, tube_chord
from wetread.phantoms.outline import add_plate, knots, spline
from wetread.phantoms.patient import SIDES, Patient
from wetread.phantoms.skeleton import CORTEX, SPONGY
from wetread.shapes import Floats

#: Outline of the left iliac wing, cm, from the joint with the sacrum along the crest to the hip and back.
WING = knots(
    "4.3 9.6  4.5 7.6  5.6 5.7  7.4 4.4  9.6 4.0  11.6 4.9  13.1 6.9  13.8 9.2  13.2 10.8  12.3 12.0 "
    "12.1 13.4  12.0 14.8  11.9 16.4  10.9 15.9  9.4 15.6  7.9 16.4  7.2 18.0  6.5 17.2  6.2 15.6  5.6 14.0 "
    "4.9 12.8  4.3 11.6"
)
#: Cleft of the joint between wing and sacrum, cm.
JOINT = np.array([[4.55, 8.6], [4.95, 9.8], [5.05, 11.2], [4.75, 12.6]])
CREST = slice(1, 8)
#: Right half of the sacrum's outline is the mirror image of this left half, from the top down.
SACRUM = np.array([[0, 8.9], [2.4, 8.6], [3.2, 9.2], [4.7, 9.4], [5.2, 10.8], [4.9, 12.6], [3.7, 14.6], [2.4, 16.6]])
SACRUM_TIP = np.array([[0.9, 18.4], [0.0, 18.7]])
#: Holes of the sacrum: distance from the midline and height, cm.
HOLES = ((2.35, 11.2), (2.10, 13.1), (1.80, 14.8), (1.40, 16.3))
HEAD, HEAD_RADIUS = (9.4, 18.5), 2.3


def pelvis_integral(patient: Patient, grid: Grid, scale: float, rng: np.random.Generator) -> Floats:
    """Added line integral of the pelvis and the upper ends of the thigh bones, no unit, ``row column``.

    Args:
        patient: Gives sex (a woman's pelvis is wider and lower) and bone density.
        grid: The detector.
        scale: Factor on all lengths.
        rng: The detail.
    """
    female = patient.sex == "F"
    stretch = np.array([1.05 if female else 0.98, 0.97 if female else 1.02]) * scale * rng.uniform(0.97, 1.03, 2)
    turn = rng.normal(0, 0.02)
    total = np.zeros((grid.size, grid.size), dtype=np.float32)
    tubes: list[Tubes] = []
    joints: list[Tubes] = []
    for sign in SIDES.values():
        # Seen a little from one side, one wing is wider than the other.
        size = stretch * [sign * (1 + sign * turn), 1]
        _add_wing(total, grid, size)
        tubes += _lines(size)
        tubes += _hip(total, grid, size)
        joints.append(tube_along(spline(JOINT * size, 3), 0.10, 1.6, 0))
    total += 0.85 * hollow_bone(grid, join_tubes(tubes), wall=0.15, cortex=CORTEX, core=SPONGY)
    _add_sacrum(total, grid, stretch)
    total -= 0.55 * tube_chord(grid, join_tubes(joints))
    return total * patient.bone_density


def _add_wing(total: Floats, grid: Grid, size: Floats) -> None:
    """Thin in the middle, thick along the crest and above the hip."""
    outline = spline(WING * size, 2, closed=True)
    add_plate(total, grid, outline, 0.55, 0.16, wall=0.14, wall_weight=0.30)
    side = float(np.sign(size[0]))
    # The roof of the socket, and the stout bone between it and the sacrum.
    roof = (9.6 * size[0], 14.6 * size[1])
    add_ellipsoid(total, grid, roof, (2.6, 1.7, 1.6), 0.06)
    add_ellipsoid(total, grid, (6.6 * size[0], 12.2 * size[1]), (1.7, 3.6, 1.4), 0.045, angle=-side * 0.35)
    add_ellipsoid(total, grid, (5.1 * size[0], 10.4 * size[1]), (0.9, 2.8, 1.6), 0.055, angle=side * 0.05)


def _lines(size: Floats) -> list[Tubes]:
    """Crest, rim of the pelvic inlet, the two lines of the socket's inner wall, and its brow."""
    crest = spline(WING[CREST] * size, 5)
    inlet = spline(np.array([[5.0, 12.4], [6.2, 14.6], [6.5, 16.6], [5.6, 18.6], [3.6, 19.9], [1.4, 20.4]]) * size, 4)
    wall = spline(np.array([[6.4, 15.4], [7.0, 17.6], [7.2, 19.6], [7.0, 21.6]]) * size, 4)
    around = np.linspace(-2.7, -0.35, 14)
    brow = (np.array(HEAD) + 2.75 * np.stack([np.cos(around), np.sin(around)], axis=1)) * size
    rim = spline(np.array([[11.9, 16.5], [11.0, 18.4], [9.6, 20.6], [8.4, 21.4]]) * size, 4)
    return [
        tube_along(crest, 0.42, 0.8, 0),
        tube_along(inlet, 0.20, 1.0, 1),
        tube_along(wall, 0.14, 0.9, 2),
        tube_along(brow, 0.22, 1.1, 0),
        tube_along(rim, 0.13, 0.9, 2),
    ]


def _hip(total: Floats, grid: Grid, size: Floats) -> list[Tubes]:
    """Pubis and ischium around their opening; head, neck and shaft of the thigh bone."""
    centre = (HEAD[0] * size[0], HEAD[1] * size[1])
    radius = HEAD_RADIUS * size[1]
    add_ellipsoid(total, grid, centre, (radius, radius, radius), 0.075)
    add_ellipsoid(total, grid, centre, (radius, radius, radius), 0.05, power=6.0)
    upper = spline(np.array([[7.4, 18.2], [4.6, 19.6], [1.2, 20.7]]) * size, 5)
    seat = spline(np.array([[8.3, 19.6], [7.7, 22.0], [6.7, 24.2]]) * size, 5)
    lower = spline(np.array([[1.1, 21.4], [3.2, 23.4], [6.2, 24.8]]) * size, 5)
    neck = np.array([[9.8, 18.8], [12.6, 20.6]]) * size
    shaft = np.array([[13.3, 20.6], [13.1, 24.0], [12.4, 30.0]]) * size
    knob = np.array([[13.4, 19.4], [14.1, 20.0], [14.0, 21.6]]) * size
    return [
        tube_along(upper, np.linspace(1.05, 0.85, len(upper)), 0.7, 3),
        tube_along(seat, np.linspace(1.25, 1.35, len(seat)), 0.7, 3),
        tube_along(lower, 0.65, 0.8, 4),
        tube_along(neck, np.array([1.55, 1.75]), 0.8, 5),
        tube_along(shaft, np.array([1.9, 1.65, 1.5]), 0.85, 5),
        tube_along(knob, np.array([0.8, 1.1, 0.9]), 0.7, 5),
    ]


def _add_sacrum(total: Floats, grid: Grid, stretch: Floats) -> None:
    """A shield with four pairs of holes, each under a dense arch, and the tail bone."""
    half = np.concatenate([SACRUM, SACRUM_TIP])
    outline = np.concatenate([half, (half[1:-1] * [-1, 1])[::-1]]) * stretch
    add_plate(total, grid, spline(outline, 3, closed=True), 1.1, 0.075, wall=0.12, wall_weight=0.20)
    arches: list[Tubes] = []
    for number, (out, level) in enumerate(HOLES):
        for sign in SIDES.values():
            place = (sign * out * stretch[0], level * stretch[1])
            wide = 0.68 - 0.08 * number
            add_ellipsoid(total, grid, place, (wide, 0.62 * wide, 0.9), -0.07)
            around = np.linspace(np.pi * 1.02, np.pi * 1.98, 8)
            arch = np.array(place) + np.stack([1.1 * wide * np.cos(around), 0.8 * wide * np.sin(around)], axis=1)
            arches.append(tube_along(arch, 0.09, 1.0, 0))
        add_ellipsoid(total, grid, (0.0, (level - 0.5) * stretch[1]), (0.3, 0.7, 0.8), 0.07)
    tail = spline(np.array([[0.0, 18.5], [0.15, 19.6], [0.0, 21.0]]) * stretch, 4)
    arches.append(tube_along(tail, np.linspace(0.7, 0.3, len(tail)), 0.8, 1))
    total += hollow_bone(grid, join_tubes(arches), wall=0.08, cortex=CORTEX, core=SPONGY)
