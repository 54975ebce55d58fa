"""The vessels of the lungs: a tree from each hilum that branches and tapers by Murray's law (r^3 = r1^3 + r2^3)."""

from __future__ import annotations

import numpy as np

from wetread.phantoms.geometry import Grid, Tubes, join_tubes, tube_chord, tubes_along
from wetread.phantoms.patient import SIDES, Patient, Pose
from wetread.shapes import Floats

#: Branches thinner than this (cm) no longer show against the lung.
THINNEST = 0.055
#: First branches of one side: direction in degrees (0 outwards, 90 down), radius in cm, length factor.
TRUNKS = (
    (-82, 0.26, 0.8),
    (-62, 0.30, 0.9),
    (-35, 0.28, 0.9),
    (-8, 0.27, 0.9),
    (18, 0.30, 1.0),
    (38, 0.36, 1.1),
    (56, 0.48, 1.2),
    (74, 0.52, 1.2),
    (88, 0.34, 1.0),
)


#: Straight pieces per branch, and how often branches divide.
PIECES = 3
GENERATIONS = 9


def vessel_chord(patient: Patient, pose: Pose, grid: Grid) -> Floats:
    """Chord of blood in all vessels, cm, ``row column``; cut it to the lung afterwards."""
    return tube_chord(grid, grow_tree(patient, pose))


def bronchus_chord(patient: Patient, pose: Pose, grid: Grid) -> Floats:
    """Chord of air in the bronchi that run beside the larger arteries, cm; only seen where the lung around is dense."""
    tree = grow_tree(patient, pose)
    large = tree.radii.min(axis=1) > 0.13
    move = tree.ends[large, 1] - tree.ends[large, 0]
    across = np.stack([move[:, 1], -move[:, 0]], axis=1) / np.maximum(np.hypot(*move.T), 1e-3)[:, None]
    # Side by side with its artery, each as wide as the other.
    beside = 1.7 * tree.radii[large].mean(axis=1)[:, None] * across
    tubes = Tubes(tree.ends[large] + beside[:, None], tree.radii[large], tree.stretch[large], tree.layer[large])
    return tube_chord(grid, tubes)


def grow_tree(patient: Patient, pose: Pose) -> Tubes:
    """Arteries of both lungs from the hilum to the smallest that show, thinner from branch to branch."""
    rng = np.random.default_rng([patient.texture, 2])
    scale = patient.cage_width / 13.6
    root, angle, sign, radius, length = _trunks(rng, scale, -1.5 * pose.turn, 0.15 * pose.breath)
    tubes: list[Tubes] = []
    for generation in range(GENERATIONS):
        count = len(radius)
        steps = length * (0.95 + 1.1 * np.sqrt(radius)) * rng.uniform(0.7, 1.3, count) / PIECES
        bends = angle[:, None] + np.cumsum(rng.normal(0, 0.09, (count, PIECES)), axis=1)
        moves = steps[:, None, None] * np.stack([sign[:, None] * np.cos(bends), np.sin(bends)], axis=2)
        points = np.concatenate([root[:, None], root[:, None] + np.cumsum(moves, axis=1)], axis=1)
        share = np.clip(rng.normal(0.62, 0.12, count), 0.5, 0.9)
        thick, thin = radius * share ** (1 / 3), radius * (1 - share) ** (1 / 3)
        # Branches also leave the picture plane: those show shorter and denser.
        stretch = np.broadcast_to(rng.uniform(0.75, 1.3, (count, 1)), (count, PIECES))
        taper = np.linspace(0, 1, PIECES + 1)
        radii = radius[:, None] * (1 - taper) + thick[:, None] * taper
        tubes.append(tubes_along(points, radii, stretch, np.full(count, min(generation, 3))))
        turn = rng.choice([-1.0, 1.0], count)
        bigger = bends[:, -1] + turn * rng.uniform(0.10, 0.35, count)
        smaller = bends[:, -1] - turn * rng.uniform(0.35, 0.8, count)
        # A loss on top of Murray's law stands for the many twigs that are not drawn.
        radius = 0.90 * np.concatenate([thick, thin])
        keep = radius > THINNEST
        root = np.concatenate([points[:, -1]] * 2)[keep]
        angle = np.concatenate([bigger, smaller])[keep]
        sign, length, radius = np.tile(sign, 2)[keep], np.tile(length, 2)[keep], radius[keep]
        if not len(radius):
            break
    return join_tubes(tubes)


def _trunks(
    rng: np.random.Generator, scale: float, across: float, down: float
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """First branches of both lungs: root ``branch 2``, angle, side, radius, length."""
    degrees, radius, length = np.tile(np.array(TRUNKS, dtype=np.float64), (2, 1)).T
    sign = np.repeat(np.array(list(SIDES.values()), dtype=np.float64), len(TRUNKS))
    count = len(sign)
    # The left hilum stands a little higher than the right.
    x = sign * 2.9 * scale + across + rng.normal(0, 0.35, count)
    y = np.where(sign < 0, -1.2, -2.0) + down + 0.012 * degrees + rng.normal(0, 0.35, count)
    angle = np.radians(degrees + rng.normal(0, 8, count))
    return np.stack([x, y], axis=1), angle, sign, radius * rng.uniform(0.8, 1.2, count), length * scale
