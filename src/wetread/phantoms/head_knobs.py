"""What a teacher may turn on the simulated head CT."""

from __future__ import annotations

from dataclasses import dataclass, fields

from wetread.errors import InputError

#: Smallest and largest value of each knob, and how a refusal names it.
LIMITS: dict[str, tuple[float, float, str]] = {
    "lesion_size": (0.4, 2.5, "The factor on the size of bleeds"),
    "blood_contrast": (-45.0, 25.0, "The shift of the blood's HU"),
    "noise": (0.0, 5.0, "The noise factor"),
    "halo": (0.0, 3.0, "The factor on the bright rim under the skull"),
    "atrophy": (0.0, 2.5, "The factor on atrophy"),
    "calcification": (0.0, 1.0, "The chance of calcification"),
    "slices": (2, 12, "The number of slices per patient"),
    "label_noise": (0.0, 0.5, "The label noise"),
    "shortcut": (0.0, 1.0, "The strength of the shortcut"),
    "scanner_mix": (0.0, 1.0, "The scanner mix"),
}


@dataclass(frozen=True)
class HeadKnobs:
    """Settings of the simulated data set; the defaults make an honest task.

    Args:
        lesion_size: Factor on the size of every bleed, 0.4 to 2.5.
        blood_contrast: HU added to all blood, -45 to 25. Fresh blood has 50 to 78 HU and brain about 35; at -25 most
            blood is as dense as brain (subacute), at -45 darker (chronic).
        noise: Factor on the quantum noise, 0 to 5.
        halo: Factor on the bright rim that beam hardening leaves under the skull, 0 to 3: the false subdural.
        atrophy: Factor on the loss of brain with age, 0 to 2.5.
        calcification: Chance of each harmless calcification (choroid plexus, pineal gland, falx), 0 to 1.
        slices: Slices per patient, 2 to 12; None deals the images out evenly. Where it is given, the number of
            patients follows from the number of images.
        label_noise: Chance that the label in the table is the wrong one, 0 to 0.5. Masks keep telling the truth.
        shortcut: How strongly a tube beside the head depends on the label: 0 not at all, 1 fully (tube if and only if
            there is blood in the slice). A network then learns the tube.
        scanner_mix: How strongly the scanner (its noise, sharpness and field of view) depends on whether the patient
            bleeds: 0 not at all, 1 fully.
    """

    lesion_size: float = 1.0
    blood_contrast: float = 0.0
    noise: float = 1.0
    halo: float = 1.0
    atrophy: float = 1.0
    calcification: float = 0.5
    slices: int | None = None
    label_noise: float = 0.0
    shortcut: float = 0.0
    scanner_mix: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            low, high, what = LIMITS[field.name]
            if value is not None and not low <= value <= high:
                raise InputError(
                    f"{what} must lie between {low:g} and {high:g}.", remedy=f"The default is {field.default}."
                )
        if self.slices is not None and self.slices != int(self.slices):
            raise InputError("The number of slices per patient must be a whole number.", remedy="Try 4.")

    def tube_chance(self, positive: bool) -> float:
        """Chance that a tube lies beside the head in a slice with this label."""
        return 0.5 + (0.5 if positive else -0.5) * self.shortcut

    def second_scanner_chance(self, bleeding: bool) -> float:
        """Chance that a patient was imaged on the second scanner."""
        return 0.5 + (0.5 if bleeding else -0.5) * self.scanner_mix
