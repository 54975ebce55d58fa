"""The five kinds of bleeding inside the skull: what is decided about each before it is drawn.

Density by age, in HU: fresh 50 to 78, subacute about as dense as brain, chronic 10 to 30. Of acute subdural haematomas
98.6 % were denser than brain, of subacute ones 43 % were as dense (446 patients, 10.3346/jkms.1997.12.4.353).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wetread.phantoms.head_skull import Fracture

#: The kinds, in the order in which they are written into labels.
KINDS = ("EDH", "IPH", "IVH", "SAH", "SDH")


@dataclass(frozen=True)
class Bleed:
    """One bleed. Lengths in cm of the standard head, angles in radians.

    Args:
        kind: One of `KINDS`.
        hu: Density of its blood.
        mottle: Standard deviation of its density, HU.
        side: -1 for the left of the picture (the patient's right), 1 for the right.
        centre: Its middle (x, y, z).
        size: Half its extent: along the skull (or radius), upwards, and thickness. In a subarachnoid bleed the
            first number is the half angle, in an intraventricular one the part of the ventricles' height that is
            filled (above 1: the ventricle is full).
        spread: Subarachnoid: how much blood fills the basal cisterns, the Sylvian fissures (right, left), the fissure
            between the hemispheres and the sulci, 0 to 1 each. Subdural: the first number is the thickness of a layer
            along the falx.
        halo: Width of the swollen brain around an intraparenchymal bleed.
        settled: How far the blood has settled (chronic subdural), HU from front to back.
        shape: Seed of its outline.
    """

    kind: str
    hu: float
    mottle: float
    side: int
    centre: tuple[float, float, float]
    size: tuple[float, float, float]
    spread: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 0.0)
    halo: float = 0.0
    settled: float = 0.0
    shape: int = 0


def draw_bleed(
    rng: np.random.Generator, kind: str, heights: Sequence[float], size: float = 1.0, contrast: float = 0.0
) -> Bleed:
    """Draws a bleed that some of the slices will show and others will not.

    Args:
        rng: The random numbers.
        kind: One of `KINDS`.
        heights: z of the slices, cm.
        size: Factor on its size.
        contrast: HU added to its density.
    """
    factor = math.sqrt(size) * math.exp(rng.normal(0, 0.18))
    bleed = {
        "SDH": _draw_subdural,
        "EDH": _draw_epidural,
        "IPH": _draw_intraparenchymal,
        "IVH": _draw_intraventricular,
        "SAH": _draw_subarachnoid,
    }[kind](rng, heights, factor)
    return replace(bleed, hu=bleed.hu + contrast, shape=int(rng.integers(2**31)))


def draw_fracture(rng: np.random.Generator, bleed: Bleed) -> Fracture | None:
    """A break of the bone over an epidural haematoma, as in three of four."""
    if bleed.kind != "EDH" or rng.random() > 0.75:
        return None
    angle = math.atan2(bleed.centre[1], bleed.centre[0]) + rng.normal(0, 0.1)
    return Fracture(angle, bleed.centre[2], rng.normal(0, 0.08), bleed.size[1] + rng.uniform(0.3, 1.0))


def _near_slice(rng: np.random.Generator, heights: Sequence[float], low: float, high: float) -> float:
    """A height close to one of the slices, so that a small bleed does not fall between two of them.

    The lowest and the highest slice are preferred: many bleeds cannot reach them, and the level of a slice should not
    tell whether there is blood.
    """
    within = [height for height in heights if low <= height <= high]
    if not within:
        return min(heights, key=lambda height: abs(height - (low + high) / 2))
    rare = {min(heights): 3.0, max(heights): 6.0}
    weights = np.array([rare.get(height, 1.0) for height in within])
    return float(rng.choice(within, p=weights / weights.sum())) + rng.normal(0, 0.25)


def _draw_subdural(rng: np.random.Generator, heights: Sequence[float], factor: float) -> Bleed:
    side = int(rng.choice([-1, 1]))
    angle = rng.normal(0.05, 0.35)
    age = rng.random()
    # Fresh in most; a few as dense as brain, or old and dark with settled cells.
    hu, settled = rng.uniform(54, 76), 0.0
    if age > 0.9:
        hu, settled = rng.uniform(14, 26), rng.uniform(0, 18)
    elif age > 0.82:
        hu = rng.uniform(40, 48)
    along_falx = rng.uniform(0.18, 0.36) * factor * (rng.random() < 0.3)
    return Bleed(
        kind="SDH",
        hu=hu,
        mottle=rng.uniform(1.5, 5),
        side=side,
        centre=(side * 6.5 * math.cos(angle), 8.3 * math.sin(angle), _near_slice(rng, heights, 0.3, 7.4)),
        size=(rng.uniform(5.0, 8.5) * min(factor, 1.25), rng.uniform(1.9, 3.4), rng.uniform(0.55, 1.7) * factor),
        spread=(along_falx, 0.0, 0.0, 0.0, 0.0),
        settled=settled,
    )


def _draw_epidural(rng: np.random.Generator, heights: Sequence[float], factor: float) -> Bleed:
    side = int(rng.choice([-1, 1]))
    # Most lie at the temple, under the middle meningeal artery.
    angle = rng.normal(0.0, 0.3) if rng.random() < 0.65 else float(rng.choice([-0.85, 0.85])) + rng.normal(0, 0.12)
    low, high = (0.0, 4.2) if abs(angle) < 0.6 else (1.5, 6.4)
    return Bleed(
        kind="EDH",
        hu=rng.uniform(56, 74),
        mottle=rng.uniform(1.5, 5.5),
        side=side,
        centre=(side * 6.5 * math.cos(angle), 8.3 * math.sin(angle), _near_slice(rng, heights, low, high)),
        size=(rng.uniform(2.4, 3.6) * factor, rng.uniform(1.6, 2.6) * factor, rng.uniform(1.2, 2.6) * factor),
    )


def _draw_intraparenchymal(rng: np.random.Generator, heights: Sequence[float], factor: float) -> Bleed:
    side, place = int(rng.choice([-1, 1])), rng.random()
    if place < 0.42:  # putamen
        centre = (side * rng.uniform(2.5, 3.1), rng.uniform(-0.8, 1.0), _near_slice(rng, heights, 1.4, 3.4))
        radius = rng.uniform(1.0, 2.4)
    elif place < 0.58:  # thalamus
        centre = (side * rng.uniform(1.1, 1.6), rng.uniform(0.8, 1.7), _near_slice(rng, heights, 1.4, 3.4))
        radius = rng.uniform(0.75, 1.5)
    else:  # a lobe
        centre = (
            side * rng.uniform(2.3, 4.0),
            float(rng.choice([-1, 1])) * rng.uniform(2.2, 4.9),
            _near_slice(rng, heights, 0.3, 7.2),
        )
        radius = rng.uniform(1.0, 2.6)
    radius *= factor
    return Bleed(
        kind="IPH",
        hu=rng.uniform(54, 78),
        mottle=rng.uniform(2, 6),
        side=side,
        centre=centre,
        size=(radius, radius * rng.uniform(0.75, 1.05), radius * rng.uniform(0.65, 0.95)),
        halo=rng.uniform(0.15, 0.5) * math.sqrt(radius),
    )


def _draw_intraventricular(rng: np.random.Generator, heights: Sequence[float], factor: float) -> Bleed:
    side = int(rng.choice([-1, 1]))
    cast = rng.random() < 0.45
    return Bleed(
        kind="IVH",
        hu=rng.uniform(54, 76),
        mottle=rng.uniform(2, 5),
        side=side,
        centre=(0.0, 0.0, _near_slice(rng, heights, 1.8, 4.3)),
        # A cast fills one ventricle and the third; the other ventricle keeps a level.
        size=(1.2 if cast else rng.uniform(0.25, 0.5) * factor, 9.0, rng.uniform(0.25, 0.5) * factor),
    )


def _draw_subarachnoid(rng: np.random.Generator, heights: Sequence[float], factor: float) -> Bleed:
    side = int(rng.choice([-1, 1]))
    if rng.random() < 0.55:  # a burst aneurysm: cisterns first, Sylvian fissures, little further up
        right, left = rng.uniform(0.75, 1.0), rng.uniform(0.5, 1.0)
        sylvian = (right, left) if side < 0 else (left, right)
        spread = (rng.uniform(0.85, 1.0), *sylvian, rng.uniform(0.3, 0.95), rng.uniform(0.0, 0.55))
        centre = (side * 5.5, rng.uniform(-4, 0), _near_slice(rng, heights, 0.0, 2.4))
        extent = (2.6, rng.uniform(2.0, 3.2), 1.0)
    else:  # an injury: sulci of one region
        angle = rng.uniform(-1.0, 1.1)
        spread = (0.0, 0.9 * (side < 0) * (rng.random() < 0.5), 0.9 * (side > 0) * (rng.random() < 0.5), 0.0, 1.0)
        centre = (side * 6.0 * math.cos(angle), 7.5 * math.sin(angle), _near_slice(rng, heights, 3.0, 7.4))
        extent = (rng.uniform(0.65, 1.1) * factor, rng.uniform(1.3, 2.1) * factor, 1.0)
    return Bleed(
        kind="SAH",
        hu=rng.uniform(54, 72),
        mottle=rng.uniform(1, 4),
        side=side,
        centre=centre,
        size=extent,
        spread=spread,
    )
