"""The one extractor of .tar.gz. In: an archive of a public set. Out: a fresh folder with its files, or nothing at all.

As in ``archive.py`` for .zip, the first bad entry refuses the whole archive. Nothing is extracted by `tarfile` itself.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import tarfile
import time
import unicodedata
import zlib
from dataclasses import dataclass
from pathlib import Path

from wetread.errors import InputError, OutputError
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.writing import atomic_write, make_folder

STEP = "unpack"
_OUTSIDE = re.compile(r"[A-Za-z]:|/|\\")
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True)
class TarLimits:
    """What an archive may hold.

    Attributes:
        entries: Files and folders.
        entry_bytes: Of one file; it is held in memory.
        total_bytes: Of all files together.
        ratio: Unpacked by packed size, above ``ratio_from`` bytes.
        ratio_from: Bytes.
    """

    entries: int = 200_000
    entry_bytes: int = 256 << 20
    total_bytes: int = 20 << 30
    ratio: float = 50.0
    ratio_from: int = 16 << 20


def unpack_tar(archive: Path, into: Path, *, listen: Listener = silent, limits: TarLimits | None = None) -> Path:
    """Unpacks a .tar.gz into a new folder; where it holds one folder with everything in it, that one is left out.

    Args:
        archive: The file.
        into: The folder to make; it must not exist. It appears when everything is in it, and not before.
        listen: Is told the bytes of the archive that were read.
        limits: What the archive may hold.

    Returns:
        ``into``.

    Raises:
        InputError: With code ``archive``: damaged, too large, or with an entry that is no plain file inside the
            folder. Nothing is left behind.
        OutputError: The folder cannot be written or exists already.
    """
    limits = limits or TarLimits()
    started = time.perf_counter()
    if os.path.lexists(into):
        raise OutputError(f"{into} exists already.", remedy="Choose another folder.", file=into, code="exists")
    # One name for all processes: what a killed one left is removed, and a lock keeps two from working here.
    temporary = into.with_name(f".{into.name[:80]}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    listen(StepStarted(STEP, f"Unpacking {archive.name}", archive.stat().st_size))
    try:
        make_folder(temporary)
        count = _unpack_all(archive, temporary, limits, listen)
        inside = [entry for entry in temporary.iterdir() if not entry.name.startswith(".")]  # macOS adds ._files
        _rename(inside[0] if len(inside) == 1 and inside[0].is_dir() else temporary, into)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError) as error:
        raise _refuse(archive, "it is damaged") from error
    except OSError as error:
        raise _refuse(archive, "it cannot be read") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    listen(StepFinished(STEP, time.perf_counter() - started, f"{count} files"))
    return into


def _unpack_all(archive: Path, folder: Path, limits: TarLimits, listen: Listener) -> int:
    packed = archive.stat().st_size
    allowed = min(limits.total_bytes, int(limits.ratio * packed) + limits.ratio_from)
    taken, total, last = _Taken(archive), 0, 0.0
    # gzip checks the sum at the end of the file, the streams of tarfile do not.
    with open(archive, "rb") as raw, gzip.GzipFile(fileobj=raw) as stream:
        with tarfile.open(fileobj=stream, mode="r|") as entries:
            for number, entry in enumerate(entries, start=1):
                parts = _check_name(archive, entry)
                total += entry.size
                if number > limits.entries or entry.size > limits.entry_bytes or total > allowed:
                    raise _refuse(archive, "its content is too large")
                if not (entry.isdir() or entry.isreg()) or entry.issparse():
                    raise _refuse(archive, "it has a link or a device")
                taken.add(parts, entry.isdir())
                if entry.isdir():
                    continue
                content = entries.extractfile(entry)
                data = content.read(entry.size) if content else b""
                if len(data) != entry.size:
                    raise _refuse(archive, "it is damaged")
                atomic_write(folder.joinpath(*parts), data)
                if time.monotonic() - last >= 0.1:
                    last = time.monotonic()
                    listen(StepAdvanced(STEP, raw.tell(), packed, f"{len(taken.files)} files"))
        while rest := stream.read(1 << 20):
            total += len(rest)
            if total > allowed:
                raise _refuse(archive, "its content is too large")
    if not taken.files:
        raise _refuse(archive, "it is empty")
    return len(taken.files)


def _check_name(archive: Path, entry: tarfile.TarInfo) -> tuple[str, ...]:
    parts = tuple(part for part in entry.name.split("/") if part not in ("", "."))
    if (
        ".." in parts
        or (not parts and not entry.isdir())
        or _OUTSIDE.match(entry.name)
        or _UNFIT.search(entry.name)
        or (os.name == "nt" and ":" in entry.name)  # a second stream of a file
        or len(entry.name) > 1000
        or any(len(os.fsencode(part)) > 255 for part in parts)
    ):
        raise _refuse(archive, "one of its names points outside or cannot be a file name")
    return parts


class _Taken:
    """The names that an archive has used, told apart as the least careful file system does."""

    def __init__(self, archive: Path) -> None:
        self.files: set[tuple[str, ...]] = set()
        self._archive = archive
        self._folders: set[tuple[str, ...]] = set()
        self._spellings: dict[tuple[str, ...], tuple[str, ...]] = {}

    def add(self, parts: tuple[str, ...], is_folder: bool) -> None:
        """Takes a name; raises `InputError` where it collides with an earlier one."""
        folded = _fold(parts)
        # Folders too: of Chest/1.png and chest/2.png Windows and macOS would make one class.
        for depth in range(1, len(parts) + 1):
            if self._spellings.setdefault(folded[:depth], parts[:depth]) != parts[:depth]:
                raise _refuse(self._archive, "two of its names differ only in upper and lower case")
        if folded in self.files and not is_folder:
            raise _refuse(self._archive, "it has two entries of one name")
        (self._folders if is_folder else self.files).add(folded)
        self._folders.update(folded[:depth] for depth in range(1, len(folded)))
        above = (folded[:depth] for depth in range(1, len(folded) + 1))
        if any(key in self.files and key in self._folders for key in above):
            raise _refuse(self._archive, "it has a file and a folder of one name")


def _fold(parts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(unicodedata.normalize("NFC", unicodedata.normalize("NFC", part).casefold()) for part in parts)


def _rename(temporary: Path, into: Path) -> None:
    try:
        temporary.rename(into)
    except OSError as error:
        raise OutputError(
            f"{into} cannot be made.", remedy="Choose another folder.", file=into, code="not-writable"
        ) from error


def _refuse(archive: Path, reason: str) -> InputError:
    return InputError(
        f"Cannot unpack {archive}: {reason}.",
        remedy="Remove it and repeat the command to fetch it again.",
        file=archive,
        code="archive",
    )
