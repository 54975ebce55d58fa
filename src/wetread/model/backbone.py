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

from wetread.errors import InputError
from wetread.hardware import has_amx
from wetread.images.cache import default_cache
from wetread.model.embeddings import keys_of, open_cache
from wetread.model.graph import Graph, GraphEngine, graph_name
from wetread.model.network_names import check_options
from wetread.model.preprocess import Preprocess
from wetread.weights.stored import StoredWeights, list_stored, read_arrays

if TYPE_CHECKING:
    from wetread.model.embedder import Embedder, TorchEngine

#: Of what an embedding means, whichever engine computes it; counted up when pictures are shown in another way.
VERSION = 1
#: Calls with fewer pictures leave the cache alone.
FEW = 8
#: Pictures whose maps are in memory at once: a quarter of a megabyte each.
AT_ONCE = 32
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

    def embed_near(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `embed`, faster where the pictures differ from the first of them only in a small box each.

        Args:
            squares: As there.

        Returns:
            As there; a feature may differ from that of `embed` by a hundred-thousandth of the largest.

        Raises:
            InputError: As there.
        """
        engine = self._ready()
        return engine.near(squares) if isinstance(engine, GraphEngine) and len(squares) else self.embed(squares)

    def maps(self, squares: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Pictures -> the maps that the network pools into features, ``image map row column``.

        Returns:
            None where the network keeps no places, or where torch computes: that can give them with gradients.
        """
        engine = self._ready()
        return engine.maps(squares) if isinstance(engine, GraphEngine) and len(squares) else None

    def places(self, squares: NDArray[np.uint8], fields: int) -> NDArray[np.float32] | None:
        """Pictures -> what is seen where: the maps, each averaged over a few fields of the picture. By either engine.

        Args:
            squares: ``image channel row column``; a few at a time, since maps are large.
            fields: Rows and columns of fields; fewer where the maps have fewer.

        Returns:
            ``image map row column``; None where the network keeps no places.
        """
        maps = self._ready().maps(squares)
        return None if maps is None else average_fields(maps, fields)

    def stages(self, squares: NDArray[np.uint8], fields: Sequence[int]) -> list[NDArray[np.float32]] | None:
        """As `places`, by the last maps and by finer ones of the middle, where the network has such.

        Args:
            squares: As there.
            fields: As there, for each.
        """
        found = self._ready().stages(squares)
        return None if found is None else [average_fields(*one) for one in zip(found, fields, strict=False)]

    def embed_with_places(
        self, squares: NDArray[np.uint8], fields: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """What `embed` and `places` give, by one look at each picture; arguments and errors as there.

        ``fields`` of 0: places are not wanted.
        """
        if not fields or not len(squares):
            return self.embed(squares), None
        engine, features, places = self._ready(), [], []
        for start in range(0, len(squares), AT_ONCE):
            seen, maps = engine.both(squares[start : start + AT_ONCE])
            features.append(seen)
            places.append(None if maps is None else average_fields(maps, fields))
        kept = [one for one in places if one is not None]
        return np.concatenate(features), np.concatenate(kept) if len(kept) == len(features) else None

    def embed_cached(self, squares: NDArray[np.uint8], keys: Sequence[bytes] | None = None) -> NDArray[np.float32]:
        """As `embed`, computing only what is not in the cache of this user; where all is, no engine is started.

        A few pictures are computed in any case: a file for each would cost more than it saves.

        Args:
            squares: ``image channel row column``.
            keys: 32 bytes for each picture that name its content; None to take the SHA-256 of the squares.
        """
        return self.embed_cached_with_places(squares, 0, keys)[0]

    def embed_cached_with_places(
        self, squares: NDArray[np.uint8], fields: int, keys: Sequence[bytes] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """As `embed_cached`, and the places where all pictures had to be looked at; none where the cache knew some.

        Args:
            squares: As there.
            fields: As in `places`; 0: they are not wanted.
            keys: As there.
        """
        places = None
        if len(squares) < FEW:
            return self.embed_with_places(squares, fields)
        keys = keys_of(squares) if keys is None else keys
        cache = open_cache(f"{self._identity()[:40]}-{self._arithmetic()}")
        known = cache.find(keys) if cache is not None else {}
        rows = {key: row for row, key in enumerate(keys) if key not in known}
        if rows:
            every = len(rows) == len(squares)
            some = squares if every else squares[list(rows.values())]
            fresh, places = self.embed_with_places(some, fields if every else 0)
            known |= dict(zip(rows, fresh, strict=True))
            if cache is not None:
                cache.put(list(rows), fresh)
        return np.stack([known[key] for key in keys]), places

    def _low(self) -> bool:
        """Whether bfloat16 is good enough and faster: where a unit for it multiplies matrices (AMX), 2 to 5 times.

        Without such a unit torch emulates it, four to nine times slower than float32.
        """
        return self.device == "cpu" and has_amx()

    def _arithmetic(self) -> str:
        """In which numbers and on what an embedding is computed: a GPU adds up in another order than a processor."""
        kind = self.device.partition(":")[0]
        return ("bf16" if self._low() else "f32") + ("" if kind == "cpu" else f"-{kind}")

    def _ready(self) -> GraphEngine | TorchEngine:
        with self._lock:
            if self._engine is None:
                self._engine = self._start()
            return self._engine

    def _start(self) -> GraphEngine | TorchEngine:
        graphs = self.engine == "graph" and self.device == "cpu" and has_graphs()
        if graphs:
            kept = Graph.find(self._graph_files())
            if kept is not None:
                return GraphEngine(kept, self.side, low=self._low(), places=self._graph_files())
        # Imported here: torch and timm cost seconds that a kept graph saves.
        from wetread.model.embedder import Embedder, TorchEngine

        embedder = Embedder(self.network, self.options, self.preprocess, self.arrays())
        engine = _convert(embedder, self.side) if graphs else None
        if engine is None:
            return TorchEngine(embedder, self.device, low=self._low())
        if self._low():
            engine = GraphEngine(engine.graph, self.side, low=True)
        engine.keep(self._graph_files())
        return engine

    def _graph_files(self) -> list[Path]:
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


def average_fields(maps: NDArray[np.float32], fields: int) -> NDArray[np.float32]:
    """Means over fields of nearly the same size, which share a row or column where they cannot divide it.

    Args:
        maps: ``image map row column``.
        fields: Rows and columns of fields; fewer where the maps have fewer.
    """
    across = [_shares(length, fields) for length in maps.shape[2:]]
    # One product of long matrices: means of small squares, one after another, took as long as a third of the network.
    means = maps.reshape(-1, maps.shape[2] * maps.shape[3]) @ np.kron(*across).T
    pooled: NDArray[np.float32] = means.reshape(*maps.shape[:2], len(across[0]), len(across[1]))
    return pooled


def _shares(length: int, fields: int) -> NDArray[np.float32]:
    """``field row``: what each row gives to the mean of a field."""
    fields = min(fields, length)
    shares = np.zeros((fields, length), dtype=np.float32)
    for number, one in enumerate(shares):
        start, end = number * length // fields, -(-(number + 1) * length // fields)
        one[start:end] = 1 / (end - start)
    return shares


def _convert(embedder: Embedder, side: int) -> GraphEngine | None:
    """A graph that computes what torch computes, ready in float32; None: a network may hold what OpenVINO does not."""
    import torch

    from wetread.model.embedder import convert

    # Noise: a blank picture would hide a wrong layer.
    noise = np.random.default_rng(0).integers(0, 256, (1, embedder.channels, side, side), dtype=np.uint8)
    try:
        engine = GraphEngine(Graph(*convert(embedder, side)), side)
        found = engine(noise)
    except (RuntimeError, TypeError, ValueError, OSError):
        return None
    with torch.inference_mode():
        expected = embedder(torch.from_numpy(noise)).numpy()
    agrees = np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()
    return engine if agrees else None


def _at_home(backbone: Backbone) -> Backbone | None:
    """The same weights in the weights home, whose graph and embeddings may be there already."""
    for stored in list_stored():
        found = Backbone.load(stored, backbone.device)
        try:
            same = found.described() == backbone.described() and _same(found.arrays(), backbone.arrays())
        except InputError:  # those at home are damaged, and the model folder brings its own
            continue
        if same:
            return found
    return None


def _same(some: dict[str, NDArray[Any]], others: dict[str, NDArray[Any]]) -> bool:
    return some.keys() == others.keys() and all(np.array_equal(some[name], others[name]) for name in some)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
