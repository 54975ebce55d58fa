"""Integrated Gradients (Sundararajan 2017, arXiv 1703.01365): gradients along the way from an empty picture to this."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from wetread.explanation.class_maps import add_up
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.subject import Subject
from wetread.outcome import say_percent
from wetread.shapes import Floats, Ints, Picture

#: Places on the way at which gradients are taken, by the rule of Gauss and Legendre.
STEPS = 32
QUICK_STEPS = 12
#: Where the map misses the change of the margin by more than this part of it, four times as many steps are taken.
TOLERANCE = 0.05
#: Pictures at once.
BATCH = 16
#: Width of the blur of the second baseline, as a part of the shorter side: what is as small as a lesion is gone.
BLUR = 1 / 16


def integrated_gradients(
    subject: Subject,
    pictures: Sequence[Picture],
    targets: Ints,
    *,
    blur: bool = False,
    quick: bool = False,
    steps: int | None = None,
) -> list[Heatmap]:
    """Shares out the change of the margin, from a baseline to the picture, over the pixels.

    A black baseline makes black pixels worth nothing, whatever they mean; a blurred picture makes smooth regions worth
    nothing. Where the two maps differ, the difference is of the baselines' making.

    Args:
        subject: Any.
        pictures: Grey or colour.
        targets: Column of the class to explain per picture.
        blur: Start from the blurred picture instead of a black one.
        quick: `QUICK_STEPS`, and no second try.
        steps: How many in any case, without a second try.

    Returns:
        Maps of as many cells as the input of the network has pixels, signed, summed over colours. ``settings`` tells
        the completeness error: by which part of the change of the margin the cells miss it when added up.
    """
    count = steps or (QUICK_STEPS if quick else STEPS)
    found = []
    for picture, target in zip(pictures, targets, strict=True):
        start = _blurred(picture) if blur else np.zeros_like(picture)
        values, error = _one(subject, picture, start, int(target), count)
        if error > TOLERANCE and not quick and steps is None:
            values, error = _one(subject, picture, start, int(target), 4 * count)
        name = "integrated-gradients-blur" if blur else "integrated-gradients"
        missed = f"completeness error {say_percent(error)}"
        # A black picture that is scaled by itself is what an even one of any brightness is.
        even = any(branch.preprocess.by_picture for branch in subject.branches)
        base = "the blurred" if blur else "an even" if even else "a black"
        settings = f"from {base} picture, {missed}{subject.note}"
        found.append(Heatmap(values, subject.classifier.classes[target], name, settings))
    return found


def _one(subject: Subject, picture: Picture, baseline: Picture, target: int, steps: int) -> tuple[Floats, float]:
    """The map of one picture and its completeness error."""
    ends = [branch.batch([baseline, picture]) for branch in subject.branches]
    held = subject.held_logits([picture])
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    shares = torch.tensor((nodes + 1) / 2, dtype=torch.float32)
    totals = [torch.zeros_like(end[0]) for end in ends]
    for first in range(0, steps, BATCH):
        part = shares[first : first + BATCH]
        way = [end[0] + part.to(end.device)[:, None, None, None] * (end[1] - end[0]) for end in ends]
        _, gradients = subject.gradients(way, *_repeated(held, target, len(part)))
        for total, gradient in zip(totals, gradients, strict=True):
            weight = torch.tensor(weights[first : first + BATCH] / 2, dtype=torch.float32, device=total.device)
            total += torch.einsum("s,scyx->cyx", weight, gradient)
    maps = [
        ((end[1] - end[0]) * total).sum(dim=0)[None].cpu().numpy().astype(np.float64)
        for end, total in zip(ends, totals, strict=True)
    ]
    with torch.no_grad():
        before, after = subject.margins_of(ends, *_repeated(held, target, 2)).tolist()
    values = add_up(maps)[0]
    change = abs(after - before)
    return values, abs(float(values.sum()) - (after - before)) / change if change > 1e-6 else 0.0


def _repeated(held: Tensor, target: int, count: int) -> tuple[Tensor, Tensor]:
    return held.expand(count, -1), torch.full((count,), target)


def _blurred(picture: Picture) -> Picture:
    radius = max(1.0, BLUR * min(picture.shape[:2]))
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))
