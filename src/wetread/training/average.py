"""Weights beside those being trained: the best so far, the mean of the last epochs, or an exponential mean."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

#: Epochs at the end whose weights are averaged.
LAST_EPOCHS = 5
#: Of the exponential mean, once it is warm.
EMA_DECAY = 0.999


class Kept:
    """What a fit ends with when it is not the last epoch.

    Running statistics of batch norm are averaged like weights: over five epochs at the end of a schedule they hardly
    differ, and a further pass over all pictures to measure them again would cost as much as an epoch.

    Args:
        network: Whose weights are followed.
        how: ``last``, ``best``, ``average`` or ``ema``.
        epochs: Of the fit, to know the last ones.
    """

    def __init__(self, network: nn.Module, how: str, epochs: int) -> None:
        self.how, self.epochs = how, epochs
        self.weights: dict[str, Tensor] = copy_weights(network) if how == "ema" else {}
        #: Epochs in the mean, or steps in the exponential one, or the epoch of the best.
        self.count = 0

    def after_step(self, network: nn.Module) -> None:
        """The exponential mean moves; its decay grows from 0.18 so that the fresh weights are soon forgotten."""
        if self.how == "ema":
            self.count += 1
            self._move(network, 1 - min(EMA_DECAY, (1 + self.count) / (10 + self.count)))

    def after_epoch(self, network: nn.Module, epoch: int, better: bool) -> None:
        """The best is copied, or the mean of the last epochs goes on.

        Args:
            network: After the epoch.
            epoch: From 1.
            better: The validation loss is the lowest so far.
        """
        if self.how == "best" and better:
            self.weights, self.count = copy_weights(network), epoch
        elif self.how == "average" and epoch > self.epochs - LAST_EPOCHS:
            self.count += 1
            if self.count == 1:
                self.weights = copy_weights(network)
            else:
                self._move(network, 1 / self.count)

    def load_into(self, network: nn.Module) -> None:
        """Puts the kept weights into the network; nothing where the last ones count or none are kept yet.

        An exponential mean that took in a broken step is passed over as well.
        """
        if self.weights and are_finite(self.weights.values()):
            load_weights(network, self.weights)

    def restore(self, network: nn.Module, weights: dict[str, Tensor], count: int) -> None:
        """Goes on from a checkpoint's weights and count."""
        self.count = count
        if weights:
            self.weights = copy_weights(network)
            for name, tensor in self.weights.items():
                tensor.copy_(weights[name].reshape(tensor.shape))

    def _move(self, network: nn.Module, part: float) -> None:
        now = _tensors(network)
        moving = [name for name, tensor in self.weights.items() if tensor.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_([self.weights[name] for name in moving], [now[name] for name in moving], part)
        for name, tensor in self.weights.items():
            if not tensor.is_floating_point():
                tensor.copy_(now[name])


def copy_weights(network: nn.Module) -> dict[str, Tensor]:
    """Weights and statistics by name, copied."""
    return {name: tensor.clone() for name, tensor in _tensors(network).items()}


def are_finite(tensors: Iterable[Tensor]) -> bool:
    """Whether all numbers of some weights are finite; waits for the device once."""
    found = [torch.isfinite(tensor).all() for tensor in tensors if tensor.is_floating_point()]
    return not found or bool(torch.stack(found).all())


def load_weights(network: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copies weights in; their order in memory stays that of the network, which decides which kernels run."""
    with torch.no_grad():
        for name, tensor in _tensors(network).items():
            tensor.copy_(weights[name].reshape(tensor.shape))


def _tensors(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach() for name, tensor in network.state_dict().items()}
