"""What stays in a de-identified file beyond the Basic Profile; apart, so that asking for a copy loads no pydicom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Options:
    """What stays beyond the Basic Profile.

    Attributes:
        dates: shift them by a number of days that is constant per patient, keep them, or remove them.
        times: Keep times of day; else they become midnight.
        characteristics: Keep sex, age (at most 90), size and weight.
        device: Keep names and serial numbers of devices.
        blank: Rectangles of pixels to overwrite: left, top, width, height.
        no_text_left: The user has looked: the pixels hold no text after blanking.
    """

    dates: Literal["shift", "keep", "remove"] = "shift"
    times: bool = False
    characteristics: bool = True
    device: bool = False
    blank: tuple[tuple[int, int, int, int], ...] = ()
    no_text_left: bool = False
