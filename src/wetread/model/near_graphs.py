"""A graph of OpenVINO taken apart for pictures that differ from a known one in one small box.

What a convolution near the input makes of a box that changed is a slightly larger box, and everything around it is as
it was (Nakandala, Kumar & Papakonstantinou 2019, 10.1145/3299869.3319874). So a network is cut where the box has grown
to most of the map: what lies before the cut is computed on patches, what lies after it on whole maps.

All patches share one graph, since a patch starts at a multiple of the step of the cut and may stick out of the picture:
which of its cells are to be believed is told by masks that come in from outside, with the crops of the known picture
that fill the rest.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wetread.model.openvino_alone import load_openvino

#: What is computed from each cell by itself.
_OF_CELLS = {
    "Abs", "BatchNormInference", "Clamp", "Convert", "Elu", "Gelu", "HSigmoid", "HSwish", "Mish", "PRelu", "Relu",
    "Sigmoid", "SoftPlus", "Swish", "Tanh",
}  # fmt: skip
#: The same of two tensors, or of one and a constant.
_OF_PAIRS = {"Add", "Divide", "Maximum", "Minimum", "Multiply", "Subtract"}
_CONVOLUTIONS = {"Convolution", "GroupConvolution"}
#: Stands for minus infinity outside the picture. What is computed from it there is multiplied by 0 in the end, so it
#: must not become infinite on the way.
_LOWEST = -1e20

#: Largest part of a map that a patch may cover; which is best depends on the network, so all are reckoned through.
_LIMITS = (0.3, 0.45, 0.6, 0.7, 0.8, 0.9)
_LARGEST_STEP = 32
#: To move a number, in units of one multiplication: measured, between ordinary graphs and patches.
_MOVE = 30
#: Part of the usual work that may be left where patches are used.
WORTH_IT = 0.8


@dataclass(frozen=True)
class Span:
    """Rows, or columns, of a tensor that a changed box reaches.

    Attributes:
        first: Where it starts, from the cell in which the box starts; often negative.
        size: How many; they may stick out of the tensor.
        stride: Pixels from cell to cell.
        full: Of the whole tensor.
    """

    first: int
    size: int
    stride: int
    full: int

    @property
    def end(self) -> int:
        """The one after the last."""
        return self.first + self.size

    def joined(self, other: Span) -> Span:
        """The smallest that holds both."""
        first = min(self.first, other.first)
        return Span(first, max(self.end, other.end) - first, self.stride, self.full)

    def seen_by(self, kernel: int, stride: int, before: int, full: int) -> Span:
        """What a sliding window makes of it: the windows that touch it."""
        first = -((kernel - 1 - before - self.first) // stride)
        last = (self.end - 1 + before) // stride
        return Span(first, max(1, last - first + 1), self.stride * stride, full)

    def read_by(self, kernel: int, stride: int, before: int) -> tuple[int, int]:
        """First cell and number of cells that the windows of this span read."""
        return self.first * stride - before, (self.size - 1) * stride + kernel


@dataclass(frozen=True)
class _Slide:
    """How a window slides, in rows and columns.

    Attributes:
        kernel: Cells from its first to its last.
        stride: From window to window.
        before: Cells before the first of the tensor.
        outside: What is read there; None where nothing is.
    """

    kernel: tuple[int, int]
    stride: tuple[int, int]
    before: tuple[int, int]
    outside: float | None


@dataclass(frozen=True)
class Layer:
    """A node that depends on the picture.

    Attributes:
        node: Of OpenVINO.
        key: Of its first output.
        sources: Keys of the inputs that depend on the picture; None for constants.
        shape: Of its first output.
        known: Whether it can be computed on patches.
        slide: Where it reads more than one cell for each.
        work: Multiplications for a cell, in all channels.
    """

    node: Any
    key: str
    sources: tuple[str | None, ...]
    shape: tuple[int, ...]
    known: bool
    slide: _Slide | None = None
    work: int = 0

    @property
    def inputs(self) -> list[str]:
        """Keys of what it reads."""
        return [one for one in self.sources if one is not None]


Spans = dict[str, tuple[Span, Span]]


@dataclass(frozen=True)
class Plan:
    """Where a network is cut.

    Attributes:
        step: Patches start at multiples of it, in pixels.
        reach: Rows and columns of a patch of the picture.
        spans: Of each tensor that is computed on patches, rows and columns.
        share: Part of the usual work that is left.
        saved: Multiplications that each picture saves.
    """

    step: int
    reach: int
    spans: Spans = field(repr=False)
    share: float
    saved: float

    def start(self, box: tuple[int, int, int, int]) -> tuple[int, int] | None:
        """Where the patch starts that holds a box (top, left, bottom, right); None where none holds it."""
        top, left = (one // self.step * self.step for one in box[:2])
        fits = box[2] - top <= self.reach and box[3] - left <= self.reach
        return (top, left) if fits else None


def key_of(output: Any) -> str:
    """The name of a tensor within its graph."""
    return f"{output.get_node().get_name()}:{output.get_index()}"


def simplify(model: Any) -> None:
    """Changes a graph, but nothing that it computes: fewer multiplications, and fewer tensors to be cropped."""
    sources: dict[tuple[str, ...], Any] = {}
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Concat":
            _chain(node, sources)
        elif node.get_type_name() == "AvgPool":
            _pool_first(node)
        elif node.get_type_name() == "ShapeOf" and node.get_input_partial_shape(0).is_static:
            # Biases are brought into shape by it; as a constant it does not depend on the picture.
            shape = np.array(node.get_input_shape(0), dtype=node.output(0).get_element_type().to_dtype())
            _replace(node.output(0), importlib.import_module("openvino.opset13").constant(shape).output(0))
    model.validate_nodes_and_infer_types()


def _chain(node: Any, known: dict[tuple[str, ...], Any]) -> None:
    """Concatenates to what is concatenated already: in a dense block each layer adds one to all earlier ones."""
    values = node.input_values()
    keys, output = tuple(map(key_of, values)), node.output(0)
    for length in range(len(keys) - 1, 0, -1):
        earlier = known.get((str(node.get_attributes()["axis"]), *keys[:length]))
        if earlier is not None:
            longer = _clone(node, [earlier, *values[length:]])
            _replace(output, longer.output(0))
            output = longer.output(0)
            break
    known[str(node.get_attributes()["axis"]), *keys] = output


def _pool_first(node: Any) -> None:
    """Means before a convolution of single cells, not after it: both are sums, and there are fewer cells then."""
    before = node.input_value(0).get_node()
    if before.get_type_name() != "Convolution" or len(before.output(0).get_target_inputs()) != 1:
        return
    slide = _sliding(before)
    if slide is None or slide.kernel != (1, 1) or slide.stride != (1, 1) or slide.before != (0, 0):
        return
    pooled = _clone(node, [before.input_value(0)])
    _replace(node.output(0), _clone(before, [pooled.output(0), before.input_value(1)]).output(0))


def trace(model: Any) -> list[Layer]:
    """The nodes of a graph that depend on the picture, in the order of computation."""
    layers, shapes = [], {key_of(one.output(0)): tuple(one.output(0).get_shape()) for one in model.get_parameters()}
    for node in model.get_ordered_ops():
        if node.get_type_name() in ("Parameter", "Constant", "Result"):
            continue
        keys = [key_of(one) for one in node.input_values()]
        sources = tuple(key if key in shapes else None for key in keys)
        if any(sources):
            layers.append(_read(node, sources, [shapes[one] for one in sources if one]))
            # Only first outputs are known on patches; no network reads a second one.
            shapes[layers[-1].key] = layers[-1].shape
            for output in node.outputs()[1:]:
                shapes[key_of(output)] = ()
    return layers


def _read(node: Any, sources: tuple[str | None, ...], shapes: Sequence[tuple[int, ...]]) -> Layer:
    kind, output = node.get_type_name(), node.output(0)
    shape = tuple(output.get_shape()) if output.get_partial_shape().is_static else ()
    key = key_of(output)
    types = [
        value.get_element_type().to_string()
        for value, one in zip(node.input_values(), sources, strict=True)
        if one is not None
    ]
    single = output.get_element_type().to_string() == "f32" and (kind == "Convert" or set(types) == {"f32"})
    if not single or len(shape) != 4 or any(len(one) != 4 for one in shapes):
        return Layer(node, key, sources, shape, known=False)
    same_places = all(one[2:] == shape[2:] for one in shapes)
    if kind in _CONVOLUTIONS:
        weights = node.input_value(1).get_shape()
        work = shape[1] * int(np.prod(weights[2 if kind == "GroupConvolution" else 1 :]))
        slide = _sliding(node)
        known = slide is not None and sources[1] is None
        if slide is not None and slide.kernel == slide.stride == (1, 1) and slide.before == (0, 0) and same_places:
            slide = None
        return Layer(node, key, sources, shape, known, slide, work)
    if kind in ("MaxPool", "AvgPool"):
        slide = _sliding(node)
        return Layer(node, key, sources, shape, slide is not None, slide)
    if kind == "Concat":
        known = node.get_attributes()["axis"] in (1, -3) and None not in sources
    elif kind in _OF_PAIRS:
        constants = [
            tuple(value.get_shape()) for value, one in zip(node.input_values(), sources, strict=True) if one is None
        ]
        known = node.get_attributes()["auto_broadcast"] == "numpy" and all(map(_is_per_channel, constants))
    else:
        known = kind in _OF_CELLS and sources[0] is not None and not any(sources[1:])
    return Layer(node, key, sources, shape, known and same_places)


def _is_per_channel(shape: tuple[int, ...]) -> bool:
    return all(length == 1 for length in shape[-2:])


def _sliding(node: Any) -> _Slide | None:
    """How a convolution or pooling slides; None where it does so in a way that patches do not know."""
    kind, told = node.get_type_name(), node.get_attributes()
    given, made = node.input_value(0).get_shape(), node.output(0).get_shape()
    cells = told["kernel"] if "kernel" in told else node.input_value(1).get_shape()[-2:]
    dilations = told.get("dilations", (1, 1))
    kernel = [(int(one) - 1) * int(by) + 1 for one, by in zip(cells, dilations, strict=True)]
    before = [int(one) for one in told["pads_begin"]]
    if told.get("auto_pad", "explicit") not in ("explicit", "notset"):
        return None
    for axis in range(2):
        sees = given[2 + axis] + before[axis] + int(told["pads_end"][axis])
        if (sees - kernel[axis]) // int(told["strides"][axis]) + 1 != made[2 + axis]:
            return None  # a last window that hangs over the rim
    padded = any(before) or any(told["pads_end"])
    if kind == "AvgPool" and padded and told["exclude-pad"]:
        return None  # the number it divides by depends on the place
    outside = (_LOWEST if kind == "MaxPool" else 0.0) if padded else None
    return _Slide(_pair(kernel), _pair(told["strides"]), _pair(before), outside)


def _pair(numbers: Iterable[int]) -> tuple[int, int]:
    rows, columns = (int(one) for one in numbers)
    return rows, columns


def make_plan(layers: Sequence[Layer], side: int, boxes: Sequence[tuple[int, int, int, int]]) -> Plan:
    """The cut that leaves least to be computed.

    Args:
        layers: From `trace`.
        side: Rows and columns of the picture.
        boxes: That changed: top, left, bottom, right.
    """
    source = layers[0].inputs[0]
    usual = float(sum(layer.work * int(np.prod(layer.shape[2:])) for layer in layers))
    plans = []
    # With a step of 0 everything is on the grid.
    everywhere = _spread(layers, source, Span(0, side, 1, side), 0, np.inf).values()
    for step in sorted({rows.stride for rows, _ in everywhere if rows.stride <= _LARGEST_STEP}):
        reach = max(max(box[2] - box[0] // step * step, box[3] - box[1] // step * step) for box in boxes)
        for limit in _LIMITS:
            spans = _spread(layers, source, Span(0, reach, 1, side), step, limit)
            left = _reckon(layers, spans)
            plans.append(Plan(step, reach, spans, left / usual if usual else 1.0, usual - left))
    return min(plans, key=lambda one: one.share)


def _spread(layers: Sequence[Layer], source: str, box: Span, step: int, limit: float) -> Spans:
    spans: Spans = {source: (box, box)}
    for layer in layers:
        if not layer.known or not all(one in spans for one in layer.inputs):
            continue
        rows, columns = spans[layer.inputs[0]]
        for one in layer.inputs[1:]:
            rows, columns = rows.joined(spans[one][0]), columns.joined(spans[one][1])
        if layer.slide is not None:
            parts = zip(layer.slide.kernel, layer.slide.stride, layer.slide.before, layer.shape[2:], strict=True)
            rows, columns = (span.seen_by(*part) for span, part in zip((rows, columns), parts, strict=True))
        on_grid = step % rows.stride == 0 and step % columns.stride == 0
        if on_grid and rows.size * columns.size <= limit * rows.full * columns.full:
            spans[layer.key] = rows, columns
    return spans


def _reckon(layers: Sequence[Layer], spans: Spans) -> float:
    """Multiplications for one picture, what is moved counted as such."""
    total, moved, alive, shapes = 0.0, 0, set(), {layer.key: layer.shape for layer in layers}
    for layer in layers:
        area = int(np.prod(layer.shape[2:]))
        if layer.key in spans:
            rows, columns = spans[layer.key]
            area = rows.size * columns.size
            if layer.slide is not None or len(layer.inputs) > 1:
                moved += area * sum(shapes[one][1] for one in layer.inputs if one in shapes)
        else:
            alive |= {one for one in layer.inputs if one in spans}
        total += layer.work * area
    moved += sum(int(np.prod(shapes[one][1:])) for one in alive if one in shapes)
    return total + _MOVE * moved


# What goes into the graph of patches beside the patch itself.


@dataclass(frozen=True)
class Part:
    """Rows and columns of a tensor, from the cell in which a patch starts."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True)
