"""Score-CAM (Wang 2020, arXiv 1910.01279): each feature map serves as a mask, and the answer says what it is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from wetread.explanation.class_maps import add_up
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.subject import Branch, Subject
from wetread.shapes import Floats, Ints, Picture

#: Masked pictures at once.
BATCH = 64
#: Feature maps of a usual network, each of which is asked about.
USUAL_MAPS = 512
#: Maps that are tried where time is short: those that vary most over the picture.
QUICK_MAPS = 64


def score_cam(subject: Subject, pictures: Sequence[Picture], targets: Ints, *, quick: bool = False) -> list[Heatmap]:
    """Masks the picture with each of its last feature maps, and weights the maps by the softmax of the margins.

    No gradient is used. Weights of a softmax are positive, so the sign is that of the maps: where these have passed a
    ReLU, nothing speaks against the class, and the maps of two classes are not each other's negative. Maps that are
    the same everywhere leave the same picture behind, so all of them are asked once.

    Args:
        subject: With places.
        pictures: Grey or colour.
        targets: Column of the class to explain per picture.
        quick: Only the `QUICK_MAPS` maps that vary most are tried; the rest of them are left out.

    Returns:
        Maps at the resolution of the last feature map.
    """
    tried = f"the {QUICK_MAPS} most varied feature maps" if quick else "every feature map"
    settings = f"{tried} of the last layer as a mask, softmax of the margins{subject.note}"
    return [
        Heatmap(_one(subject, picture, int(target), quick), subject.classifier.classes[target], "score-cam", settings)
        for picture, target in zip(pictures, targets, strict=True)
    ]


def _one(subject: Subject, picture: Picture, target: int, quick: bool) -> Floats:
    held = subject.held_logits([picture])
    with torch.inference_mode():
        batches = [branch.batch([picture]) for branch in subject.branches]
        logits = [branch.logits(batch) for branch, batch in zip(subject.branches, batches, strict=True)]
        found = []
        for number, (branch, batch) in enumerate(zip(subject.branches, batches, strict=True)):
            split = branch.split(batch)
            if split is not None:
                # What the others say stays as it is while this branch sees less.
                others = torch.stack([held, *logits[:number], *logits[number + 1 :]]).sum(dim=0)
                ask = partial(_ask, subject, branch, others=others, target=target)
                found.append(_one_branch(ask, batch, split[0][0], quick))
    total: Floats = add_up(found, shares=False)[0] / len(found)
    return total


def _one_branch(ask: Callable[[Tensor], Tensor], batch: Tensor, maps: Tensor, quick: bool) -> Floats:
    """``1 row column``: the maps of one branch, weighted by the margins of the pictures that they mask."""
    spread = (maps.amax(dim=(1, 2)) - maps.amin(dim=(1, 2))).float()
    varied = torch.nonzero(spread > 1e-7)[:, 0]
    if quick:
        varied = varied[torch.topk(spread[varied], min(QUICK_MAPS, len(varied))).indices]
        maps, varied = maps[varied], torch.arange(len(varied), device=maps.device)
    scores = torch.empty(len(maps), dtype=torch.float64)
    if len(varied) < len(maps):
        scores[:] = ask(torch.zeros_like(batch))
    for start in range(0, len(varied), BATCH):
        some = varied[start : start + BATCH]
        scores[some.cpu()] = ask(batch * _masks(maps[some], batch.shape[-1]))
    weights = torch.softmax(scores, dim=0).to(maps.device, maps.dtype)
    found: Floats = torch.einsum("m,mrc->rc", weights, maps)[None].cpu().numpy().astype(np.float64)
    return found


def _masks(maps: Tensor, side: int) -> Tensor:
    """``map row column`` -> ``map 1 side side``, each from 0 to 1."""
    large = interpolate(maps[:, None].float(), size=(side, side), mode="bilinear", align_corners=False)
    low, high = large.amin(dim=(2, 3), keepdim=True), large.amax(dim=(2, 3), keepdim=True)
    return (large - low) / (high - low)


def _ask(subject: Subject, branch: Branch, masked: Tensor, others: Tensor, target: int) -> Tensor:
    """Margins of masked pictures, rounded to grey levels: so whatever predicts fastest can be asked."""
    preprocess, shape = branch.preprocess, (-1, 1, 1)
    if preprocess.by_picture:  # as a picture it would be scaled anew, by what the mask left of it
        said = branch.logits(masked)
    else:
        mean, deviation = (torch.tensor(one).reshape(shape) for one in (preprocess.mean, preprocess.deviation))
        squares = ((masked.float().cpu() * deviation + mean) * 255).round().clamp(0, 255).to(torch.uint8)
        said = branch.ask(squares.contiguous().numpy())
    return subject.margins([said], others.expand(len(said), -1), torch.full((len(said),), target))
