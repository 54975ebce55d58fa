"""Grad-CAM (Selvaraju 2017, arXiv 1610.02391) with its sign kept, of the class margin rather than of one output."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from wetread.explanation.heatmap import Heatmap
from wetread.model.classifier import Classifier
from wetread.model.network import NetworkPart
from wetread.model.networks import share_processor
from wetread.shapes import Floats, Picture


def explain_by_gradcam(classifier: Classifier, picture: Picture, target: int) -> Heatmap | None:
    """Weights the last feature maps by the gradient of the class margin; averaged over the parts of the classifier.

    Nothing is hooked into the networks and no gradient reaches their weights, so several threads may explain cases of
    one classifier, and only what stands behind the last maps is run backwards.

    Args:
        classifier: Of networks.
        picture: Grey or colour.
        target: Column of the class to explain, or of the finding where each output is one of its own.

    Returns:
        A map at the resolution of the last feature map. Positive cells raise the margin; of findings, their own logit.
        No ReLU is applied: a map that is all negative is shown as such, instead of as nothing stretched to full
        colour. None where the networks keep no places that matter, as a transformer that ends in a class token.

    Raises:
        ValueError: The classifier has no network.
    """
    parts = [part for part in classifier.parts if isinstance(part, NetworkPart)]
    if not parts:
        raise ValueError("Grad-CAM explains networks only")
    alone = classifier.task == "multilabel"
    maps = [found for part in parts if (found := _one_network(part, picture, target, alone)) is not None]
    if not maps:
        return None
    what = "logit of the finding" if alone else "class margin"
    settings = f"last feature map, gradient of the {what}"
    return Heatmap(np.mean(maps, axis=0), classifier.classes[target], "grad-cam", settings)


def _one_network(part: NetworkPart, picture: Picture, target: int, alone: bool) -> Floats | None:
    share_processor(part.spec.name)
    network = part.network.eval()
    device = next(network.parameters()).device
    batch = torch.from_numpy(part.preprocess.normalise(part.preprocess.squares([picture]))).to(device)
    with torch.no_grad():
        maps = network.maps(batch)
    if maps is None:
        return None
    with torch.enable_grad():
        maps.requires_grad_(True)
        # Not by backward(): that would add to the gradients of weights that other threads share.
        (gradient,) = torch.autograd.grad(_answer(part, network.from_maps(maps)[0], target, alone), maps)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * maps).sum(dim=1)[0].detach().cpu().numpy().astype(np.float64)


def _answer(part: NetworkPart, logits: Tensor, target: int, alone: bool) -> Tensor:
    """The number that is explained: how far the class leads, or the logit of the finding."""
    if alone:
        return logits[target]
    if part.positive is not None:  # one sigmoid for two classes
        return logits[0] if target == part.positive else -logits[0]
    others = torch.cat([logits[:target], logits[target + 1 :]])
    return logits[target] - others.max()
