"""HiResCAM (Draelos & Carin 2020, arXiv 2011.08891): each place is weighed by its own gradient, not by the mean."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from wetread.explanation.class_maps import weigh_maps
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.subject import Subject
from wetread.shapes import Ints, Picture


def hirescam(subject: Subject, pictures: Sequence[Picture], targets: Ints) -> list[Heatmap]:
    """Multiplies the last feature maps by the gradient of the class margin, place by place.

    Where the tail is pooling and a linear layer it is the same as Grad-CAM. Elsewhere Grad-CAM may light up places
    that the model did not use; this map cannot where the tail is linear in the maps.

    Args:
        subject: With places.
        pictures: Grey or colour.
        targets: Column of the class to explain per picture.

    Returns:
        Maps at the resolution of the last feature map, signed; both classes of two are each other's negative.
    """
    settings = f"last feature map times the gradient of the margin at each place{subject.note}"
    found = weigh_maps(subject, pictures, targets, _weigh)
    return [
        Heatmap(values, subject.classifier.classes[target], "hirescam", settings)
        for values, target in zip(found, targets, strict=True)
    ]


def _weigh(maps: Tensor, gradient: Tensor) -> Tensor:
    return (gradient * maps).sum(dim=1)
