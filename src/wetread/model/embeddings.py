"""Embeddings that were computed before: files of one call each, found by the bytes of the pictures.

Measured for 5,000 embeddings of 1,280 numbers: one file is written in an eighth of the time of a file for each, and
read in half of it.
Nothing here may be the reason for a wrong number or a failed run: a file carries a checksum, a damaged one is removed,
and where nothing can be written nothing is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wetread.errors import OutputError
from wetread.images.cache import default_cache
from wetread.writing import atomic_write, make_folder

#: Embeddings take at most this part of what is granted to pictures (``WETREAD_CACHE_GB``), beside them.
SHARE = 0.25
_FILE = re.compile(r"[0-9a-f]{40}\.embeddings")


class EmbeddingCache:
    """Embeddings of one backbone.

    Args:
        folder: Where; made when the first file is written, for the eyes of its owner alone.
        limit_bytes: Above this the files that were used least recently are removed, those of other backbones too.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes

    def find(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """What is known of some pictures, by key."""
        wanted, found = set(keys), {}
        for place in _files(self.folder):
            if not wanted:
                break
            known = self._read(place, wanted)
            found.update(known)
            wanted -= known.keys()
        return found

    def put(self, keys: Sequence[bytes], embeddings: NDArray[np.float32]) -> None:
        """Keeps embeddings ``image feature``; does nothing where that is not possible, and never raises."""
        rows = b"".join(keys) + np.ascontiguousarray(embeddings, dtype="<f4").tobytes()
        if not keys or len(rows) > self.limit_bytes:
            return
        head = json.dumps({"images": len(keys), "features": embeddings.shape[1]}).encode("ascii") + b"\n"
        checksum = hashlib.sha256(head + rows).hexdigest()
        with contextlib.suppress(OutputError, OSError):
            if not self.folder.is_dir():
                make_folder(self.folder)
                self.folder.chmod(0o700)  # made of pictures of patients
            content = checksum.encode("ascii") + b"\n" + head + rows
            atomic_write(self.folder / f"{checksum[:40]}.embeddings", content, durable=False)
            self._make_room()

    def _read(self, place: Path, wanted: set[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The wanted rows of a file. Its keys are looked at first: a file that holds none of them is not read whole."""
        try:
            with open(place, "rb") as handle:
                checksum, head = handle.readline(80).rstrip(), handle.readline(200)
                described = json.loads(head)
                images, features = int(described["images"]), int(described["features"])
                if not 0 < 32 * images < place.stat().st_size:
                    raise ValueError("damaged")
                keys = handle.read(32 * images)
                rows = {keys[32 * row : 32 * row + 32]: row for row in range(images)}
                if not wanted & rows.keys():
                    return {}
                values = handle.read()
        except (OSError, ValueError, KeyError, TypeError):
            _remove(place)
            return {}
        if hashlib.sha256(head + keys + values).hexdigest().encode("ascii") != checksum:
            _remove(place)
            return {}
        with contextlib.suppress(OSError):
            os.utime(place)
        table = np.frombuffer(values, dtype="<f4").reshape(images, features)
        return {key: table[rows[key]] for key in wanted & rows.keys()}

    def _make_room(self) -> None:
        files = [(place, place.stat()) for folder in self.folder.parent.iterdir() for place in _files(folder)]
        total = sum(status.st_size for _, status in files)
        for place, status in sorted(files, key=lambda one: one[1].st_mtime):
            if total <= self.limit_bytes:
                break
            _remove(place)
            total -= status.st_size


def open_cache(name: str) -> EmbeddingCache | None:
    """The cache of this user for one backbone, below that of the pictures; None where caching is switched off.

    Args:
        name: A hash of all that shapes an embedding.
    """
    pixels = default_cache()
    if pixels is None:
        return None
    return EmbeddingCache(pixels.folder / "embeddings" / name, int(SHARE * pixels.limit_bytes))


def clear_embeddings() -> int:
    """Removes all embeddings of this user; returns how many files that were."""
    pixels = default_cache()
    folders = list((pixels.folder / "embeddings").glob("*")) if pixels is not None else []
    return sum(_remove(place) for folder in folders for place in _files(folder))


def keys_of(squares: NDArray[np.uint8]) -> list[bytes]:
    """SHA-256 of each square, size included, 32 bytes."""
    size = repr(squares.shape[1:]).encode("ascii")
    # In threads: hashing lets go of the interpreter.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(lambda one: hashlib.sha256(size + np.ascontiguousarray(one).data).digest(), squares))


def _files(folder: Path) -> list[Path]:
    try:
        return [place for place in folder.iterdir() if _FILE.fullmatch(place.name)]
    except OSError:
        return []


def _remove(place: Path) -> bool:
    try:
        place.unlink()
    except OSError:
        return False
    return True