class Crop:
    """What the known picture has there; 0 where the patch is to be believed.

    Attributes:
        key: Of the tensor.
        outside: What stands where the part sticks out of it.
        part: Which part.
        spans: Of the patch of this tensor, rows and columns.
    """

    key: str
    outside: float
    part: Part
    spans: tuple[Span, Span]


@dataclass(frozen=True)
class Mask:
    """1 where a patch is to be believed: inside the tensor; 0 elsewhere.

    Attributes:
        rows: Of the patch.
        columns: Likewise.
    """

    rows: Span
    columns: Span


@dataclass(frozen=True)
class NearGraphs:
    """A network taken apart.

    Attributes:
        base: Picture -> its features, and the tensors in `kept`.
        kept: Keys of the further outputs of `base`.
        patches: Patch of a picture, then what `feeds` says -> the tensors in `alive`, on patches. These and all other
            tensors that go in or out have their channels last: no graph has to turn them, and a crop is some long rows.
        feeds: Inputs of `patches` after the first.
        rest: The tensors in `alive`, whole -> features.
        alive: Keys of what passes the cut.
    """

    base: Any
    kept: list[str]
    patches: Any
    feeds: list[Crop | Mask]
    rest: Any
    alive: list[str]


def take_apart(model: Any, layers: Sequence[Layer], plan: Plan) -> NearGraphs | None:
    """Builds the graphs of a plan; the model itself is used up.

    Args:
        model: With one input and one output, as it was traced.
        layers: Of it.
        plan: For it.

    Returns:
        None where nothing passes the cut: then the network has no places.
    """
    openvino, parameter = load_openvino(), model.get_parameters()[0]
    source = key_of(parameter.output(0))
    made = {layer.key: layer for layer in layers if layer.key in plan.spans}
    outputs = {key: layer.node.output(0) for key, layer in made.items()}
    read = {one for layer in layers if layer.key not in plan.spans for one in layer.inputs}
    ends = {key_of(one.input_value(0)) for one in model.get_results()}
    alive = [key for key in made if key in read]
    if not alive or source in read or ends & plan.spans.keys():
        return None
    needed = _ancestors(alive, made)
    patches = _Patches(plan, parameter, [layer for layer in made.values() if layer.key in needed])
    patched = openvino.Model([_to_last(patches.tensors[key]) for key in alive], patches.parameters, "patches")
    kept = sorted({one.key for one in patches.feeds if isinstance(one, Crop) and one.key != source} | set(alive))
    result = model.get_results()[0].input_value(0)
    # A copy: the model itself is cut below.
    base = openvino.Model([result, *(_to_last(outputs[key]) for key in kept)], [parameter], "base").clone()
    stands_for = []
    for key in alive:
        readers = outputs[key].get_target_inputs()
        images, channels, rows, columns = outputs[key].get_shape()
        stands_for.append(_new(openvino, [images, rows, columns, channels], outputs[key].get_element_type()))
        value = _to_first(stands_for[-1].output(0))
        for reader in readers:
            if f"{reader.get_node().get_name()}:0" not in plan.spans:
                reader.replace_source_output(value)
    rest = openvino.Model([result], stands_for, "rest")
    return NearGraphs(base, kept, patched, patches.feeds, rest, alive)


