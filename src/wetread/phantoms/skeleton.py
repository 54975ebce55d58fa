"""Bones as hollow tubes: spine, ribs, collar bones, shoulder blades, upper arms.

What is returned is attenuation above that of the soft tissue which the bone replaces: cortical bone 0.60 1/cm and
spongy bone 0.30 to 0.42 1/cm against 0.215 1/cm at about 60 keV (NIST XCOM).
"""

from __future__ import annotations

import numpy as np

from wetread.phantoms.geometry import Grid, Tubes, add_ellipsoid, hollow_bone, join_tubes, tube_along, tubes_along
from wetread.phantoms.patient import SIDES, Patient, Pose
from wetread.phantoms.thorax import cage_section, head_of_arm
from wetread.shapes import Floats

CORTEX = 0.385
SPONGY = 0.10
RIBS = 11
VERTEBRAE = 22


def bone_integral(patient: Patient, pose: Pose, grid: Grid) -> Floats:
    """Added line integral of all bones, no unit, ``row column``."""
    rng = np.random.default_rng([patient.texture, 1])
    ribs = hollow_bone(grid, _ribs(patient, pose, rng), wall=0.11, cortex=CORTEX, core=SPONGY)
    limbs = hollow_bone(grid, join_tubes(_girdle(patient, pose, rng)), wall=0.17, cortex=CORTEX, core=SPONGY)
    total = (ribs + limbs) * patient.bone_density
    for sign in SIDES.values():
        head = head_of_arm(patient, sign)
        add_ellipsoid(total, grid, head, (2.3, 2.5, 2.0), 0.055, power=2.3)
        blade = (sign * (patient.cage_width * 0.97), patient.apex + 8.0)
        add_ellipsoid(total, grid, blade, (3.2, 7.4, 0.6), 0.06, angle=sign * 0.16)
    return total + _spine(patient, pose, grid, rng) * patient.bone_density


def _ribs(patient: Patient, pose: Pose, rng: np.random.Generator) -> Tubes:
    """Each rib runs round the cage from the spine, falling as it goes: the projection makes both of its arcs."""
    number = np.repeat(np.arange(RIBS), 2)[:, None]
    sign = np.tile([-1, 1], RIBS)[:, None]
    count = 2 * RIBS
    start = patient.apex + 0.3 + patient.rib_gap * number * (0.86 + 0.012 * number) + rng.normal(0, 0.1, (count, 1))
    fall = (5.0 + 1.15 * number - 0.06 * number**2) * (1 - 0.02 * pose.breath) * np.exp(rng.normal(0, 0.03, (count, 1)))
    # Angle around the cage: 0 at the spine, pi at the breast bone. The lowest ribs end at the side.
    reach = np.where(number < 8, 0.84, 0.62) * np.pi * rng.uniform(0.97, 1.03, (count, 1))
    first = 0.035 * np.pi
    along = first + (reach - first) * np.linspace(0, 1, 28) + sign * float(np.clip(pose.turn, -0.1, 0.1))
    y = start + fall * ((1 - np.cos(along * 0.92)) / 2) ** 1.1 - 0.4 * np.sin(along * 2)
    width, depth = cage_section(patient, np.maximum(y, patient.apex + 0.6 + 0.25 * number))
    x, z = sign * (width + 0.2) * np.sin(along) ** 0.88, depth * np.cos(along)
    flat = np.hypot(np.diff(x), np.diff(y))
    oblique = np.sqrt(flat**2 + np.diff(z) ** 2) / np.maximum(flat, 1e-3)
    # Ribs are flatter than round; their front ends thin out into cartilage that hardly shows.
    mineral = 1 - 0.75 * np.clip((along[:, 1:] / np.pi - 0.42) / 0.40, 0, 1)
    stretch = 0.75 * np.minimum(oblique, 1.3) * mineral
    thick = rng.uniform(0.46, 0.56, (count, 1)) * (0.82 + 0.30 * along / np.pi)
    # Front and back of one rib never add up; those of different ribs cross and do.
    return tubes_along(np.stack([x, y], axis=2), thick, stretch, number[:, 0] % 5)


