"""An architecture of timm as the body of a network: pictures -> pooled features; foreign weights into it.

Only shapes are timm's business here: it never downloads, and all its own random layers stay off, since several fits in
threads share the one random generator of the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wetread.errors import InputError
from wetread.model.network_names import check_network, check_options
from wetread.weights.timm_alone import load_timm

Arrays = Mapping[str, NDArray[Any]]

#: How the weights of a family are called -> its networks, to be tried where weights do not fit the one they are said
#: to belong to.
FAMILIES = {
    "layer1.": ("resnet18", "resnet34", "resnet50", "resnet101"),
    "features.denseblock1.": ("densenet121", "densenet169", "densenet201"),
    "Mixed_5b.": ("inception_v3",),
    "conv_stem.": (
        "efficientnet_b0", "efficientnet_b3", "mobilenetv2_035", "mobilenetv2_050", "mobilenetv2_100",
        "mobilenetv3_small_100", "mobilenetv3_large_100",
    ),
    "stages.": ("convnext_nano", "convnext_tiny"),
    "features.0.": ("vgg16", "vgg19"),
    "blocks.0.attn.": (
        "vit_small_patch14_dinov2", "vit_base_patch14_dinov2", "vit_small_patch16_224", "vit_base_patch16_224",
    ),
    "layers.0.blocks.": ("swin_tiny_patch4_window7_224",),
}  # fmt: skip


#: Pixels of the input for each row of the maps of the middle.
MIDDLE = 16
#: What batch norm counts and nothing uses; weights from elsewhere have none.
COUNTER = "num_batches_tracked"


class TimmBody(nn.Module):
    """A network of timm without its last layer.

    Args:
        name: As timm calls it.
        channels: Of the input.
        side: Rows and columns of the input, for transformers that are bound to one size.
        options: Further arguments of timm.create_model.

    Raises:
        InputError: An option is not allowed, or timm does not know it.
    """

    def __init__(self, name: str, channels: int, side: int, options: Mapping[str, Any]) -> None:
        super().__init__()
        self.net = create(name, channels, _sized(name, side, options))
        for layer in self.net.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0
            for rate in ("drop_prob", "drop_rate"):
                if isinstance(getattr(layer, rate, None), float):
                    setattr(layer, rate, 0.0)
        self.features = int(getattr(self.net, "head_hidden_size", None) or self.net.num_features)

    def forward(self, batch: Tensor) -> Tensor:
        """``image channel row column`` -> ``image feature``."""
        features: Tensor = self.net(batch)
        return features

    def maps(self, batch: Tensor) -> Tensor | None:
        """``image channel row column`` -> ``image map row column``.

        A transformer that averages its tokens gives them on their grid. None where a class token or attention pools:
        there the last tokens of the places hardly reach the output, and a map of them would mislead.
        """
        tokens = self._grid() is not None
        if tokens and getattr(self.net, "global_pool", "") not in ("avg", "avgmax", "max"):
            return None
        found: Tensor = self.net.forward_features(batch)
        if found.ndim == 4:
            return found.permute(0, 3, 1, 2) if self._rows_first() else found
        grid = self._grid()
        if grid is None or found.ndim != 3 or found.shape[1] != grid[0] * grid[1] + self._prefix():
            return None
        return found[:, self._prefix() :].transpose(1, 2).reshape(len(found), -1, *grid)

    def stages(self, batch: Tensor) -> list[Tensor] | None:
        """What `maps` gives and, where the network has such, the last maps with a row for every `MIDDLE` pixels."""
        kept: list[Tensor] = []
        middle = self._middle()
        hook = middle.register_forward_hook(lambda _, __, seen: kept.append(seen)) if middle is not None else None
        try:
            maps = self.maps(batch)
        finally:
            if hook is not None:
                hook.remove()
        if maps is None:
            return None
        earlier = [seen.permute(0, 3, 1, 2) if self._rows_first() else seen for seen in kept if seen.ndim == 4]
        return [maps, *earlier[-1:]]

    def pool(self, maps: Tensor) -> Tensor:
        """Maps as `maps` gave them -> ``image feature``."""
        if self._grid() is not None:
            # Tokens before those of the places do not count in an average; zeros keep their seats.
            tokens = maps.flatten(2).transpose(1, 2)
            maps = torch.cat([tokens.new_zeros(len(tokens), self._prefix(), tokens.shape[2]), tokens], dim=1)
        elif self._rows_first():
            maps = maps.permute(0, 2, 3, 1)
        features: Tensor = self.net.forward_head(maps)
        return features

    def parameter_groups(self) -> list[list[nn.Parameter]]:
        """Weights from input to output, by the stages that timm names."""
        weights = dict(self.net.named_parameters())
        grouped = load_timm().models.group_parameters(self.net, self.net.group_matcher(coarse=True))
        return [[weights[name] for name in names] for _, names in sorted(grouped.items())]

    def _middle(self) -> nn.Module | None:
        """The layer that gives the maps of the middle, by what timm says; None where the last maps are as fine."""
        known = getattr(self.net, "feature_info", None)
        told = known if isinstance(known, list) else getattr(known, "info", [])
        layers = [one["module"] for one in told if one["reduction"] == MIDDLE]
        if not layers or layers[-1] == told[-1]["module"]:
            return None
        modules = dict(self.net.named_modules())
        return modules.get(layers[-1])

    def _rows_first(self) -> bool:
        """Whether feature maps are ``image row column map``, as in Swin."""
        return str(getattr(self.net, "output_fmt", "NCHW")).upper().endswith("NHWC")

    def _grid(self) -> tuple[int, int] | None:
        """Rows and columns of the tokens of a plain vision transformer; None for anything else."""
        # XCiT has tokens, but nothing that tells their grid.
        grid = getattr(getattr(self.net, "patch_embed", None), "grid_size", None)
        if grid is None or not hasattr(self.net, "num_prefix_tokens"):
            return None
        rows, columns = grid
        return int(rows), int(columns)

    def _prefix(self) -> int:
        return int(self.net.num_prefix_tokens)


def _sized(name: str, side: int, options: Mapping[str, Any]) -> Mapping[str, Any]:
    usual = load_timm().models.get_pretrained_cfg(name)
    if usual is None or not usual.fixed_input_size or usual.input_size[-1] == side or "img_size" in options:
        return options
    return {**options, "img_size": side}


def create(name: str, channels: int, options: Mapping[str, Any]) -> Any:
    """timm.create_model without a last layer and without weights; `InputError` where an option is none."""
    # Loaded here: it takes a second, and our own networks do without.
    timm = load_timm()
    check_options(options)
    try:
        return timm.create_model(name, pretrained=False, num_classes=0, in_chans=channels, **options)
    except (TypeError, ValueError, AssertionError, RuntimeError) as error:
        raise InputError(
            f"The network {name} cannot be built with the options {', '.join(options) or '(none)'}.",
            remedy="Leave them out, or look up in the documentation of timm which ones it takes.",
            code="network-option",
        ) from error


def load_body(body: TimmBody, name: str, options: Mapping[str, Any], arrays: Arrays) -> None:
    """Fills in weights strictly: every weight of the body must be there, and nothing else beside those of a head.

    Raises:
        InputError: They are those of another network. Code ``wrong-weights``.
    """
    fitted = _fit(body.net, arrays)
    trouble = _difference(body.net, fitted)
    if trouble:
        raise InputError(
            f"The weights do not fit the network {name}. {_explain(name, options, arrays, trouble)}",
            remedy="Give the network that they were made for.",
            code="wrong-weights",
        )
    body.net.load_state_dict({key: torch.from_numpy(np.array(value)) for key, value in fitted.items()}, strict=False)


def explain_mismatch(network: str, options: Mapping[str, Any], arrays: Arrays) -> str:
    """Whether arrays are the weights of a network.

    Args:
        network: Its name.
        options: Further arguments of timm.create_model.
        arrays: Weights by timm's names; those of a head, and another number of input colours, do not matter.

    Returns:
        Nothing where they fit; else one or two sentences: which network they look like, and what does not fit.

    Raises:
        InputError: The name is not known, or an option is none.
    """
    name = check_network(network)
    if name in ("small", "carpentries", "dense"):
        return f"The network {name} starts from fresh weights."
    net = _shapes_only(name, options)
    fitted = _fit(net, arrays)
    trouble = _difference(net, fitted)
    return _explain(name, options, arrays, trouble) if trouble else ""


def _shapes_only(name: str, options: Mapping[str, Any]) -> Any:
    # Tensors without memory: the shapes of a large network in a fraction of a second.
    with torch.device("meta"):
        return create(name, 3, options)


def _fit(net: Any, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Leaves out the head, adapts the first convolution to the number of colours, and the grid of positions."""
    heads = net.pretrained_cfg.get("classifier") or ()
    heads = (heads,) if isinstance(heads, str) else tuple(heads)
    ours = net.state_dict()
    # AuxLogits: the second head of InceptionV3, off here.
    dropped = tuple(f"{head}." for head in (*heads, "AuxLogits"))
    kept = {
        name: array
        for name, array in arrays.items()
        if (name in ours or not name.startswith(dropped)) and not name.endswith(COUNTER)
    }
    first = net.pretrained_cfg.get("first_conv") or ()
    for one in (first,) if isinstance(first, str) else first:
        key = f"{one}.weight"
        if key in kept and key in ours and kept[key].ndim == 4:
            kept[key] = _for_colours(kept[key], ours[key].shape[1])
    if "pos_embed" in kept and "pos_embed" in ours and kept["pos_embed"].shape != tuple(ours["pos_embed"].shape):
        kept["pos_embed"] = _for_grid(kept["pos_embed"], net)
    return kept


