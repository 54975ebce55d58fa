"""Grad-CAM (Selvaraju 2017, arXiv 1610.02391) with its sign kept, of the class margin rather than of one output."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from wetread.explanation.class_maps import weigh_maps
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.subject import Subject
from wetread.shapes import Ints, Picture


def gradcam(subject: Subject, pictures: Sequence[Picture], targets: Ints) -> list[Heatmap]:
    """Weights the last feature maps by the mean gradient of the class margin.

    Where the tail is pooling and a linear layer, this is the class activation map itself (Zhou 2016), and the cells
    add up to what the features add to the margin.

    Args:
        subject: With places.
        pictures: Grey or colour.
        targets: Column of the class to explain per picture, or of the finding where each output is one of its own.

    Returns:
        Maps at the resolution of the last feature map. Positive cells raise the margin; of findings, their own logit.
        No ReLU is applied: a map that is all negative is shown as such, instead of as nothing stretched to full
        colour.
    """
    classifier = subject.classifier
    what = "logit of the finding" if classifier.task == "multilabel" else "class margin"
    settings = f"last feature map, gradient of the {what}{subject.note}"
    found = weigh_maps(subject, pictures, targets, _weigh)
    return [
        Heatmap(values, classifier.classes[target], "grad-cam", settings)
        for values, target in zip(found, targets, strict=True)
    ]


def _weigh(maps: Tensor, gradient: Tensor) -> Tensor:
    return (gradient.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1)
