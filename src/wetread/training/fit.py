"""What a fit carries from step to step, so that `loop.train` shows the loop and nothing else."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn
from torch.nn.modules.batchnorm import _BatchNorm

from wetread.errors import InputError
from wetread.model.exactness import compute_exactly
from wetread.model.memory import hand_back, in_pieces, is_out_of_memory, too_little_memory
from wetread.training.augment import augment
from wetread.training.average import Kept, copy_weights, load_weights
from wetread.training.checkpoint import Checkpoints, Progress, fit_key
from wetread.training.feed import Batch
from wetread.training.losses import Loss, correct_logits
from wetread.training.nan_loss import nan_outputs
from wetread.training.optimise import REDUCTIONS, Optimiser, Phase, make_optimiser, phases
from wetread.training.order import cut_batches, draw_epoch
from wetread.training.processor import add_gradients, rank_and_world, share_tensors
from wetread.training.settings import LoopSettings
from wetread.training.watch import Watch

Part = tuple[NDArray[np.uint8], NDArray[Any]]

#: How torch says that a picture has shrunk to nothing inside a network: by pooling, by convolution.
_TOO_SMALL = ("Output size is too small", "Kernel size can't be greater than actual input size")

#: What helps where training needs more memory than there is.
LIGHTER = "Choose a smaller network_side or another network in plan.yaml, or close other programs"


class Fit:
    """One network being trained; `loop.train` documents the arguments."""

    def __init__(
        self,
        network: nn.Module,
        training: Part,
        normalise: Callable[[Tensor], Tensor],
        settings: LoopSettings,
        seed: int,
        validation: Part | None,
        place: Path | None,
        names: Sequence[str],
        notice: Callable[[str], None],
    ) -> None:
        self.network, self.normalise, self.settings, self.seed = network, normalise, settings, seed
        self.squares, self.labels = training
        self.validation, self.notice = validation, notice
        self.rank, self.world = rank_and_world()
        compute_exactly(settings.device)
        self.device = torch.device(settings.device)
        if settings.needs_validation and validation is None:
            raise InputError(
                "Early stopping, a plateau and the best epoch need a validation part.",
                remedy="Use keep: last, patience: 0 and schedule: cosine in plan.yaml.",
                code="no-validation",
            )
        key = fit_key(settings, seed, self.squares, self.labels, normalise, network) if place else ""
        # Convolutions of the CPU and of tensor cores read a pixel's channels side by side (1.1 to 1.4 times as fast).
        network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        share_tensors(list(network.state_dict().values()))
        self.loss = Loss(settings, self.labels, _outputs(network), self.device)
        self.progress = Progress()
        self.kept = Kept(network, settings.keep, settings.all_epochs)
        self._moments: dict[str, Tensor] = {}
        self._checkpoints = Checkpoints(place, key) if place else None
        self._take_up()
        self._good = copy_weights(network)
        self.watch = Watch(self.device, names, settings.learning_rate)

    def batches(self) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Epoch and draw numbers of every batch still to come."""
        for epoch in range(self.progress.epoch, self.settings.all_epochs):
            for numbers in self._cut(epoch):
                yield epoch, numbers

    def steps(self) -> int:
        """Batches per epoch."""
        return len(self._cut(0))

    def prepare(self, epoch: int, numbers: NDArray[np.int64]) -> Batch:
        """Augments, normalises and lays out the share of a batch that is this process's."""
        share = np.array_split(numbers, self.world)[self.rank]
        rows = share % len(self.labels)
        if self.squares.ndim == 4:
            inputs = self.normalise(augment(self.squares[rows], share, self.settings.augment, self.seed, epoch))
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        else:  # what a frozen body sees, computed once for all epochs
            inputs = torch.from_numpy(self.squares[rows])
        if self.device.type == "cuda":
            inputs = inputs.pin_memory()
        return Batch(numbers % len(self.labels), inputs, self.loss.truth(self.labels[rows]))

    def begin(self, phase: Phase) -> Optimiser:
        """The optimiser of a phase, with its moments where the phase was interrupted."""
        optimiser = make_optimiser(self.network, phase, self.settings)
        if phase.first < self.progress.epoch < phase.first + phase.epochs:
            optimiser.restore(self._moments)
            self._moments = {}
        return optimiser

    def is_over(self) -> bool:
        """Whether time or patience has run out."""
        progress, settings = self.progress, self.settings
        if settings.schedule == "plateau":
            tired = progress.reductions > REDUCTIONS
        else:
            tired = 0 < settings.patience <= progress.waited
        return tired or progress.seconds >= settings.seconds

    def backward(self, batch: Batch, epoch: int, step: int) -> Tensor:
        """Forward, loss, backward; again with half as many pictures at once where memory is short.

        Returns:
            Mean loss of the batch; the weights hold its gradient.
        """
        statistics = _statistics(self.network)
        while True:
            try:
                return add_gradients(self.network, self._accumulate(batch, epoch, step))
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            # Out of the handler, which holds what the failed attempt had in memory.
            self._halve(len(batch.inputs))
            for tensor, before in statistics:  # pictures count once, however often they are looked at
                tensor.copy_(before)

    def _accumulate(self, batch: Batch, epoch: int, step: int) -> Tensor:
        self.network.zero_grad(set_to_none=True)
        terms = self.loss.terms(self.labels[batch.rows])
        total = torch.zeros((), device=self.device)
        parts = -(-len(batch.inputs) // (self.progress.micro or max(1, len(batch.inputs))))
        inputs, truths = batch.inputs.tensor_split(parts), batch.truth.tensor_split(parts)
        for number, (some, truth) in enumerate(zip(inputs, truths, strict=True)):
            self._seed_dropout(epoch, step, number)
            logits = self._forward(some) if parts == 1 else self._forward_of_part(some)
            loss = self.loss.sum(logits, truth.to(self.device, non_blocking=True)) / terms
            loss.backward()  # type: ignore[no-untyped-call]
            total += loss.detach()
        return total

    def _forward(self, inputs: Tensor) -> Tensor:
        inputs = inputs.to(self.device, non_blocking=True)
        try:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.precision == "bfloat16"):
                logits: Tensor = self.network(inputs)
        except RuntimeError as error:
            if not any(words in str(error) for words in _TOO_SMALL):
                raise
            side = inputs.shape[-1]
            raise InputError(
                f"Pictures of {side} x {side} pixels are too small for this network: its poolings leave nothing.",
                remedy="Choose a larger network_side in plan.yaml, or with --set network_side=N, or another network.",
                code="plan",
            ) from error
        return logits.float()

    def _forward_of_part(self, inputs: Tensor) -> Tensor:
        try:
            return self._forward(inputs)
        except ValueError as error:
            if len(inputs) > 1 or "more than 1 value per channel" not in str(error):
                raise
            raise too_little_memory(
                "Training",
                "and batch norm cannot learn from one picture at a time",
                f"Set freeze_statistics to true where the network has pretrained weights. Else: {LIGHTER}",
            ) from error

    def _seed_dropout(self, *numbers: int) -> None:
        seed_dropout = getattr(self.network, "seed_dropout", None)
        if seed_dropout is not None:
            seed_dropout(int(np.random.SeedSequence([self.seed, self.rank, *numbers]).generate_state(1)[0]))

    def _halve(self, pictures: int) -> None:
        self.network.zero_grad(set_to_none=True)
        hand_back()
        size = min(self.progress.micro or pictures, pictures)
        if size <= 1:
            raise too_little_memory("Training", "even with one picture at a time", LIGHTER)
        self.progress.micro = -(-size // 2)
        some = "1 picture goes" if size == 2 else f"{self.progress.micro} pictures go"
        self.say(
            f"Memory is short: {some} through the network at once instead of {size}. "
            "Gradients are added up, so a step still learns from the whole batch (batch norm sees the smaller ones)."
        )

    def end_epoch(self, phase: Phase, mean_loss: float, optimiser: Optimiser) -> None:
        """Validates, keeps weights, and has a checkpoint written; not of weights that are no numbers any more."""
        share_tensors(list(self.network.buffers()))
        progress, settings = self.progress, self.settings
        self.watch.require_finite(self.network.state_dict().values(), progress.epoch)
        judged = self._validate() if settings.needs_validation else None
        if judged is not None and not math.isfinite(judged):
            raise nan_outputs(progress.epoch + 1, settings.learning_rate)
        progress.epoch += 1
        progress.losses.append(mean_loss)
        better = progress.judge(judged)
        if phase != phases(settings)[-1]:
            progress.waited = 0  # the head alone may have come to its end; the whole network has not begun
        if settings.schedule == "plateau" and progress.waited >= max(1, settings.patience):
            progress.reductions, progress.waited = progress.reductions + 1, 0
        self.kept.after_epoch(self.network, progress.epoch, better)
        progress.kept = self.kept.count
        self._good = copy_weights(self.network)
        if self._checkpoints is not None and self.rank == 0:
            self._checkpoints.keep(
                progress,
                {f"kept.{name}": tensor for name, tensor in self.kept.weights.items()}
                | {f"optimiser.{name}": tensor for name, tensor in optimiser.state().items()},
                {f"network.{name}": tensor for name, tensor in self._good.items()},
            )

    def _validate(self) -> float:
        """Log loss of the validation part, its logits brought back to the true prevalence: a proper score."""
        assert self.validation is not None
        squares, labels = self.validation
        self.network.eval()

        def loss(piece: slice) -> float:
            inputs = torch.from_numpy(squares[piece])
            if squares.ndim == 4:
                inputs = self.normalise(inputs.float().div_(255.0)).contiguous(memory_format=torch.channels_last)
            logits = self._forward(inputs).cpu().numpy()
            corrected = torch.from_numpy(correct_logits(logits, self.settings, self.loss.counts))
            return float(self.loss.sum(corrected, self.loss.truth(labels[piece]), plain=True))

        with torch.no_grad():
            losses = in_pieces(loss, len(labels), self.progress.micro or self.settings.batch)
        return sum(losses) / self.loss.terms(labels)

    def settle(self) -> None:
        """However training ended: the network holds the weights to keep, and what was being written is written."""
        load_weights(self.network, self._good)
        self.kept.load_into(self.network)
        self.network.zero_grad(set_to_none=True)
        self.network.requires_grad_(True).eval()
        if self._checkpoints is not None:
            self._checkpoints.wait()

    def _take_up(self) -> None:
        """Goes on from the newest checkpoint, if there is one."""
        found = self._checkpoints.newest() if self._checkpoints is not None else None
        if found is not None:
            self.progress, tensors = found
            load_weights(self.network, _under(tensors, "network."))
            self._moments = _under(tensors, "optimiser.")
            self.kept.restore(self.network, _under(tensors, "kept."), self.progress.kept)
        if self.world > 1:
            distributed.barrier()

    def say(self, note: str) -> None:
        """Tells the user, now and in the outcome."""
        with contextlib.suppress(ValueError):
            self.progress.notes.remove(note)
        self.progress.notes.append(note)
        self.notice(note)

    def _cut(self, epoch: int) -> list[NDArray[np.int64]]:
        return cut_batches(draw_epoch(self.labels, self.settings, self.seed, epoch), self.settings.batch)


def _outputs(network: nn.Module) -> int:
    """Number of logits: rows of the last weight matrix of the head."""
    head: nn.Module = network.head  # type: ignore[assignment]
    return [weight for weight in head.parameters() if weight.ndim == 2][-1].shape[0]


def _statistics(network: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """What batch norm has gathered so far: each tensor with a copy of it."""
    gathering = [one for one in network.modules() if isinstance(one, _BatchNorm) and one.training]
    return [(tensor, tensor.clone()) for layer in gathering for tensor in layer.buffers(recurse=False)]


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