def _for_colours(weights: NDArray[Any], channels: int) -> NDArray[Any]:
    """A first convolution ``out in row column`` for another number of colours.

    Summed over the colours for grey, which is exact where all colours are equal; shared out over them for colour.
    """
    if weights.shape[1] == channels:
        return weights
    total = weights.astype(np.float32).sum(axis=1, keepdims=True)
    return np.repeat(total / channels, channels, axis=1)


def _for_grid(positions: NDArray[Any], net: Any) -> NDArray[Any]:
    """Positions of a vision transformer, interpolated for pictures of another size."""
    prefix = 0 if getattr(net, "no_embed_class", False) else int(getattr(net, "num_prefix_tokens", 0))
    side = round((positions.shape[1] - prefix) ** 0.5)
    if positions.ndim != 3 or side * side != positions.shape[1] - prefix:
        return positions
    grid = list(net.patch_embed.grid_size)
    given = torch.from_numpy(np.array(positions, dtype=np.float32))
    resampled: Tensor = load_timm().layers.resample_abs_pos_embed(given, grid, (side, side), num_prefix_tokens=prefix)
    return resampled.numpy()


def _difference(net: Any, arrays: Arrays) -> str:
    """What does not fit, in one sentence; nothing where all fits."""
    layers = net.state_dict()
    ours = {key: tuple(value.shape) for key, value in layers.items()}
    missing = [key for key in ours if key not in arrays and not key.endswith(COUNTER)]
    if missing:
        return f"{len(missing)} weights are missing, the first is {missing[0]}."
    surplus = [key for key in arrays if key not in ours]
    if surplus:
        return f"{len(surplus)} weights belong to no layer of it, the first is {surplus[0]}."
    for key, shape in ours.items():
        if key in arrays and tuple(arrays[key].shape) != shape:
            there = " x ".join(map(str, arrays[key].shape))
            return f"{key} is {there} and should be {' x '.join(map(str, shape))}."
        if key in arrays and layers[key].is_floating_point() and arrays[key].dtype.kind != "f":
            return f"{key} holds no real numbers; quantised weights have to be converted first."
    return ""


def _explain(name: str, options: Mapping[str, Any], arrays: Arrays, trouble: str) -> str:
    for start, family in FAMILIES.items():
        if any(key.startswith(start) for key in arrays):
            for other in family:
                if other != name and _fits(other, arrays):
                    return f"They are weights of {other}. {trouble}"
    if options and _fits(name, arrays):
        return f"They are weights of {name} without options. {trouble}"
    return trouble


def _fits(name: str, arrays: Arrays) -> bool:
    candidate = _shapes_only(name, {})
    return not _difference(candidate, _fit(candidate, arrays))
