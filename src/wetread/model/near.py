"""Pictures that differ from one picture in a small box, as those that occlusion asks about: nearly twice as fast, the
same numbers.

How a network is taken apart for them stands in ``near_graphs.py``. Here the parts are compiled and asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.model.near_graphs import (
    WORTH_IT,
    Crop,
    Layer,
    Mask,
    NearGraphs,
    Plan,
    Span,
    make_plan,
    simplify,
    take_apart,
    trace,
)
from wetread.model.openvino_alone import load_openvino

#: Top, left, bottom and right of what changed, in pixels.
Box = tuple[int, int, int, int]

#: Multiplications that cost as much as building the graphs, for each layer: a second and a half for 400 layers.
BUILDING = 2e8
#: Pictures before which nothing is even planned.
FEW = 32
#: Patches so much larger than needed are not used: new graphs are built instead.
TOO_LARGE = 1.25
#: Graphs for boxes of so many sizes are kept.
SIZES = 2
#: Largest difference from the ordinary graph, as a part of its largest feature, with which patches are used.
TOLERANCE = 1e-3


class Near:
    """Answers for pictures that are near one picture, where that is faster than to look at each of them whole.

    Whether it is cannot be known at the first picture, since to build graphs takes a second or two. So they are built
    as soon as they would have saved as much: never twice as slow as the better choice, whatever is asked later.

    Args:
        xml: Layers of the ordinary graph.
        weights: Its numbers.
        shape: Channels and side of its input.
        settings: Of OpenVINO.
        usual: Squares ``image channel row column`` -> ``image feature``, the ordinary way.
    """

    def __init__(
        self,
        xml: bytes,
        weights: bytes,
        shape: tuple[int, int],
        settings: Mapping[str, Any],
        usual: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    ) -> None:
        self._xml, self._weights, self._shape, self._settings, self._usual = xml, weights, shape, settings, usual
        self._engines: list[NearEngine] = []
        self._asked, self._refused = 0, False
        self._traced: tuple[Any, Sequence[Layer]] | None = None
        self._lock = threading.Lock()

    def __call__(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Features of squares that are near the first of them, ``image feature``."""
        engine = None
        # One after another: whoever comes second finds the graphs built.
        with self._lock:
            self._asked += len(squares)
            if not self._refused and self._asked >= FEW and len(squares) > 1:
                boxes = find_boxes(squares[0], squares[1:])
                engine = next((one for one in self._engines if one.fits(boxes)), None) or self._built(squares, boxes)
        if engine is None:
            return self._usual(squares)
        features, found = engine(squares[0], squares[1:], boxes)
        return np.concatenate([features[None], found])

    def _built(self, squares: NDArray[np.uint8], boxes: Sequence[Box]) -> NearEngine | None:
        try:
            engine = self._build(boxes)
            if engine is None:
                return None
            some = [0, len(boxes) // 2]
            _, found = engine(squares[0], squares[1:][some], [boxes[one] for one in some])
        except (RuntimeError, TypeError, ValueError, KeyError, AttributeError):  # a layer that OpenVINO tells otherwise
            self._refused = True
            return None
        expected = self._usual(squares[1:][some])
        if np.abs(found - expected).max() > TOLERANCE * np.abs(expected).max():
            self._refused = True
            return None
        self._engines = [engine, *self._engines][:SIZES]
        return engine

    def _build(self, boxes: Sequence[Box]) -> NearEngine | None:
        if self._traced is None:
            model = self._model()
            self._traced = model, trace(model)
        model, layers = self._traced
        plan = make_plan(layers, self._shape[1], boxes)
        if plan.share > WORTH_IT or plan.saved * self._asked < BUILDING * len(layers):
            return None
        self._traced = None  # the model is used up
        graphs = take_apart(model, layers, plan)
        if graphs is None:
            self._refused = True
            return None
        return NearEngine(graphs, plan, self._settings)

    def _model(self) -> Any:
        channels, side = self._shape
        model = load_openvino().Core().read_model(self._xml, self._weights)
        model.reshape([1, channels, side, side])
        for result in model.get_results()[1:]:
            model.remove_result(result)
        simplify(model)
        return model


class NearEngine:
    """Graphs for boxes of one size.

    Args:
        graphs: From `take_apart`.
        plan: What they were built for.
        settings: Of OpenVINO.
    """

    def __init__(self, graphs: NearGraphs, plan: Plan, settings: Mapping[str, Any]) -> None:
        self.plan = plan
        self._graphs = graphs
        core = load_openvino().Core()
        self._base = core.compile_model(graphs.base, "CPU", dict(settings)).create_infer_request()
        patches = core.compile_model(graphs.patches, "CPU", dict(settings))
        rest = core.compile_model(graphs.rest, "CPU", dict(settings))
        self._workers = [
            _Worker(graphs, plan, patches.create_infer_request(), rest.create_infer_request())
            for _ in range(settings["NUM_STREAMS"])
        ]
        self._lock = threading.Lock()

    def fits(self, boxes: Sequence[Box]) -> bool:
        """Whether such boxes can be asked about, and patches are not much larger than these need."""
        starts = [self.plan.start(box) for box in boxes]
        if any(one is None for one in starts):
            return False
        needed = max(
            max(box[2] - one[0], box[3] - one[1]) for box, one in zip(boxes, starts, strict=True) if one is not None
        )
        return self.plan.reach <= TOO_LARGE * needed

    def __call__(
        self, base: NDArray[np.uint8], squares: NDArray[np.uint8], boxes: Sequence[Box]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Looks at one picture, and at others that are near it.

        Args:
            base: ``channel row column``.
            squares: ``image channel row column``.
            boxes: Where each differs from the base; all of them fit.

        Returns:
            Features of the base, and ``image feature`` of the others.
        """
        with self._lock:
            self._base.infer({0: base[None]}, share_inputs=True)
            features = self._base.get_output_tensor(0).data[0].copy()
            whole = {key: self._base.get_output_tensor(n + 1).data for n, key in enumerate(self._graphs.kept)}
            known = _Known(self._graphs.feeds, whole, base)
            found = np.empty((len(squares), *features.shape), dtype=np.float32)
            numbers = iter(range(len(squares)))
            taking = threading.Lock()

            def work(worker: _Worker) -> None:
                worker.start(known)
                for number in _take(numbers, taking):
                    start = self.plan.start(boxes[number])
                    assert start is not None  # what `fits` says
                    found[number] = worker.look(squares[number], start)

            with ThreadPoolExecutor(len(self._workers)) as pool:
                list(pool.map(work, self._workers))
            return features, found


def find_boxes(base: NDArray[np.uint8], squares: NDArray[np.uint8]) -> list[Box]:
    """Where squares ``image channel row column`` differ from a base; a box without pixels where nowhere."""
    found = []
    for square in squares:
        differs = (square != base).any(axis=0)
        rows, columns = (np.flatnonzero(differs.any(axis=axis)) for axis in (1, 0))
        found.append(
            (int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1) if len(rows) else (0, 0, 0, 0)
        )
    return found


def _take(numbers: Iterator[int], lock: threading.Lock) -> Iterator[int]:
    """What is left of numbers that several threads share."""
    while True:
        with lock:
            number = next(numbers, None)
        if number is None:
            return
        yield number


class _Known:
    """What is known of the base picture: its tensors, with a rim, so that crops of them are plain slices."""

    def __init__(self, feeds: Iterable[Crop | Mask], whole: dict[str, NDArray[Any]], base: NDArray[np.uint8]) -> None:
        self.whole = whole
        self._base = base
        self._rims: dict[tuple[str, float], int] = {}
        for feed in feeds:
            if isinstance(feed, Crop):
                part, key = feed.part, (feed.key, feed.outside)
                # A patch starts inside the tensor, so this is as far as a part can stick out.
                far = max(-part.top, -part.left, part.top + part.height, part.left + part.width)
                self._rims[key] = max(self._rims.get(key, 0), far)
        self._padded: dict[tuple[str, float], tuple[NDArray[Any], int]] = {}
        self._lock = threading.Lock()

    def crop(self, feed: Crop, start: tuple[int, int]) -> NDArray[Any]:
        """The part that a feed asks for, ``row column channel``, where the patch starts at these pixels."""
        padded, rim = self._with_rim(feed)
        top, left = (at // span.stride + rim for at, span in zip(start, feed.spans, strict=True))
        top, left = top + feed.part.top, left + feed.part.left
        return padded[0, top : top + feed.part.height, left : left + feed.part.width]

    def _with_rim(self, feed: Crop) -> tuple[NDArray[Any], int]:
        with self._lock:
            key = feed.key, feed.outside
            if key not in self._padded:
                whole = self.whole[feed.key] if feed.key in self.whole else self._base.transpose(1, 2, 0)[None]
                rim = self._rims[key]
                self._padded[key] = _rimmed(whole, rim, feed.outside), rim
            return self._padded[key]


def _rimmed(whole: NDArray[Any], rim: int, outside: float) -> NDArray[Any]:
    images, rows, columns, channels = whole.shape
    padded = np.full((images, rows + 2 * rim, columns + 2 * rim, channels), outside, dtype=whole.dtype)
    padded[:, rim : rim + rows, rim : rim + columns] = whole
    return padded


class _Worker:
    """One thread's share: a patch, then the rest of the network."""

    def __init__(self, graphs: NearGraphs, plan: Plan, patches: Any, rest: Any) -> None:
        self._plan, self._feeds, self._alive = plan, graphs.feeds, graphs.alive
        self._patches, self._rest = patches, rest
        self._inputs = [patches.get_input_tensor(n) for n in range(len(graphs.feeds) + 1)]
        self._pasted = [rest.get_input_tensor(n) for n in range(len(graphs.alive))]
        self._dirty: list[tuple[slice, slice] | None] = [None] * len(graphs.alive)
        self._known: _Known | None = None

    def start(self, known: _Known) -> None:
        """Begins with another picture."""
        self._known, self._dirty = known, [None] * len(self._alive)
        for tensor, key in zip(self._pasted, self._alive, strict=True):
            tensor.data[...] = known.whole[key]

    def look(self, square: NDArray[np.uint8], start: tuple[int, int]) -> NDArray[np.float32]:
        """Features of a square whose patch starts there."""
        self._fill(square, start)
        self._patches.start_async()
        self._patches.wait()
        self._paste(start)
        self._rest.start_async()
        self._rest.wait()
        features: NDArray[np.float32] = self._rest.get_output_tensor(0).data[0]
        return features

    def _fill(self, square: NDArray[np.uint8], start: tuple[int, int]) -> None:
        known, patch = self._known, self._inputs[0].data
        assert known is not None
        seen = square[:, start[0] : start[0] + self._plan.reach, start[1] : start[1] + self._plan.reach]
        patch[0, :, : seen.shape[1], : seen.shape[2]] = seen
        for tensor, feed in zip(self._inputs[1:], self._feeds, strict=True):
            into = tensor.data[0]
            if isinstance(feed, Mask):
                (_, rows), (_, columns) = (
                    _inside(span, at) for span, at in zip((feed.rows, feed.columns), start, strict=True)
                )
                into[...] = 0
                into[rows, columns] = 1
                continue
            (_, rows), (_, columns) = (_inside(span, at) for span, at in zip(feed.spans, start, strict=True))
            rows = _moved(rows, feed.spans[0].first - feed.part.top, feed.part.height)
            columns = _moved(columns, feed.spans[1].first - feed.part.left, feed.part.width)
            crop = known.crop(feed, start)
            # Around the patch, in four strips: what lies below the patch need not be copied.
            into[: rows.start] = crop[: rows.start]
            into[rows.stop :] = crop[rows.stop :]
            into[rows, : columns.start] = crop[rows, : columns.start]
            into[rows, columns.stop :] = crop[rows, columns.stop :]
            into[rows, columns] = 0

    def _paste(self, start: tuple[int, int]) -> None:
        known = self._known
        assert known is not None
        for number, key in enumerate(self._alive):
            whole, patch = self._pasted[number].data, self._patches.get_output_tensor(number).data
            dirty = self._dirty[number]
            if dirty is not None:
                whole[:, dirty[0], dirty[1]] = known.whole[key][:, dirty[0], dirty[1]]
            (rows, of_rows), (columns, of_columns) = (
                _inside(span, at) for span, at in zip(self._plan.spans[key], start, strict=True)
            )
            whole[:, rows, columns] = patch[:, of_rows, of_columns]
            self._dirty[number] = rows, columns


def _inside(span: Span, start: int) -> tuple[slice, slice]:
    """What of a span lies inside the tensor: there, and in the patch."""
    first = start // span.stride + span.first
    low, high = max(0, first), min(span.full, first + span.size)
    return slice(low, high), slice(low - first, high - first)


def _moved(cells: slice, by: int, size: int) -> slice:
    """Cells of a patch as cells of a part of ``size`` cells in which the patch starts at ``by``."""
    first, last = (min(max(one + by, 0), size) for one in (cells.start, cells.stop))
    return slice(first, last)
