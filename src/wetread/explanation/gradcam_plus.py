"""Grad-CAM++ (Chattopadhay 2018, arXiv 1710.11063): places that raise the margin count, whatever their size."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from wetread.explanation.class_maps import weigh_maps
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.subject import Subject
from wetread.shapes import Ints, Picture


def gradcam_plus(subject: Subject, pictures: Sequence[Picture], targets: Ints) -> list[Heatmap]:
    """Weights the last feature maps by their positive gradients, each divided by what its map adds in all.

    The sign is the method's own: negative gradients are dropped, so the map shows what speaks for the class and says
    nothing of what speaks against it. The maps of two classes are therefore not each other's negative. The exponential
    of the paper's score is a common factor of all weights and is left out.

    Args:
        subject: With places.
        pictures: Grey or colour.
        targets: Column of the class to explain per picture.

    Returns:
        Maps at the resolution of the last feature map; without negative cells where the maps have none.
    """
    settings = f"last feature map, positive gradients of the margin only{subject.note}"
    found = weigh_maps(subject, pictures, targets, _weigh)
    return [
        Heatmap(values, subject.classifier.classes[target], "grad-cam++", settings)
        for values, target in zip(found, targets, strict=True)
    ]


def _weigh(maps: Tensor, gradient: Tensor) -> Tensor:
    # Equation 19, with the derivatives of an exponential: powers of the first one.
    bottom = 2 * gradient**2 + maps.sum(dim=(2, 3), keepdim=True) * gradient**3
    alpha = torch.where(gradient != 0, gradient**2 / torch.where(bottom != 0, bottom, 1.0), 0.0)
    weights = (alpha * gradient.relu()).sum(dim=(2, 3), keepdim=True)
    return (weights * maps).sum(dim=1)
