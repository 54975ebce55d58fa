"""A frozen network that turns pictures into features, the same for everyone who has its weights.

Several hundred pictures become a table in seconds, from which a linear model learns (``linear.py``). Where OpenVINO is
installed and the work is for the processor, it computes, from a graph that is converted once and kept (``graph.py``);
then torch is not even imported. Elsewhere torch computes (``embedder.py``).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wetread.images.cache import default_cache
from wetread.model.embeddings import keys_of, open_cache
from wetread.model.graph import Graph, GraphEngine, graph_name, has_amx
from wetread.model.network_names import check_options
from wetread.model.preprocess import Preprocess
from wetread.weights.stored import StoredWeights, list_stored, read_arrays

if TYPE_CHECKING:
    from wetread.model.embedder import Embedder, TorchEngine

#: Of what an embedding means, whichever engine computes it; counted up when pictures are shown in another way.
VERSION = 1
#: Calls with fewer pictures leave the cache alone.
FEW = 8
#: Largest difference between graph and torch, as a part of the largest feature, with which the graph is used.
TOLERANCE = 1e-3


def has_graphs() -> bool:
    """Whether OpenVINO is installed."""
    return importlib.util.find_spec("openvino") is not None


@dataclass(eq=False)
class Backbone:
    """A frozen network with its weights and its scaling.

    Attributes:
        name: Of the weights.
        network: As timm calls it.
        options: Further arguments of timm.create_model.
        sha256: Of the file that the weights came in.
        side: Rows and columns of the input, in pixels.
        channels: Of the input.
        mean: Of pixels in [0, 1], one per channel.
        deviation: As ``mean``.
        licence: Of the weights.
        source: Where the weights come from.
        cite: What to cite.
        device: cpu or cuda:N.
        engine: ``graph`` computes by OpenVINO where that is installed and the work is for the processor; ``torch``
            always by torch.
    """

    name: str
    network: str
    options: dict[str, Any]
    sha256: str
    side: int
    channels: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    licence: str = ""
    source: str = ""
    cite: str = ""
    device: str = "cpu"
    engine: str = "graph"
    _stored: StoredWeights | None = field(default=None, repr=False)
    _arrays: dict[str, NDArray[Any]] | None = field(default=None, repr=False)
    _engine: GraphEngine | TorchEngine | None = field(default=None, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @staticmethod
    def load(stored: StoredWeights, device: str = "cpu", engine: str = "graph") -> Backbone:
        """A backbone from the weights home. Nothing is read before the first picture.

        Args:
            stored: From `wetread.weights`.
            device: cpu or cuda:N.
            engine: graph or torch.
        """
        facts = {name: getattr(stored, name) for name in _DESCRIBED}
        return Backbone(**facts, device=device, engine=engine, _stored=stored)

    @staticmethod
    def from_arrays(described: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], device: str = "cpu") -> Backbone:
        """Rebuilds a backbone that a model folder carries; no weights home is needed.

        Args:
            described: From `described`; other entries are left alone.
            arrays: From `arrays`.
            device: cpu or cuda:N.

        Raises:
            KeyError, TypeError, ValueError: The description is none.
            InputError: An option of the network is not allowed.
        """
        facts = {name: described[name] for name in _DESCRIBED}
        facts |= {name: tuple(float(one) for one in described[name]) for name in ("mean", "deviation")}
        facts |= {name: int(described[name]) for name in ("side", "channels")}
        check_options(facts["options"])
        backbone = Backbone(**facts, device=device, _arrays=dict(arrays))
        return _at_home(backbone) or backbone

    @property
    def preprocess(self) -> Preprocess:
        """How a picture becomes a square for `embed`."""
        return Preprocess(self.side, self.channels, self.mean, self.deviation)

    @property
    def features(self) -> int:
        """Length of an embedding."""
        length: int = self._ready()(np.zeros((1, self.channels, self.side, self.side), dtype=np.uint8)).shape[1]
        return length

    def described(self) -> dict[str, Any]:
        """What must be known beside the weights, in types that JSON knows."""
        return {name: _plain(getattr(self, name)) for name in _DESCRIBED}

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The weights by timm's names.

        Raises:
            InputError: Their file was damaged or removed.
        """
        with self._lock:
            if self._arrays is None:
                assert self._stored is not None
                # The counters of batch norm shape nothing, and a safetensors file gives them another shape.
                read = read_arrays(self._stored).items()
                self._arrays = {name: array for name, array in read if not name.endswith("num_batches_tracked")}
            return self._arrays

    def embed(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pictures -> features.

        Args:
            squares: ``image channel row column``; one channel stands for all channels of the network.

        Returns:
            ``image feature``. The same pictures give the same bits on the same machine; what else is asked for at once
            changes a feature by less than a hundred-thousandth of the largest.

        Raises:
            InputError: The weights are damaged, or those of another network.
        """
        return self._ready()(squares) if len(squares) else np.zeros((0, self.features), dtype=np.float32)

    def embed_cached(self, squares: NDArray[np.uint8], keys: Sequence[bytes] | None = None) -> NDArray[np.float32]:
        """The same, computing only what is not in the cache of this user; where all is, no engine is started.

        A few pictures are computed in any case: a file for each would cost more than it saves.

        Args:
            squares: ``image channel row column``.
            keys: 32 bytes for each picture that name its content; None to take the SHA-256 of the squares.
        """
        if len(squares) < FEW:
            return self.embed(squares)
        keys = keys_of(squares) if keys is None else keys
        cache = open_cache(f"{self._identity()[:40]}-{'bf16' if self._low() else 'f32'}")
        known = cache.find(keys) if cache is not None else {}
        rows = {key: row for row, key in enumerate(keys) if key not in known}
        if rows:
            fresh = self.embed(squares[list(rows.values())])
            known |= dict(zip(rows, fresh, strict=True))
            if cache is not None:
                cache.put(list(rows), fresh)
        return np.stack([known[key] for key in keys])

    def _low(self) -> bool:
        """Whether bfloat16 is good enough and faster: where a unit for it multiplies matrices (AMX), 2 to 5 times.

        Without such a unit torch emulates it, four to nine times slower than float32.
        """
        return self.device == "cpu" and has_amx()

    def _ready(self) -> GraphEngine | TorchEngine:
        with self._lock:
            if self._engine is None:
                self._engine = self._start()
            return self._engine

    def _start(self) -> GraphEngine | TorchEngine:
        graphs = self.engine == "graph" and self.device == "cpu" and has_graphs()
        if graphs:
            kept = Graph.find(self._places())
            if kept is not None:
                return GraphEngine(kept, self.side, low=self._low())
        # Imported here: torch and timm cost seconds that a kept graph saves.
        from wetread.model.embedder import Embedder, TorchEngine

        embedder = Embedder(self.network, self.options, self.preprocess, self.arrays())
        graph = _convert(embedder, self.side) if graphs else None
        if graph is None:
            return TorchEngine(embedder, self.device, low=self._low())
        graph.keep(self._places())
        return GraphEngine(graph, self.side, low=self._low())

    def _places(self) -> list[Path]:
        """Where the graph may lie: beside the weights, else in the cache."""
        name, cache = graph_name(self._identity()), default_cache()
        places = [self._stored.path.parent / name] if self._stored is not None else []
        return places + ([cache.folder / "graphs" / name] if cache is not None else [])

    def _identity(self) -> str:
        """A hash of all that shapes an embedding.

        Of weights that came in a model folder it is taken from the numbers themselves: a folder that only claims the
        hash of known weights must not get its graph taken for theirs.
        """
        shapes = [VERSION, self.network, self.options, self.side, self.channels, self.mean, self.deviation]
        digest = hashlib.sha256(json.dumps(shapes, sort_keys=True).encode())
        if self._stored is not None:
            digest.update(self.sha256.encode())
            return digest.hexdigest()
        for name, array in sorted(self.arrays().items()):
            digest.update(repr((name, array.dtype.str, array.shape)).encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


_DESCRIBED = (
    "name", "network", "options", "sha256", "side", "channels", "mean", "deviation", "licence", "source", "cite",
)  # fmt: skip


def _convert(embedder: Embedder, side: int) -> Graph | None:
    """A graph that computes what torch computes, or None: a network may hold what OpenVINO cannot express."""
    import torch

    from wetread.model.embedder import convert

    # Noise: a blank picture would hide a wrong layer.
    noise = np.random.default_rng(0).integers(0, 256, (1, embedder.channels, side, side), dtype=np.uint8)
    try:
        graph = Graph(*convert(embedder, side))
        found = GraphEngine(graph, side)(noise)
    except (RuntimeError, TypeError, ValueError, OSError):
        return None
    with torch.inference_mode():
        expected = embedder(torch.from_numpy(noise)).numpy()
    agrees = np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()
    return graph if agrees else None


def _at_home(backbone: Backbone) -> Backbone | None:
    """The same weights in the weights home, whose graph and embeddings may be there already."""
    for stored in list_stored():
        found = Backbone.load(stored, backbone.device)
        if found.described() == backbone.described() and _same(found.arrays(), backbone.arrays()):
            return found
    return None


def _same(some: dict[str, NDArray[Any]], others: dict[str, NDArray[Any]]) -> bool:
    return some.keys() == others.keys() and all(np.array_equal(some[name], others[name]) for name in some)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
