"""The size of the heart: its outline, the cardiothoracic ratio, and a heart made to measure.

The cardiothoracic ratio is the largest width of the heart over the largest inner width of the rib cage (Danzer, Am J
Med Sci 1919; 157: 513-554); above 0.50 in an upright frontal view the heart counts as large. Here 0.53 parts the
classes, and nobody without the finding lies above 0.50, so that breath and rotation leave no doubtful cases.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wetread.phantoms.geometry import Grid
from wetread.phantoms.patient import Patient, Pose
from wetread.phantoms.thorax import below_diaphragm, cage_section, heart_parts
from wetread.shapes import Bools

#: Cardiothoracic ratio above which the heart is called enlarged.
ENLARGED = 0.53
#: The border of the heart shows where it is at least this thick, cm.
BORDER = 1.2
#: The heart begins below the vessels of its base, at this y, cm.
TOP = -3.0
#: Pixels along the edge of the grid on which ratios are measured.
COARSE = 112
NEUTRAL = Pose(40.0, 0.0, (0.0, -2.0), 0.0, 0.3, 6.0, (0.0, 0.0), (0.0, 0.0, 1.0, 0.0))


def heart_mask(patient: Patient, pose: Pose, grid: Grid) -> Bools:
    """The silhouette of the heart above the diaphragm, ``row column``."""
    thickness = np.maximum.reduce(heart_parts(patient, pose, grid))
    above = (below_diaphragm(patient, pose, grid) < 0.5) & (grid.xy[1] > TOP)
    return np.asarray((thickness > BORDER) & above)


def cardiothoracic_ratio(patient: Patient, pose: Pose) -> float:
    """Width of the heart over inner width of the rib cage, as a reader would measure them in this image."""
    grid = Grid(COARSE, 40.0)
    x = grid.xy[0][:, heart_mask(patient, pose, grid).any(axis=0)]
    width, _ = cage_section(patient, np.linspace(patient.apex + 1, 11, 60))
    return float(x.max() - x.min()) / float(2 * width.max() - sum(patient.wall_fat))


def with_heart(patient: Patient, ratio: float) -> Patient:
    """The same patient with a heart of the asked cardiothoracic ratio (in a straight picture at middling breath)."""
    patient = replace(patient, heart_rests=True)
    low, high = 0.2, 0.9
    for _ in range(9):
        middle = (low + high) / 2
        if cardiothoracic_ratio(replace(patient, heart_ratio=middle), NEUTRAL) < ratio:
            low = middle
        else:
            high = middle
    return replace(patient, heart_ratio=(low + high) / 2)


def draw_heart_ratio(rng: np.random.Generator, enlarged: bool, lesion_size: float = 1.0) -> float:
    """Draws a cardiothoracic ratio: 0.38 to 0.49 in health, 0.55 to 0.66 where enlarged (0.54 to 0.72 with the factor).

    Args:
        rng: The random numbers.
        enlarged: Whether the heart is large.
        lesion_size: Factor on the excess above 0.53.
    """
    place = rng.random()
    if not enlarged:
        return 0.38 + 0.11 * place
    return float(np.clip(ENLARGED + (0.02 + 0.11 * place) * lesion_size, ENLARGED + 0.015, 0.72))
