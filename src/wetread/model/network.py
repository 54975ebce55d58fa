"""A network as a part of a classifier: pictures -> logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from wetread.model.build import build_network, share_processor
from wetread.model.preprocess import Preprocess
from wetread.shapes import Floats, Picture

BATCH = 64


@dataclass
class NetworkPart:
    """A network with its preprocessing.

    Attributes:
        name: What `build_network` calls it.
        preprocess: Its input.
        network: With weights, in evaluation mode.
        classes: Number of outputs.
    """

    name: str
    preprocess: Preprocess
    network: nn.Module
    classes: int

    def logits(self, pictures: Sequence[Picture]) -> Floats:
        """Pictures -> ``image class``."""
        return self.logits_of_squares(self.preprocess.squares(pictures))

    def logits_of_squares(self, squares: NDArray[np.uint8]) -> Floats:
        """Squares ``image channel row column`` -> ``image class``."""
        device = next(self.network.parameters()).device
        share_processor(self.name)
        self.network.eval()
        outputs = []
        with torch.inference_mode():
            for start in range(0, len(squares), BATCH):
                batch = torch.from_numpy(self.preprocess.normalise(squares[start : start + BATCH])).to(device)
                outputs.append(self.network(batch).float().cpu().numpy())
        logits: Floats = np.concatenate(outputs).astype(np.float64)
        return logits

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The weights of the network, by name, on the processor."""
        return {name: tensor.detach().cpu().numpy() for name, tensor in self.network.state_dict().items()}

    @staticmethod
    def from_arrays(
        name: str, preprocess: Preprocess, classes: int, arrays: dict[str, NDArray[np.float32]]
    ) -> NetworkPart:
        """Builds the network and fills in stored weights; raises RuntimeError where they do not fit."""
        network = build_network(name, channels=preprocess.channels, classes=classes)
        network.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in arrays.items()})
        return NetworkPart(name, preprocess, network.eval(), classes)
