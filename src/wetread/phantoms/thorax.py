"""Body, rib cage, mediastinum, diaphragm, and what remains between them: the lungs.

The section at each height is a super-ellipse, so every chord below is a closed form. The lungs are what the rib cage
holds besides the mediastinum, as far down as the diaphragm: organs displace lung rather than being laid over it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wetread.phantoms.geometry import (
    Grid,
    Tubes,
    ellipsoid_chord,
    join_tubes,
    super_ellipse_chord,
    tube_along,
    tube_chord,
)
from wetread.phantoms.patient import SIDES, Patient, Pose
from wetread.shapes import Floats

#: Boxiness of a horizontal section through the rib cage and through the trunk.
CAGE_POWER = 2.25
TRUNK_POWER = 2.6
#: y at which the rib cage is widest, cm.
WIDEST = 9.0


@dataclass(frozen=True, eq=False)
class Thorax:
    """Chord lengths in cm, ``row column``; what the fluid needs to know about its surroundings.

    Args:
        body: All of the body.
        cage: The inside of the rib cage, from the apices down without end.
        mediastinum: Heart, great vessels and the tissue around the spine.
        under: Part (0 to 1) of the ray that lies below the diaphragm.
        lung: Both lungs, without vessels and without fluid.
    """

    body: Floats
    cage: Floats
    mediastinum: Floats
    under: Floats
    lung: Floats


def build_thorax(patient: Patient, pose: Pose, grid: Grid) -> Thorax:
    """Evaluates all soft tissue chords on a grid."""
    width, depth = cage_section(patient, grid.xy[1])
    cage = super_ellipse_chord(grid.xy[0], width, depth, CAGE_POWER)
    # Fat between ribs and pleura narrows the lung along the side wall only.
    for side, sign in SIDES.items():
        fat = patient.wall_fat[0 if side == "right" else 1]
        if fat > 0.05:
            half = np.where(grid.xy[0] * sign > 0, np.maximum(width - fat * _bump(grid.xy[1], 2.0, 5.0), 0.01), width)
            cage = np.minimum(cage, super_ellipse_chord(grid.xy[0], half, depth, CAGE_POWER))
    mediastinum = mediastinum_chord(patient, pose, grid)
    under = below_diaphragm(patient, pose, grid)
    cage = cage * apical_fade(patient, grid)
    lung = np.maximum(cage - mediastinum, 0) * (1 - under)
    return Thorax(body_chord(patient, pose, grid), cage, mediastinum, under, lung)


def apical_fade(patient: Patient, grid: Grid) -> Floats:
    """Part of the cage's chord that is lung near the top, 0 to 1: each apex is a dome of its own, ``row column``."""
    # Highest a hand's breadth from the midline.
    inward = np.maximum(5.4 - np.abs(grid.xy[0]), 0)
    return _ramp(grid.xy[1] - patient.apex - 0.20 * inward * inward, -0.2, 1.0)


def cage_section(patient: Patient, y: Floats) -> tuple[Floats, Floats]:
    """Half width and half depth (cm) of the inside of the rib cage at height y: a dome that is open below."""
    up = np.clip((WIDEST - y) / (WIDEST - patient.apex), 0, 1)
    taper = 1 - 0.0022 * np.maximum(y - WIDEST, 0) ** 2
    # A flat top of 3.6 cm on both sides makes room for two apices. (A mask times a number would be float64.)
    inside = (up < 1).astype(np.float32)
    width = (3.6 * inside + (patient.cage_width - 3.6) * np.sqrt(1 - up**2.6)) * taper
    depth = patient.cage_depth * (0.25 + 0.75 * np.sqrt(1 - up**2.2)) * inside
    return width, depth


def body_chord(patient: Patient, pose: Pose, grid: Grid) -> Floats:
    """Trunk, shoulders, neck and arms, merged without creases."""
    x, y = grid.xy
    reach = patient.cage_width + patient.wall
    waist = 1 - 0.05 * _bump(y, 15.0, 6.0) * (2.6 - patient.wall)
    fade = np.sqrt(_ramp(y, -20.0, -3.0))
    trunk = super_ellipse_chord(x, reach * waist * (0.85 + 0.15 * fade), 0.1 + _half_depth(patient) * fade, TRUNK_POWER)
    # Shoulders: everything below a line that falls from the neck to the tip of the shoulder.
    out = np.maximum(np.abs(x) - 5.0, 0)
    line = patient.apex - 5.5 + 0.24 * out + 0.014 * out * out - 3.0 * np.exp(-out / 1.6)
    level = np.maximum(y - line, 0)
    shoulder = (13.0 + 0.6 * patient.wall) * np.sqrt(1 - np.exp(-level / 3.0)) * (1 - _ramp(y, -8.0, 3.0))
    neck = super_ellipse_chord(x, 5.8 + 0.15 * patient.wall, 6.3, 2.0) * (1 - _ramp(y, -14.0, -6.0))
    merged = _merge([trunk, shoulder, neck])
    for sign in SIDES.values():
        joint, elbow = (sign * (reach + 1.2), patient.apex + 4.0), (sign * (reach + pose.arms + 3.5), 20.0)
        # Cut into short pieces: a long oblique one would be evaluated on a patch as large as the picture.
        limb = tube_along(np.linspace(joint, elbow, 9), np.linspace(4.9, 4.2, 9) + 0.12 * patient.wall)
        merged = (
            np.maximum(merged, tube_chord(grid, limb)) if pose.arms < 5 else np.hypot(merged, tube_chord(grid, limb))
        )
    return merged