def _ancestors(keys: Iterable[str], made: dict[str, Layer]) -> set[str]:
    found, left = set(), list(keys)
    while left:
        key = left.pop()
        if key not in found:
            found.add(key)
            left += made[key].inputs if key in made else []
    return found


class _Patches:
    """Builds the graph that computes patches.

    Attributes:
        tensors: What was built, by the keys of the whole graph.
        parameters: Inputs of the graph: the patch, then one for each of `feeds`.
        feeds: What they are given.
    """

    def __init__(self, plan: Plan, picture: Any, layers: Iterable[Layer]) -> None:
        self._openvino = load_openvino()
        self._make = importlib.import_module("openvino.opset13")
        self._spans = plan.spans
        shape = [*picture.output(0).get_shape()[:2], plan.reach, plan.reach]
        self.parameters = [_new(self._openvino, shape, picture.output(0).get_element_type())]
        self.tensors = {key_of(picture.output(0)): self.parameters[0].output(0)}
        self.feeds: list[Crop | Mask] = []
        self._fed: dict[Crop | Mask, Any] = {}
        self._fitted: dict[tuple[str, Part, float | None], Any] = {}
        for layer in layers:
            self.tensors[layer.key] = self._build(layer).output(0)

    def _build(self, layer: Layer) -> Any:
        rows, columns = self._spans[layer.key]
        changed: dict[str, Any] = {}
        outside = None
        if layer.slide is None:
            part = Part(rows.first, columns.first, rows.size, columns.size)
        else:
            spans = zip(layer.slide.kernel, layer.slide.stride, layer.slide.before, strict=True)
            (top, height), (left, width) = (
                span.read_by(*one) for span, one in zip((rows, columns), spans, strict=True)
            )
            part, outside = Part(top, left, height, width), layer.slide.outside
            changed = {"pads_begin": [0, 0], "pads_end": [0, 0]}
        values = [
            value if key is None else self._fit(key, part, outside)
            for value, key in zip(layer.node.input_values(), layer.sources, strict=True)
        ]
        return _clone(layer.node, values, **changed)

    def _fit(self, key: str, part: Part, outside: float | None) -> Any:
        """A tensor in another part: what is missing comes from the known picture."""
        if (key, part, outside) in self._fitted:
            return self._fitted[key, part, outside]
        value, (rows, columns) = self.tensors[key], self._spans[key]
        starts = [part.top - rows.first, part.left - columns.first]
        ends = [starts[0] + part.height, starts[1] + part.width]
        sizes = [rows.size, columns.size]
        kept = [max(0, one) for one in starts], [min(end, size) for end, size in zip(ends, sizes, strict=True)]
        missing = [max(0, -one) for one in starts], [max(0, end - size) for end, size in zip(ends, sizes, strict=True)]
        fitted = value
        if kept != ([0, 0], sizes):
            fitted = self._make.slice(fitted, *(np.array(one) for one in (*kept, [1, 1], [2, 3]))).output(0)
        if any(missing[0]) or any(missing[1]) or outside is not None:
            # Not Select, for which OpenVINO would turn every tensor from channels last to channels first and back.
            mask = self._feed(Mask(rows, columns), [1, rows.size, columns.size, 1])
            if kept == ([0, 0], sizes):
                fitted = self._make.multiply(fitted, mask).output(0)
            else:
                cut = self._make.slice(mask, *(np.array(one) for one in (*kept, [1, 1], [2, 3])))
                fitted = self._make.multiply(fitted, cut).output(0)
            if any(missing[0]) or any(missing[1]):
                fitted = self._make.pad(fitted, *(np.array([0, 0, *one]) for one in missing), "constant").output(0)
            known = self._feed(
                Crop(key, outside or 0.0, part, (rows, columns)),
                [1, part.height, part.width, int(value.get_shape()[1])],
            )
            fitted = self._make.add(fitted, known).output(0)
        self._fitted[key, part, outside] = fitted
        return fitted

    def _feed(self, feed: Crop | Mask, shape: Sequence[int]) -> Any:
        if feed not in self._fed:
            self.parameters.append(_new(self._openvino, shape, self._openvino.Type.f32))
            self._fed[feed] = _to_first(self.parameters[-1].output(0))
            self.feeds.append(feed)
        return self._fed[feed]


def _new(openvino: Any, shape: Sequence[int], kind: Any) -> Any:
    return importlib.import_module("openvino.opset13").parameter(openvino.Shape(list(shape)), kind)


def _to_last(value: Any) -> Any:
    """``image channel row column`` -> ``image row column channel``."""
    return importlib.import_module("openvino.opset13").transpose(value, np.array([0, 2, 3, 1])).output(0)


def _to_first(value: Any) -> Any:
    return importlib.import_module("openvino.opset13").transpose(value, np.array([0, 3, 1, 2])).output(0)


def _clone(node: Any, values: list[Any], **changed: Any) -> Any:
    """The same operation on other values."""
    factory = importlib.import_module("openvino.utils.node_factory").NodeFactory(node.get_type_info().version_id)
    return factory.create(node.get_type_name(), values, node.get_attributes() | changed)


def _replace(old: Any, new: Any) -> None:
    for reader in old.get_target_inputs():
        if reader.get_node() is not new.get_node():
            reader.replace_source_output(new)
