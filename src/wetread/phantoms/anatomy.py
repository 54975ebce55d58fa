"""All of the anatomy added up: the line integral of attenuation along every ray.

The body is laid down as soft tissue first; everything else
replaces it, so that each term is a difference of attenuation times a chord.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from wetread.phantoms.aeration import Scene, aerate, speckle
from wetread.phantoms.effusion import Effusion, fluid_chord, fluid_mask
from wetread.phantoms.geometry import Grid, ellipsoid_chord
from wetread.phantoms.lesions import Lesions
from wetread.phantoms.patient import Patient, Pose
from wetread.phantoms.skeleton import bone_integral
from wetread.phantoms.thorax import Thorax, airway, breast_chord, build_thorax, diaphragm_dome
from wetread.phantoms.tissue import FAT, FLUID, SOFT
from wetread.shapes import Bools, Floats


@dataclass(frozen=True, eq=False)
class Attenuation:
    """What the rays meet, ``row column``.

    Args:
        total: Line integral of attenuation, no unit, 0 in air.
        fluid: Chord of pleural fluid, cm.
        mask: Where the fluid counts as visible.
        body: Chord of the body, cm.
        masks: Where each finding that is present counts as visible, by name of the finding (`FINDINGS`).
    """

    total: Floats
    fluid: Floats
    mask: Bools
    body: Floats
    masks: dict[str, Bools] = field(default_factory=dict)


def attenuate(
    patient: Patient,
    pose: Pose,
    grid: Grid,
    effusion: Effusion | None = None,
    lesions: Lesions | None = None,
) -> Attenuation:
    """Adds up body, lungs, fluid, vessels, bones and gas.

    Args:
        patient: The anatomy.
        pose: How this image was taken.
        grid: The detector.
        effusion: The fluid, or none. It changes nothing but the lung it replaces.
        lesions: Other findings, or none.
    """
    thorax = build_thorax(patient, pose, grid)
    total = SOFT * thorax.body - (SOFT - FAT) * np.minimum(thorax.body, 2 * patient.fat)
    air_bearing = np.minimum(thorax.lung, np.maximum(thorax.body - 1.0, 0))
    fluid = np.zeros_like(total)
    if effusion is not None:
        fluid = np.minimum(fluid_chord(patient, pose, grid, thorax, effusion), air_bearing)
    aerated, masks = aerate(Scene(patient, pose, grid, thorax, air_bearing, fluid), lesions or Lesions())
    total += aerated
    if effusion is not None:
        masks["effusion"] = fluid_mask(fluid)
        # A fluid-filled part of the ray holds neither air nor lung vessels: what was there is taken out in proportion.
        part = fluid / np.maximum(air_bearing, 1e-3)
        total += np.maximum((FLUID - SOFT) * fluid - part * aerated, 0)
    total += bone_integral(patient, pose, grid) * np.clip(thorax.body / 2, 0, 1)
    total += SOFT * breast_chord(patient, pose, grid)
    total -= SOFT * np.minimum(airway(grid, pose), thorax.body)
    total -= SOFT * _gas(patient, pose, grid, thorax)
    total *= _mottle(patient, grid)
    return Attenuation(np.maximum(total, 0).astype(np.float32), fluid, fluid_mask(fluid), thorax.body, masks)


def _mottle(patient: Patient, grid: Grid) -> Floats:
    """Slow unevenness of all soft tissue, around 1."""
    return 1 + 0.012 * speckle(np.random.default_rng([patient.texture, 4]), grid, 1.8)


def _gas(patient: Patient, pose: Pose, grid: Grid, thorax: Thorax) -> Floats:
    """Gas in the stomach, above a fluid level, and in the colon; only below the left dome, cm."""
    across, up = pose.stomach
    gas = np.zeros_like(thorax.body)
    if across <= 0:
        return gas
    rng = np.random.default_rng([patient.texture, 5])
    top = diaphragm_dome(patient, pose, "left")
    centre = (patient.cage_width * rng.uniform(0.36, 0.56), top + 0.7 + up)
    bubble = ellipsoid_chord(grid, centre, (across, up, 0.9 * across), angle=rng.uniform(-0.2, 0.2), power=2.4)
    level = centre[1] + up * rng.uniform(0.1, 0.9)
    gas += bubble / (1 + np.exp(np.clip((grid.xy[1] - level) / 0.12, -30, 30)))
    for _ in range(int(rng.integers(0, 6))):
        place = (patient.cage_width * rng.uniform(-0.1, 0.85), top + rng.uniform(4.5, 9.0))
        size = rng.uniform(0.6, 1.7)
        gas += 0.7 * ellipsoid_chord(grid, place, (size * 1.3, size, size), angle=rng.uniform(-1, 1), power=2.6)
    return np.asarray(np.minimum(gas, 0.5 * thorax.body))
