"""Dense layers on what a frozen backbone sees, kept as plain arrays: a trained head needs no torch to be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.model.inputs import Inputs
from wetread.shapes import Floats

#: Weights ``feature unit`` and bias ``unit`` of a dense layer.
Layer = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class HeadPart:
    """One or two dense layers, ReLU between them.

    Attributes:
        layers: From input to output.
        positive: Column of the class that a single output speaks of; None where there is an output for each class.
        offset: Added to the logits of the classes; empty for nothing.
    """

    layers: tuple[Layer, ...]
    positive: int | None = None
    offset: tuple[float, ...] = ()

    def logits(self, inputs: Inputs) -> Floats:
        """Pictures -> ``image class``."""
        return self.logits_of_features(inputs.embedding())

    def logits_of_features(self, features: NDArray[np.float32]) -> Floats:
        """``image feature`` -> ``image class``."""
        values: Floats = features.astype(np.float64)
        for number, (weights, bias) in enumerate(self.layers):
            values = np.maximum(values, 0.0) if number else values
            # einsum, not BLAS: its sums do not depend on how many pictures are asked for at once.
            values = np.einsum("if,fu->iu", values, weights.astype(np.float64)) + bias
        logits = spread(values, self.positive)
        return logits + np.array(self.offset) if self.offset else logits

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """What is stored of it, by name."""
        named = [(f"weights.{n}", f"bias.{n}", layer) for n, layer in enumerate(self.layers)]
        return {name: array for w, b, layer in named for name, array in zip((w, b), layer, strict=True)}

    def described(self) -> dict[str, Any]:
        """What else must be known to rebuild it."""
        return {"kind": "head", "layers": len(self.layers), "positive": self.positive, "offset": list(self.offset)}

    @staticmethod
    def from_arrays(described: dict[str, Any], arrays: dict[str, NDArray[np.float32]]) -> HeadPart:
        """Rebuilds the part from what `described` and `arrays` gave."""
        return HeadPart(
            tuple((arrays[f"weights.{n}"], arrays[f"bias.{n}"]) for n in range(int(described["layers"]))),
            None if described["positive"] is None else int(described["positive"]),
            tuple(float(value) for value in described["offset"]),
        )


def spread(logits: Floats, positive: int | None) -> Floats:
    """A single output z -> two columns whose softmax is the sigmoid of z; more outputs stay as they are."""
    if positive is None:
        return logits
    half = logits[:, 0] / 2
    return np.stack([half, -half] if positive == 0 else [-half, half], axis=1)
