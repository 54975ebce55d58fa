"""What the lungs add to the line integral: air, fine texture, vessels, and the findings that change them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from wetread.phantoms.consolidation import consolidated_part, consolidation_mask
from wetread.phantoms.geometry import Grid, enlarge
from wetread.phantoms.heart import heart_mask
from wetread.phantoms.lesions import Lesions
from wetread.phantoms.nodule import nodule_chord, nodule_mask
from wetread.phantoms.patient import Patient, Pose
from wetread.phantoms.pneumothorax import collapse
from wetread.phantoms.thorax import Thorax
from wetread.phantoms.tissue import LUNG, SOFT
from wetread.phantoms.vessels import bronchus_chord, vessel_chord
from wetread.shapes import Bools, Floats

#: An artery is drawn once, but a bronchus wall or a vein runs beside most of them.
PAIRED = 1.9
#: A lung that has drawn back holds a little less air.
DENSER = 1.35


@dataclass(frozen=True, eq=False)
class Scene:
    """One image before the lungs are filled.

    Args:
        patient: The anatomy.
        pose: How the image was taken.
        grid: The detector.
        thorax: Its chords.
        air_bearing: Chord of lung that could hold air, cm, ``row column``.
        fluid: Chord of pleural fluid, cm, ``row column``.
    """

    patient: Patient
    pose: Pose
    grid: Grid
    thorax: Thorax
    air_bearing: Floats
    fluid: Floats


def aerate(scene: Scene, lesions: Lesions) -> tuple[Floats, dict[str, Bools]]:
    """Fills the lungs.

    Args:
        scene: Everything but the lungs.
        lesions: Findings; those of the lungs are drawn here.

    Returns:
        The line integral to be added to that of soft tissue (negative where there is air), and where each of the
        findings is visible.
    """
    patient, pose, grid = scene.patient, scene.pose, scene.grid
    lung = LUNG * patient.lung_density
    # Before and behind the heart there is less lung, and fewer vessels with it.
    vessels = vessel_chord(patient, pose, grid) * np.minimum(scene.air_bearing / 12, 1)
    density = lung * _texture(patient, grid) + (SOFT - lung) * _haze(pose, grid)
    masks: dict[str, Bools] = {}
    remaining, beside = scene.air_bearing, np.zeros_like(scene.air_bearing)
    if lesions.pneumothorax is not None:
        drawn = collapse(lesions.pneumothorax, patient, grid, scene.thorax, scene.air_bearing)
        vessels = vessels * drawn.lung / np.maximum(scene.air_bearing, 1e-3)
        remaining = drawn.lung
        pleural = scene.air_bearing - drawn.lung
        density = np.where(pleural > 0, density * DENSER, density)
        beside = (SOFT - density) * drawn.line - SOFT * pleural
        masks["pneumothorax"] = drawn.mask
    aerated = (density - SOFT) * remaining + PAIRED * (SOFT - lung) * vessels
    free = np.maximum(remaining - scene.fluid, 0)
    if lesions.consolidation is not None:
        part = consolidated_part(lesions.consolidation, patient, pose, grid)
        bronchi = np.minimum(bronchus_chord(patient, pose, grid), remaining)
        # A bronchus runs through the filled lobe itself, however little of the lung's whole depth that lobe takes.
        aerated = aerated * (1 - part) - SOFT * bronchi * np.minimum(2.5 * part, 1)
        masks["consolidation"] = consolidation_mask(part, remaining, scene.fluid)
        free = free * (part < 0.1)
    if lesions.nodules:
        chord = nodule_chord(lesions.nodules, free, grid)
        aerated = aerated + (SOFT - density) * chord
        masks["nodule"] = nodule_mask(chord, scene.fluid)
    if lesions.large_heart:
        masks["cardiomegaly"] = heart_mask(patient, pose, grid)
    return aerated + beside if lesions.pneumothorax is not None else aerated, masks


def speckle(rng: np.random.Generator, grid: Grid, length: float) -> Floats:
    """Smooth random field of unit variance with a grain of ``length`` cm."""
    # Coarse grains are drawn on a coarse grid: the same look for a fraction of the time.
    cells = int(np.clip(2.5 * grid.field / length, 8, grid.size))
    field = ndimage.gaussian_filter(rng.standard_normal((cells, cells), dtype=np.float32), length / grid.field * cells)
    field /= field.std()
    if cells < grid.size:
        field = enlarge(field, grid.size)
    return np.asarray(field, dtype=np.float32)


def _haze(pose: Pose, grid: Grid) -> Floats:
    """A soft-edged patch of denser lung (an infiltrate, a little collapse), part of soft tissue from 0 to 0.4."""
    x, y, radius, strength = pose.haze
    distance = ((grid.xy[0] - x) ** 2 + 1.3 * (grid.xy[1] - y) ** 2) / radius**2
    return np.asarray(strength * np.exp(-distance))


def _texture(patient: Patient, grid: Grid) -> Floats:
    """Fine uneven density of lung, around 1: twigs and septa too small to draw."""
    rng = np.random.default_rng([patient.texture, 3])
    return 1 + 0.02 * speckle(rng, grid, 0.16) + 0.05 * speckle(rng, grid, 0.9)
