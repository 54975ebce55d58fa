"""`Subject`: what is explained, as something that can be differentiated: the very margin that the classifier gives.

A classifier is a weighted sum of parts. Each network in it becomes a `Branch`; so does its frozen backbone, with all
linear parts and heads that look through it. Classical features have no gradient: what they add is held fixed.
Nothing is hooked into a network and no gradient reaches its weights, so several threads may explain one classifier.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wetread.explanation.layers import Finish, keeps_places, last_maps
from wetread.model.backbone import Backbone
from wetread.model.classifier import Classifier
from wetread.model.embedder import Embedder
from wetread.model.features import classical_features
from wetread.model.head import HeadPart
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearPart
from wetread.model.network import SHIFT, SHIFTS, NetworkPart
from wetread.model.networks import share_processor
from wetread.model.preprocess import Preprocess
from wetread.shapes import Floats, Picture

#: ``image feature`` -> logits ``image class`` in float64, on the processor.
Reading = Callable[[Tensor], Tensor]

_EMBEDDERS: weakref.WeakKeyDictionary[Backbone, Embedder] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Branch:
    """One network inside a classifier, and how its features become logits.

    Attributes:
        name: Of the network.
        preprocess: Its input.
        body: Squares, normalised -> features.
        read: Features -> what this branch adds to the logits of the classifier before calibration.
        ask: The same from squares ``image channel row column`` of uint8, without gradients: what predicts is asked.
        shifts: How many times it looks again at a moved picture.
        look: Squares -> the last maps, by what predicts, several times as fast as torch; None where it has none.
    """

    name: str
    preprocess: Preprocess
    body: Any
    read: Reading
    ask: Callable[[NDArray[np.uint8]], Tensor]
    shifts: int = 0
    look: Callable[[NDArray[np.uint8]], NDArray[np.float32] | None] = lambda _: None

    @property
    def device(self) -> torch.device:
        """Where the network lies."""
        place: torch.device = next(self.body.parameters()).device
        return place

    def batch(self, pictures: Sequence[Picture]) -> Tensor:
        """Pictures -> ``image channel row column``, normalised, on the device."""
        share_processor(self.name)
        batch = torch.from_numpy(self.preprocess.normalise(self.preprocess.squares(pictures))).to(self.device)
        # Colours innermost: on a processor convolutions take half the time.
        return batch.contiguous(memory_format=torch.channels_last)

    def logits(self, batch: Tensor) -> Tensor:
        """``image channel row column`` -> ``image class``, averaged over the looks of the model."""
        step = max(1, round(self.preprocess.side * SHIFT))
        looks = [self.read(self.body(batch).flatten(1))]
        for down, right in SHIFTS[: self.shifts]:
            looks.append(self.read(self.body(_moved(batch, down * step, right * step)).flatten(1)))
        return torch.stack(looks).mean(dim=0)

    def split(self, batch: Tensor) -> tuple[Tensor, Finish] | None:
        """The last maps without gradients, and what goes on from them to the logits; of the unmoved picture."""
        with torch.no_grad():
            found = last_maps(self.body, batch)
        if found is None:
            return None
        maps, finish = found
        return maps, lambda changed: self.read(finish(changed).flatten(1))

    def split_pictures(self, pictures: Sequence[Picture]) -> tuple[Tensor, Finish] | None:
        """`split` of pictures; what predicts is asked for the maps where it has them."""
        found = self.look(self.preprocess.squares(pictures))
        if found is None:
            return self.split(self.batch(pictures))
        return torch.from_numpy(found), lambda changed: self.read(self.body.pool(changed).flatten(1))

    @property
    def keeps_places(self) -> bool:
        """Whether there are maps to look at."""
        return keeps_places(self.body, self.preprocess.channels, self.preprocess.side)


@dataclass(frozen=True)
class Subject:
    """A classifier, taken apart for gradients.

    Attributes:
        classifier: All of it.
        branches: At least one.
        held: Parts that have no gradient, each as pictures -> what it adds to the logits before calibration.
    """

    classifier: Classifier
    branches: list[Branch]
    held: list[Callable[[Inputs], Floats]] = field(default_factory=list)

    def held_logits(self, pictures: Sequence[Picture]) -> Tensor:
        """What the parts without gradient add, ``image class``."""
        inputs = Inputs(pictures)
        total = np.zeros((len(pictures), len(self.classifier.classes)))
        return torch.from_numpy(sum((one(inputs) for one in self.held), total))

    def margins(self, logits: Sequence[Tensor], held: Tensor, targets: Tensor) -> Tensor:
        """What the branches say -> the number that is explained, as `Classifier.margin`.

        Args:
            logits: Of each branch, ``image class``.
            held: From `held_logits`.
            targets: Class number per image.
        """
        total = torch.stack([*logits, held]).sum(dim=0) / torch.tensor(self.classifier.temperature, dtype=held.dtype)
        if self.classifier.offset:
            total = total + torch.tensor(self.classifier.offset, dtype=held.dtype)
        chosen = total.gather(1, targets[:, None])[:, 0]
        if self.classifier.task == "multilabel":
            return chosen
        return chosen - total.scatter(1, targets[:, None], -torch.inf).amax(dim=1)

    def margins_of(self, batches: Sequence[Tensor], held: Tensor, targets: Tensor) -> Tensor:
        """Batches, one for each branch -> margins."""
        logits = [branch.logits(batch) for branch, batch in zip(self.branches, batches, strict=True)]
        return self.margins(logits, held, targets)

    def gradients(self, batches: Sequence[Tensor], held: Tensor, targets: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Margins, and their gradients by the input of each branch, ``image channel row column``."""
        leaves = [batch.detach().requires_grad_(True) for batch in batches]
        with torch.enable_grad():
            margins = self.margins_of(leaves, held, targets)
            # Not by backward(): that would add to the gradients of weights that other threads share.
            found = torch.autograd.grad(margins.sum(), leaves)
        return margins.detach(), list(found)

    @property
    def keeps_places(self) -> bool:
        """Whether any branch has maps."""
        return any(branch.keeps_places for branch in self.branches)

    @property
    def note(self) -> str:
        """What of the classifier is not explained, to follow the settings of a map."""
        return "; classical features held fixed" if self.held else ""


