"""A frozen network as a graph of OpenVINO: kept in one file beside its weights, run without torch.

To convert takes seconds, imports of torch and timm included; to read the file takes a tenth of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.errors import OutputError
from wetread.model.openvino_alone import load_openvino
from wetread.writing import atomic_write

#: Of the file and of what the graph computes.
VERSION = 1


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


def has_amx() -> bool:
    """Whether the processor multiplies matrices of bfloat16 (Intel AMX), as Linux tells it."""
    try:
        return "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return False


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
        graph: With one input ``image channel row column`` of uint8, and one output ``image feature``.
        side: Rows and columns of the input.
        low: Compute in bfloat16, where OpenVINO finds that the processor can.

    Raises:
        RuntimeError: OpenVINO does not know what is in the graph.
    """

    def __init__(self, graph: Graph, side: int, *, low: bool = False) -> None:
        self._core = load_openvino().Core()
        self._graph, self._side = graph, side
        # float32 is said as well: left alone, OpenVINO would take half precision on some processors.
        able = low and "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self._precision = "bf16" if able else "f32"
        self._queues: dict[int, Any] = {}
        self._lock = threading.Lock()

    def __call__(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """``image channel row column``, uint8 -> ``image feature``."""
        found: list[NDArray[np.float32] | None] = [None] * len(squares)

        def take(request: Any, number: int) -> None:
            found[number] = request.get_output_tensor(0).data[0].copy()

        # One caller at a time: all cores work for it.
        with self._lock:
            queue = self._queue(squares.shape[1])
            queue.set_callback(take)
            for number in range(len(squares)):
                queue.start_async({0: squares[number : number + 1]}, number)
            queue.wait_all()
        return np.stack([one for one in found if one is not None])

    def _queue(self, channels: int) -> Any:
        if channels not in self._queues:
            model = self._core.read_model(self._graph.xml, self._graph.weights)
            model.reshape([1, channels, self._side, self._side])
            cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
            settings = {
                "NUM_STREAMS": cores,
                "INFERENCE_NUM_THREADS": cores,
                "INFERENCE_PRECISION_HINT": self._precision,
            }
            compiled = self._core.compile_model(model, "CPU", settings)
            self._queues[channels] = load_openvino().AsyncInferQueue(compiled, cores)
        return self._queues[channels]
