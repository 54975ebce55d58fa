"""Which weights move, and how: phases and optimisers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from wetread.training.settings import LoopSettings

MOMENTUM = 0.9
#: After the third reduction a plateau ends the training.
REDUCTIONS = 3


@dataclass(frozen=True)
class Phase:
    """Epochs in which the same weights move.

    Attributes:
        first: Its first epoch, from 0.
        epochs: How many.
        head_only: The body is frozen, its batch norm too.
        rate: Top of its schedule.
    """

    first: int
    epochs: int
    head_only: bool
    rate: float

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.first, self.first + self.epochs))


def phases(settings: LoopSettings) -> list[Phase]:
    """One phase, or two where the head is fitted first."""
    head_rate = settings.head_learning_rate or settings.learning_rate
    if settings.tuning == "head":
        return [Phase(0, settings.epochs, True, head_rate)]
    if settings.tuning == "whole" or settings.head_epochs == 0:
        return [Phase(0, settings.epochs, False, settings.learning_rate)]
    return [
        Phase(0, settings.head_epochs, True, head_rate),
        Phase(settings.head_epochs, settings.epochs, False, settings.learning_rate),
    ]


def set_mode(network: nn.Module, phase: Phase, settings: LoopSettings) -> None:
    """Puts each layer into the mode it trains in; whoever listened to the last epoch may have changed it."""
    head: nn.Module = network.head  # type: ignore[assignment]
    network.train(not phase.head_only)
    head.train()
    for layer in network.modules():
        if isinstance(layer, _BatchNorm):
            if settings.batch_norm_momentum:
                layer.momentum = settings.batch_norm_momentum
            if settings.freeze_statistics:
                layer.eval()


class Optimiser:
    """Adam, AdamW or SGD with momentum, each as the one fused operation of torch (40 ms on the 22 million weights of
    InceptionV3, where the loop over weights took 166).

    Not `torch.optim`: its first use imports the compiler of torch, two to four seconds that no run has to spare, and
    its stored state forgets how weights lie in memory. The results are the same to the bit (a test holds them to it).

    Args:
        groups: (weights, top rate, weight decay).
        settings: Kind, epsilon.
    """

    def __init__(self, groups: list[tuple[list[Tensor], float, float]], settings: LoopSettings) -> None:
        self.groups, self.kind, self.epsilon = groups, settings.optimiser, settings.epsilon
        #: name of a running mean -> one tensor per weight; they appear with the first step.
        self.moments: dict[str, list[Tensor]] = {}

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """Moves the weights, each at this part of its top rate."""
        first = not self.moments
        if first:
            self._start()
        place = 0
        for weights, top, decay in self.groups:
            here = slice(place, place := place + len(weights))
            gradients = [weight.grad if weight.grad is not None else torch.zeros_like(weight) for weight in weights]
            if self.kind == "sgd":
                torch._fused_sgd_(
                    weights, gradients, self.moments["momentum"][here], weight_decay=decay, momentum=MOMENTUM,
                    lr=top * factor, dampening=0.0, nesterov=False, maximize=False, is_first_step=first,
                )  # fmt: skip
                continue
            move = torch._fused_adam_ if self.kind == "adam" else torch._fused_adamw_
            steps = self.moments["step"][here]
            torch._foreach_add_(steps, 1)
            move(
                weights, gradients, self.moments["mean"][here], self.moments["square"][here], [], steps,
                lr=top * factor, beta1=0.9, beta2=0.999, weight_decay=decay, eps=self.epsilon,
                amsgrad=False, maximize=False,
            )  # fmt: skip

    def state(self) -> dict[str, Tensor]:
        """The running means by name: what a checkpoint must hold beside the weights."""
        return {f"{name}.{number}": one for name, some in self.moments.items() for number, one in enumerate(some)}

    def restore(self, stored: dict[str, Tensor]) -> None:
        """Goes on from what `state` gave; copied, since weights and means must lie in memory alike for a fused step."""
        if stored:
            self._start()
            for name, tensor in self.state().items():
                tensor.copy_(stored[name].reshape(tensor.shape))

    def _start(self) -> None:
        weights = [weight for some, _, _ in self.groups for weight in some]
        if self.kind == "sgd":
            self.moments = {"momentum": [torch.zeros_like(weight) for weight in weights]}
            return
        self.moments = {
            "step": [torch.zeros((), device=weight.device) for weight in weights],
            "mean": [torch.zeros_like(weight) for weight in weights],
            "square": [torch.zeros_like(weight) for weight in weights],
        }


def make_optimiser(network: nn.Module, phase: Phase, settings: LoopSettings) -> Optimiser:
    """An optimiser for the weights of a phase; all others are frozen.

    Args:
        network: With ``head``, and ``layer_groups()`` from input to head.
        phase: Which weights, which rate.
        settings: Kind, decay.
    """
    head: nn.Module = network.head  # type: ignore[assignment]
    in_head = {id(weight) for weight in head.parameters()}
    for weight in network.parameters():
        weight.requires_grad_(not phase.head_only or id(weight) in in_head)
    groups = []
    for weights, part in _layers(network, settings.layer_decay):
        moving = [weight for weight in weights if weight.requires_grad]
        matrices: list[Tensor] = [weight for weight in moving if weight.ndim > 1]
        vectors: list[Tensor] = [
            weight for weight in moving if weight.ndim <= 1
        ]  # biases and batch norm are not decayed
        groups += [(matrices, phase.rate * part, settings.weight_decay), (vectors, phase.rate * part, 0.0)]
    return Optimiser([group for group in groups if group[0]], settings)


def _layers(network: nn.Module, decay: float) -> list[tuple[list[nn.Parameter], float]]:
    """Groups of weights with their part of the rate: 1 for the head, less towards the input."""
    if decay == 1.0:
        return [(list(network.parameters()), 1.0)]
    groups: list[list[nn.Parameter]] = network.layer_groups()  # type: ignore[operator]
    return [(group, decay ** (len(groups) - 1 - depth)) for depth, group in enumerate(groups)]