def can_differentiate(classifier: Classifier) -> bool:
    """Whether any part has a network behind it; asked without building one."""
    return any(_kind(part) in ("network", "head", "frozen", "combined") for part in classifier.parts)


def make_subject(classifier: Classifier) -> Subject:
    """Takes a classifier apart.

    Raises:
        ValueError: It has no network.
    """
    if not can_differentiate(classifier):
        raise ValueError("no part of it can be differentiated")
    shares = classifier.shares or (1 / len(classifier.parts),) * len(classifier.parts)
    branches: list[Branch] = []
    readings: list[Reading] = []
    held: list[Callable[[Inputs], Floats]] = []
    for part, share in zip(classifier.parts, shares, strict=True):
        if isinstance(part, NetworkPart):
            part.network.eval()
            branches.append(_network_branch(part, share))
        elif isinstance(part, HeadPart):
            readings.append(_weighted(_head_reading(part), share))
        elif isinstance(part, LinearPart):
            if part.sees != "classical":
                readings.append(_weighted(_linear_reading(part), share))
            if part.sees != "frozen":
                held.append(_classical_reading(part, share))
        else:
            held.append(_other_reading(part, share))
    if readings:
        assert classifier.backbone is not None  # else it could not predict either
        branches.append(_frozen_branch(classifier.backbone, _sum(readings)))
    return Subject(classifier, branches, held)


def _kind(part: Any) -> str:
    described = part.described()
    return str(described["sees"] if described["kind"] == "linear" else described["kind"])


def _network_branch(part: NetworkPart, share: Any) -> Branch:
    read, weight = _weighted(_network_reading(part), share), torch.tensor(share, dtype=torch.float64)
    return Branch(
        part.spec.name,
        part.preprocess,
        part.network.body,
        read,
        lambda squares: torch.from_numpy(part.logits_of_squares(squares)) * weight,
        part.shifts,
    )


