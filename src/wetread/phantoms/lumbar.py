"""Lower thoracic and lumbar spine with its processes, and the lower ribs, as seen from the front.

y = 0 is the middle of the third lumbar vertebra. What is returned is attenuation above that of soft tissue.
"""

from __future__ import annotations

import numpy as np

from wetread.phantoms.geometry import Grid, Tubes, add_ellipsoid, hollow_bone, join_tubes, tube_along
from wetread.phantoms.outline import add_plate, knots, spline
from wetread.phantoms.patient import SIDES, Patient
from wetread.phantoms.skeleton import CORTEX, SPONGY
from wetread.shapes import Floats

#: Middles of the vertebrae from the fifth lumbar upwards, cm, and half their widths.
LEVELS = (7.0, 3.55, 0.0, -3.45, -6.75, -9.85, -12.75, -15.5, -18.2, -20.8, -23.3)
HALF_WIDTHS = (2.55, 2.45, 2.35, 2.25, 2.15, 2.05, 1.95, 1.85, 1.75, 1.7, 1.65)
HALF_HEIGHT = 1.33
#: Outline of a vertebral body in half widths and half heights: a box with a waist and hollow end plates.
BODY = knots(
    "-1 -0.97  -0.5 -0.90  0 -0.87  0.5 -0.90  1 -0.97  1.0 -0.75  0.86 0  1.02 0.75  1.03 0.98  0.5 0.92 "
    "0 0.90  -0.5 0.92  -1.03 0.98  -1.02 0.75  -0.86 0  -1.0 -0.75"
)
LUMBAR = 5
#: Ribs from the twelfth upwards: level of the vertebra, part of the way round to the front, fall in cm.
RIBS = ((5, 0.50, 4.6), (6, 0.84, 9.5), (7, 1.30, 11.0), (8, 1.35, 12.0), (9, 1.40, 12.5), (10, 1.40, 12.5))


def lumbar_integral(patient: Patient, grid: Grid, scale: float, rng: np.random.Generator) -> Floats:
    """Added line integral of spine and lower ribs, no unit, ``row column``.

    Args:
        patient: Gives bone density, width and curvature.
        grid: The detector.
        scale: Factor on all lengths.
        rng: The detail.
    """
    total = np.zeros((grid.size, grid.size), dtype=np.float32)
    lines: list[Tubes] = []
    lean, phase = patient.scoliosis, rng.uniform(0, 6)
    turn = rng.normal(0, 0.12)
    for number, (level, half) in enumerate(zip(LEVELS, HALF_WIDTHS, strict=True)):
        x, y = lean * np.sin(0.15 * level + phase), level * scale
        tall = HALF_HEIGHT * scale * (1 - 0.03 * number) * rng.uniform(0.97, 1.03)
        _add_body(total, grid, (x, y), half * scale, tall)
        lines += _processes(total, grid, (x, y), half * scale, scale, turn, number < LUMBAR, rng)
    total += 0.8 * hollow_bone(grid, join_tubes(lines), wall=0.10, cortex=CORTEX, core=SPONGY)
    ribs = join_tubes(_ribs(patient, scale, rng))
    total += hollow_bone(grid, ribs, wall=0.11, cortex=CORTEX, core=SPONGY)
    return total * patient.bone_density


def _add_body(total: Floats, grid: Grid, centre: tuple[float, float], half: float, tall: float) -> None:
    """A box with a waist, dense end plates and a thin wall."""
    outline = spline(np.array(centre) + BODY * [half, tall], 2, closed=True)
    add_plate(total, grid, outline, 1.5, 0.062, wall=0.14, wall_weight=0.16)
    for plate in (-1, 1):
        add_ellipsoid(
            total, grid, (centre[0], centre[1] + plate * tall * 0.90), (half * 0.97, 0.13, 1.3), 0.085, power=3.0
        )


def _processes(
    total: Floats,
    grid: Grid,
    centre: tuple[float, float],
    half: float,
    scale: float,
    turn: float,
    lumbar: bool,
    rng: np.random.Generator,
) -> list[Tubes]:
    """Pedicles (seen end on, as eyes), spinous process, joint facets and transverse processes."""
    x, y = centre
    back = x + turn
    # Spinous process: a drop, dense at its rim.
    for radii, weight in (((0.36, 0.95, 1.0), 0.16), ((0.22, 0.75, 0.9), -0.07)):
        add_ellipsoid(total, grid, (back, y + 0.95 * scale), radii, weight, power=2.3)
    tubes: list[Tubes] = []
    for sign in SIDES.values():
        eye = (x + 0.5 * turn + sign * 0.66 * half, y - 0.32 * scale)
        add_ellipsoid(total, grid, eye, (0.42 * scale, 0.66 * scale, 1.1), 0.14, angle=sign * 0.1)
        add_ellipsoid(total, grid, eye, (0.27 * scale, 0.50 * scale, 1.0), -0.11, angle=sign * 0.1)
        root = np.array([back + sign * 0.35, y + 0.25 * scale])
        below = np.array([back + sign * 0.56 * half, y + 1.55 * scale])
        above = np.array([back + sign * 0.70 * half, y - 1.35 * scale])
        tubes.append(tube_along(np.stack([root, (root + below) / 2 + [sign * 0.1, 0], below]), 0.34 * scale, 0.9, 0))
        tubes.append(tube_along(np.stack([root, above]), np.array([0.30, 0.34]) * scale, 0.8, 1))
        if lumbar:
            reach = rng.uniform(1.6, 2.4) * scale
            start = np.array([x + sign * 0.9 * half, y - 0.45 * scale])
            tip = start + np.array([sign * reach, rng.normal(-0.25, 0.2) * scale])
            middle = (start + tip) / 2 + [0, 0.12]
            tubes.append(tube_along(np.stack([start, middle, tip]), np.array([0.36, 0.30, 0.34]) * scale, 0.6, 2))
    return tubes


def _ribs(patient: Patient, scale: float, rng: np.random.Generator) -> list[Tubes]:
    """Each falls from the spine outwards; the upper of them come back in front."""
    tubes = []
    width = patient.cage_width + 0.2
    for number, (level, reach, fall) in enumerate(RIBS):
        for sign in SIDES.values():
            t = np.linspace(0.04, reach * rng.uniform(0.93, 1.05), 22)
            half = HALF_WIDTHS[level] * scale
            x = sign * (half + (width - half - 0.35 * max(2 - number, 0)) * np.sin(np.pi / 2 * np.minimum(t, 2)))
            y = (LEVELS[level] - 0.6 + rng.normal(0, 0.1)) * scale + fall * scale * t**1.35
            thick = 0.50 * np.clip((t[-1] - t) / 0.10 + 0.45, 0.45, 1) * rng.uniform(0.9, 1.05)
            # In front they end in cartilage.
            faint = 0.75 * (1 - 0.6 * np.clip((t[1:] - 1.0) / 0.4, 0, 1))
            tube = tube_along(np.stack([x, y], axis=1), thick, 1.0, number % 4)
            tubes.append(Tubes(tube.ends, tube.radii, faint.astype(np.float32), tube.layer))
    return tubes
