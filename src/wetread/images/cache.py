"""Pictures that were decoded before: a bounded folder of files, found by content, safe under several runs at once.

A cache may never be the reason for a wrong picture or a failed run. An entry is found by the bytes of its image file
and by every choice that shaped it, carries a checksum of its own, and is dropped where that does not fit; a disk that
is full or must not be written ends the caching without a word.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import math
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wetread.errors import InputError, OutputError
from wetread.images.facts import DecodedImage, ImageFacts
from wetread.images.view import View
from wetread.writing import atomic_write, make_folder

#: Of the layout of an entry. What shapes pixels and facts has a version of its own, see `_rules`.
VERSION = 1
#: Default limit in GiB: the working pictures of about 40,000 images.
DEFAULT_GB = 4.0
#: Larger pictures are not kept: one of them would push out a hundred others.
_MAX_PIXEL_BYTES = 32 << 20
#: Entries written between two looks at the size of the folder. Other runs write too, so it cannot only be counted.
_PUTS = 1000
#: After the limit was passed, entries are removed down to this part of it.
_ROOM = 0.9
#: Entries used within this many seconds are not marked as used again.
_DAY = 86_400.0
_FOLDER = re.compile(r"[0-9a-f]{2}")
_ENTRY = re.compile(r"[0-9a-f]{64}")
_LEFTOVER = re.compile(r"\.[0-9a-f]{40}(\.\d+){1,2}\.tmp")


class PixelCache:
    """Decoded pictures on disk, each in a file ``ab/<key>``: a checksum, a line of JSON with the facts, raw pixels.

    Threads and processes may share a folder. Only files with names as above are ever removed, so a folder that is
    given by mistake loses nothing.

    Args:
        folder: Where; made when the first entry is written, for the eyes of its owner alone.
        limit_bytes: Above this the entries that were used least recently are removed.
    """

    def __init__(self, folder: Path, limit_bytes: int = int(DEFAULT_GB * 2**30)) -> None:
        self.folder = folder
        self.limit_bytes = limit_bytes
        self._lock = threading.Lock()
        self._writing: set[str] = set()
        self._puts = 0
        self._bytes: int | None = None
        self._stopped = False

    def find(self, key: str) -> DecodedImage | None:
        """The picture stored under a key, or None. A damaged entry is removed.

        Args:
            key: From `entry_key`.
        """
        place = self._place(key)
        try:
            content = place.read_bytes()
        except OSError:
            return None
        image = _unpack(key, content)
        if image is None:
            _remove(place)
            return None
        with contextlib.suppress(OSError):
            if time.time() - place.stat().st_mtime > _DAY:
                os.utime(place)
        return image

    def put(self, key: str, image: DecodedImage) -> None:
        """Stores a picture; does nothing where that is not possible, and never raises.

        Args:
            key: From `entry_key`.
            image: What `find` shall give back.
        """
        fits = image.pixels.nbytes <= min(_MAX_PIXEL_BYTES, self.limit_bytes)
        if not fits or not _ENTRY.fullmatch(key) or not self._begin(key):
            return
        try:
            if not self.folder.is_dir():
                make_folder(self.folder)
                self.folder.chmod(0o700)  # pictures of patients
            content = _pack(key, image)
            atomic_write(self._place(key), content, durable=False)
            self._count(len(content))
        except (OutputError, OSError):
            self._stopped = True
        finally:
            with self._lock:
                self._writing.discard(key)

    def size(self) -> int:
        """Bytes of all entries."""
        return sum(status.st_size for _, status in self._scan())

    def entries(self) -> int:
        """How many pictures are stored."""
        return sum(1 for _ in self._scan())

    def clear(self) -> int:
        """Removes all entries, and whatever a killed run left half written; returns how many entries that were."""
        removed = sum(_remove(place) for place, _ in self._scan())
        for folder in self._folders():
            for place in folder.iterdir():
                if _LEFTOVER.fullmatch(place.name):
                    _remove(place)
            with contextlib.suppress(OSError):
                folder.rmdir()
        return removed

    def _place(self, key: str) -> Path:
        assert _ENTRY.fullmatch(key), key
        return self.folder / key[:2] / key

    def _begin(self, key: str) -> bool:
        """Whether this thread shall write an entry: two that write one file at once would get into each other's way."""
        with self._lock:
            if self._stopped or key in self._writing:
                return False
            self._writing.add(key)
            return True

    def _count(self, size: int) -> None:
        with self._lock:
            self._puts += 1
            known = self._bytes
            self._bytes = known = None if known is None else known + size
            due = known is None or known > self.limit_bytes or self._puts % _PUTS == 0
        if due:
            self._make_room()

    def _make_room(self) -> None:
        found = list(self._scan())
        total = sum(status.st_size for _, status in found)
        if total > self.limit_bytes:
            for place, status in sorted(found, key=lambda one: one[1].st_mtime):
                if total <= self.limit_bytes * _ROOM:
                    break
                total -= status.st_size if _remove(place) else 0
        with self._lock:
            self._bytes = total

    def _folders(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            yield from [place for place in self.folder.iterdir() if _FOLDER.fullmatch(place.name)]

    def _scan(self) -> Iterator[tuple[Path, os.stat_result]]:
        for folder in self._folders():
            # Other runs may remove what is listed here.
            with contextlib.suppress(OSError), os.scandir(folder) as listed:
                for one in listed:
                    if _ENTRY.fullmatch(one.name) and one.is_file(follow_symlinks=False):
                        with contextlib.suppress(OSError):
                            yield folder / one.name, one.stat(follow_symlinks=False)


def entry_key(file_sha256: str, view: View, frame: int | None, max_side: int | None) -> str:
    """The name of an entry: a hash of everything that decides what the picture looks like.

    Args:
        file_sha256: SHA-256 of the bytes of the image file.
        view: How values become 0..255.
        frame: The frame asked for, if any.
        max_side: Longest side asked for, if any.

    Returns:
        64 hex digits.
    """
    parts = [file_sha256, str(view), view.frame, frame, max_side, VERSION, _rules()]
    return hashlib.sha256(json.dumps(parts).encode("ascii")).hexdigest()


@functools.cache
def _rules() -> str:
    """A hash of the sources of this room and of the versions of the decoders.

    A number that somebody has to count up would be forgotten once, and then old pictures would be taken for new ones.
    """
    from importlib.metadata import PackageNotFoundError, version

    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    for name in ("pillow", "pydicom", "imagecodecs"):
        with contextlib.suppress(PackageNotFoundError):
            digest.update(version(name).encode("utf-8"))
    return digest.hexdigest()


def default_cache() -> PixelCache | None:
    """The cache of this user, or None where it is switched off.

    The environment decides: ``WETREAD_CACHE`` is a folder, or ``off``; without it the cache lies where the system keeps
    such files. ``WETREAD_CACHE_GB`` is the limit in GiB, 4 by default.

    Raises:
        InputError: ``WETREAD_CACHE_GB`` is no positive number.
    """
    chosen = os.environ.get("WETREAD_CACHE", "").strip()
    if chosen.lower() == "off":
        return None
    asked = os.environ.get("WETREAD_CACHE_GB", "").strip()
    try:
        limit = float(asked) if asked else DEFAULT_GB
    except ValueError:
        limit = math.nan
    if not 0 < limit < 1e6:
        raise InputError(
            "WETREAD_CACHE_GB is no size.",
            remedy="Set it to a number of gigabytes such as 4, or set WETREAD_CACHE=off.",
            code="cache",
        )
    if not chosen:
        from platformdirs import user_cache_path

        return PixelCache(user_cache_path("wetread") / "pixels", int(limit * 2**30))
    return PixelCache(Path(chosen).expanduser().absolute(), int(limit * 2**30))


def _pack(key: str, image: DecodedImage) -> bytes:
    header = {
        "key": key,
        "shape": image.pixels.shape,
        "facts": image.facts.as_dict(),
        "file_sha256": image.file_sha256,
        "pixel_sha256": image.pixel_sha256,
    }
    content = json.dumps(header).encode("ascii") + b"\n" + np.ascontiguousarray(image.pixels).tobytes()
    return hashlib.sha256(content).hexdigest().encode("ascii") + b"\n" + content


def _unpack(key: str, content: bytes) -> DecodedImage | None:
    checksum, _, rest = content.partition(b"\n")
    if hashlib.sha256(rest).hexdigest().encode("ascii") != checksum:
        return None
    try:
        line, _, pixels = rest.partition(b"\n")
        header = json.loads(line)
        if header["key"] != key:
            return None
        return DecodedImage(
            pixels=np.frombuffer(pixels, dtype=np.uint8).reshape(header["shape"]),
            facts=ImageFacts.from_dict(header["facts"]),
            file_sha256=header["file_sha256"],
            pixel_sha256=header["pixel_sha256"],
            cached=True,
        )
    except (ValueError, TypeError, KeyError):
        return None


def _remove(place: Path) -> bool:
    try:
        place.unlink()
    except OSError:
        return False
    return True
