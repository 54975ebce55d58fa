"""A model of TensorFlow.js from a web server: ``model.json`` and the files that its manifest names beside it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urljoin

from wetread.download.patience import Patience
from wetread.download.remote_file import RemoteFile
from wetread.errors import InputError
from wetread.progress import Listener
from wetread.weights.tfjs import MODEL
from wetread.writing import atomic_write

#: What one of the files may weigh, in bytes; the base has 1.7 MB in all.
_MOST_BYTES = 64 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def fetch_export(url: str, folder: Path, *, listen: Listener, patience: Patience, by_hand: str) -> Path:
    """Fetches all files of a model into a folder; those that are whole already stay.

    Args:
        url: Of ``model.json``.
        folder: Where the files go.
        listen: Is told about progress.
        patience: With the server.
        by_hand: What to do where they cannot be had.

    Returns:
        The folder.

    Raises:
        InputError: As `wetread.download.fetch.fetch`; ``gone`` where the model is there no more or is none.
        OutputError: The disk is full or cannot be written.
    """
    # Imported here: `wetread weights list` needs no network code.
    from wetread.download.fetch import fetch
    from wetread.download.look import read_small

    try:
        model = read_small(url, patience=patience)
        names = _names(model or b"")
    except InputError as error:
        error.remedy = f"{error.remedy} {by_hand}".strip()
        raise
    if model is None or not names:
        raise InputError(f"There is no model at {url} any more.", remedy=by_hand, code="gone")
    atomic_write(folder / MODEL, model)
    for name in names:
        # Neither size nor hash is published: what arrives is compared as a whole, with the base that is known.
        remote = RemoteFile(urljoin(url, name), name, at_most=_MOST_BYTES)
        fetch(remote, folder, listen=listen, patience=patience, by_hand=by_hand)
    return folder


def _names(model: bytes) -> list[str]:
    """Files that a manifest names; empty where it is none, or names something that is not beside it."""
    try:
        names = [str(name) for group in json.loads(model)["weightsManifest"] for name in group["paths"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return names if len(names) <= 64 and all(_NAME.fullmatch(name) and name != MODEL for name in names) else []
