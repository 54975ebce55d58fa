"""Networks that are asked hundreds of times about one picture: by OpenVINO, two to nine times as fast as torch.

The conversion takes a second for a small network and ten or more for a large one, so it must be worth it. Nothing is
kept between calls: whoever changes weights gets the answers of the changed network.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wetread.model.backbone import TOLERANCE, has_graphs
from wetread.model.classifier import Classifier, NearInputs
from wetread.model.embedder import Embedder, convert
from wetread.model.graph import Graph, GraphEngine
from wetread.model.inputs import Inputs
from wetread.model.network import NetworkPart
from wetread.model.networks import THREADS
from wetread.shapes import Floats

#: Questions from which the conversion of a network of timm pays.
WORTH_IT = 150
#: The same for our own small networks, whose time goes with the pixels: 800 questions at 64 pixels a side, 65 at 224.
WORTH_IT_PIXELS = 800 * 64 * 64


@dataclass
class QuickPart(NetworkPart):
    """A network part whose answers a converted graph gives.

    Attributes:
        engine: ``image channel row column`` of uint8 -> ``image output``.
        near: Whether all squares are near the first of them.
    """

    engine: GraphEngine | None = field(default=None, repr=False)
    near: bool = False

    def logits(self, inputs: Inputs) -> Floats:
        """Pictures -> ``image class``."""
        near = dataclasses.replace(self, near=isinstance(inputs, NearInputs))
        return near.logits_of_squares(inputs.squares(self.preprocess))

    def _ask(self, squares: NDArray[np.uint8]) -> Floats:
        if self.engine is None or not len(squares):
            return super()._ask(squares)
        ask = self.engine.near if self.near else self.engine
        return ask(squares).astype(np.float64)


def quicken(classifier: Classifier, questions: int) -> Classifier:
    """The same classifier, its networks converted where that pays and the graph agrees with torch.

    Args:
        classifier: Any.
        questions: About how many pictures it is going to be asked.
    """
    parts = [_quick(part, questions) if isinstance(part, NetworkPart) else part for part in classifier.parts]
    return dataclasses.replace(classifier, parts=parts)


class _Asked(nn.Module):
    """Squares as they are stored -> outputs of a network."""

    def __init__(self, part: NetworkPart) -> None:
        super().__init__()
        self.network, self.channels, self._scale = part.network, part.preprocess.channels, part.preprocess.scale

    def forward(self, squares: Tensor) -> Tensor:
        outputs: Tensor = self.network(self._scale(squares.float() / 255))
        return outputs


def _quick(part: NetworkPart, questions: int) -> NetworkPart:
    asked, side = questions * (1 + part.shifts), part.preprocess.side
    worth = asked * side * side >= WORTH_IT_PIXELS if part.spec.name in THREADS else asked >= WORTH_IT
    on_processor = next(part.network.parameters()).device.type == "cpu"
    if not worth or not on_processor or not has_graphs():
        return part
    part.network.eval()
    # Noise: a blank picture would hide a wrong layer.
    channels = part.preprocess.channels
    noise = np.random.default_rng(0).integers(0, 256, (2, channels, side, side), dtype=np.uint8)
    try:
        engine = GraphEngine(Graph(*convert(cast(Embedder, _Asked(part)), side)), side)
        found: NDArray[Any] = engine(noise)
    except (RuntimeError, TypeError, ValueError, OSError):
        return part
    with torch.inference_mode():
        expected = part.network(torch.from_numpy(part.preprocess.normalise(noise))).numpy()
    if np.abs(found - expected).max() > TOLERANCE * np.abs(expected).max():
        return part
    fields = {one.name: getattr(part, one.name) for one in dataclasses.fields(NetworkPart)}
    return QuickPart(**fields, engine=engine)
