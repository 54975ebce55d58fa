"""Pretrained weights: listed, fetched, imported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.progress import Listener, silent

if TYPE_CHECKING:
    from wetread.weights.get import Offer
    from wetread.weights.read import Arrays
    from wetread.weights.shelf import Shelf
    from wetread.weights.stored import StoredWeights


def list_weights() -> Shelf:
    """Pretrained weights: those that lie here, those that `get_weights` fetches, and those it leaves to others."""
    from wetread.weights.shelf import look_at_shelf

    return look_at_shelf()


def get_weights(
    name: str, *, accept: Callable[[Offer], bool] | None = None, listen: Listener = silent
) -> StoredWeights:
    """Fetches pretrained weights; see `wetread.weights.get.get_weights`, which this calls.

    Args:
        name: As `list_weights` names it; any model of timm with its tag; or ``owner/name`` on the Hugging Face hub.
        accept: Is shown licence, size and source, and says whether to go on; None: the caller has read them.
        listen: Is told about progress.

    Returns:
        The weights, which lie in the weights home from now on.
    """
    from wetread.weights.get import get_weights as get

    return get(name, accept=accept, check=_explain_mismatch, spell=_spell, listen=listen)


def import_weights(
    path: str | Path,
    *,
    name: str | None = None,
    network: str | None = None,
    licence: str | None = None,
    listen: Listener = silent,
) -> StoredWeights:
    """Takes weights from a file, a folder or a .zip; needs no internet. The original is left as it is.

    Args:
        path: A safetensors or PyTorch file; a folder or .zip with one; a Teachable Machine export.
        name: What to call them; by default a name of `list_weights`, or that of the file.
        network: The architecture, as timm calls it, where nothing beside the tensors says so.
        licence: Its name, where it is known.
        listen: Is told about progress.

    Returns:
        The weights, which lie in the weights home from now on.

    Raises:
        InputError: The file holds no weights, would run code, or belongs to another network.
        OutputError: The weights home cannot be written.
    """
    from wetread.weights.importing import import_file

    return import_file(
        Path(path),
        name=name,
        network=network,
        licence=licence,
        check=_explain_mismatch,
        spell=_spell,
        listen=listen,
    )


def _spell(network: str) -> str:
    from wetread.model.network_names import check_network

    return check_network(network)


def _explain_mismatch(network: str, options: Mapping[str, Any], arrays: Arrays) -> str:
    # The room of the weights stands below that of the networks, and is told instead of asking.
    from wetread.model.networks import explain_mismatch

    return explain_mismatch(network, dict(options), arrays)
