"""A network with the parts the loop asks for, and pictures that it can learn to tell apart."""

import hashlib

import numpy as np
import torch
from torch import nn

from wetread.training.augment import Augment
from wetread.training.loop import LoopSettings, train

SETTINGS = LoopSettings(
    epochs=4,
    batch=8,
    learning_rate=5e-3,
    weight_decay=0.01,
    precision="float32",
    device="cpu",
    augment=Augment(noise=0.02),
)


class TinyNetwork(nn.Module):
    """Two convolutions with batch norm, dropout from its own generator, one linear layer."""

    def __init__(self, outputs=2, width=8, most=10**9):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, width, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(2 * width),
            nn.ReLU(),
        )
        self.head = nn.Linear(2 * width, outputs)
        self.most = most
        self.seen = []
        self.generator = torch.Generator()

    def forward(self, batch):
        if self.training:
            self.seen.append(len(batch))
            if len(batch) > self.most:
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 7 bytes.")
        features = self.body(batch).mean(dim=(2, 3))
        if self.training:
            features = features * (torch.rand(features.shape, generator=self.generator) < 0.9)
        return self.head(features)

    def seed_dropout(self, seed):
        self.generator.manual_seed(seed)

    def layer_groups(self):
        return [list(self.body[:3].parameters()), list(self.body[3:].parameters()), list(self.head.parameters())]


def tiny_network(seed=0, **options):
    torch.manual_seed(seed)
    return TinyNetwork(**options)


def bright_against_dark(n=32, side=32, seed=0):
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    squares = random.integers(0, 90, (n, 1, side, side)) + 120 * labels[:, None, None, None]
    return squares.astype(np.uint8), labels


def centre(batch):
    return (batch - 0.5) / 0.25


def fit(settings=SETTINGS, seed=3, network=None, data=None, threads=1, **more):
    """Trains; returns (network, outcome, [(epoch, seconds, rate, loss)])."""
    torch.set_num_threads(threads)  # two wait for each other on a busy machine, and the network is tiny
    network = tiny_network() if network is None else network
    squares, labels = bright_against_dark() if data is None else data
    epochs = []
    more.setdefault("on_epoch", lambda *epoch: epochs.append(epoch))
    outcome = train(network, squares, labels, centre, settings, seed, **more)
    return network, outcome, epochs


def weights_hash(network):
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode() + tensor.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()
