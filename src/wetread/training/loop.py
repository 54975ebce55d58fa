"""The epoch loop in the open: forward, loss, backward and validation on one screen.

Plain PyTorch. Started by `torchrun` each process takes its share of every batch and the gradients are averaged;
started alone it is the same code with a share of one. bf16 is a flag, not a second loop.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import distributed, nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from wetread.shapes import Ints
from wetread.training.augment import Augment, augment


@dataclass(frozen=True)
class LoopSettings:
    """How a network is trained.

    Attributes:
        epochs: Passes over the training pictures; the last one counts, none is picked by its score.
        batch: Pictures per step, over all processes together.
        learning_rate: At the top of the schedule.
        weight_decay: Decoupled (AdamW).
        bf16: Compute in bfloat16 where that is faster; weights stay float32.
        device: cpu or cuda:N.
        augment: What may change in a training picture.
    """

    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    bf16: bool
    device: str
    augment: Augment


#: epoch (from 1), seconds, learning rate, mean training loss in nats.
OnEpoch = Callable[[int, float, float, float], None]


def train(
    network: nn.Module,
    squares: NDArray[np.uint8],
    labels: Ints,
    normalise: Callable[[torch.Tensor], torch.Tensor],
    settings: LoopSettings,
    seed: int,
    on_epoch: OnEpoch = lambda *_: None,
) -> nn.Module:
    """Trains a network in place.

    Args:
        network: With fresh or pretrained weights.
        squares: Training pictures, ``image channel row column``, uint8.
        labels: Class number per image.
        normalise: [0, 1] pictures -> network input, as the model's preprocessing does it.
        settings: How.
        seed: Of order and augmentation; the caller seeds the weights.
        on_epoch: Called after each epoch; may raise to stop.

    Returns:
        The same network, in evaluation mode.
    """
    rank, world = (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)
    device = torch.device(settings.device)
    network.to(device).train()
    model = DistributedDataParallel(network) if world > 1 else network
    decayed = [weight for weight in network.parameters() if weight.ndim > 1]
    plain = [weight for weight in network.parameters() if weight.ndim <= 1]  # biases and batch norm are not decayed
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": plain, "weight_decay": 0.0}],
        lr=settings.learning_rate,
        fused=True,
    )
    steps = max(1, len(labels) // settings.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, steps * settings.epochs))
    for epoch in range(settings.epochs):
        started, losses = time.perf_counter(), []
        order = np.random.Generator(np.random.Philox(key=[seed, epoch])).permutation(len(labels))
        for whole_batch in np.array_split(order, steps):
            share = np.array_split(whole_batch, world)[rank]
            inputs = normalise(augment(squares[share], share, settings.augment, seed, epoch)).to(device)
            truth = torch.from_numpy(labels[share]).to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=settings.bf16):
                loss = functional.cross_entropy(model(inputs).float(), truth)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.detach())
        mean_loss = torch.stack(losses).mean()
        if world > 1:
            distributed.all_reduce(
                mean_loss, op=distributed.ReduceOp.AVG if device.type == "cuda" else distributed.ReduceOp.SUM
            )
            mean_loss = mean_loss if device.type == "cuda" else mean_loss / world
        on_epoch(epoch + 1, time.perf_counter() - started, float(schedule.get_last_lr()[0]), float(mean_loss))
    return network.eval()


def _rate(step: int, steps: int) -> float:
    """Part of the top learning rate: up over the first tenth, then down along a cosine to nothing."""
    warm = max(1, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))
