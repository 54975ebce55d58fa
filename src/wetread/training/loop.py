"""The epoch loop in the open: forward, loss, backward and validation on one screen.

Plain PyTorch. Started by `torchrun` each process takes its share of every batch and the gradients are added up; started
alone it is the same code with a share of one. The same seed gives the same bits: order, augmentation and dropout are
drawn from (seed, epoch, picture or step), never from torch's own generator, and a run taken up from a checkpoint ends
with the weights of one that was never interrupted.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from wetread.errors import OutputError
from wetread.model.exactness import hear_of_inexact
from wetread.model.memory import is_out_of_memory, too_little_memory
from wetread.training.feed import Feed
from wetread.training.fit import LIGHTER, Fit
from wetread.training.optimise import phases, set_mode
from wetread.training.processor import roomy_memory
from wetread.training.schedule import rate_factor
from wetread.training.settings import LoopSettings

__all__ = ["LoopSettings", "OnEpoch", "TrainingOutcome", "train"]

#: epoch (from 1), seconds, learning rate, mean training loss in nats.
OnEpoch = Callable[[int, float, float, float], None]


@dataclass(frozen=True)
class TrainingOutcome:
    """What a fit ended with.

    Attributes:
        network: In evaluation mode, with the weights that were kept.
        epochs: Run, those before an interruption included.
        kept_epoch: Whose weights these are; the last of them for a mean.
        waiting: Part of the time of the steps that they waited for their batch, in [0, 1].
        batch: Pictures that went through the network at once; smaller than asked for where memory was short.
        losses: Mean training loss of each epoch, in nats.
        validation_losses: Log loss on the validation part, where something was decided by it.
        notes: What the user should know.
    """

    network: nn.Module
    epochs: int
    kept_epoch: int
    waiting: float
    batch: int
    losses: list[float] = field(default_factory=list)
    validation_losses: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def train(
    network: nn.Module,
    squares: NDArray[np.uint8],
    labels: NDArray[Any],
    normalise: Callable[[Tensor], Tensor],
    settings: LoopSettings,
    seed: int,
    *,
    validation: tuple[NDArray[np.uint8], NDArray[Any]] | None = None,
    place: Path | None = None,
    names: Sequence[str] = (),
    on_epoch: OnEpoch = lambda *_: None,
    between: Callable[[], None] = lambda: None,
    notice: Callable[[str], None] = lambda _: None,
) -> TrainingOutcome:
    """Trains a network in place.

    Args:
        network: With fresh or pretrained weights; has ``head``, ``layer_groups()`` where rates decay by layer, and
            ``seed_dropout(seed)`` where it drops anything.
        squares: Training pictures, ``image channel row column``, uint8; or what a frozen body sees of them, ``image
            feature``, float32, which is neither augmented nor normalised.
        labels: Class number per image; or float ``image finding`` of 1, 0 and NaN (not known) for sigmoid outputs.
        normalise: [0, 1] pictures -> network input, as the model's preprocessing does it.
        settings: How.
        seed: Of order, augmentation and dropout; the caller seeds the weights.
        validation: Squares and labels for early stopping, plateau and the best epoch; never the test part.
        place: Folder of this fit's checkpoints; None writes none.
        names: Of the pictures, for messages.
        on_epoch: Called after each epoch, when its checkpoint is on its way; may raise to stop.
        between: Called after each batch; may raise to stop there, which loses what the epoch had done.
        notice: Is told what happened that the user should know.

    Returns:
        The same network with the weights that were kept. It holds them too when this ends with an error.

    Raises:
        InputError: The loss, the weights or the outputs are not finite (``nan-loss``), or memory does not do for one
            picture, for the optimiser or for whatever else (``out-of-memory``).
        OutputError: A checkpoint cannot be written; the one before it is whole.
    """
    fit = Fit(network, (squares, labels), normalise, settings, seed, validation, place, names, notice)
    progress, steps = fit.progress, fit.steps()
    stepping = 0.0
    try:
        with hear_of_inexact(settings.device, fit.say), roomy_memory(), Feed(fit.prepare, fit.batches()) as feed:
            for phase in phases(settings):
                optimiser = fit.begin(phase)
                for epoch in phase:
                    if epoch < progress.epoch or fit.is_over():
                        continue
                    started = time.perf_counter()
                    set_mode(network, phase, settings)
                    for step, batch in enumerate(feed.take(steps), start=(epoch - phase.first) * steps):
                        factor = rate_factor(settings.schedule, step, steps * phase.epochs) * 0.1**progress.reductions
                        loss = fit.backward(batch, epoch, step)
                        if settings.clip:
                            norm = nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
                            loss = loss + 0 * norm  # an endless gradient shows here, at its own batch
                        fit.watch.note(loss, batch.rows, epoch)
                        optimiser.step(factor)
                        fit.kept.after_step(network)
                        between()
                    mean_loss, seconds = fit.watch.mean(epoch), time.perf_counter() - started
                    stepping, progress.seconds = stepping + seconds, progress.seconds + seconds
                    fit.end_epoch(phase, mean_loss, optimiser)
                    on_epoch(epoch + 1, seconds, phase.rate * factor, mean_loss)
    except BaseException as error:
        with contextlib.suppress(OutputError):  # the first error is the one to hear of
            fit.settle()
        if is_out_of_memory(error):  # not of a batch, which would have been halved: of the optimiser, for one
            raise too_little_memory("Training", "", LIGHTER) from error
        raise
    fit.settle()
    if settings.keep == "average" and fit.kept.count == 0:
        fit.say("Training ended before the last five epochs, so there was nothing to average: the last weights count.")
    return TrainingOutcome(
        network,
        progress.epoch,
        progress.best_epoch if settings.keep == "best" else progress.epoch,
        feed.waited / stepping if stepping else 0.0,
        progress.micro or min(settings.batch, len(labels)),
        progress.losses,
        progress.validation_losses,
        progress.notes,
    )
