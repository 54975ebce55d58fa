"""Gradient ascent on many pictures at once: what raises a number most?

Each picture has its own start, draws and end, so it comes out the same whatever else is computed beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wetread.insight.disturb import disturb, draw_disturbances
from wetread.insight.frequency import to_pictures
from wetread.shapes import Floats

#: Most steps, and fewest: pictures that had fewer show little but their start.
MOST_STEPS, FEWEST_STEPS = 192, 12
#: Steps of which the mean counts; a picture is finished when the next so many steps gain less than this part.
WINDOW, LEAST_GAIN = 24, 0.03
RATE = 0.06
_MOMENTUM, _MEMORY, _SMALL = 0.9, 0.99, 1e-8

#: Pictures ``image colour row column`` in [0, 1] and their places in the batch -> what is to rise, one number each.
Objective = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Maximised:
    """What came out.

    Attributes:
        pictures: ``image colour row column``, uint8.
        steps: Per picture.
        cut: Whether the time was over before they were finished.
    """

    pictures: NDArray[np.uint8]
    steps: tuple[int, ...]
    cut: bool


def maximise(
    objective: Objective,
    starts: Tensor,
    side: int,
    seeds: Sequence[Sequence[int]],
    *,
    steps: int = MOST_STEPS,
    deadline: float = float("inf"),
) -> Maximised:
    """Raises an objective by Adam (Kingma & Ba 2015) on the spectrum, seen through small disturbances.

    Args:
        objective: Differentiable.
        starts: Spectra, ``image colour row column 2``, from `draw_spectra`.
        side: Rows and columns of the pictures.
        seeds: Of the disturbances, per picture.
        steps: Most steps.
        deadline: By `time.monotonic`; a few steps are done in any case.
    """
    leaf, draws = starts.clone(), draw_disturbances(seeds, steps)
    first, second = torch.zeros_like(leaf), torch.zeros_like(leaf)
    values = np.zeros((steps, len(leaf)))
    done = np.zeros(len(leaf), dtype=np.int64)
    active, cut = torch.arange(len(leaf)), False
    for step in range(steps):
        if step >= FEWEST_STEPS and time.monotonic() > deadline:
            cut = True
            break
        gradient, values[step, active.numpy()] = _gradient(objective, leaf[active], active, draws[:, step], side)
        first[active] = _MOMENTUM * first[active] + (1 - _MOMENTUM) * gradient
        second[active] = _MEMORY * second[active] + (1 - _MEMORY) * gradient**2
        mean, size = first[active] / (1 - _MOMENTUM ** (step + 1)), second[active] / (1 - _MEMORY ** (step + 1))
        leaf[active] += RATE * mean / (size.sqrt() + _SMALL)
        done[active.numpy()] = step + 1
        active = active[torch.from_numpy(_still_rising(values[: step + 1, active.numpy()]))]
        if not len(active):
            break
    with torch.no_grad():
        pictures = to_pictures(leaf, side)
    return Maximised((255 * pictures).round().to(torch.uint8).cpu().numpy(), tuple(int(one) for one in done), cut)


def one_step(objective: Objective, start: Tensor, side: int) -> None:
    """Computes a gradient and forgets it: to learn how long that takes, and to have first times behind."""
    _gradient(objective, start, torch.arange(len(start)), np.zeros((len(start), 4)), side)


def _gradient(objective: Objective, spectra: Tensor, places: Tensor, draws: Floats, side: int) -> tuple[Tensor, Floats]:
    leaf = spectra.detach().requires_grad_(True)
    with torch.enable_grad():
        seen = disturb(to_pictures(leaf, side), draws[places.numpy()])
        values = objective(seen, places)
        # Not by backward(): that would add to the gradients of weights that other threads share.
        (gradient,) = torch.autograd.grad(values.sum(), leaf)
    return gradient, values.detach().double().cpu().numpy()


def _still_rising(values: Floats) -> NDArray[np.bool_]:
    """Per picture whether the last window gained on the one before; asked at the end of each window only."""
    count, pictures = values.shape
    if count < 2 * WINDOW or count % WINDOW:
        return np.ones(pictures, dtype=np.bool_)
    now, before = values[-WINDOW:].mean(axis=0), values[-2 * WINDOW : -WINDOW].mean(axis=0)
    rising: NDArray[np.bool_] = now - before > LEAST_GAIN * np.abs(before) + 1e-9
    return rising
