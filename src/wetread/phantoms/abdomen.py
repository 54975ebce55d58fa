"""A supine abdomen: one patient, one exposure, one radiograph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wetread.phantoms.bowel import gas_chord
from wetread.phantoms.chest import DEFAULT_SIZE, Phantom
from wetread.phantoms.geometry import Grid, add_ellipsoid
from wetread.phantoms.lumbar import lumbar_integral
from wetread.phantoms.marker import add_marker, draw_collimation, draw_marker
from wetread.phantoms.patient import Patient, Pose, draw_pose
from wetread.phantoms.pelvis import pelvis_integral
from wetread.phantoms.physics import develop, draw_exposure, expose
from wetread.phantoms.thorax import build_thorax
from wetread.phantoms.tissue import LUNG, SOFT
from wetread.phantoms.vendor import as_vendor
from wetread.phantoms.viscera import body_chord, soft_integral
from wetread.shapes import Floats

#: How far the third lumbar vertebra lies below the origin of the chest's coordinates, cm, breathing out.
BELOW_CHEST = 24.5
#: Shift of the grey curve for the abdomen, as a part of the range.
DARKER = 0.10


def render_abdomen(
    patient: Patient,
    rng: np.random.Generator,
    *,
    size: int = DEFAULT_SIZE,
    vendor: str = "",
    noise: float = 1.0,
    framed_chance: float = 0.5,
) -> Phantom:
    """Images a patient's abdomen once, from the front, lying on the back.

    Args:
        patient: From `wetread.phantoms.patient.draw_patient`.
        rng: Draws pose, contents of the bowel, exposure, marker and noise.
        size: Pixels along each edge, 64 to 1024.
        vendor: As for `wetread.phantoms.chest.render_chest`.
        noise: Factor on the quantum noise.
        framed_chance: Chance that the side letter stands in a ring.

    Returns:
        A picture without masks.

    Example:
        >>> rng = np.random.default_rng(7)
        >>> picture = render_abdomen(draw_patient(rng), rng)  # doctest: +SKIP
    """
    posing, exposing, marking, shutting, counting, filling = rng.spawn(6)
    pose = draw_pose(posing, patient)
    exposure = as_vendor(draw_exposure(exposing), vendor)
    # Without large lungs the grey range belongs to soft tissue, which is shown darker than below a lung.
    exposure = replace(exposure, middle=exposure.middle + DARKER)
    marker = draw_marker(marking, framed_chance)
    # Centred on the iliac crests, with a field from the same range as that of the chest.
    grid = Grid(size, pose.field, pose.tilt, (pose.shift[0], 2.4 + 1.5 * (pose.shift[1] + 2.0)))
    total, body = attenuate_abdomen(patient, pose, grid, filling)
    pixels = develop(expose(total, exposure, grid.pixel, counting, noise), body > 8.0, exposure, grid.pixel)
    pixels = add_marker(pixels, marker)
    shutter = draw_collimation(shutting, size)
    if shutter is not None:
        pixels[shutter] = 0.0
    facts: dict[str, str | float | bool] = {
        "marker": marker.letter,
        "framed": marker.framed,
        "field": grid.field,
        "pixel": grid.pixel,
    }
    return Phantom(pixels, np.zeros(pixels.shape, dtype=bool), {}, facts)


def attenuate_abdomen(patient: Patient, pose: Pose, grid: Grid, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Adds up soft tissue, bases of the lungs, bones and gas.

    Returns:
        The line integral of attenuation, no unit, and the chord of the body, cm, both ``row column``.
    """
    scale = patient.cage_width / 13.6
    body = body_chord(patient, grid)
    total = soft_integral(patient, grid, scale, rng)
    chest = Grid(grid.size, grid.field, grid.tilt, (grid.shift[0], grid.shift[1] + BELOW_CHEST * scale))
    lung = np.minimum(build_thorax(patient, pose, chest).lung, np.maximum(body - 2.0, 0))
    total += (LUNG * patient.lung_density - SOFT) * 0.8 * lung
    bones = lumbar_integral(patient, grid, scale, rng) + pelvis_integral(patient, grid, scale, rng)
    total += bones * np.clip(body / 2, 0, 1)
    _add_phleboliths(total, grid, scale, rng)
    total -= SOFT * np.minimum(gas_chord(grid, scale, rng), 0.6 * body)
    return np.maximum(total, 0).astype(np.float32), body


def _add_phleboliths(total: Floats, grid: Grid, scale: float, rng: np.random.Generator) -> None:
    """Small round stones of the pelvic veins, in about one patient in three."""
    for _ in range(int(rng.integers(1, 5)) if rng.random() < 0.35 else 0):
        side = 1 if rng.random() < 0.5 else -1
        place = (side * rng.uniform(3.0, 5.8) * scale, rng.uniform(17.0, 19.5) * scale)
        add_ellipsoid(total, grid, place, (rng.uniform(0.15, 0.28),) * 3, 0.6)
