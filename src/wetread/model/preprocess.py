"""Picture -> what a model sees.

Saved inside the model folder: the only authority, for us and for whoever receives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.shapes import Picture


@dataclass(frozen=True)
class Preprocess:
    """How a picture becomes an input.

    The picture is stretched to a square: bars of padding would show a model the aspect ratio, which in many data sets
    gives the label away, and a central crop would cut costophrenic angles off.

    Attributes:
        side: Rows and columns of the input, in pixels.
        channels: 1 (grey) or 3 (colour).
        mean: Of the training pictures, in [0, 1].
        deviation: Standard deviation of the training pictures, in [0, 1].
    """

    side: int
    channels: int = 1
    mean: float = 0.0
    deviation: float = 1.0

    def squares(self, pictures: Sequence[Picture]) -> NDArray[np.uint8]:
        """Stretches pictures to ``image channel row column``, uint8."""
        return np.stack([self._square(picture) for picture in pictures])

    def normalise(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Brings squares to zero mean and unit deviation, float32."""
        scaled: NDArray[np.float32] = (squares.astype(np.float32) / 255.0 - self.mean) / self.deviation
        return scaled

    def _square(self, picture: Picture) -> NDArray[np.uint8]:
        image = Image.fromarray(picture).convert("L" if self.channels == 1 else "RGB")
        # Pillow widens the filter when it shrinks, so fine ribs do not alias.
        square = np.asarray(image.resize((self.side, self.side), Image.Resampling.BILINEAR))
        return square[None] if self.channels == 1 else np.ascontiguousarray(square.transpose(2, 0, 1))

    def measured_on(self, squares: NDArray[np.uint8]) -> Preprocess:
        """The same, with mean and deviation of these training squares."""
        scaled = squares.astype(np.float32) / 255.0
        return Preprocess(
            self.side, self.channels, round(float(scaled.mean()), 6), round(float(scaled.std()) + 1e-6, 6)
        )

    def as_dict(self) -> dict[str, Any]:
        """What is saved in the model folder: the fields, and how a picture is fitted."""
        return {"fit": "stretch", **asdict(self)}

    @staticmethod
    def from_dict(stored: dict[str, Any]) -> Preprocess:
        """Rebuilds the preprocessing from what `as_dict` gave."""
        return Preprocess(
            int(stored["side"]), int(stored["channels"]), float(stored["mean"]), float(stored["deviation"])
        )
