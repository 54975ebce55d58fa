"""The losses of an epoch; the first that is no number stops the fit and names its pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from wetread.shapes import Ints
from wetread.training.average import are_finite
from wetread.training.nan_loss import WEIGHTS_LOST, nan_loss

#: Steps between looks at the loss on a GPU: each look waits for all that was asked of it.
LOOK_EVERY = 50


class Watch:
    """Collects the losses of the steps without waiting for them.

    Args:
        device: On a CPU every loss is looked at before the weights move.
        names: Of the pictures; empty for their numbers.
        learning_rate: To propose a lower one.
    """

    def __init__(self, device: torch.device, names: Sequence[str], learning_rate: float) -> None:
        self.every = 1 if device.type == "cpu" else LOOK_EVERY
        self.names, self.learning_rate = names, learning_rate
        self._losses: list[Tensor] = []
        self._rows: list[Ints] = []
        self._last: Ints = np.zeros(0, np.int64)

    def note(self, loss: Tensor, rows: Ints, epoch: int) -> None:
        """Takes in the loss of a step.

        Args:
            loss: Mean over the batch.
            rows: Of its pictures.
            epoch: From 0.

        Raises:
            InputError: A loss is not finite (``nan-loss``).
        """
        self._losses.append(loss)
        self._rows.append(rows)
        if len(self._losses) % self.every == 0:
            self._look(self.every, epoch)

    def mean(self, epoch: int) -> float:
        """Mean loss of the steps since the last call; raises as `note` does."""
        self._look(len(self._losses), epoch)
        mean = float(torch.stack(self._losses).mean())
        self._last = self._rows[-1]
        self._losses, self._rows = [], []
        return mean

    def require_finite(self, weights: Iterable[Tensor], epoch: int) -> None:
        """Looks at the weights after the last step of an epoch, whose loss was that of the weights before it.

        Args:
            weights: And statistics.
            epoch: From 0.

        Raises:
            InputError: One is not finite (``nan-loss``).
        """
        if not are_finite(weights):
            raise nan_loss(epoch, self._last, self.names, self.learning_rate, WEIGHTS_LOST)

    def _look(self, last: int, epoch: int) -> None:
        finite = torch.isfinite(torch.stack(self._losses[-last:])).tolist()
        if all(finite):
            return
        rows = self._rows[len(self._rows) - last + finite.index(False)]
        raise nan_loss(epoch, rows, self.names, self.learning_rate)