def _girdle(patient: Patient, pose: Pose, rng: np.random.Generator) -> list[Tubes]:
    """Collar bones, edges of the shoulder blades, shafts of the upper arms."""
    tubes = []
    front = -7.0 * pose.turn
    for sign in SIDES.values():
        head = np.array(head_of_arm(patient, sign))
        inner = np.array([sign * 1.7 + front, patient.apex + 3.4 + rng.normal(0, 0.25)])
        outer = head + np.array([-sign * 1.2, -3.0 + rng.normal(0, 0.3)])
        t = np.linspace(0, 1, 18)[:, None]
        bow = np.sin(2 * np.pi * t) * np.array([[0.0, 0.55]]) * rng.uniform(0.6, 1.3)
        tubes.append(tube_along(inner + t * (outer - inner) + bow, 0.72 - 0.2 * np.sin(np.pi * t[:, 0]), 1.05, 0))
        # Acromion and the spine of the shoulder blade, coracoid, outer edge, inner edge.
        blade_tip = np.array([sign * (patient.cage_width + 0.2), patient.apex + 15.0 + rng.normal(0, 0.5)])
        socket = head + np.array([-sign * 2.6, 0.6])
        corner = np.array([sign * (patient.cage_width * 0.84), patient.apex + 3.2])
        tip, root = np.array([sign * 1.6, 0.1]), np.array([sign * 0.4, 2.4])
        tubes.append(_bent(outer + tip, corner + root, [0, 0.5], (0.6, 0.25), 0.45, 1))
        tubes.append(_bent(socket, socket + np.array([-sign * 1.0, -2.2]), [-sign * 0.6, 0], (0.5, 0.5), 0.6, 2))
        tubes.append(_bent(socket, blade_tip, [sign * 0.5, 0], (0.55, 0.3), 0.55, 3))
        tubes.append(_bent(corner, blade_tip, [-sign * 0.8, 0], (0.2, 0.25), 0.5, 4))
        elbow = np.array([sign * (patient.cage_width + patient.wall + pose.arms + 3.5), 20.0])
        tubes.append(tube_along(np.linspace(head + np.array([0, 1.0]), elbow, 20), np.linspace(1.35, 1.05, 20), 0.9, 5))
    return tubes


def _bent(
    start: Floats, end: Floats, bow: list[float], radii: tuple[float, float], stretch: float, layer: int
) -> Tubes:
    t = np.linspace(0, 1, 12)[:, None]
    points = start + t * (end - start) + np.sin(np.pi * t) * np.array([bow])
    return tube_along(points, np.linspace(radii[0], radii[1], 12), stretch, layer)


def _spine(patient: Patient, pose: Pose, grid: Grid, rng: np.random.Generator) -> Floats:
    """Vertebral bodies with denser end plates and pedicles, and the spinous processes on their ends."""
    total = np.zeros((grid.size, grid.size), dtype=np.float32)
    height, y, phase = 1.45, patient.apex - 8.0, rng.uniform(0, 6)
    for number in range(VERTEBRAE):
        gap = height * 1.24
        x = patient.scoliosis * np.sin(0.22 * y + phase)
        half = 1.25 + 0.035 * number
        add_ellipsoid(total, grid, (x, y), (half, height * 0.54, 1.5 + 0.03 * number), 0.05, power=4.0)
        for plate in (-1, 1):
            edge = (x, y + plate * height * 0.47)
            add_ellipsoid(total, grid, edge, (half * 0.95, 0.13, 0.9), 0.06, power=2.5)
        behind = 3.5 * pose.turn
        for sign in (-1, 1):
            pedicle = (x + behind * 0.4 + sign * half * 0.62, y - 0.25)
            add_ellipsoid(total, grid, pedicle, (0.30, 0.48, 0.7), 0.08)
            add_ellipsoid(total, grid, (x + sign * (half + 0.7), y - 0.3), (1.1, 0.42, 0.6), 0.05, angle=-sign * 0.25)
        add_ellipsoid(total, grid, (x + behind, y + 0.5), (0.22, 0.6, 0.8), 0.09)
        y += gap
        height += 0.055
    return total