def _frozen_branch(backbone: Backbone, read: Reading) -> Branch:
    return Branch(
        backbone.network,
        backbone.preprocess,
        _embedder(backbone).body,
        read,
        lambda squares: read(torch.from_numpy(backbone.embed(squares))),
        look=backbone.maps,
    )


def _embedder(backbone: Backbone) -> Embedder:
    """The backbone in torch, built once; its graph, where there is one, has no gradients."""
    with _LOCK:
        if backbone not in _EMBEDDERS:
            made = Embedder(backbone.network, backbone.options, backbone.preprocess, backbone.arrays())
            _EMBEDDERS[backbone] = made.to(backbone.device)
        return _EMBEDDERS[backbone]


def _network_reading(part: NetworkPart) -> Reading:
    offset = torch.tensor(part.offset, dtype=torch.float64) if part.offset else None

    def read(features: Tensor) -> Tensor:
        logits = _spread(part.network.head(features).cpu().double(), part.positive)
        return logits + offset if offset is not None else logits

    return read


def _head_reading(part: HeadPart) -> Reading:
    layers = [(torch.from_numpy(w).double(), torch.from_numpy(b).double()) for w, b in part.layers]
    offset = torch.tensor(part.offset, dtype=torch.float64) if part.offset else None

    def read(features: Tensor) -> Tensor:
        values = features.cpu().double()
        for number, (weights, bias) in enumerate(layers):
            values = (values.relu() if number else values) @ weights + bias
        logits = _spread(values, part.positive)
        return logits + offset if offset is not None else logits

    return read


def _linear_reading(part: LinearPart) -> Reading:
    """The embedding's columns of a linear part; they are the last ones. The bias counts here."""
    count = 0 if part.sees == "frozen" else _classical_length()
    centre, scale = torch.from_numpy(part.centre[count:]), torch.from_numpy(part.scale[count:])
    weights, bias = torch.from_numpy(part.weights[count:]), torch.from_numpy(part.bias)

    def read(features: Tensor) -> Tensor:
        return ((features.cpu().double() - centre) * scale) @ weights + bias

    return read


def _classical_reading(part: LinearPart, share: Any) -> Callable[[Inputs], Floats]:
    """The classical columns of a linear part; its bias too where it has no others."""
    count = len(part.centre) if part.sees == "classical" else _classical_length()
    bias = part.bias if part.sees == "classical" else np.zeros_like(part.bias)

    def read(inputs: Inputs) -> Floats:
        standard = (inputs.classical() - part.centre[:count]) * part.scale[:count]
        logits: Floats = np.asarray(share) * (standard @ part.weights[:count] + bias)
        return logits

    return read


def _other_reading(part: Any, share: Any) -> Callable[[Inputs], Floats]:
    def read(inputs: Inputs) -> Floats:
        logits: Floats = np.asarray(share) * part.logits(inputs)
        return logits

    return read


def _weighted(read: Reading, share: Any) -> Reading:
    weight = torch.tensor(share, dtype=torch.float64)
    return lambda features: read(features) * weight


def _sum(readings: list[Reading]) -> Reading:
    return lambda features: torch.stack([read(features) for read in readings]).sum(dim=0)


def _spread(logits: Tensor, positive: int | None) -> Tensor:
    """As `wetread.model.head.spread`, where gradients flow."""
    if positive is None:
        return logits
    half = logits[:, 0] / 2
    return torch.stack([half, -half] if positive == 0 else [-half, half], dim=1)


def _classical_length() -> int:
    return int(classical_features([np.zeros((8, 8), dtype=np.uint8)]).shape[1])


def _moved(batch: Tensor, down: int, right: int) -> Tensor:
    """Moves pictures by pixels, as `NetworkPart` does; the rim that comes into sight repeats the edge."""
    side = batch.shape[-1]
    rows = (torch.arange(side, device=batch.device) - down).clamp(0, side - 1)
    columns = (torch.arange(side, device=batch.device) - right).clamp(0, side - 1)
    return batch[:, :, rows[:, None], columns]
