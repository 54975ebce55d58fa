"""Networks whose channels want known things."""

import numpy as np
import torch
from torch import nn

from wetread.explanation.subject import Branch
from wetread.model.classifier import Classifier
from wetread.model.network import NetworkPart
from wetread.model.networks import NetworkSpec, build_network
from wetread.model.preprocess import Preprocess

HORIZONTAL, VERTICAL, CHEQUERED, DEAD = range(4)
SIDE = 32


class EdgeBody(nn.Module):
    """Edges between rows, edges between columns, chequers, and a channel that is always silent."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1, bias=True), nn.ReLU())
        down = torch.tensor([[-1.0, -1, -1], [0, 0, 0], [1, 1, 1]])
        chequers = torch.tensor([[1.0, -1, 1], [-1, 1, -1], [1, -1, 1]])
        with torch.no_grad():
            self.layers[0].weight[:] = torch.stack([down, down.T, chequers, 0 * down])[:, None]
            self.layers[0].bias[:] = torch.tensor([0.0, 0, 0, -1])

    def forward(self, batch):
        return self.layers(batch).mean(dim=(2, 3))


def edge_branch():
    preprocess = Preprocess(SIDE, 1, 0.5, 0.25)
    return Branch("edges", preprocess, EdgeBody().eval(), read=torch.Tensor.double, ask=torch.from_numpy)


def edge_classifier():
    """A small network as `wetread run` makes it, untrained but with a strong head: gradients are what matters here."""
    torch.manual_seed(1)
    spec = NetworkSpec("small", 2, channels=1)
    network = build_network(spec).eval()
    with torch.no_grad():
        network.head.last.weight *= 20
    return Classifier(("no", "yes"), "yes", "network", [NetworkPart(spec, Preprocess(SIDE, 1, 0.5, 0.25), network)])


def noise_pictures(count, side=SIDE):
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (side, side), dtype=np.uint8) for _ in range(count)]
