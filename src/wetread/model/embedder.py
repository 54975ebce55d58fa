"""A frozen network in torch: what computes where OpenVINO does not, and what OpenVINO's graph is made from."""

from __future__ import annotations

import importlib
import tempfile
import threading
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wetread.model.exactness import compute_exactly
from wetread.model.memory import in_pieces
from wetread.model.networks import NetworkSpec, build_network
from wetread.model.openvino_alone import load_openvino
from wetread.model.preprocess import Preprocess
from wetread.model.timm_body import TimmBody

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

    def last_maps(self, squares: Tensor) -> Tensor | None:
        """``image channel row column`` -> the maps that are pooled; None where the network keeps no places."""
        maps: Tensor | None = self.body.maps(squares.float() * self.factor + self.term)
        return maps

    def stages(self, squares: Tensor) -> list[Tensor] | None:
        """What `last_maps` gives, and finer maps of the middle where a network of timm has such."""
        shown = squares.float() * self.factor + self.term
        if isinstance(self.body, TimmBody):
            return self.body.stages(shown)
        maps = self.body.maps(shown)
        return None if maps is None else [maps]


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
        compute_exactly(device)
        self._device = torch.device(device)
        self._embedder = embedder.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._low = low
        self._lock = threading.Lock()

    def __call__(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """``image channel row column``, uint8 -> ``image feature``."""
        found = self._run(squares, lambda batch: [self._embedder(batch)])
        assert found is not None
        return found[0]

    def maps(self, squares: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """``image channel row column``, uint8 -> what is pooled, ``image map row column``; None where nothing is."""
        found = self._run(squares, lambda batch: _listed(self._embedder.last_maps(batch)))
        return None if found is None else found[0]

    def both(self, squares: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Features and maps by one look where the network keeps places, else the features alone."""

        def look(batch: Tensor) -> list[Tensor] | None:
            maps: Tensor | None = self._embedder.last_maps(batch)
            return None if maps is None else [self._embedder.body.pool(maps).flatten(1), maps]

        found = self._run(squares, look)
        return (self(squares), None) if found is None else (found[0], found[1])

    def stages(self, squares: NDArray[np.uint8]) -> list[NDArray[np.float32]] | None:
        """Last maps, and those of the middle where there are such, by one look; None where no places are kept."""
        return self._run(squares, self._embedder.stages)

    def _run(
        self, squares: NDArray[np.uint8], look: Callable[[Tensor], list[Tensor] | None]
    ) -> list[NDArray[np.float32]] | None:
        """What a look gives, each over all squares; None where it gives nothing."""
        blind = False

        def see(piece: slice) -> list[NDArray[np.float32]]:
            nonlocal blind
            if blind:
                return []
            batch = torch.from_numpy(np.ascontiguousarray(squares[piece])).to(self._device)
            seen = look(batch.contiguous(memory_format=torch.channels_last))
            blind = seen is None
            return [one.float().cpu().numpy() for one in seen or []]

        low = torch.autocast(self._device.type, torch.bfloat16, enabled=self._low)
        # One after another: threads of torch that serve two callers at once only get into each other's way.
        with self._lock, torch.inference_mode(), low:
            pieces = in_pieces(see, len(squares), BATCH)
        return [np.concatenate(one) for one in zip(*pieces, strict=True)] or None


def _listed(seen: Tensor | None) -> list[Tensor] | None:
    return None if seen is None else [seen]


class _WithMaps(nn.Module):
    """The same, the maps before they are pooled, and those of the middle where there are such.

    With them a class activation map costs no second look.
    """

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self.embedder = embedder

    def forward(self, squares: Tensor) -> tuple[Tensor, ...]:
        """``image channel row column`` -> ``image feature`` and ``image map row column``, once or twice."""
        stages = self.embedder.stages(squares)
        assert stages is not None  # asked before the trace
        return self.embedder.body.pool(stages[0]).flatten(1), *stages


def convert(embedder: Embedder, side: int) -> tuple[bytes, bytes]:
    """Turns an embedder into a graph of OpenVINO; the maps that it pools, where it does, are a second output,
    and finer maps of the middle a third.

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
        look = getattr(embedder, "last_maps", lambda _: None)
        module = _WithMaps(embedder) if look(example) is not None else embedder
        traced = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
        decoder = decoders.TorchScriptPythonDecoder(traced, example_input=example)
        frontend = openvino.frontend.FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    with tempfile.TemporaryDirectory(prefix="wetread-") as folder:
        place = Path(folder) / "graph.xml"
        # float32 as it is: half precision would lose three digits of every weight.
        openvino.save_model(model, place, compress_to_fp16=False)
        return place.read_bytes(), place.with_suffix(".bin").read_bytes()
