"""Where to look in a network: its last feature maps, or the tokens that the last block of a transformer reads."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

#: Maps, changed or not -> features, as the network would go on.
Finish = Callable[[Tensor], Tensor]

#: Networks of tokens -> whether going on from the tokens gives what the network gives.
_SAFE: weakref.WeakKeyDictionary[nn.Module, bool] = weakref.WeakKeyDictionary()
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
    return None if net is None else _last_tokens(net, batch)


def keeps_places(body: Any, channels: int, side: int) -> bool:
    """Whether `last_maps` finds any; asked once with a blank picture, then known."""
    if body not in _KEEPS_PLACES:
        like = next(body.parameters(), torch.zeros(1))
        with torch.no_grad():
            _KEEPS_PLACES[body] = last_maps(body, like.new_zeros(1, channels, side, side)) is not None
    return _KEEPS_PLACES[body]


class _Recorder(nn.Module):
    """Stands where a block would and keeps what it is given."""

    def forward(self, *given: Any, **named: Any) -> Any:
        """Changes nothing."""
        self.given, self.named = given, named
        return given[0]


class _Given(nn.Module):
    """Stands where a normalisation would: the first tokens it normalises, of the others it gives what is known."""

    def __init__(self, norm: Any, first: int, others: Tensor) -> None:
        super().__init__()
        self.norm, self.first, self.others = norm, first, others

    def forward(self, tokens: Tensor) -> Tensor:
        """``image token feature``."""
        return torch.cat([self.norm(tokens[:, : self.first]), self.others], dim=1)


def _with(module: nn.Module, **parts: nn.Module) -> Any:
    """A copy that shares all weights and has other parts; other threads may be using the module itself."""
    twin = copy.copy(module)
    twin._modules = {**module._modules, **parts}
    return twin


def _last_tokens(net: Any, batch: Tensor) -> tuple[Tensor, Finish] | None:
    """What the last block reads, and the rest of the network; None where it is not built that way.

    The steps are taken from the structure and compared with what the network itself says, once for each network.
    """
    grid = getattr(getattr(net, "patch_embed", None), "grid_size", None)
    if grid is None or not hasattr(net, "num_prefix_tokens") or _SAFE.get(net) is False:
        return None
    read = _of_class_attention if hasattr(net, "blocks_token_only") else _of_last_block
    rows, columns = grid
    try:
        if net not in _SAFE:
            like = torch.randn(1, *batch.shape[1:], generator=torch.Generator().manual_seed(0)).to(batch)
            maps, finish = read(net, like, int(rows), int(columns))
            with torch.no_grad():
                expected = net(like)
                far = (finish(maps) - expected).abs().max() > 1e-3 * expected.abs().max()
            _SAFE[net] = not bool(far)
        return read(net, batch, int(rows), int(columns)) if _SAFE[net] else None
    except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
        _SAFE[net] = False  # of another make
        return None


def _of_last_block(net: Any, batch: Tensor, rows: int, columns: int) -> tuple[Tensor, Finish]:
    *others, block = net.blocks
    recorder = _Recorder()
    blocks = nn.Sequential if isinstance(net.blocks, nn.Sequential) else lambda *some: nn.ModuleList(some)
    _with(net, blocks=blocks(*others, recorder)).forward_features(batch)
    prefix, before = int(net.num_prefix_tokens), recorder.given[0]
    normed = block.norm1(before)[:, prefix:]

    def finish(maps: Tensor) -> Tensor:
        given = _Given(block.norm1, prefix, _as_tokens(maps))
        after = _with(block, norm1=given)(*recorder.given, **recorder.named)
        features: Tensor = net.forward_head(net.norm(after))
        return features

    return _as_maps(normed, rows, columns), finish


def _of_class_attention(net: Any, batch: Tensor, rows: int, columns: int) -> tuple[Tensor, Finish]:
    """CaiT: a class token comes in last, and several blocks read tokens that change no more."""
    recorder = _Recorder()
    _with(net, blocks_token_only=nn.ModuleList([recorder])).forward_features(batch)
    before, eps = recorder.given[0], net.blocks_token_only[0].norm1.eps

    def finish(maps: Tensor) -> Tensor:
        tokens, blocks = _as_tokens(maps), []
        for block in net.blocks_token_only:
            scaled = tokens * block.norm1.weight + block.norm1.bias
            blocks.append(_with(block, norm1=_Given(block.norm1, 1, scaled)))
        seen = _with(net, blocks_token_only=nn.ModuleList(blocks)).forward_cls(before)
        features: Tensor = net.forward_head(net.norm(seen))
        return features

    # Normalised, as they are read: a map of tokens whose length does not count would be zero everywhere.
    return _as_maps(nn.functional.layer_norm(before, before.shape[-1:], eps=eps), rows, columns), finish


def _as_maps(tokens: Tensor, rows: int, columns: int) -> Tensor:
    return tokens.transpose(1, 2).reshape(len(tokens), -1, rows, columns)


def _as_tokens(maps: Tensor) -> Tensor:
    return maps.flatten(2).transpose(1, 2)
