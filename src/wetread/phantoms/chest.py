"""One patient, one exposure, one radiograph."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wetread.phantoms.anatomy import attenuate
from wetread.phantoms.effusion import Effusion
from wetread.phantoms.geometry import Grid
from wetread.phantoms.lesions import Lesions
from wetread.phantoms.marker import add_marker, draw_collimation, draw_marker
from wetread.phantoms.patient import Patient, draw_pose
from wetread.phantoms.physics import develop, draw_exposure, expose
from wetread.phantoms.vendor import as_vendor
from wetread.shapes import Bools, Floats

#: Pixels along each edge: as many as wetread usually keeps of any picture while it works (dataset.table.WORKING_SIDE).
DEFAULT_SIZE = 320
#: What is left of the haze where consolidation is a finding of its own.
FAINT = 0.3


@dataclass(frozen=True, eq=False)
class Phantom:
    """A simulated frontal radiograph.

    Args:
        pixels: Grey in [0, 1], float32, ``row column``, bright is dense (as MONOCHROME2 is displayed).
        mask: Where pleural fluid is visible, ``row column``; empty where there is none.
        masks: Where each finding that is present is visible, by name (see `wetread.phantoms.lesions.FINDINGS`).
        facts: What is true about it: marker, framed, field in cm, pixel in cm; of a chest also side, volume in ml and
            subpulmonic.
    """

    pixels: Floats
    mask: Bools
    masks: dict[str, Bools]
    facts: dict[str, str | float | bool]


def render_chest(
    patient: Patient,
    rng: np.random.Generator,
    *,
    size: int = DEFAULT_SIZE,
    effusion: Effusion | None = None,
    lesions: Lesions | None = None,
    vendor: str = "",
    noise: float = 1.0,
    framed_chance: float = 0.5,
) -> Phantom:
    """Images a patient once.

    Args:
        patient: From `wetread.phantoms.patient.draw_patient`.
        rng: Draws pose, exposure, marker and noise. The same state with and without fluid gives the same picture but
            for the fluid (and the vendor's grey range, which follows the picture).
        size: Pixels along each edge, 64 to 1024.
        effusion: The fluid, or none.
        lesions: Other findings. Where given, even if empty, the patch of haze that any lung may have is faint, since
            it would be a consolidation.
        vendor: A key of `wetread.phantoms.vendor.PRESETS` to process the picture as that vendor does; none leaves it
            to a device of its own.
        noise: Factor on the quantum noise.
        framed_chance: Chance that the side letter stands in a ring.

    Example:
        >>> rng = np.random.default_rng(7)
        >>> picture = render_chest(draw_patient(rng), rng, effusion=Effusion(right=600))  # doctest: +SKIP
    """
    posing, exposing, marking, shutting, counting = rng.spawn(5)
    pose = draw_pose(posing, patient)
    if lesions is not None:
        pose = replace(pose, haze=(*pose.haze[:3], FAINT * pose.haze[3]))
    exposure = as_vendor(draw_exposure(exposing), vendor)
    marker = draw_marker(marking, framed_chance)
    grid = Grid(size, pose.field, pose.tilt, pose.shift)
    seen = attenuate(patient, pose, grid, effusion, lesions)
    trunk = seen.body > 8.0
    pixels = develop(expose(seen.total, exposure, grid.pixel, counting, noise), trunk, exposure, grid.pixel)
    pixels = add_marker(pixels, marker)
    shutter = draw_collimation(shutting, size)
    if shutter is not None:
        pixels[shutter] = 0.0
    facts: dict[str, str | float | bool] = {
        "side": effusion.side if effusion else "",
        "volume": effusion.right + effusion.left if effusion else 0.0,
        "subpulmonic": bool(effusion and effusion.subpulmonic),
        "marker": marker.letter,
        "framed": marker.framed,
        "field": grid.field,
        "pixel": grid.pixel,
    }
    return Phantom(pixels, seen.mask, seen.masks, facts)
