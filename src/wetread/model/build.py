"""The name of a network -> the network. Pretrained backbones take their place here, beside `small`."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SmallNetwork(nn.Module):
    """A small convolutional network for a few hundred pictures: four stages, global average pooling, one linear layer.

    About 0.1 million weights. `features` ends with the map that Grad-CAM reads: 1/8 of the input in each direction.

    Args:
        channels: Of the input.
        classes: Of the output.
        width: Channels of the first stage; each further stage doubles them.
    """

    def __init__(self, channels: int, classes: int, width: int = 16) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        before = channels
        for after, stride in ((width, 2), (2 * width, 2), (4 * width, 2), (8 * width, 1)):
            stages += [
                # Stride in the convolution, not pooling after it: a quarter of the work.
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
            before = after
        self.features = nn.Sequential(*stages)
        self.head = nn.Linear(before, classes)

    def forward(self, batch: Tensor) -> Tensor:
        """``image channel row column`` -> logits ``image class``."""
        maps = self.features(batch)
        logits: Tensor = self.head(maps.mean(dim=(2, 3)))
        return logits


#: Processor threads for one network, by name. Its layers are so small that threads wait for each other longer than
#: they work: measured on two busy cores, two threads took six times as long as one. Several fits at once use the cores
#: better.
THREADS = {"small": 1}


def share_processor(name: str) -> None:
    """Limits the threads of torch, for the calling thread, to what this network can use."""
    if name in THREADS and torch.get_num_threads() != THREADS[name]:
        torch.set_num_threads(THREADS[name])


def build_network(name: str, *, channels: int, classes: int) -> nn.Module:
    """Makes a network with fresh weights.

    Args:
        name: ``small``.
        channels: 1 or 3.
        classes: At least 2.

    Returns:
        The network, in training mode.

    Raises:
        ValueError: The name is not known.
    """
    if name == "small":
        return SmallNetwork(channels, classes)
    raise ValueError(f"no network is called {name}")
