"""SmoothGrad (Smilkov 2017, arXiv 1706.03825): the gradient by the pixels, averaged over noisy copies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from wetread.explanation.class_maps import add_up
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.subject import Subject
from wetread.outcome import say_percent
from wetread.shapes import Floats, Ints, Picture

#: Copies of a picture.
COPIES = 32
QUICK_COPIES = 8
#: Standard deviation of the noise, as a part of the range of the input; the paper recommends 0.1 to 0.2.
NOISE = 0.15
#: Copies at once.
BATCH = 16


def smoothgrad(
    subject: Subject,
    pictures: Sequence[Picture],
    targets: Ints,
    *,
    seed: int = 0,
    quick: bool = False,
    copies: int | None = None,
    noise: float = NOISE,
) -> list[Heatmap]:
    """How the margin would change with each pixel, averaged over noisy copies of the picture.

    The sign is that of the gradient: positive where a brighter pixel would raise the margin. It says what the model is
    sensitive to, not what it used: a pixel that is black already counts as much as one that is not.

    Args:
        subject: Any.
        pictures: Grey or colour.
        targets: Column of the class to explain per picture.
        seed: Of the noise, which is the same for every picture, so that none depends on its company.
        quick: `QUICK_COPIES`.
        copies: How many in any case.
        noise: Standard deviation, as a part of the range of the input.

    Returns:
        Maps of as many cells as the input of the network has pixels, summed over colours.
    """
    count = copies or (QUICK_COPIES if quick else COPIES)
    settings = f"gradient of the margin, {count} copies with {say_percent(noise)} noise{subject.note}"
    return [
        Heatmap(
            _one(subject, picture, int(target), count, noise, seed),
            subject.classifier.classes[target],
            "smoothgrad",
            settings,
        )
        for picture, target in zip(pictures, targets, strict=True)
    ]


def _one(subject: Subject, picture: Picture, target: int, copies: int, noise: float, seed: int) -> Floats:
    inputs = [branch.batch([picture]) for branch in subject.branches]
    held = subject.held_logits([picture])
    generator = torch.Generator().manual_seed(seed)
    totals = [torch.zeros_like(one[0]) for one in inputs]
    for first in range(0, copies, BATCH):
        count = min(BATCH, copies - first)
        noisy = [_noisy(one, count, noise, generator) for one in inputs]
        _, gradients = subject.gradients(noisy, held.expand(count, -1), torch.full((count,), target))
        for total, gradient in zip(totals, gradients, strict=True):
            total += gradient.sum(dim=0) / copies
    found: Floats = add_up([total.sum(dim=0)[None].cpu().numpy().astype(np.float64) for total in totals])[0]
    return found


def _noisy(one: Tensor, count: int, noise: float, generator: torch.Generator) -> Tensor:
    # Drawn on the processor: every device then sees the same noise.
    drawn = torch.randn((count, *one.shape[1:]), generator=generator).to(one.device)
    return one + noise * (one.max() - one.min()) * drawn
