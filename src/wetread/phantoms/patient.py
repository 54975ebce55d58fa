"""Who is imaged, drawn once per patient, and how they stood and breathed, drawn once per image.

Nothing in this file knows whether there is fluid: that is what keeps the task honest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

#: The picture's left is the patient's right: sign of x for each side.
SIDES: dict[str, int] = {"right": -1, "left": 1}


@dataclass(frozen=True)
class Patient:
    """The anatomy that stays the same from image to image. Lengths in cm; (right, left) where there are two.

    Args:
        sex: ``F`` or ``M``.
        age: Years, 20 to 90.
        cage_width: Half width of the rib cage inside, at its widest.
        cage_depth: Half depth of the rib cage inside.
        apex: y of the lung apices (negative is up; 0 lies a little below the hila).
        wall: Thickness of the chest wall at the side, muscle and fat.
        fat: Fat crossed from front to back.
        domes: y of both diaphragm domes at middling inspiration; a raised one is a look-alike of fluid.
        dome_peak: Where the domes culminate, as a part of the cage's half width.
        angle_depth: How far the costophrenic angles lie below the domes.
        heart_ratio: Cardiothoracic ratio, 0.40 to 0.60; above 0.50 the heart counts as large.
        heart_axis: Tilt of the heart, radians; steep in the slender, flat in the stout.
        aortic_knob: Radius of the aortic arch, grows with age.
        fat_pads: Radii of the fat beside the heart on the diaphragm; blunts the cardiophrenic angle.
        wall_fat: Fat between ribs and pleura at the side (look-alike of a thin layer of fluid).
        breasts: Thickness of the breasts, 0 in men.
        breast_droop: y of the lower breast fold.
        lung_density: Factor on the attenuation of lung.
        bone_density: Factor on the attenuation of bone; falls with age.
        rib_gap: Distance between neighbouring ribs at the spine.
        scoliosis: Largest sideways deviation of the spine.
        texture: Seed for what is drawn in detail: vessels, ribs, lung texture.
        heart_rests: Whether the heart follows the diaphragm on which it rests; otherwise a deep breath parts them.
    """

    sex: str
    age: int
    cage_width: float
    cage_depth: float
    apex: float
    wall: float
    fat: float
    domes: tuple[float, float]
    dome_peak: tuple[float, float]
    angle_depth: tuple[float, float]
    heart_ratio: float
    heart_axis: float
    aortic_knob: float
    fat_pads: tuple[float, float]
    wall_fat: tuple[float, float]
    breasts: tuple[float, float]
    breast_droop: float
    lung_density: float
    bone_density: float
    rib_gap: float
    scoliosis: float
    texture: int
    heart_rests: bool = False


@dataclass(frozen=True)
class Pose:
    """What changes between two images of one patient. Lengths in cm, angles in radians.

    Args:
        field: Edge of the imaged square.
        tilt: Rotation within the picture plane.
        shift: Patient coordinates of the picture's centre.
        turn: Rotation about the long axis; structures in front move against those behind.
        breath: Descent of the diaphragm against middling inspiration; negative is a poor breath.
        arms: How far the elbows are held away from the trunk.
        stomach: Half width and half height of the gas bubble in the stomach, 0 where none is seen.
        haze: Position (x, y), radius and strength of a patch of denser lung, in any image; strength may be 0.
    """

    field: float
    tilt: float
    shift: tuple[float, float]
    turn: float
    breath: float
    arms: float
    stomach: tuple[float, float]
    haze: tuple[float, float, float, float]


def draw_patient(rng: np.random.Generator, *, sex: str | None = None, age: int | None = None) -> Patient:
    """Draws a patient.

    Sizes follow adult averages: inner rib cage 24 to 31 cm wide, right dome higher than the left by about 1 cm, heart
    half as wide as the chest at most in health.

    Args:
        rng: The random numbers; the same state gives the same patient.
        sex: ``F`` or ``M``, drawn if not given.
        age: Years, drawn if not given.
    """
    drawn_sex = "F" if rng.random() < 0.5 else "M"
    drawn_age = int(rng.integers(22, 90))
    sex, age = sex or drawn_sex, age or drawn_age
    build = math.exp(rng.normal(0, 0.055)) * (0.96 if sex == "F" else 1.04)
    stout = float(np.clip(rng.normal(0, 1), -1.8, 2.4))
    domes = [6.3 + rng.normal(0, 0.5), 7.2 + rng.normal(0, 0.5)]
    # A raised half of the diaphragm (phrenic palsy, large liver, eventration), about one patient in five.
    if rng.random() < 0.20:
        domes[int(rng.integers(2))] -= rng.uniform(1.2, 3.6)
    has_breasts = rng.uniform(1.2, 4.8) if sex == "F" else 0.0
    return Patient(
        sex=sex,
        age=age,
        cage_width=13.6 * build * (1 + 0.02 * stout),
        cage_depth=9.2 * build * (1 + 0.05 * stout) * math.exp(rng.normal(0, 0.05)),
        apex=-13.6 * build + rng.normal(0, 0.5),
        wall=2.0 + 0.75 * (stout + 1.8) * rng.uniform(0.7, 1.2),
        fat=0.8 + 0.55 * (stout + 1.8),
        domes=(domes[0], domes[1]),
        dome_peak=(rng.uniform(0.40, 0.54), rng.uniform(0.42, 0.56)),
        angle_depth=(rng.uniform(3.2, 5.2), rng.uniform(3.2, 5.2)),
        heart_ratio=float(np.clip(rng.normal(0.465, 0.045) + 0.0007 * (age - 50), 0.38, 0.60)),
        heart_axis=0.72 - 0.10 * stout + rng.normal(0, 0.08),
        aortic_knob=1.25 + 0.010 * (age - 20) + rng.normal(0, 0.15),
        fat_pads=(rng.uniform(0, 1.6), rng.uniform(0, 2.4)),
        wall_fat=(max(0.0, rng.normal(0.0, 0.25)), max(0.0, rng.normal(0.0, 0.25))),
        breasts=(has_breasts * rng.uniform(0.85, 1.15), has_breasts * rng.uniform(0.85, 1.15)),
        breast_droop=rng.uniform(4.5, 10.5),
        lung_density=rng.uniform(0.85, 1.25),
        bone_density=(1.08 - 0.004 * (age - 20)) * rng.uniform(0.9, 1.1),
        rib_gap=2.15 * build * rng.uniform(0.96, 1.04),
        scoliosis=rng.normal(0, 0.25),
        texture=int(rng.integers(2**31)),
    )


def draw_pose(rng: np.random.Generator, patient: Patient) -> Pose:
    """Draws how one image of the patient was taken."""
    width = 2 * (patient.cage_width + patient.wall)
    field = float(np.clip(width * rng.uniform(0.95, 1.12), 29.0, 43.0))
    # One image in six was taken in poor inspiration.
    breath = rng.normal(0.3, 0.7) - (rng.uniform(1.0, 2.6) if rng.random() < 0.17 else 0.0)
    bubble = rng.uniform(1.2, 3.4) if rng.random() < 0.7 else 0.0
    hazy = rng.uniform(0.10, 0.40) if rng.random() < 0.35 else 0.0
    return Pose(
        field=field,
        tilt=rng.normal(0, 0.025),
        shift=(rng.normal(0, 0.4), -2.0 + rng.normal(0, 0.6)),
        turn=rng.normal(0, 0.06),
        breath=breath,
        arms=rng.uniform(3.8, 9.0),
        stomach=(bubble, bubble * rng.uniform(0.45, 0.8)),
        haze=(
            float(rng.choice([-1, 1])) * rng.uniform(0.35, 0.85) * patient.cage_width,
            rng.uniform(-8, 8),
            rng.uniform(1.5, 4.0),
            hazy,
        ),
    )
