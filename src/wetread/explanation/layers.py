"""Where to look in a network: its last feature maps, or the tokens that the last block of a transformer reads."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from wetread.weights.timm_alone import load_timm

#: Maps, changed or not -> features, as the network would go on.
Finish = Callable[[Tensor], Tensor]

_KEEPS_PLACES: weakref.WeakKeyDictionary[nn.Module, bool] = weakref.WeakKeyDictionary()


def last_maps(body: Any, batch: Tensor) -> tuple[Tensor, Finish] | None:
    """Runs a body until its last maps.

    A network that pools its maps gives those. A vision transformer that ends in a class token gives the normalised
    tokens which its last block reads: later ones reach the output through the class token only, so nothing would flow
    back to them. Tokens that stand for no place (class, registers) are left out of the maps and keep their values.

    Args:
        body: Of a `Network`.
        batch: ``image channel row column``, normalised.

    Returns:
        ``image map row column``, and what goes on from there to the features of the same pictures; None where the
        network keeps no places.
    """
    found = body.maps(batch)
    if found is not None:
        return found, body.pool
    net = getattr(body, "net", None)
    return _last_tokens(net, batch) if net is not None and _is_plain_transformer(net) else None


def keeps_places(body: Any, channels: int, side: int) -> bool:
    """Whether `last_maps` finds any; asked once with a blank picture, then known."""
    if body not in _KEEPS_PLACES:
        like = next(body.parameters(), torch.zeros(1))
        with torch.no_grad():
            _KEEPS_PLACES[body] = last_maps(body, like.new_zeros(1, channels, side, side)) is not None
    return _KEEPS_PLACES[body]


def _is_plain_transformer(net: Any) -> bool:
    """Whether its last block can be run in two steps: attention over normalised tokens, then the rest."""
    # Loaded here: it takes a second, and our own networks do without.
    models = load_timm().models.vision_transformer
    return type(net) is models.VisionTransformer and len(net.blocks) > 1 and type(net.blocks[-1]) is models.Block


def _last_tokens(net: Any, batch: Tensor) -> tuple[Tensor, Finish]:
    prefix, block = int(net.num_prefix_tokens), net.blocks[-1]
    (found,) = net.forward_intermediates(
        batch,
        indices=[len(net.blocks) - 2],
        return_prefix_tokens=True,
        stop_early=True,
        output_fmt="NLC",
        intermediates_only=True,
    )
    before = torch.cat([found[1], found[0]], dim=1) if prefix else found
    normed = block.norm1(before)
    rows, columns = net.patch_embed.grid_size

    def finish(maps: Tensor) -> Tensor:
        tokens = torch.cat([normed[:, :prefix], maps.flatten(2).transpose(1, 2)], dim=1)
        after = before + block.ls1(block.attn(tokens))
        after = after + block.ls2(block.mlp(block.norm2(after)))
        features: Tensor = net.forward_head(net.norm(after))
        return features

    return normed[:, prefix:].transpose(1, 2).reshape(len(batch), -1, int(rows), int(columns)), finish
