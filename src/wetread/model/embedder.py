"""A frozen network in torch: what computes where OpenVINO does not, and what OpenVINO's graph is made from."""

from __future__ import annotations

import importlib
import tempfile
import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wetread.model.networks import NetworkSpec, build_network
from wetread.model.openvino_alone import load_openvino
from wetread.model.preprocess import Preprocess

BATCH = 16


class Embedder(nn.Module):
    """Squares as they are stored -> pooled features: normalisation and the body of a network.

    Args:
        network: As timm calls it.
        options: Further arguments of timm.create_model.
        preprocess: Input of the network.
        arrays: Weights by timm's names.

    Raises:
        InputError: The weights are those of another network.
    """

    factor: Tensor
    term: Tensor

    def __init__(
        self,
        network: str,
        options: Mapping[str, Any],
        preprocess: Preprocess,
        arrays: Mapping[str, NDArray[Any]],
    ) -> None:
        super().__init__()
        spec = NetworkSpec(network, 1, preprocess.channels, preprocess.side, dict(options))
        self.body = build_network(spec, arrays).body
        self.channels = preprocess.channels
        mean, deviation = np.atleast_1d(preprocess.mean), np.atleast_1d(preprocess.deviation)
        # One multiplication and one addition, which a compiler can push into the first convolution.
        self.register_buffer("factor", _column(1 / (255 * deviation)), persistent=False)
        self.register_buffer("term", _column(-mean / deviation), persistent=False)
        self.eval().requires_grad_(False)

    def forward(self, squares: Tensor) -> Tensor:
        """``image channel row column``, 0 to 255 -> ``image feature``; one channel is shown to all of the network."""
        features: Tensor = self.body(squares.float() * self.factor + self.term)
        return features.flatten(1)


def _column(numbers: NDArray[Any]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float32)[None, :, None, None]


class TorchEngine:
    """Runs an embedder.

    Args:
        embedder: With weights.
        device: cpu or cuda:N.
        low: Compute in bfloat16.
    """

    def __init__(self, embedder: Embedder, device: str, *, low: bool = False) -> None:
        self._device = torch.device(device)
        self._embedder = embedder.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._low = low
        self._lock = threading.Lock()

    def __call__(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """``image channel row column``, uint8 -> ``image feature``."""
        found = []
        low = torch.autocast(self._device.type, torch.bfloat16, enabled=self._low)
        # One after another: threads of torch that serve two callers at once only get into each other's way.
        with self._lock, torch.inference_mode(), low:
            for start in range(0, len(squares), BATCH):
                batch = torch.from_numpy(np.ascontiguousarray(squares[start : start + BATCH])).to(self._device)
                found.append(self._embedder(batch.contiguous(memory_format=torch.channels_last)).float().cpu().numpy())
        return np.concatenate(found)


def convert(embedder: Embedder, side: int) -> tuple[bytes, bytes]:
    """Turns an embedder into a graph of OpenVINO.

    By the converter itself, not by openvino.convert_model: that one traces with a second run as a check, three times
    as slow.

    Args:
        embedder: With weights, on the processor.
        side: Rows and columns of its input.

    Returns:
        The graph's XML and its weights.

    Raises:
        RuntimeError: OpenVINO cannot express the network.
    """
    openvino = load_openvino()
    decoders = importlib.import_module("openvino.frontend.pytorch.ts_decoder")
    example = torch.zeros(1, embedder.channels, side, side, dtype=torch.uint8)
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # sizes that a trace takes for constants are constant here
        traced = torch.jit.trace(embedder, example, check_trace=False)  # type: ignore[no-untyped-call]
        decoder = decoders.TorchScriptPythonDecoder(traced, example_input=example)
        frontend = openvino.frontend.FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    with tempfile.TemporaryDirectory(prefix="wetread-") as folder:
        place = Path(folder) / "graph.xml"
        # float32 as it is: half precision would lose three digits of every weight.
        openvino.save_model(model, place, compress_to_fp16=False)
        return place.read_bytes(), place.with_suffix(".bin").read_bytes()
