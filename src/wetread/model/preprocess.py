"""Picture -> what a model sees.

Saved inside the model folder: the only authority, for us and for whoever receives it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.shapes import Picture

if TYPE_CHECKING:
    from torch import Tensor

#: Keeps a picture of one grey value from a division by nothing; about float32's precision at 1.
LEAST_DEVIATION = 1e-6

#: One number for all channels, or one for each.
PerChannel = float | tuple[float, ...]


@dataclass(frozen=True)
class Preprocess:
    """How a picture becomes an input.

    The picture is stretched to a square: bars of padding would show a model the aspect ratio, which in many data sets
    gives the label away, and a central crop would cut costophrenic angles off.

    Attributes:
        side: Rows and columns of the input, in pixels.
        channels: 1 (grey) or 3 (colour).
        mean: Is taken off pixels in [0, 1]: that of the training pictures, or of those the weights were made with.
        deviation: Pixels are divided by it then.
        by_picture: Each picture is scaled by its own mean and deviation instead. What brightness itself tells is lost.
    """

    side: int
    channels: int = 1
    mean: PerChannel = 0.0
    deviation: PerChannel = 1.0
    by_picture: bool = False

    def __post_init__(self) -> None:
        lengths = {len(one) for one in (self.mean, self.deviation) if isinstance(one, tuple)}
        if not lengths <= {self.channels}:
            raise ValueError("as many means and deviations as channels, or one")

    def squares(self, pictures: Sequence[Picture]) -> NDArray[np.uint8]:
        """Stretches pictures to ``image channel row column``, uint8."""
        squares = np.empty((len(pictures), self.channels, self.side, self.side), dtype=np.uint8)
        for square, picture in zip(squares, pictures, strict=True):
            self._fill(square, picture)
        return squares

    def normalise(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Squares -> the input of a network, float32."""
        pixels = squares.astype(np.float32) / 255.0
        if self.by_picture:
            axes = (1, 2, 3)
            spread = pixels.std(axis=axes, keepdims=True) + LEAST_DEVIATION
            own: NDArray[np.float32] = (pixels - pixels.mean(axis=axes, keepdims=True)) / spread
            return own
        mean, deviation = _column(self.mean), _column(self.deviation)
        scaled: NDArray[np.float32] = (pixels - mean) / deviation
        return scaled

    def scale(self, batch: Tensor) -> Tensor:
        """The same for a tensor ``image channel row column`` that is in [0, 1] already."""
        if self.by_picture:
            axes = (1, 2, 3)
            spread = batch.std(dim=axes, keepdim=True, correction=0) + LEAST_DEVIATION
            return (batch - batch.mean(dim=axes, keepdim=True)) / spread
        mean, deviation = (
            batch.new_tensor(one)[:, None, None] if isinstance(one, tuple) else one
            for one in (self.mean, self.deviation)
        )
        return (batch - mean) / deviation

    def _fill(self, square: NDArray[np.uint8], picture: Picture) -> None:
        """Writes a picture into ``channel row column``. Of grey ones a single channel is stretched, and repeated."""
        grey = picture.ndim == 2 or self.channels == 1
        fitting: NDArray[np.uint8] = np.asarray(picture)
        if picture.shape != (self.side, self.side) + (() if grey else (3,)):
            image = Image.fromarray(picture).convert("L" if grey else "RGB")
            # Pillow widens the filter when it shrinks, so fine ribs do not alias.
            fitting = np.asarray(image.resize((self.side, self.side), Image.Resampling.BILINEAR))
        square[:] = fitting if grey else fitting.transpose(2, 0, 1)

    def measured_on(self, squares: NDArray[np.uint8]) -> Preprocess:
        """The same, with mean and deviation of these training squares."""
        scaled = squares.astype(np.float32) / 255.0
        mean, deviation = round(float(scaled.mean()), 6), round(float(scaled.std()) + 1e-6, 6)
        return dataclasses.replace(self, mean=mean, deviation=deviation)

    def as_dict(self) -> dict[str, Any]:
        """What is saved in the model folder: the fields, and how a picture is fitted."""
        return {"fit": "stretch", **dataclasses.asdict(self)}

    @staticmethod
    def from_dict(stored: dict[str, Any]) -> Preprocess:
        """Rebuilds the preprocessing from what `as_dict` gave; ValueError where a picture is fitted in another way."""
        if stored["fit"] != "stretch":
            raise ValueError("pictures are stretched")
        mean, deviation = _numbers(stored["mean"]), _numbers(stored["deviation"])
        by_picture = stored.get("by_picture", False) is True  # models of earlier versions do not say
        return Preprocess(int(stored["side"]), int(stored["channels"]), mean, deviation, by_picture)


def _column(numbers: PerChannel) -> float | NDArray[np.float32]:
    return np.array(numbers, dtype=np.float32)[:, None, None] if isinstance(numbers, tuple) else numbers


def _numbers(stored: Any) -> PerChannel:
    return tuple(float(one) for one in stored) if isinstance(stored, list | tuple) else float(stored)
