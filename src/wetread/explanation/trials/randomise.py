"""A classifier with its weights shuffled, from the head downwards (Adebayo 2018, arXiv 1810.03292).

Each tensor keeps its numbers and loses their order: the layer has the size and spread of a trained one, and nothing of
what it learnt.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wetread.model.classifier import Classifier
from wetread.model.head import HeadPart
from wetread.model.linear import LinearPart
from wetread.shapes import Picture

if TYPE_CHECKING:
    from torch import nn

    from wetread.model.network import NetworkPart

#: How far down a network is shuffled, as a part of its layers; the head comes before all of them.
DEPTHS = (0.0, 1 / 3, 2 / 3, 1.0)
#: Pictures from which batch norm learns again what is common.
MOST_TO_SETTLE = 32


def depths_of(classifier: Classifier) -> tuple[float, ...]:
    """How far one can go: down through the layers of a network; a linear model has its coefficients only."""
    return DEPTHS if any(part.described()["kind"] == "network" for part in classifier.parts) else (1.0,)


def randomise(classifier: Classifier, depth: float, seed: int, pictures: Sequence[Picture]) -> Classifier:
    """Shuffles the head of every part, and this part of the layers below it.

    A frozen backbone keeps its weights: they were never fitted to these classes.

    Args:
        classifier: Stays as it is.
        depth: 0 for heads only, 1 for everything.
        seed: Of the shuffles.
        pictures: From which batch norm learns its means again; with those of the old weights a deep network would die
            out or overflow, and its map would be empty for a reason of no interest.
    """
    random = np.random.default_rng([seed, 11])
    parts: list[Any] = []
    for part in classifier.parts:
        if isinstance(part, LinearPart):
            parts.append(dataclasses.replace(part, weights=part.weights[random.permutation(len(part.weights))]))
        elif isinstance(part, HeadPart):
            layers = tuple((_shuffled(weights, random), bias) for weights, bias in part.layers)
            parts.append(dataclasses.replace(part, layers=layers))
        elif part.described()["kind"] == "network":
            parts.append(_randomise_network(part, depth, random, pictures))  # type: ignore[arg-type]
        else:
            parts.append(part)
    return dataclasses.replace(classifier, parts=parts)


def _shuffled(array: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.float32]:
    return random.permutation(array.ravel()).reshape(array.shape)


def _randomise_network(
    part: NetworkPart, depth: float, random: np.random.Generator, pictures: Sequence[Picture]
) -> NetworkPart:
    import torch

    network = copy.deepcopy(part.network)
    body = [module for module in network.body.modules() if list(module.parameters(recurse=False))]
    head = [module for module in network.modules() if list(module.parameters(recurse=False)) and module not in body]
    chosen = head + body[len(body) - round(depth * len(body)) :]
    with torch.no_grad():
        for module in chosen:
            for tensor in module.parameters(recurse=False):
                order = torch.from_numpy(random.permutation(tensor.numel())).to(tensor.device)
                tensor.copy_(tensor.flatten()[order].view_as(tensor))
        if depth > 0:
            batch = part.preprocess.normalise(part.preprocess.squares(pictures[:MOST_TO_SETTLE]))
            _settle(network, torch.from_numpy(batch).to(next(network.parameters()).device))
    return dataclasses.replace(part, network=network.eval())


def _settle(network: nn.Module, batch: Any) -> None:
    """Batch norms measure their inputs anew."""
    from torch import nn

    norms = [one for one in network.modules() if isinstance(one, nn.modules.batchnorm._BatchNorm)]
    if not norms or len(batch) < 2:
        return
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over what comes
        norm.train()
    network(batch)
    network.eval()
