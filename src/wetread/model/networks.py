"""The name of a network -> the network: a body that turns pictures into features, and a head that turns these into
logits.

`small`, `carpentries` and `dense` are our own (``small_networks.py``); every other name is an architecture of timm
(Wightman 2019, 10.5281/zenodo.4414861). Nothing is downloaded here: weights come in as arrays.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wetread.model.network_names import check_network
from wetread.model.small_networks import (
    CarpentriesBody,
    DenseBody,
    SeededDropout,
    SmallBody,
    start_as_keras,
    start_as_tensorflow_js,
)
from wetread.model.timm_body import TimmBody, explain_mismatch, load_body

__all__ = ["Network", "NetworkSpec", "build_network", "check_network", "explain_mismatch", "load_weights"]

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class NetworkSpec:
    """All that decides the shape of a network.

    Attributes:
        name: ``small``, ``carpentries``, ``dense``, or an architecture of timm.
        outputs: Number of logits; 1 for two classes told apart by one sigmoid.
        channels: Of the input, 1 or 3.
        side: Rows and columns of the input, in pixels. Only `dense` and transformers are bound to it.
        options: Further arguments of timm.create_model; ``units`` of `dense`.
        hidden: Units of one hidden ReLU layer in the head; 0 for none.
        dropout: Share of the values dropped before the last layer, in [0, 1).
        bias: Whether the last layer has one.
    """

    name: str
    outputs: int
    channels: int = 3
    side: int = 224
    options: dict[str, Any] = field(default_factory=dict)
    hidden: int = 0
    dropout: float = 0.0
    bias: bool = True

    def as_dict(self) -> dict[str, Any]:
        """What is saved in a model folder."""
        return dataclasses.asdict(self)

    @staticmethod
    def from_dict(stored: dict[str, Any]) -> NetworkSpec:
        """Rebuilds the specification from what `as_dict` gave; raises TypeError where that is something else."""
        return NetworkSpec(**stored)


#: How the fresh weights of a head can be drawn; torch's own draw needs nothing more.
INITIAL = {"torch": None, "glorot uniform": start_as_keras, "fan-in normal": start_as_tensorflow_js}


class Head(nn.Module):
    """Features -> logits: one linear layer, or a hidden ReLU layer and dropout before it.

    Args:
        features: Length of the input.
        spec: What it says of the head.
        initial: How its fresh weights are drawn, one of `INITIAL`.
    """

    def __init__(self, features: int, spec: NetworkSpec, initial: str = "torch") -> None:
        super().__init__()
        self.hidden = nn.Linear(features, spec.hidden) if spec.hidden else None
        self.drop = SeededDropout(spec.dropout)
        self.last = nn.Linear(spec.hidden or features, spec.outputs, bias=spec.bias)
        if (draw := INITIAL[initial]) is not None:
            self.apply(draw)

    def forward(self, features: Tensor) -> Tensor:
        """``image feature`` -> ``image output``."""
        if self.hidden is not None:
            features = torch.relu(self.hidden(features))
        logits: Tensor = self.last(self.drop(features))
        return logits


class Network(nn.Module):
    """Pictures -> logits.

    Attributes:
        spec: What it was built from.
        body: ``image channel row column`` -> ``image feature``.
        head: ``image feature`` -> ``image output``.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        body: SmallBody | CarpentriesBody | DenseBody | TimmBody | KeptFeatures,
        initial: str = "torch",
    ) -> None:
        super().__init__()
        self.spec = spec
        self.body = body
        self.head = Head(body.features, spec, initial)

    def forward(self, batch: Tensor) -> Tensor:
        """``image channel row column``, normalised -> ``image output``."""
        logits: Tensor = self.head(self.body(batch))
        return logits

    def maps(self, batch: Tensor) -> Tensor | None:
        """The last feature maps, ``image map row column``; None where the network keeps no places that matter."""
        return self.body.maps(batch)

    def from_maps(self, maps: Tensor) -> Tensor:
        """Goes on where `maps` stopped: ``image map row column`` -> ``image output``."""
        logits: Tensor = self.head(self.body.pool(maps))
        return logits

    def seed_dropout(self, seed: int) -> None:
        """Sets the random numbers of the dropout layers, each its own: the next pass in training repeats exactly."""
        layers = [one for one in self.modules() if isinstance(one, SeededDropout)]
        for number, layer in enumerate(layers):
            layer.seed(int(np.random.SeedSequence([seed, number]).generate_state(1)[0]))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Weights from input to head, stage by stage: for learning rates that fall with the distance from the head."""
        if isinstance(self.body, TimmBody):
            groups = self.body.parameter_groups()
        else:
            groups = [list(stage.parameters()) for stage in self.body.stages()]
        return [*groups, list(self.head.parameters())]


class KeptFeatures(nn.Module):
    """Stands for a frozen body whose features are computed already: what comes in goes out.

    Args:
        features: Length of an embedding.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.features = features

    def forward(self, batch: Tensor) -> Tensor:
        """``image feature`` as it is."""
        return batch

    def maps(self, batch: Tensor) -> None:
        """There are none: the pictures are gone."""

    def pool(self, maps: Tensor) -> Tensor:
        """Nothing to pool."""
        return maps

    def stages(self) -> list[nn.Module]:
        """No weights of its own."""
        return []


def build_head(spec: NetworkSpec, features: int, initial: str = "torch") -> Network:
    """Makes the head of a network alone, with fresh weights from torch's generator.

    Args:
        spec: Of the whole network.
        features: Length of what its frozen body sees.
        initial: As for `Head`.
    """
    return Network(spec, KeptFeatures(features), initial)


#: Processor threads for one network, by name. Its layers are so small that threads wait for each other longer than
#: they work: measured on two busy cores, two threads took six times as long as one. Several fits at once use the cores
#: better.
THREADS = {"small": 1, "carpentries": 1, "dense": 1}


def share_processor(name: str) -> None:
    """Limits the threads of torch, for the calling thread, to what this network can use."""
    if name in THREADS and torch.get_num_threads() != THREADS[name]:
        torch.set_num_threads(THREADS[name])


def build_network(spec: NetworkSpec, arrays: Arrays | None = None, initial: str = "torch") -> Network:
    """Makes a network.

    Its fresh weights are drawn from torch's generator, which the caller seeds.

    Args:
        spec: What to build.
        arrays: Weights of the body by timm's names; those of another head are left out. Where they were made for
            another number of colours, the first convolution is adapted. None for fresh weights.
        initial: As for `Head`; our own bodies that come from Keras start as there.

    Returns:
        The network, in training mode, on the processor.

    Raises:
        InputError: The name is not known (``unknown-network``), an option is none (``network-option``), or the weights
            are those of another network (``wrong-weights``).
    """
    name = check_network(spec.name)
    if name == "small":
        return Network(spec, SmallBody(spec.channels), initial)
    if name == "carpentries":
        return Network(spec, CarpentriesBody(spec.channels), initial)
    if name == "dense":
        return Network(spec, DenseBody(spec.channels, spec.side, int(spec.options.get("units", 128))), initial)
    body = TimmBody(name, spec.channels, spec.side, spec.options)
    if arrays is not None:
        load_body(body, name, spec.options, arrays)
    return Network(spec, body, initial)


def load_weights(network: Network, arrays: Arrays) -> Network:
    """Fills in all weights of a network, body and head, as `NetworkPart.arrays` gave them.

    Raises:
        RuntimeError: They are those of another network.
    """
    network.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
    return network
