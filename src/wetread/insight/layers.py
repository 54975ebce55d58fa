"""Which layers a network has, found by running it once, and what they say of pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from wetread.errors import InputError

#: Layers that are looked at unless others are asked for: the first, the last, and some between them.
MOST_LAYERS = 6

#: Modules that hand on what the layer before them said.
_SAYS_NOTHING = (nn.Identity, nn.Dropout, nn.MaxPool2d, nn.AvgPool2d, nn.Flatten)


@dataclass(frozen=True)
class Layer:
    """A place in a network where one can look.

    Attributes:
        name: As the network calls it.
        module: Whose output is looked at.
        channels: Maps, features of a token, or units.
        rows: Of a map; 1 for units.
        columns: As ``rows``.
        kind: maps (``image channel row column``), rows-first (``image row column channel``), tokens
            (``image token channel``) or units (``image channel``).
        prefix: Tokens that stand for no place.
    """

    name: str
    module: nn.Module
    channels: int
    rows: int
    columns: int
    kind: str
    prefix: int = 0

    @property
    def keeps_places(self) -> bool:
        """Whether there is more than one place in a map."""
        return self.rows * self.columns > 1

    def as_maps(self, output: Tensor) -> Tensor:
        """What the module gives -> ``image channel row column``."""
        if self.kind == "rows-first":
            return output.permute(0, 3, 1, 2)
        if self.kind == "tokens":
            return output[:, self.prefix :].transpose(1, 2).reshape(len(output), -1, self.rows, self.columns)
        return output[:, :, None, None] if self.kind == "units" else output


class _Reached(Exception):  # noqa: N818 - the good end of a pass that goes no further
    """The layer has spoken: what comes after it need not be computed."""


def find_layers(body: Any, channels: int, side: int) -> list[Layer]:
    """All layers worth looking at, from input to output.

    A convolution or a norm whose output the next module merely bends (norm, ReLU) is left out in favour of that one.

    Args:
        body: Of a `Network`.
        channels: Of its input.
        side: Rows and columns of its input.
    """
    named = {name: module for name, module in _candidates(body) if not isinstance(module, _SAYS_NOTHING)}
    outputs: dict[str, Any] = {}

    def listener(name: str) -> Any:
        # What a hook returns would take the place of the output.
        def listen(_module: nn.Module, _inputs: Any, output: Any) -> None:
            outputs.setdefault(name, output)

        return listen

    like = next(body.parameters(), torch.zeros(1))
    with _hooks({name: (module, listener(name)) for name, module in named.items()}), torch.no_grad():
        body(like.new_zeros(1, channels, side, side))
    found = [_describe(body, name, named[name], output) for name, output in outputs.items()]
    layers = [layer for layer in found if layer is not None]
    kept = [one for one, after in zip(layers, [*layers[1:], None], strict=True) if not _only_prepares(one, after)]
    return kept if hasattr(body, "net") else _number(kept)


def choose_layers(layers: Sequence[Layer], asked: Sequence[str] = ()) -> list[Layer]:
    """The layers to look at.

    Args:
        layers: All of them.
        asked: Names; or ``all``; empty for at most six, evenly spaced, the first and the last among them.

    Raises:
        InputError: There is no such layer. Code ``unknown-layer``.
    """
    if list(asked) == ["all"] or (not asked and len(layers) <= MOST_LAYERS):
        return list(layers)
    if not asked:
        step = (len(layers) - 1) / (MOST_LAYERS - 1)
        return [layers[round(step * number)] for number in range(MOST_LAYERS)]
    known = {layer.name: layer for layer in layers}
    strange = [name for name in asked if name not in known]
    if strange:
        raise InputError(
            f"The network has no layer {strange[0]}.",
            remedy=f"Give all, or some of: {', '.join(known)}.",
            code="unknown-layer",
        )
    return [layer for layer in layers if layer.name in asked]


def look_at(body: Any, layer: Layer, batch: Tensor) -> Tensor:
    """What one layer says, ``image channel row column``; the network is run no further, and gradients flow."""
    seen: list[Tensor] = []

    def stop(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        seen.append(output)
        raise _Reached

    with _hooks({layer.name: (layer.module, stop)}):
        try:
            body(batch)
        except _Reached:
            return layer.as_maps(seen[0])
    raise ValueError(f"the pass never came to {layer.name}")


def look_at_all(body: Any, layers: Sequence[Layer], batch: Tensor) -> list[Tensor]:
    """What several layers say in one pass, each ``image channel row column``, without gradients."""
    seen: dict[str, Tensor] = {}

    def listener(layer: Layer) -> Any:
        def listen(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            # A copy: the next module may work in place.
            seen.setdefault(layer.name, layer.as_maps(output).clone())

        return listen

    with _hooks({layer.name: (layer.module, listener(layer)) for layer in layers}), torch.no_grad():
        body(batch)
    return [seen[layer.name] for layer in layers]


@contextmanager
def _hooks(listeners: dict[str, tuple[nn.Module, Any]]) -> Iterator[None]:
    """Listens to modules for the time of a block."""
    handles = [module.register_forward_hook(listen) for module, listen in listeners.values()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _candidates(body: Any) -> Iterator[tuple[str, nn.Module]]:
    """Modules by name: those right below the network, and those inside its sequences."""
    for name, module in getattr(body, "net", body).named_children():
        if isinstance(module, nn.Sequential | nn.ModuleList):
            yield from ((f"{name}.{inner}", one) for inner, one in module.named_children())
        else:
            yield name, module


def _describe(body: Any, name: str, module: nn.Module, output: Any) -> Layer | None:
    """What kind of layer gave this output; None where one cannot look at it."""
    if not isinstance(output, Tensor) or not output.is_floating_point():
        return None
    net = getattr(body, "net", None)
    if output.ndim == 4:
        rows_first = str(getattr(net, "output_fmt", "NCHW")).upper().endswith("NHWC")
        shape = output.shape if rows_first else output.permute(0, 2, 3, 1).shape
        kind = "rows-first" if rows_first else "maps"
        return Layer(name, module, int(shape[3]), int(shape[1]), int(shape[2]), kind)
    grid = getattr(getattr(net, "patch_embed", None), "grid_size", None)
    if output.ndim == 3 and grid is not None:
        places = int(grid[0]) * int(grid[1])
        prefix = output.shape[1] - places
        if 0 <= prefix <= int(getattr(net, "num_prefix_tokens", 0)):
            return Layer(name, module, int(output.shape[2]), int(grid[0]), int(grid[1]), "tokens", prefix)
    # A pooled output of timm is what the features are anyway; hidden units are those of our own networks.
    if output.ndim == 2 and net is None and isinstance(module, nn.ReLU | nn.Linear):
        return Layer(name, module, int(output.shape[1]), 1, 1, "units")
    return None


def _number(layers: Sequence[Layer]) -> list[Layer]:
    """Names for the layers of our own networks, whose modules have numbers that count ReLUs too."""
    counts = {"convolution": 0, "dense": 0}
    named = []
    for layer in layers:
        word = "dense" if layer.kind == "units" else "convolution"
        counts[word] += 1
        named.append(replace(layer, name=f"{word} {counts[word]}"))
    return named


def _only_prepares(layer: Layer, after: Layer | None) -> bool:
    """Whether the next layer is this one, bent: a convolution before its norm, a norm before its ReLU."""
    if after is None or (layer.channels, layer.rows, layer.columns) != (after.channels, after.rows, after.columns):
        return False
    bends = not any(isinstance(one, nn.Conv2d | nn.Linear) for one in after.module.modules())
    plain = isinstance(layer.module, nn.Conv2d | nn.Linear | nn.BatchNorm2d)
    return bends and plain
