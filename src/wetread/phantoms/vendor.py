"""Two vendors whose pictures look different: grey curve, edge enhancement, blur and noise.

Tied to the label, the look of a vendor becomes a shortcut, as in data sets put together from several hospitals (Zech
et al., PLoS Med 2018; 15: e1002683).
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from wetread.phantoms.physics import Exposure

#: A: crisp, steep, quiet. B: soft, flat, grainy.
PRESETS: dict[str, Exposure] = {
    "A": Exposure(
        beam=0.92,
        scatter=0.20,
        photons=10**4.3,
        blur=0.03,
        enhancement=1.15,
        compression=0.52,
        contrast=1.25,
        middle=0.55,
        floor=0.02,
    ),
    "B": Exposure(
        beam=0.99,
        scatter=0.42,
        photons=10**3.5,
        blur=0.075,
        enhancement=0.35,
        compression=0.30,
        contrast=0.80,
        middle=0.46,
        floor=0.02,
    ),
}
#: How much of an exposure the vendor fixes; the rest differs from image to image.
FIXED = 0.85


def draw_vendor(rng: np.random.Generator, chance_of_a: float) -> str:
    """Draws ``A`` or ``B``; the number of random draws does not depend on the chance."""
    return "A" if rng.random() < chance_of_a else "B"


def model_name(vendor: str) -> str:
    """What the header calls a device of this vendor; empty for none."""
    return f"Phantom {vendor}" if vendor else ""


def as_vendor(exposure: Exposure, vendor: str) -> Exposure:
    """Moves an exposure towards that of a vendor; leaves it alone where ``vendor`` is empty."""
    if not vendor:
        return exposure
    preset = PRESETS[vendor]
    mixed = {}
    for part in fields(Exposure):
        drawn, fixed = getattr(exposure, part.name), getattr(preset, part.name)
        mixed[part.name] = FIXED * fixed + (1 - FIXED) * drawn
    return Exposure(**mixed)
