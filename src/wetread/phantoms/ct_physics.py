"""What the scanner does to a section: beam hardening, blur, noise, the round field; and what else lies in the field."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import fft, ndimage

from wetread.phantoms.head_space import cover
from wetread.shapes import Bools, Floats

AIR = -1000.0
#: How far below the skull the bright rim of beam hardening reaches, cm.
RIM = 0.28


@dataclass(frozen=True)
class Scanner:
    """One series' settings.

    Args:
        model: Name written into the header, the same for all phantoms of one preset.
        field: Edge of the field of view, cm.
        blur: Standard deviation of the point spread, cm.
        grain: Standard deviation of the noise in the middle of the head, HU.
        sharpness: Where the kernel cuts off, cycles per cm.
        rim: HU added just under the skull by beam hardening.
        cupping: HU lost in the middle of the head.
        round_field: Radius of the reconstructed circle as a part of the field's half edge; beyond lies padding. Above
            1.42 there is none.
        holder: ``curve``, ``plates`` or ``none``: the head holder.
        holder_gap: Its distance from the head, cm.
        tube: Position (x, y) and radius of a tube beside the head, cm from the middle of the picture. It lies there in
            some slices only; that may be tied to the label on purpose.
    """

    model: str
    field: float
    blur: float
    grain: float
    sharpness: float
    rim: float
    cupping: float
    round_field: float
    holder: str
    holder_gap: float
    tube: tuple[float, float, float]


def draw_scanner(rng: np.random.Generator, second: bool) -> Scanner:
    """Draws the settings of a series on the first or second scanner; nothing here knows about blood."""
    field = rng.uniform(22.0, 24.0) + (1.8 if second else 0.0)
    grain = rng.uniform(2.6, 3.8) * (1.35 if second else 1.0)
    return Scanner(
        model="PHANTOM CT 2" if second else "PHANTOM CT 1",
        field=field,
        blur=rng.uniform(0.034, 0.040) if second else rng.uniform(0.042, 0.050),
        grain=grain,
        sharpness=4.6 if second else 3.6,
        rim=rng.uniform(4, 12),
        cupping=rng.uniform(0, 4),
        round_field=rng.uniform(0.99, 1.02) if rng.random() < 0.6 else 1.5,
        holder=str(rng.choice(["curve", "plates", "none"], p=[0.6, 0.25, 0.15])),
        holder_gap=rng.uniform(0.7, 1.8),
        tube=_draw_tube(rng, field),
    )


def add_surroundings(hu: Floats, scanner: Scanner, behind: float, tube: bool) -> None:
    """Paints head holder and tube into the air around the head, in place.

    Args:
        hu: ``row column``, HU.
        scanner: Its field and holder.
        behind: Where the back of the head lies, cm below the middle of the picture.
        tube: Whether the tube is there.
    """
    size = hu.shape[0]
    steps = ((np.arange(size, dtype=np.float32) + 0.5) / size - 0.5) * np.float32(scanner.field)
    x, y = steps[None, :], steps[:, None]
    pixel = scanner.field / size
    free = hu < -700
    amount = np.zeros_like(hu)
    if scanner.holder == "curve":
        lowest = min(behind + scanner.holder_gap, scanner.field / 2 - 0.4)
        ring = 0.09 - np.abs(np.hypot(x, y - (lowest - 10.5)) - 10.5)
        amount = cover(ring, pixel) * (y > lowest - 5.6)
    elif scanner.holder == "plates":
        ring = 0.08 - np.abs(np.abs(x) - 9.0 - 0.012 * (y - 8) ** 2 * (y > 2))
        amount = cover(ring, pixel) * (y > -1) * (y < behind)
    if tube:
        across, down, radius = scanner.tube
        wall = 0.11 - np.abs(np.hypot(x - across, y - down) - radius)
        amount = np.maximum(amount, cover(wall, pixel))
    hu[free] += (amount * (250.0 - hu))[free]


def outside_field(scanner: Scanner, size: int) -> Bools:
    """Corners that were not reconstructed, ``row column``."""
    steps = (np.arange(size, dtype=np.float32) + 0.5) / size * 2 - 1
    return np.asarray(np.hypot(steps[None, :], steps[:, None]) > scanner.round_field)


def acquire(
    hu: Floats, depth: Floats, scanner: Scanner, rng: np.random.Generator, *, noise: float = 1.0, halo: float = 1.0
) -> Floats:
    """Adds the artefacts of the scanner.

    Args:
        hu: The section, ``row column``.
        depth: Depth below the skull's inner surface, cm, ``row column``.
        scanner: Settings.
        rng: The quanta.
        noise: Factor on the noise.
        halo: Factor on the bright rim under the skull.

    Returns:
        HU as reconstructed, ``row column``.
    """
    pixel = scanner.field / hu.shape[0]
    inside = depth > 0
    # Bone hardens the beam; the correction for it is never perfect (the false subdural haematoma).
    rim = scanner.rim * halo * np.exp(-np.maximum(depth, 0) / RIM)
    hard = hu + np.where(inside, rim - scanner.cupping * np.clip(depth / 6, 0, 1), 0)
    smooth = ndimage.gaussian_filter(hard, scanner.blur / pixel)
    # More quanta are lost on the way through the middle of the head than at its edge, fewest in the air.
    local = np.where(depth > -2, 0.8 + 0.2 * np.clip(depth / 6, 0, 1), 0.55)
    return np.asarray(smooth + noise * scanner.grain * local * _grain(hu.shape[0], pixel, scanner.sharpness, rng))


def _grain(size: int, pixel: float, cutoff: float, rng: np.random.Generator) -> Floats:
    """Noise of filtered back-projection: a ramp at low frequencies, the kernel's fall at high ones; deviation 1."""
    white = fft.rfft2(rng.standard_normal((size, size), dtype=np.float32))
    down, across = fft.fftfreq(size, pixel)[:, None], fft.rfftfreq(size, pixel)[None, :]
    frequency = np.hypot(down, across).astype(np.float32)
    coloured = fft.irfft2(white * np.sqrt(frequency + 0.05) * np.exp(-((frequency / cutoff) ** 2)), s=(size, size))
    return np.asarray(coloured / coloured.std(), dtype=np.float32)


def _draw_tube(rng: np.random.Generator, field: float) -> tuple[float, float, float]:
    """In a corner of the field, beside the forehead or the neck."""
    angle, reach = rng.uniform(0.55, 0.95), field / 2 * rng.uniform(0.86, 0.93)
    side, end = rng.choice([-1.0, 1.0], 2)
    return float(side * reach * math.cos(angle)), float(end * reach * math.sin(angle)), rng.uniform(0.3, 0.5)