def mediastinum_chord(patient: Patient, pose: Pose, grid: Grid) -> Floats:
    """Heart, aorta, pulmonary trunk, superior vena cava and the tissue before and beside the spine, merged."""
    x, y = grid.xy
    front, scale = -6.0 * pose.turn, patient.cage_width / 13.6
    heart = 2 * patient.cage_width * patient.heart_ratio
    top = patient.apex
    # A column from neck to abdomen: spine, great vessels, oesophagus; wider at the top where the neck vessels run.
    column = 2.0 * scale + 1.0 * _bump(y, top, 4.0) + 0.8 * _bump(y, 9.0, 4.0)
    # The heart lies before the spine: what is in front and what is behind add up, each merged in itself.
    depth = patient.cage_depth * (0.36 + 0.64 * _ramp(y, 2.0, 8.0))
    behind = [super_ellipse_chord(x - 0.15, column, depth, 2.0)]
    before = [
        *heart_parts(patient, pose, grid),
        # Pulmonary trunk, superior vena cava, arch of the aorta, thymus bed.
        ellipsoid_chord(grid, (1.9 * scale + front * 0.6, -3.2), (2.0 * scale, 2.8, 3.8), -0.35),
        ellipsoid_chord(grid, (-1.4 * scale + front * 0.5, top + 8.0), (1.5 * scale, 7.0, 3.2), 0.07),
        ellipsoid_chord(grid, (1.7 * scale + front * 0.2, -6.4), (patient.aortic_knob, patient.aortic_knob * 1.2, 3.3)),
        ellipsoid_chord(grid, (0.2 + front * 0.8, top + 5.5), (2.6 * scale, 8.0, 2.3)),
    ]
    unfolded = 0.012 * max(patient.age - 45, 0)
    descending = np.array([[2.0 + unfolded, -5.6], [2.15 + 1.2 * unfolded, -2], [1.7 + unfolded, 4], [0.9, 11]])
    behind.append(tube_chord(grid, tube_along(descending * [scale, 1], patient.aortic_knob * 0.75)))
    for side, sign in SIDES.items():
        # Lymph nodes, bronchi and vessel roots of the hilum, the left one a little higher.
        root = (sign * 3.1 * scale + front * 0.2, -1.4 if sign < 0 else -2.1)
        before.append(ellipsoid_chord(grid, root, (1.3 * scale, 2.3, 1.1), -sign * 0.35))
        pad = patient.fat_pads[0 if side == "right" else 1]
        if pad > 0.4:
            place = (
                sign * (0.5 * heart * (0.62 if sign > 0 else 0.42)) + front,
                diaphragm_dome(patient, pose, side) + 0.8,
            )
            before.append(ellipsoid_chord(grid, place, (pad * 1.3, pad, 2.5), sign * 0.5))
    return _merge(before) + _merge(behind)


def heart_parts(patient: Patient, pose: Pose, grid: Grid) -> list[Floats]:
    """Chords in cm of the left ventricle with the apex, of the right atrium, and of the waist above."""
    front, scale = -6.0 * pose.turn, patient.cage_width / 13.6
    heart = 2 * patient.cage_width * patient.heart_ratio
    across, down = 0.46 * heart, 0.32 * heart
    lowest = 3.4 + math.hypot(across * math.sin(patient.heart_axis), down * math.cos(patient.heart_axis))
    dome = diaphragm_dome(patient, pose, "left")
    drop = max(dome + 1.0 - lowest, 0.0) if patient.heart_rests else 0.0
    parts = [
        ellipsoid_chord(
            grid, (0.26 * heart + front, 3.4 + 0.6 * drop), (across, down + 0.4 * drop, 6.8), patient.heart_axis
        ),
        ellipsoid_chord(
            grid, (-0.09 * heart + front, 3.0 + 0.5 * drop), (0.22 * heart, 5.2 * scale + 0.5 * drop, 5.2), 0.08
        ),
        ellipsoid_chord(grid, (0.10 * heart + front * 0.7, -0.6), (3.2 * scale, 5.2, 5.4), -0.30),
    ]
    if patient.heart_rests:
        # The underside of the heart, with the lower vena cava: it closes the gap beside the spine.
        parts.append(ellipsoid_chord(grid, (0.10 * heart + front, dome + 0.4), (0.26 * heart, 2.6, 5.0), 0.12))
    return parts


