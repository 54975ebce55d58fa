"""A classifier that keeps what it has seen.

Tests ask many classifiers about the same copies of the same pictures. Where these differ in their last layer only, the
features are the costly part and are the same, so they are computed once.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wetread.model.classifier import Classifier
from wetread.model.head import HeadPart
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearPart
from wetread.shapes import Floats, Picture


class Memory:
    """Features by the content of a picture; one for all classifiers that look through the same eyes."""

    def __init__(self) -> None:
        self._classical: dict[bytes, NDArray[np.float32]] = {}
        self._embedding: dict[bytes, NDArray[np.float32]] = {}

    def __len__(self) -> int:
        """How many pictures it knows."""
        return max(len(self._classical), len(self._embedding))

    def classical(self, inputs: Inputs) -> NDArray[np.float32]:
        """``image feature``, of which only those not seen before are computed."""
        return _recall(self._classical, inputs, lambda fresh: Inputs(fresh).classical())

    def embedding(self, inputs: Inputs) -> NDArray[np.float32]:
        """The same of what a frozen backbone sees."""
        return _recall(self._embedding, inputs, lambda fresh: Inputs(fresh, inputs.backbone).embedding())


class _Remembered(Inputs):
    def __init__(self, pictures: Sequence[Picture], memory: Memory, backbone: object) -> None:
        super().__init__(pictures, backbone)  # type: ignore[arg-type]
        self._memory = memory

    def classical(self) -> NDArray[np.float32]:
        if self._classical is None:
            self._classical = self._memory.classical(self)
        return self._classical

    def embedding(self) -> NDArray[np.float32]:
        if self._embedding is None:
            self._embedding = self._memory.embedding(self)
        return self._embedding


@dataclass
class Remembering(Classifier):
    """A classifier of linear parts and heads that computes no feature of a picture twice."""

    memory: Memory = field(default_factory=Memory)

    def raw_logits(self, pictures: Sequence[Picture] | Inputs) -> Floats:
        """As `Classifier.raw_logits`."""
        if isinstance(pictures, Inputs) or not len(pictures):
            return super().raw_logits(pictures)
        return super().raw_logits(_Remembered(pictures, self.memory, self.backbone))


def remember(classifier: Classifier, memory: Memory) -> Classifier:
    """The same classifier with a memory; as it is where a network of its own would have to be run anyway."""
    if not all(isinstance(part, LinearPart | HeadPart) for part in classifier.parts):
        return classifier
    known = {one.name: getattr(classifier, one.name) for one in dataclasses.fields(Classifier)}
    return Remembering(**known, memory=memory)


def _recall(
    known: dict[bytes, NDArray[np.float32]], inputs: Inputs, compute: Callable[[list[Picture]], NDArray[np.float32]]
) -> NDArray[np.float32]:
    keys = [_key(picture) for picture in inputs.pictures]
    fresh = {key: number for number, key in enumerate(keys) if key not in known}
    if fresh:
        found = compute([inputs.pictures[number] for number in fresh.values()])
        known.update(zip(fresh, found, strict=True))
    return np.stack([known[key] for key in keys])


def _key(picture: Picture) -> bytes:
    return hashlib.blake2b(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).digest()
