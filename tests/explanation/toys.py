"""Small models whose explanation is known beforehand."""

import numpy as np
import torch
from torch import nn

from wetread.model.backbone import Backbone
from wetread.model.classifier import Classifier
from wetread.model.network import NetworkPart
from wetread.model.networks import NetworkSpec, build_network
from wetread.model.preprocess import Preprocess

CORNERS = {"top left": (0, 0), "top right": (0, 1), "bottom left": (1, 0), "bottom right": (1, 1)}


def marked(down, right, shape=(90, 130), colour=False):
    picture = np.full(shape, 40, dtype=np.uint8)
    top, left = int((0.15 + 0.6 * down) * shape[0]), int((0.15 + 0.6 * right) * shape[1])
    picture[top : top + max(1, shape[0] // 7), left : left + max(1, shape[1] // 8)] = 250
    return np.stack([picture] * 3, axis=2) if colour else picture


class BrightBody(nn.Module):
    """Two maps of 8 x 8 cells: how much brighter than grey a cell is, and how much darker; the features are means."""

    features = 2

    def __init__(self, side, channels, grey):
        super().__init__()
        self.cell = nn.Conv2d(channels, 2, side // 8, stride=side // 8)
        with torch.no_grad():
            self.cell.weight.fill_(1 / (side // 8) ** 2 / channels)
            self.cell.weight[1] *= -1
            self.cell.bias.copy_(torch.tensor([-grey, grey]))

    def maps(self, batch):
        return torch.relu(self.cell(batch))

    def pool(self, maps):
        return maps.mean(dim=(2, 3))

    def forward(self, batch):
        return self.pool(self.maps(batch))


def bright(side=64, channels=1, mean=0.3, deviation=0.2, by_picture=False, **more):
    """A classifier that says yes to what is bright, wherever it is."""
    preprocess = Preprocess(side, channels, mean, deviation, by_picture)
    spec = NetworkSpec("small", outputs=2, channels=channels, side=side)
    network = build_network(spec)
    network.body = BrightBody(side, channels, grey=0.3)
    network.head.last = nn.Linear(2, 2)
    with torch.no_grad():
        network.head.last.weight.copy_(torch.tensor([[-1000.0, 0.0], [1000.0, 0.0]]))
        network.head.last.bias.zero_()
    return Classifier(("no", "yes"), "yes", "network", [NetworkPart(spec, preprocess, network.eval())], **more)


def untrained(name="small", outputs=2, side=64, channels=1, loud=30.0, seed=0, **more):
    """A part with fresh weights, whose last layer is loud enough for margins to differ."""
    torch.manual_seed(seed)
    spec = NetworkSpec(name, outputs=outputs, channels=channels, side=side)
    network = build_network(spec).eval()
    with torch.no_grad():
        network.head.last.weight *= loud
    return NetworkPart(spec, Preprocess(side, channels, 0.4, 0.25), network, **more)


def frozen_backbone(name="mobilenetv3_small_050", side=64, seed=0):
    torch.manual_seed(seed)
    body = build_network(NetworkSpec(name, outputs=1, channels=3, side=side)).body
    described = {
        "name": "fresh", "network": name, "options": {}, "sha256": "0" * 64, "side": side, "channels": 3,
        "mean": (0.45, 0.45, 0.45), "deviation": (0.25, 0.25, 0.25), "licence": "", "source": "", "cite": "",
    }  # fmt: skip
    arrays = {key: value.numpy() for key, value in body.net.state_dict().items() if "num_batches" not in key}
    backbone = Backbone.from_arrays(described, arrays)
    backbone.engine = "torch"
    return backbone


def noise(count=2, shape=(70, 90), seed=0):
    return list(np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8))
