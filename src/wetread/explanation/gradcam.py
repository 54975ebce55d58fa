"""Grad-CAM (Selvaraju 2017, arXiv 1610.02391) with its sign kept, of the class margin rather than of one output."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from wetread.explanation.heatmap import Heatmap
from wetread.model.build import share_processor
from wetread.model.classifier import Classifier
from wetread.model.network import NetworkPart
from wetread.shapes import Picture


def explain_by_gradcam(classifier: Classifier, picture: Picture, target: int) -> Heatmap:
    """Weights the last feature maps by the gradient of the class margin; averaged over the parts of the classifier.

    Args:
        classifier: Of networks.
        picture: Grey or colour.
        target: Column of the class to explain.

    Returns:
        A map at the resolution of the last feature map. Positive cells raise the margin. No ReLU is applied: a map that
        is all negative is shown as such, instead of as nothing stretched to full colour.

    Raises:
        ValueError: The classifier has no network.
    """
    maps = [_one_network(part, picture, target) for part in classifier.parts if isinstance(part, NetworkPart)]
    if not maps:
        raise ValueError("Grad-CAM explains networks only")
    values = np.mean(maps, axis=0)
    return Heatmap(values, classifier.classes[target], "grad-cam", "last feature map, gradient of the class margin")


def _one_network(part: NetworkPart, picture: Picture, target: int) -> np.ndarray:
    share_processor(part.name)
    network = part.network.eval()
    layer = network.get_submodule("features")
    device = next(network.parameters()).device
    kept: list[Tensor] = []

    def keep(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        del module, inputs
        output.retain_grad()
        kept.append(output)

    handle = layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            batch = torch.from_numpy(part.preprocess.normalise(part.preprocess.squares([picture]))).to(device)
            logits = network(batch.requires_grad_(True))[0]
            others = torch.cat([logits[:target], logits[target + 1 :]])
            (logits[target] - others.max()).backward()
    finally:
        handle.remove()
    activation, gradient = kept[0], kept[0].grad
    assert gradient is not None
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * activation).sum(dim=1)[0].detach().cpu().numpy().astype(np.float64)
