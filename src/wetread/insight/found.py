"""What a tour through a model is given, and what it brings home."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.explanation.heatmap import encode_png
from wetread.shapes import Picture


@dataclass(frozen=True)
class Shown:
    """A real picture.

    Attributes:
        name: Of its file, relative to the data.
        picture: As displayed.
        label: Its class; empty where that is not known.
        predicted: What was said of it when it was held out; empty where that is not known.
        columns: Further facts by which the map is coloured, such as site.
    """

    name: str
    picture: Picture
    label: str = ""
    predicted: str = ""
    columns: dict[str, str] = field(default_factory=dict)


@dataclass
class Tour:
    """What was found.

    Attributes:
        content: For look.json.
        files: PNG files by name.
        stopped: The user interrupted.
    """

    content: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    stopped: bool = False

    def keep(self, name: str, pixels: NDArray[np.uint8]) -> str:
        """Stores a picture and returns its name."""
        self.files[name] = encode_png(pixels)
        return name

    def leave_out(self, sentence: str) -> None:
        """Notes what the page does not show, and why."""
        if sentence not in self.content["left_out"]:
            self.content["left_out"].append(sentence)


@dataclass(frozen=True)
class Wishes:
    """What was asked for.

    Attributes:
        layers: Names; empty for a choice.
        channels: Most channels per layer.
        seconds: For gradient ascent and the map of neighbours.
        seed: Of all draws.
        steps: Most steps of gradient ascent.
    """

    layers: tuple[str, ...] = ()
    channels: int = 12
    seconds: float = 300.0
    seed: int = 0
    steps: int = 192
