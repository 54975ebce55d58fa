"""From line integral to displayed grey: what happens between the patient and the screen.

Beer-Lambert attenuation, scattered radiation, blur of the detector, quantum noise, logarithm, the edge enhancement of
the vendors and their grey curve. Each step takes and returns a field ``row column``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from wetread.phantoms.geometry import enlarge
from wetread.shapes import Bools, Floats

#: Reach of scattered radiation, cm, and of the vendors' edge enhancement, cm.
SCATTER_REACH = 4.0
ENHANCEMENT_REACH = 1.2
#: Reach of the compression of the range, which keeps lung and mediastinum both readable, cm.
COMPRESSION_REACH = 5.0


@dataclass(frozen=True)
class Exposure:
    """How one image was exposed and processed.

    Args:
        beam: Factor on all attenuation: below 1 for a harder beam.
        scatter: Scattered part of the signal, 0.15 to 0.5 (the lower end with a grid).
        photons: Photons per pixel behind the lung, 10^3.4 to 10^4.4.
        blur: Blur of the detector, standard deviation in cm.
        enhancement: Gain of the edge enhancement, 0.3 to 1.2.
        compression: Part of the slow changes of density that is taken away, 0.25 to 0.60.
        contrast: Steepness of the grey curve.
        middle: Where the grey curve is steepest, as a part of the range.
        floor: Quantile of the body's densities that is shown black.
    """

    beam: float
    scatter: float
    photons: float
    blur: float
    enhancement: float
    compression: float
    contrast: float
    middle: float
    floor: float


def draw_exposure(rng: np.random.Generator) -> Exposure:
    """Draws an exposure; nothing about it depends on the patient or the label."""
    return Exposure(
        beam=math.exp(rng.normal(-0.05, 0.06)),
        scatter=rng.uniform(0.15, 0.5),
        photons=10 ** rng.uniform(3.4, 4.4),
        blur=rng.uniform(0.03, 0.08),
        enhancement=rng.uniform(0.3, 1.2),
        compression=rng.uniform(0.25, 0.60),
        contrast=rng.uniform(0.75, 1.3),
        middle=rng.uniform(0.42, 0.60),
        floor=rng.uniform(0.005, 0.06),
    )


def expose(total: Floats, exposure: Exposure, pixel: float, rng: np.random.Generator, noise: float = 1.0) -> Floats:
    """Turns line integrals into the logarithm of what the detector caught: large where the body is dense.

    Args:
        total: Line integral of attenuation, no unit.
        exposure: Beam, scatter, dose and blur.
        pixel: Edge of a pixel, cm.
        rng: The quanta.
        noise: Factor on the quantum noise, 0 for none.
    """
    primary = np.exp(-exposure.beam * total)
    signal = (1 - exposure.scatter) * primary + exposure.scatter * _broad(primary, SCATTER_REACH / pixel)
    signal = ndimage.gaussian_filter(signal, exposure.blur / pixel + 0.3)
    photons = exposure.photons * signal / float(np.quantile(signal[::4, ::4], 0.6))
    # Poisson counts as their normal limit: at a thousand photons the two cannot be told apart.
    caught = photons + noise * np.sqrt(photons) * rng.standard_normal(photons.shape, dtype=np.float32)
    return np.asarray(-np.log(np.maximum(caught, 1.0)))


def develop(density: Floats, body: Bools, exposure: Exposure, pixel: float) -> Floats:
    """Vendor processing: compression of the range, edge enhancement, grey curve.

    Args:
        density: What `expose` returned.
        body: Where the rays crossed the trunk; only there the range is measured.
        exposure: Enhancement and grey curve.
        pixel: Edge of a pixel, cm.

    Returns:
        Grey in [0, 1], bright is dense.
    """
    inside = density[::2, ::2][body[::2, ::2]]
    low, high = np.quantile(inside, [exposure.floor, 0.985])
    # Room below and above, so that neither lung nor abdomen is clipped.
    low, high = low - 0.22 * (high - low), high + 0.16 * (high - low)
    # Direct exposure beside the body is capped first, or its edge would draw a halo into the lungs.
    capped = np.maximum(density, low - 0.25 * (high - low))
    capped = capped - exposure.compression * _broad(capped, COMPRESSION_REACH / pixel)
    low, high = low * (1 - exposure.compression), high * (1 - exposure.compression)
    sharp = capped + exposure.enhancement * (capped - _broad(capped, ENHANCEMENT_REACH / pixel))
    level = (sharp - low) / (high - low)
    grey = 1 / (1 + np.exp(-4 * exposure.contrast * (level - exposure.middle)))
    bottom = 1 / (1 + math.exp(4 * exposure.contrast * (0.12 + exposure.middle)))
    top = 1 / (1 + math.exp(-4 * exposure.contrast * (1.02 - exposure.middle)))
    return np.asarray(np.clip((grey - bottom) / (top - bottom), 0, 1), dtype=np.float32)


def _broad(field: Floats, sigma: float) -> Floats:
    """A wide Gaussian blur, computed on a coarser grid where the blur allows it."""
    step = max(1, int(sigma / 3))
    size = field.shape[0]
    whole = -(-size // step) * step
    padded = np.pad(field, (0, whole - size), mode="edge") if whole > size else field
    small = padded.reshape(whole // step, step, whole // step, step).mean(axis=(1, 3))
    return enlarge(ndimage.gaussian_filter(small, sigma / step, mode="nearest"), whole)[:size, :size]
