"""What a teacher may turn on the simulated chest radiographs."""

from __future__ import annotations

from dataclasses import dataclass

from wetread.errors import InputError


@dataclass(frozen=True)
class ChestKnobs:
    """Settings of the simulated data set; the defaults make an honest task.

    Args:
        volume: Smallest and largest effusion in ml. Below about 150 ml hardly anyone sees it; from 800 ml on
            everyone does.
        noise: Factor on the quantum noise; 0 is a perfect detector, 3 a badly underexposed one.
        shortcut_strength: How strongly the kind of side marker (letter with or without a ring) depends on the label:
            0 not at all, 1 fully (ring if and only if effusion). A network then learns the ring.
        label_noise: Chance that the label in the table is the wrong one, 0 to 0.5. Masks, sides and volumes keep
            telling the truth, so the wrong labels can be found.
    """

    volume: tuple[float, float] = (160.0, 1400.0)
    noise: float = 1.0
    shortcut_strength: float = 0.0
    label_noise: float = 0.0

    def __post_init__(self) -> None:
        if not 50 <= self.volume[0] <= self.volume[1] <= 3000:
            raise InputError("The volume range must lie between 50 and 3000 ml.", remedy="Try (160, 1400).")
        if not 0 <= self.noise <= 10:
            raise InputError("The noise factor must lie between 0 and 10.", remedy="Try 1.")
        if not 0 <= self.shortcut_strength <= 1:
            raise InputError("The strength of the shortcut must lie between 0 and 1.", remedy="Try 0 for none.")
        if not 0 <= self.label_noise <= 0.5:
            raise InputError("The label noise must lie between 0 and 0.5.", remedy="Try 0 for none.")

    def framed_chance(self, positive: bool) -> float:
        """Chance that the marker of an image has a ring."""
        return 0.5 + (0.5 if positive else -0.5) * self.shortcut_strength
