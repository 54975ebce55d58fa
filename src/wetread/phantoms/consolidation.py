"""Consolidation: air spaces full of fluid or pus, with the bronchi still holding air (air bronchogram).

It ends sharply where the lobe ends, at the pleura and at the minor fissure, and unevenly within a lobe. Because it
replaces lung in place, it wipes out the border of whatever it touches (the silhouette sign; Felson 1950).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from wetread.phantoms.geometry import Grid, enlarge
from wetread.phantoms.patient import SIDES, Patient, Pose
from wetread.phantoms.thorax import diaphragm_dome
from wetread.shapes import Bools, Floats

#: From this part of the depth of the lung on (0 to 1) a consolidation belongs to the mask.
MASK_PART = 0.16
#: Zone: side, height (0 apex, 1 dome), distance from the midline as part of the cage, which side of the minor fissure
#: it keeps to (-1 above, 1 below, 0 no fissure there).
ZONES: dict[str, tuple[str, float, float, int]] = {
    "right upper": ("right", 0.30, 0.55, -1),
    "right middle": ("right", 0.80, 0.42, 1),
    "right lower": ("right", 0.85, 0.62, 0),
    "left upper": ("left", 0.33, 0.52, 0),
    "lingula": ("left", 0.74, 0.66, 0),
    "left lower": ("left", 0.90, 0.55, 0),
}


@dataclass(frozen=True)
class Consolidation:
    """One consolidation.

    Args:
        zone: Key of `ZONES`.
        height: Shift along the lung's height, part of it.
        out: Shift across, part of the cage's half width.
        radii: Across and down, cm, where the density has fallen to half.
        strength: Part of the lung's depth that is filled at the centre, 0.4 to 0.7.
        patchy: How uneven it is, 0.2 to 0.6.
        texture: Seed of the detail.
    """

    zone: str
    height: float
    out: float
    radii: tuple[float, float]
    strength: float
    patchy: float
    texture: int

    @property
    def side(self) -> str:
        """``right`` or ``left``."""
        return ZONES[self.zone][0]


def draw_consolidation(
    rng: np.random.Generator, lesion_size: float = 1.0, away_from: str | None = None
) -> Consolidation:
    """Draws a consolidation of 5 to 11 cm.

    Args:
        rng: The random numbers.
        lesion_size: Factor on its radii.
        away_from: ``right`` or ``left`` where fluid would hide it on that side, ``both`` to keep to the upper lobes.
    """
    open_to = [
        zone
        for zone, (side, height, _, _) in ZONES.items()
        if away_from is None or (height < 0.5 if away_from == "both" else side != away_from)
    ]
    zone = open_to[int(rng.integers(len(open_to)))]
    size = rng.uniform(2.4, 4.6) * lesion_size
    return Consolidation(
        zone=zone,
        height=rng.normal(0, 0.05),
        out=rng.normal(0, 0.06),
        radii=(size * rng.uniform(0.9, 1.25), size * rng.uniform(0.75, 1.1)),
        strength=rng.uniform(0.42, 0.70),
        patchy=rng.uniform(0.2, 0.6),
        texture=int(rng.integers(2**31)),
    )


def consolidated_part(consolidation: Consolidation, patient: Patient, pose: Pose, grid: Grid) -> Floats:
    """Part of the lung's depth that holds no air, 0 to 1, ``row column``."""
    side, height, out, fissure = ZONES[consolidation.zone]
    x, y = grid.xy
    dome = diaphragm_dome(patient, pose, side)
    centre_x = SIDES[side] * patient.cage_width * (out + consolidation.out)
    centre_y = patient.apex + (dome - patient.apex) * (height + consolidation.height)
    across, down = (x - centre_x) / consolidation.radii[0], (y - centre_y) / consolidation.radii[1]
    distance = np.sqrt(across * across + down * down)
    rng = np.random.default_rng([consolidation.texture, 1])
    rough = 0.55 * _grain(rng, grid, 3.0) + 0.30 * _grain(rng, grid, 1.1) + 0.12 * _grain(rng, grid, 0.5)
    # A window that falls off like a bell, with noise added before it is cut: fluffy, ragged edges with outlying dots.
    window = np.exp(-0.7 * distance * distance) + consolidation.patchy * 0.4 * rough
    part = 1 / (1 + np.exp(-(window - 0.45) / 0.17))
    part *= np.exp(-((np.maximum(distance - 0.7, 0) / 0.9) ** 2))
    part *= 1 + 0.35 * consolidation.patchy * rough
    if fissure:
        # The minor fissure runs from the hilum to the side wall, nearly level: a border as sharp as a ruler.
        level = -1.6 + 0.25 * (np.abs(x) - 3) * np.clip(pose.turn * 4, -0.2, 0.2) + pose.breath * 0.3
        part = part / (1 + np.exp(np.clip(-fissure * (y - level) / 0.10, -30, 30)))
    return np.asarray(np.clip(consolidation.strength * part, 0, 0.95) * (x * SIDES[side] > 0))


def consolidation_mask(part: Floats, lung: Floats, fluid: Floats) -> Bools:
    """Where it can be seen: dense enough, with lung to stand out from, and not drowned in fluid."""
    smooth = ndimage.uniform_filter(part, 3)
    return np.asarray((smooth > MASK_PART) & (lung > 2.0) & (fluid < 0.5 * lung))


def _grain(rng: np.random.Generator, grid: Grid, length: float) -> Floats:
    """Smooth random field of unit variance with a grain of ``length`` cm, the same at every picture size."""
    cells = int(2.5 * grid.field / length)
    field = ndimage.gaussian_filter(rng.standard_normal((cells, cells), dtype=np.float32), 1.0)
    return enlarge(field / field.std(), grid.size)
