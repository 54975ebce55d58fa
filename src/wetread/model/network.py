"""A network as a part of a classifier: pictures -> logits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wetread.model.head import spread
from wetread.model.inputs import Inputs
from wetread.model.memory import in_pieces
from wetread.model.networks import Network, NetworkSpec, build_network, load_weights, share_processor
from wetread.model.preprocess import Preprocess
from wetread.shapes import Floats

BATCH = 64

#: Where the further looks of an ensemble lie, in units of `SHIFT`: right, left, down, up, then the corners.
SHIFTS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
#: Part of the side by which a picture is moved: 7 pixels of 224.
SHIFT = 1 / 32


@dataclass
class NetworkPart:
    """A network with its preprocessing.

    Attributes:
        spec: What `build_network` builds it from.
        preprocess: Its input.
        network: With weights, in evaluation mode.
        positive: The class that a single logit speaks for; None where there is an output per class or finding.
        offset: Is added to the logits, one number per class: what undoes weights or sampling by class. Empty for none.
        shifts: How many times the network looks again, each time at a picture moved a little, 0 to 8; logits are
            averaged.
    """

    spec: NetworkSpec
    preprocess: Preprocess
    network: Network
    positive: int | None = None
    offset: tuple[float, ...] = ()
    shifts: int = 0

    def logits(self, inputs: Inputs) -> Floats:
        """Pictures -> ``image class``."""
        return self.logits_of_squares(inputs.squares(self.preprocess))

    def logits_of_squares(self, squares: NDArray[np.uint8]) -> Floats:
        """Squares ``image channel row column`` -> ``image class``."""
        looks = [self._ask(squares)]
        step = max(1, round(self.preprocess.side * SHIFT))
        looks += [self._ask(_moved(squares, down * step, right * step)) for down, right in SHIFTS[: self.shifts]]
        logits: Floats = spread(np.mean(looks, axis=0), self.positive)
        return logits + np.array(self.offset) if self.offset else logits

    def with_shifts(self, shifts: int) -> NetworkPart:
        """The same network, looking again at moved pictures."""
        return replace(self, shifts=shifts)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The weights of the network, by name, on the processor."""
        return {name: tensor.detach().cpu().numpy() for name, tensor in self.network.state_dict().items()}

    def described(self) -> dict[str, Any]:
        """What else must be known to rebuild it."""
        return {
            "kind": "network",
            "spec": self.spec.as_dict(),
            "preprocess": self.preprocess.as_dict(),
            "positive": self.positive,
            "offset": list(self.offset),
            "shifts": self.shifts,
        }

    @staticmethod
    def from_arrays(described: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> NetworkPart:
        """Builds the network and fills in stored weights.

        Raises:
            RuntimeError: They do not fit.
            TypeError, ValueError, KeyError: The description is none.
            InputError: The network is not known here.
        """
        spec = NetworkSpec.from_dict(described["spec"])
        positive = described["positive"]
        return NetworkPart(
            spec,
            Preprocess.from_dict(described["preprocess"]),
            load_weights(build_network(spec), arrays).eval(),
            None if positive is None else int(positive),
            tuple(float(number) for number in described["offset"]),
            int(described["shifts"]),
        )

    def _ask(self, squares: NDArray[np.uint8]) -> Floats:
        device = next(self.network.parameters()).device
        share_processor(self.spec.name)
        self.network.eval()

        def look(piece: slice) -> NDArray[np.float32]:
            batch = torch.from_numpy(self.preprocess.normalise(squares[piece])).to(device)
            outputs: NDArray[np.float32] = self.network(batch).float().cpu().numpy()
            return outputs

        nothing = np.zeros((0, self.spec.outputs), dtype=np.float32)
        with torch.inference_mode():
            return np.concatenate([nothing, *in_pieces(look, len(squares), BATCH)]).astype(np.float64)


def _moved(squares: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """Moves squares by pixels; the rim that comes into sight repeats the edge."""
    side = squares.shape[-1]
    rows = np.clip(np.arange(side) - down, 0, side - 1)
    columns = np.clip(np.arange(side) - right, 0, side - 1)
    return squares[:, :, rows[:, None], columns]