def airway(grid: Grid, pose: Pose) -> Floats:
    """Chord of air in windpipe and main bronchi, cm."""
    lean = -2.0 * pose.turn
    trachea = tube_along(np.array([[lean, -22.0], [lean + 0.1, -10.0], [lean + 0.35, -4.4]]), 0.85)
    right = tube_along(np.array([[lean + 0.3, -4.6], [-1.6, -2.6], [-2.5, -1.2]]), np.array([0.75, 0.6, 0.4]))
    left = tube_along(np.array([[lean + 0.4, -4.6], [2.2, -2.9], [3.6, -2.0]]), np.array([0.7, 0.55, 0.4]))
    air: Tubes = join_tubes([trachea, right, left])
    return tube_chord(grid, air)


def diaphragm_dome(patient: Patient, pose: Pose, side: str) -> float:
    """Height y (cm) of one dome in this breath."""
    return patient.domes[0 if side == "right" else 1] + pose.breath


def diaphragm_line(patient: Patient, pose: Pose, x: Floats, side: str, lift: float = 0.0) -> tuple[Floats, Floats]:
    """Silhouette of the dome and lowest point of the recess behind it.

    Args:
        patient: Gives dome, peak and depth of the angle.
        pose: Gives the breath.
        x: Distances from the midline, cm.
        side: ``right`` or ``left``.
        lift: Raises the lung's lower border as fluid under the lung does, cm; its peak then lies further out.

    Returns:
        y of the silhouette and y of the recess, cm.
    """
    index = 0 if side == "right" else 1
    peak = patient.dome_peak[index] + (0.10 if lift else 0.0)
    out = np.clip(np.abs(x) / patient.cage_width, 0, 1.05)
    lateral = np.maximum(out - peak, 0) / (1 - peak)
    medial = np.maximum(peak - out, 0) / peak
    square = lateral * lateral
    dome = diaphragm_dome(patient, pose, side) - lift * (1 - 0.55 * square)
    edge = dome + patient.angle_depth[index] * (0.55 * square + 0.45 * square * square * square) + 1.5 * medial * medial
    recess = diaphragm_dome(patient, pose, side) + patient.angle_depth[index] + 1.4 - 1.2 * square
    return edge, np.maximum(recess, edge + 0.7)


def below_diaphragm(patient: Patient, pose: Pose, grid: Grid, lift: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """Part of the ray below the diaphragm: jumps at the silhouette, then grows until the recess ends, 0 to 1."""
    x, y = grid.xy
    parts = []
    for side, raised in zip(SIDES, lift, strict=True):
        edge, recess = diaphragm_line(patient, pose, x, side, raised)
        above = 1 - np.clip((y - edge) / (recess - edge), 0, 1)
        cube = above * above * above
        parts.append(np.sqrt(1 - cube * cube))
    return np.where(x < 0, parts[0], parts[1])


def breast_chord(patient: Patient, pose: Pose, grid: Grid) -> Floats:
    """Breasts: thin out upwards, end in a clear fold below; they darken nothing but may look like fluid."""
    total = np.zeros((grid.size, grid.size), dtype=np.float32)
    for thickness, sign in zip(patient.breasts, SIDES.values(), strict=True):
        if thickness <= 0:
            continue
        x = grid.xy[0] - sign * 0.60 * patient.cage_width + 8.0 * pose.turn
        y = grid.xy[1] - patient.breast_droop + 3.2
        down = np.where(y > 0, y / 3.2, y / (7.5 + 0.3 * thickness))
        inside = 1 - (x / (5.0 + 0.45 * thickness)) ** 2 - down**2
        # Steep at the fold, a gentle slope elsewhere.
        total += thickness * np.maximum(inside, 0) ** (1.3 - 0.75 * _ramp(y, -2.5, 2.5))
    return total


def _half_depth(patient: Patient) -> float:
    return patient.cage_depth + 1.3 + 0.5 * patient.fat


def _merge(parts: list[Floats]) -> Floats:
    """Union of bodies in projection, rounded where they meet: the 4-norm of their chords."""
    total = np.zeros_like(parts[0])
    for part in parts:
        square = part * part
        total += square * square
    return np.sqrt(np.sqrt(total))


def _ramp(value: Floats, low: float, high: float) -> Floats:
    """0 below ``low``, 1 above ``high``, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _bump(value: Floats, centre: float, width: float) -> Floats:
    """1 at the centre, falls off like a bell."""
    return np.asarray(np.exp(-(((value - centre) / width) ** 2)))


def head_of_arm(patient: Patient, sign: int) -> tuple[float, float]:
    """Centre (x, y) of the head of the humerus, cm."""
    return sign * (patient.cage_width + patient.wall + 1.4), patient.apex + 3.0
