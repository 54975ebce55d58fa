"""A frozen network as a graph of OpenVINO: kept in one file beside its weights, run without torch.

To convert takes seconds, imports of torch and timm included; to read the file takes a tenth of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.errors import OutputError
from wetread.model.near import Near
from wetread.model.openvino_alone import load_openvino
from wetread.writing import atomic_write

#: Of the file and of what the graph computes.
VERSION = 3


class Graph:
    """A graph as bytes.

    Args:
        xml: Its layers.
        weights: Its numbers.
    """

    def __init__(self, xml: bytes, weights: bytes) -> None:
        self.xml = xml
        self.weights = weights

    def keep(self, places: Iterable[Path]) -> Path | None:
        """Writes the file where that is possible first; returns where, or None. Never raises.

        The graph can be made again, so a full disk or a folder without permission costs time and nothing else.
        """
        head = json.dumps({"version": VERSION, "xml": len(self.xml), "weights": len(self.weights)}).encode("ascii")
        content = head + b"\n" + self.xml + self.weights
        content = hashlib.sha256(content).hexdigest().encode("ascii") + b"\n" + content
        for place in places:
            with contextlib.suppress(OutputError, OSError):
                return atomic_write(place, content, durable=False)
        return None

    @staticmethod
    def find(places: Iterable[Path]) -> Graph | None:
        """The first sound file of some places; a damaged one counts as none."""
        for place in places:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                return _unpack(place.read_bytes())
        return None


def graph_name(identity: str) -> str:
    """The name of the file for an identity: a hash of all that shapes the graph."""
    return f"graph-{identity[:24]}-{VERSION}.openvino"


def _unpack(content: bytes) -> Graph:
    checksum, _, rest = content.partition(b"\n")
    if hashlib.sha256(rest).hexdigest().encode("ascii") != checksum:
        raise ValueError("damaged")
    head, _, data = rest.partition(b"\n")
    sizes = json.loads(head)
    if sizes["version"] != VERSION:
        raise ValueError("of another version")
    return Graph(data[: sizes["xml"]], data[sizes["xml"] :])


class GraphEngine:
    """Runs a graph.

    Every picture is computed by itself, by one thread: so its result does not depend on what else is asked for, and
    cores work side by side. Measured on two cores, that is as fast as batches of 16 for light networks and faster for
    heavy ones (DenseNet-121: 53 ms a picture, against 67 to 95).

    Args:
        graph: With one input ``image channel row column`` of uint8, and an output ``image feature``; where the network
            pools maps, a second one with these, ``image map row column``; and a third with finer ones of the middle.
        side: Rows and columns of the input.
        low: Compute in bfloat16, where OpenVINO finds that the processor can.
        places: Files beside which the graph may lie compiled for this processor; none to compile it each time.

    Attributes:
        graph: As given.

    Raises:
        RuntimeError: OpenVINO does not know what is in the graph.
    """

    def __init__(self, graph: Graph, side: int, *, low: bool = False, places: Sequence[Path] = ()) -> None:
        self._core = load_openvino().Core()
        self.graph, self._side, self._places = graph, side, places
        # float32 is said as well: left alone, OpenVINO would take half precision on some processors.
        able = low and "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._settings = {
            "NUM_STREAMS": cores,
            "INFERENCE_NUM_THREADS": cores,
            "INFERENCE_PRECISION_HINT": "bf16" if able else "f32",
        }
        self._queues: dict[int, Any] = {}
        # What was compiled while there was no place for it. Exported: the queue must hold the only reference to the
        # compiled model, which otherwise ends in the wrong order, and waits for a callback that waits for Python.
        self._fresh: dict[int, Graph] = {}
        self._near: dict[int, Near] = {}
        self._lock = threading.Lock()

    def __call__(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """``image channel row column``, uint8 -> ``image feature``."""
        return self._run(squares, (0,))[0]

    def near(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As calling it, faster where the squares differ from the first of them only in a small box each."""
        channels = squares.shape[1]
        with self._lock:
            if channels not in self._near:
                shape = channels, self._side
                self._near[channels] = Near(self.graph.xml, self.graph.weights, shape, self._settings, self)
            near = self._near[channels]
        return near(squares)

    def maps(self, squares: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """``image channel row column``, uint8 -> what is pooled, ``image map row column``; None where nothing is."""
        return self._run(squares, (1,))[0] if self._has_maps(squares) else None

    def both(self, squares: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Features and maps by one look."""
        if not self._has_maps(squares):
            return self(squares), None
        features, maps = self._run(squares, (0, 1))
        return features, maps

    def stages(self, squares: NDArray[np.uint8]) -> list[NDArray[np.float32]] | None:
        """Last maps, and those of the middle where there are such, by one look; None where no places are kept."""
        with self._lock:
            count = len(self._queue(squares.shape[1])[0].model_outputs)
        return self._run(squares, tuple(range(1, count))) if count > 1 else None

    def _has_maps(self, squares: NDArray[np.uint8]) -> bool:
        with self._lock:
            return len(self._queue(squares.shape[1])[0].model_outputs) > 1

    def _run(self, squares: NDArray[np.uint8], outputs: tuple[int, ...]) -> list[NDArray[np.float32]]:
        found: list[list[NDArray[np.float32]]] = [[] for _ in range(len(squares))]

        def take(request: Any, number: int) -> None:
            found[number] = [request.get_output_tensor(output).data[0].copy() for output in outputs]

        # One caller at a time: all cores work for it.
        with self._lock:
            queue = self._queue(squares.shape[1])
            queue.set_callback(take)
            for number in range(len(squares)):
                queue.start_async({0: squares[number : number + 1]}, number)
            queue.wait_all()
        return [np.stack(of_all) for of_all in zip(*found, strict=True)]

    def keep(self, places: Sequence[Path]) -> None:
        """Keeps the graph for later starts, and what was compiled of it so far.

        Args:
            places: Where they may lie; the first that can be written is taken.
        """
        self._places = places
        self.graph.keep(places)
        for channels, compiled in self._fresh.items():
            compiled.keep(self._compiled_places(channels))
        self._fresh.clear()

    def _queue(self, channels: int) -> Any:
        if channels not in self._queues:
            compiled = self._compiled(channels)
            self._queues[channels] = load_openvino().AsyncInferQueue(compiled, self._settings["NUM_STREAMS"])
        return self._queues[channels]

    def _compiled(self, channels: int) -> Any:
        """The graph made ready for this processor: half a second, or a tenth where it was kept."""
        kept = Graph.find(self._compiled_places(channels))
        if kept is not None:
            with contextlib.suppress(RuntimeError):  # then it is made anew
                return self._core.import_model(kept.weights, "CPU", self._settings)
        model = self._core.read_model(self.graph.xml, self.graph.weights)
        model.reshape([1, channels, self._side, self._side])
        compiled = self._core.compile_model(model, "CPU", self._settings)
        self._keep_compiled(channels, compiled)
        return compiled

    def _keep_compiled(self, channels: int, compiled: Any) -> None:
        with contextlib.suppress(RuntimeError):
            exported = Graph(b"", compiled.export_model().getvalue())
            if self._places:
                exported.keep(self._compiled_places(channels))
            else:
                self._fresh[channels] = exported

    def _compiled_places(self, channels: int) -> list[Path]:
        return [place.with_name(self._compiled_name(channels)) for place in self._places]

    def _compiled_name(self, channels: int) -> str:
        """Of the file: a hash of the graph, of OpenVINO, of the processor, and of what was asked for."""
        asked = self._core.get_property
        shapes = [
            load_openvino().__version__,
            asked("CPU", "FULL_DEVICE_NAME"),
            sorted(asked("CPU", "OPTIMIZATION_CAPABILITIES")),
            sorted(self._settings.items()),
            [channels, self._side],
        ]
        digest = hashlib.sha256(json.dumps(shapes).encode())
        digest.update(self.graph.xml)
        digest.update(self.graph.weights)
        return f"compiled-{digest.hexdigest()[:24]}-{VERSION}.openvino"
