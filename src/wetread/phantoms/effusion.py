"""Pleural fluid in the upright patient.

Fluid lies between lung and chest wall as a shell. Its thickness grows exponentially downwards over the meniscus
length, from a film above the level to everything below it. Seen from the front the shell is crossed lengthwise at the
side and through at the middle, which gives the meniscus of the radiograph without drawing one. With little fluid only
the costophrenic angle is blunted. Subpulmonic fluid lifts the base of the lung instead and has no meniscus.

About 200 ml blunt the angle in a frontal view and 500 ml hide the dome of the diaphragm (Blackmore et al., Acad Radiol
1996; 3: 103-109).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from wetread.phantoms.geometry import Grid, super_ellipse_chord
from wetread.phantoms.patient import SIDES, Patient, Pose
from wetread.phantoms.thorax import CAGE_POWER, Thorax, below_diaphragm, build_thorax, cage_section
from wetread.shapes import Bools, Floats

#: Fluid of at least this chord (cm) belongs to the mask; thinner films cannot be seen.
MASK_CHORD = 1.0
#: Haziness of the border of fluid, cm.
SOFTNESS = 0.35
#: Pixels along the edge of the coarse grid on which volumes are measured.
COARSE = 56


@dataclass(frozen=True)
class Effusion:
    """How much fluid lies where.

    Args:
        right: Volume on the patient's right, ml.
        left: Volume on the patient's left, ml.
        subpulmonic: Whether it lies under the lung rather than round it.
        meniscus: Length over which the shell thins upwards, cm, 1.2 to 2.6.
    """

    right: float = 0.0
    left: float = 0.0
    subpulmonic: bool = False
    meniscus: float = 1.8

    @property
    def side(self) -> str:
        """``right``, ``left`` or ``both``."""
        if self.right > 0 and self.left > 0:
            return "both"
        return "right" if self.right > 0 else "left"


def draw_effusion(rng: np.random.Generator, volume: tuple[float, float]) -> Effusion:
    """Draws an effusion: two in five right, two in five left, the others on both sides; one in eight subpulmonic.

    Args:
        rng: The random numbers.
        volume: Smallest and largest volume in ml; small ones are the more frequent (uniform in the logarithm).
    """
    total = float(np.exp(rng.uniform(np.log(volume[0]), np.log(volume[1]))))
    kind, split = rng.random(), rng.uniform(0.3, 0.7)
    subpulmonic, meniscus = bool(rng.random() < 0.125), rng.uniform(1.2, 2.6)
    right = 1.0 if kind < 0.4 else 0.0 if kind < 0.8 else split
    # Fluid on both sides is shared out, but never so that one side gets less than the smallest volume.
    total = max(total, 2.6 * volume[0]) if 0 < right < 1 else total
    return Effusion(total * right, total * (1 - right), subpulmonic, meniscus)


def fluid_chord(patient: Patient, pose: Pose, grid: Grid, thorax: Thorax, effusion: Effusion) -> Floats:
    """Chord of fluid in cm, ``row column``, for the asked volumes; never more than the lung it replaces."""
    coarse = Grid(COARSE, 46.0, shift=(0.0, 0.0))
    rough = build_thorax(patient, pose, coarse)
    total = np.zeros_like(thorax.lung)
    for side, volume in zip(SIDES, (effusion.right, effusion.left), strict=True):
        if volume <= 0:
            continue
        amount = _solve(patient, pose, coarse, rough, effusion, side, volume)
        total += _one_side(patient, pose, grid, thorax, effusion, side, amount)
    # Fluid tapers unevenly and moves with breath and heartbeat: its upper border is hazy.
    # The share of fluid is what blurs, so that no air stays behind along the sharp outline of the diaphragm.
    sigma = (0.3 if effusion.subpulmonic else 1.0) * SOFTNESS / grid.pixel
    share = ndimage.gaussian_filter(total, sigma) / np.maximum(ndimage.gaussian_filter(thorax.lung, sigma), 0.02)
    return np.asarray(np.minimum(share, 1) * thorax.lung)


def fluid_mask(fluid: Floats) -> Bools:
    """Where the fluid is thick enough to be seen, ``row column``."""
    return np.asarray(fluid > MASK_CHORD)


def _solve(
    patient: Patient, pose: Pose, grid: Grid, thorax: Thorax, effusion: Effusion, side: str, volume: float
) -> float:
    """Finds by bisection the amount (lift or height of the level) at which the chords add up to the volume."""
    low, high = (0.0, 9.0) if effusion.subpulmonic else (-26.0, 10.0)
    for _ in range(11):
        amount = (low + high) / 2
        chords = _one_side(patient, pose, grid, thorax, effusion, side, amount)
        if float(chords.sum()) * grid.pixel**2 < volume:
            low = amount
        else:
            high = amount
    return (low + high) / 2


def _one_side(
    patient: Patient, pose: Pose, grid: Grid, thorax: Thorax, effusion: Effusion, side: str, amount: float
) -> Floats:
    """Fluid of one side; ``amount`` grows with the volume: cm of lift, or minus the y of the level."""
    x, y = grid.xy
    here = x * SIDES[side] > 0
    space = np.maximum(thorax.cage - thorax.mediastinum, 0)
    if effusion.subpulmonic:
        lift = (amount, 0.0) if side == "right" else (0.0, amount)
        remaining = space * (1 - below_diaphragm(patient, pose, grid, lift))
        # Even then a little fluid sits in the angle.
        level, length = 15.5, 1.2
    else:
        remaining, level, length = thorax.lung, -amount, effusion.meniscus
    width, depth = cage_section(patient, y)
    shell = 0.5 * patient.cage_width * np.exp(np.clip((y - level) / length, -12, 2))
    inner = super_ellipse_chord(x, np.maximum(width - shell, 0.01), np.maximum(depth - 0.75 * shell, 0), CAGE_POWER)
    aerated = np.maximum(inner - thorax.mediastinum * np.minimum(1 + 0.1 * shell, 2), 0) * (1 - thorax.under)
    return np.where(here, np.maximum(thorax.lung - np.minimum(remaining, aerated), 0), 0)
