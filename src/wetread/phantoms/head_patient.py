"""Whose head is imaged and how it lay: drawn once per patient. Nothing in this file knows whether there is blood."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

#: Inner half width, half length and height (above the suprasellar cistern) of the standard skull, cm. All anatomy is
#: stated in the coordinates of this skull; a patient's head is a stretched one.
HALF_WIDTH, HALF_LENGTH, HEIGHT = 6.5, 8.3, 8.8


@dataclass(frozen=True)
class Head:
    """A head. Lengths in cm of the standard head unless stated otherwise, angles in radians.

    Args:
        sex: ``F`` or ``M``.
        age: Years, 18 to 95.
        stretch: Factors on width, length and height against the standard skull.
        narrow: How much narrower the forehead is than the back of the head, as a part of the width.
        skew: Sideways difference between front and back (the brain's torque).
        atrophy: 0 in the young to about 1.3: widens every space filled with fluid.
        ventricles: Factors on the lateral ventricles (right, left).
        bone: Thickness of the skull cap.
        diploe: HU of the marrow space.
        scalp: Thickness of the scalp, and how much of it is fat (0 to 1).
        sinus: Width of the frontal sinus, 0 where it does not reach up this far.
        white, grey: HU of white and of grey matter.
        small_vessel: Loss of density round the ventricles, HU.
        blood_pool: HU of blood in the venous sinuses; falx and tentorium lie close to it.
        glomus: Radius of the calcified choroid plexus (right, left), 0 where there is none.
        pineal: Radius of the calcified pineal gland, 0 where there is none.
        falx_calcium: Length of a calcified piece of the falx, 0 where there is none.
        scar: Old infarct: position (x, y, z) and radius, 0 where there is none. Dark, and no bleed.
        swelling: Bruise of the scalp: angle, half width (radians), thickness, height z; thickness may be 0.
        tilt, roll, pitch: Rotation within the slice, and slopes of the slice sideways and from front to back.
        shift: Position (x, y) of the field's centre.
        texture: Seed of gyri and densities.
    """

    sex: str
    age: int
    stretch: tuple[float, float, float]
    narrow: float
    skew: float
    atrophy: float
    ventricles: tuple[float, float]
    bone: float
    diploe: float
    scalp: tuple[float, float]
    sinus: float
    white: float
    grey: float
    small_vessel: float
    blood_pool: float
    glomus: tuple[float, float]
    pineal: float
    falx_calcium: float
    scar: tuple[float, float, float, float]
    swelling: tuple[float, float, float, float]
    tilt: float
    roll: float
    pitch: float
    shift: tuple[float, float]
    texture: int


def draw_head(
    rng: np.random.Generator,
    *,
    sex: str | None = None,
    age: int | None = None,
    atrophy: float = 1.0,
    calcification: float = 0.5,
) -> Head:
    """Draws a head.

    Sizes follow adult averages: skull 13 to 15 cm wide and 17 to 19 cm long, cephalic index about 0.8; sulci and
    ventricles widen from the fourth decade on; the pineal gland and the choroid plexus calcify in half of all adults.

    Args:
        rng: The random numbers; the same state gives the same head.
        sex: ``F`` or ``M``, drawn if not given.
        age: Years, drawn if not given.
        atrophy: Factor on the atrophy of age.
        calcification: Chance of each calcification.
    """
    drawn_sex, drawn_age = ("F" if rng.random() < 0.5 else "M"), int(rng.integers(20, 92))
    sex, age = sex or drawn_sex, age or drawn_age
    size = math.exp(rng.normal(0, 0.025)) * (0.98 if sex == "F" else 1.02)
    longer = math.exp(rng.normal(0, 0.03))
    loss = min(max((age - 30) / 52, 0.06), 1.1) * math.exp(rng.normal(0, 0.25)) * atrophy
    wide = (0.78 + 0.42 * loss) * math.exp(rng.normal(0, 0.12))
    uneven = rng.normal(0, 0.06)
    calcified = [bool(rng.random() < calcification) for _ in range(3)]
    radii = [rng.uniform(0.18, most) for most in (0.42, 0.42, 0.34)]
    swollen = rng.random() < 0.3
    scarred = rng.random() < 0.05 + 0.18 * min(loss, 1.0)
    return Head(
        sex=sex,
        age=age,
        stretch=(size / longer, size * longer, size * math.exp(rng.normal(0, 0.02))),
        narrow=rng.uniform(0.07, 0.14),
        skew=rng.normal(0, 0.018),
        atrophy=loss,
        ventricles=(wide * (1 + uneven), wide * (1 - uneven)),
        bone=rng.uniform(0.48, 0.78) * (1.05 if sex == "F" else 1.0),
        diploe=rng.uniform(550, 850),
        scalp=(rng.uniform(0.42, 0.8), rng.uniform(0.3, 0.9)),
        sinus=rng.uniform(1.0, 2.6) if rng.random() < 0.75 else 0.0,
        white=rng.uniform(28.5, 30.5),
        grey=rng.uniform(35.0, 37.5),
        small_vessel=float(np.clip(rng.normal(9 * (loss - 0.5), 2.5), 0, 11)),
        blood_pool=rng.uniform(46, 58),
        glomus=(radii[0] * calcified[0], radii[1] * calcified[0] * (rng.random() < 0.85)),
        pineal=radii[2] * calcified[1],
        falx_calcium=rng.uniform(0.8, 2.2) * (calcified[2] and rng.random() < 0.4 * loss),
        scar=(
            float(rng.choice([-1, 1])) * rng.uniform(2.0, 4.8),
            rng.uniform(-4.5, 5.0),
            rng.uniform(1.0, 6.5),
            rng.uniform(0.5, 1.7) * scarred,
        ),
        swelling=(
            rng.uniform(-math.pi, math.pi),
            rng.uniform(0.3, 0.6),
            rng.uniform(0.3, 0.9) * swollen,
            rng.uniform(2, 7),
        ),
        tilt=rng.normal(0, 0.07),
        roll=rng.normal(0, 0.025),
        pitch=rng.normal(0, 0.035),
        shift=(rng.normal(0, 0.3), rng.normal(0, 0.4)),
        texture=int(rng.integers(2**31)),
    )
