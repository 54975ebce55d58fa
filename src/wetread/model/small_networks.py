"""Our own small networks: bodies that turn pictures into features, for a few hundred pictures and no weights to start
from.

Each body has ``features`` (length of its output), ``maps`` (the last feature maps, for Grad-CAM), ``pool`` (maps ->
features) and ``stages`` (its parts from input to output, for learning rates by depth).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SeededDropout(nn.Module):
    """Dropout that draws from a generator of its own.

    PyTorch's draws from the one generator of the process; with several fits in threads its numbers would go to
    whichever fit asks first, and no fit could be repeated.

    Args:
        rate: Share of the values that become 0 in training, in [0, 1).
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self._seed = 0
        self._generator: torch.Generator | None = None

    def seed(self, seed: int) -> None:
        """Starts the sequence of random numbers anew."""
        self._seed, self._generator = seed, None

    def forward(self, batch: Tensor) -> Tensor:
        """Any shape -> the same shape; the values that stay are scaled up, so that their expectation stays."""
        if not self.training or self.rate == 0:
            return batch
        if self._generator is None or self._generator.device != batch.device:
            self._generator = torch.Generator(batch.device)
            self._generator.manual_seed(self._seed)
        drawn = torch.rand(batch.shape, generator=self._generator, device=batch.device)
        return batch * ((drawn >= self.rate).to(batch.dtype) / (1 - self.rate))


class SmallBody(nn.Module):
    """Four stages of convolution, batch norm and ReLU, then global average pooling.

    About 0.1 million weights. The last map is 1/8 of the input in each direction.

    Args:
        channels: Of the input.
        width: Channels of the first stage; each further stage doubles them.
    """

    def __init__(self, channels: int, width: int = 16) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for after, stride in ((width, 2), (2 * width, 2), (4 * width, 2), (8 * width, 1)):
            layers += [
                # Stride in the convolution, not pooling after it: a quarter of the work.
                nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
            before = after
        self.layers = nn.Sequential(*layers)
        self.features = before

    def maps(self, batch: Tensor) -> Tensor:
        """``image channel row column`` -> ``image feature row column``."""
        maps: Tensor = self.layers(batch)
        return maps

    def pool(self, maps: Tensor) -> Tensor:
        """Maps -> ``image feature``."""
        return maps.mean(dim=(2, 3))

    def forward(self, batch: Tensor) -> Tensor:
        """``image channel row column`` -> ``image feature``."""
        return self.pool(self.maps(batch))

    def stages(self) -> list[nn.Module]:
        """From input to output."""
        return [self.layers[start : start + 3] for start in range(0, len(self.layers), 3)]


class CarpentriesBody(nn.Module):
    """The network of the Carpentries lesson on chest X-rays, up to its last layer.

    Seven convolutions with ReLU, all but the last followed by max pooling, global average pooling, 128 units, dropout
    of 0.6, 32 units: 54,594 weights on grey pictures, 54,627 with the single output of the lesson. It was written for
    grey squares of 256 pixels. Source: episode "Neural networks" of carpentries-incubator/machine-learning-neural-
    python (CC BY 4.0), read there and built anew. Weights start as in Keras, where it was written.

    Args:
        channels: Of the input; 1 in the lesson.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = channels
        for after, side in ((8, 3), (8, 3), (12, 3), (12, 3), (20, 5), (20, 5), (50, 5)):
            layers += [nn.Conv2d(before, after, side, padding="same"), nn.ReLU(inplace=True), nn.MaxPool2d(2)]
            before = after
        self.layers = nn.Sequential(*layers[:-1])
        self.dense = nn.Sequential(
            nn.Linear(before, 128), nn.ReLU(inplace=True), SeededDropout(0.6), nn.Linear(128, 32), nn.ReLU(inplace=True)
        )
        self.features = 32
        self.apply(start_as_keras)

    def maps(self, batch: Tensor) -> Tensor:
        """``image channel row column`` -> ``image map row column``, 50 maps of 1/64 of the input."""
        maps: Tensor = self.layers(batch)
        return maps

    def pool(self, maps: Tensor) -> Tensor:
        """Maps -> ``image feature``."""
        features: Tensor = self.dense(maps.mean(dim=(2, 3)))
        return features

    def forward(self, batch: Tensor) -> Tensor:
        """``image channel row column`` -> ``image feature``."""
        return self.pool(self.maps(batch))

    def stages(self) -> list[nn.Module]:
        """From input to output."""
        return [one for one in [*self.layers, *self.dense] if isinstance(one, nn.Conv2d | nn.Linear)]


class DenseBody(nn.Module):
    """All pixels in one row and one hidden layer, as in Keras's first lesson, on Fashion-MNIST: 28 pixels, 128 units.

    Args:
        channels: Of the input.
        side: Rows and columns of the input; it takes no other size.
        units: Of the hidden layer.
    """

    def __init__(self, channels: int, side: int, units: int = 128) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(channels * side * side, units), nn.ReLU(inplace=True))
        self.features = units
        self.apply(start_as_keras)

    def maps(self, batch: Tensor) -> None:
        """None: a dense layer keeps no places."""
        del batch

    def pool(self, maps: Tensor) -> Tensor:
        """Never called, since there are no maps."""
        del maps
        raise ValueError("a dense network has no feature maps")

    def forward(self, batch: Tensor) -> Tensor:
        """``image channel row column`` -> ``image feature``."""
        features: Tensor = self.layers(batch)
        return features

    def stages(self) -> list[nn.Module]:
        """From input to output."""
        return [self.layers]


def start_as_keras(layer: nn.Module) -> None:
    """Gives a layer the fresh weights that Keras would: uniform after Glorot & Bengio (2010), biases 0."""
    if isinstance(layer, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def start_as_tensorflow_js(layer: nn.Module) -> None:
    """Gives a dense layer the fresh weights of TensorFlow.js's `varianceScaling({})`, biases 0.

    That is a normal distribution of the deviation sqrt(1 / inputs), drawn again beyond two deviations. Unlike Keras in
    Python, it does not widen the rest to that deviation again.
    """
    if isinstance(layer, nn.Linear):
        deviation = layer.in_features**-0.5
        nn.init.trunc_normal_(layer.weight, std=deviation, a=-2 * deviation, b=2 * deviation)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
