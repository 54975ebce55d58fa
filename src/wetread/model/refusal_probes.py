"""Probes: does a picture look like an inverted, turned or mirrored copy of the training pictures?

Distances overlook that: a head on its side has the edges, textures and grey levels of a head. So for each change a
linear model learns to tell the training pictures from their own changed copies; no other data is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.shapes import Bools, Floats

#: Name of a change -> how it is said; the mirrored one is only a note.
SAID = {
    "inverted": "looks inverted: black where white should be",
    "rotated 90": "looks rotated by 90 degrees",
    "rotated 180": "looks rotated by 180 degrees",
    "rotated 270": "looks rotated by 270 degrees",
    "mirrored": "looks mirrored left to right",
}
NOTE_ONLY = "mirrored"


@dataclass(frozen=True)
class Probe:
    """A linear model of one change.

    Attributes:
        name: A key of `SAID`.
        weights: ``feature``.
        offset: Is added to the product.
        auroc: How well it told pictures of patients that it did not see from their copies.
        centre: Mean answer to unchanged pictures that it did not see; `scale` is their standard deviation.
        scale: In units of the answer, whose middle between picture and copy is one half.
        copies: Mean answer to changed copies of pictures it did not see, and the standard deviation.
        limit: Answer that 1 in 100 unchanged pictures exceed.
    """

    name: str
    weights: NDArray[np.float32]
    offset: float
    auroc: float
    centre: float
    scale: float
    copies: tuple[float, float]
    limit: float

    def answers(self, features: Floats) -> Floats:
        """``image feature`` -> about 0 for pictures as they were learnt, about 1 for changed ones."""
        answers: Floats = features @ self.weights + self.offset
        return answers

    def deviations(self, answers: Floats) -> Floats:
        """Answers in standard deviations of those to unchanged pictures."""
        return (answers - self.centre) / self.scale

    def like_copies(self, answers: Floats) -> Bools:
        """Where an answer is one that changed copies get and unchanged ones do not.

        A picture of something else gets any answer, also one far beyond that of a copy.
        """
        mean, deviation = self.copies
        alike: Bools = (answers > self.limit) & (np.abs(answers - mean) <= 3 * deviation)
        return alike
