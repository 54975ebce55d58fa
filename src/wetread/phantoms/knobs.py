"""What a teacher may turn on the simulated chest radiographs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wetread.errors import InputError
from wetread.phantoms.vendor import draw_vendor


@dataclass(frozen=True)
class ChestKnobs:
    """Settings of the simulated data set; the defaults make an honest task.

    Args:
        volume: Smallest and largest effusion in ml. Below about 150 ml hardly anyone sees it; from 800 ml on
            everyone does.
        noise: Factor on the quantum noise, 0 to 10; 0 is a perfect detector, 3 a badly underexposed one.
        shortcut_strength: How strongly the kind of side marker (letter with or without a ring) depends on the label:
            0 not at all, 1 fully (ring if and only if positive: effusion, any finding, or abdomen). A network then
            learns the ring.
        label_noise: Chance that the label in the table is the wrong one, 0 to 0.5. Masks, sides and volumes keep
            telling the truth, so the wrong labels can be found.
        lesion_size: Factor on the size of findings, 0.3 to 3: on the volume of an effusion, the radius of nodules and
            consolidations, the width of a pneumothorax, and how far a large heart exceeds the limit. Below about 0.5
            some findings cannot be seen and their masks may be empty.
        scanner_mix: How strongly the kind of device depends on the label, 0 to 1. At 0 every image comes from a
            device of its own; above 0 all come from one of two vendors with different grey curve, enhancement and
            noise, named in the header; at 1 all positive images come from the one and all others from the other.
    """

    volume: tuple[float, float] = (160.0, 1400.0)
    noise: float = 1.0
    shortcut_strength: float = 0.0
    label_noise: float = 0.0
    lesion_size: float = 1.0
    scanner_mix: float = 0.0

    def __post_init__(self) -> None:
        if not 50 <= self.volume[0] <= self.volume[1] <= 3000:
            raise InputError("The volume range must lie between 50 and 3000 ml.", remedy="Try (160, 1400).")
        if not 0 <= self.noise <= 10:
            raise InputError("The noise factor must lie between 0 and 10.", remedy="Try 1.")
        if not 0 <= self.shortcut_strength <= 1:
            raise InputError("The strength of the shortcut must lie between 0 and 1.", remedy="Try 0 for none.")
        if not 0 <= self.label_noise <= 0.5:
            raise InputError("The label noise must lie between 0 and 0.5.", remedy="Try 0 for none.")
        if not 0.3 <= self.lesion_size <= 3:
            raise InputError("The lesion size must lie between 0.3 and 3.", remedy="Try 1.")
        if not 0 <= self.scanner_mix <= 1:
            raise InputError("The scanner mix must lie between 0 and 1.", remedy="Try 0 for none.")

    @property
    def scaled_volume(self) -> tuple[float, float]:
        """Smallest and largest effusion in ml after `lesion_size`, at most 3000."""
        low, high = (min(volume * self.lesion_size, 3000.0) for volume in self.volume)
        return low, high

    def framed_chance(self, positive: bool) -> float:
        """Chance that the marker of an image has a ring."""
        return 0.5 + (0.5 if positive else -0.5) * self.shortcut_strength

    def vendor(self, positive: bool, rng: np.random.Generator) -> str:
        """The vendor of one image, ``A`` or ``B``; empty where every image comes from a device of its own."""
        if not self.scanner_mix:
            return ""
        return draw_vendor(rng, 0.5 + (0.5 if positive else -0.5) * self.scanner_mix)
