"""The one archive extractor. In: a zip file. Out: a fresh folder with its files, or nothing at all.

Python's own ``extractall`` renames entries that point outside and overwrites duplicates without a word. Here the first
bad entry refuses the whole archive: whoever packed it made a mistake, or means harm.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from wetread.errors import InputError, OutputError
from wetread.writing import atomic_write, make_folder

_CHUNK = 1 << 20
#: Bits of the general purpose flag (APPNOTE 4.4.4): encrypted, strongly encrypted, central directory masked.
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold.

    Attributes:
        entries: Files and folders.
        ratio: Unpacked by packed size, of the archive and of each entry above ``ratio_from``. Below that size it
            means nothing: an empty CT slice shrinks a thousandfold.
        ratio_from: Bytes.
        total_bytes: Of all files together.
        entry_bytes: Of one file; it is held in memory while it is checked.
    """

    entries: int = 200_000
    ratio: float = 200.0
    ratio_from: int = 16 << 20
    total_bytes: int = 20 << 30
    entry_bytes: int = 512 << 20


def extract_archive(archive: Path, into: Path, *, limits: ArchiveLimits | None = None) -> Path:
    """Unpacks a zip file into a new folder; entries for empty folders are left out.

    Args:
        archive: The zip file.
        into: The folder to make; it must not exist. It appears when everything is in it, and not before.
        limits: What the archive may hold.

    Returns:
        ``into``.

    Raises:
        InputError: With code ``archive``: damaged, encrypted, too large, or with an entry that is no plain file
            inside the folder. Nothing is left behind.
        OutputError: The folder cannot be written or exists already.
    """
    limits = limits or ArchiveLimits()
    if os.path.lexists(into):
        raise OutputError(f"{into} exists already.", remedy="Choose another folder.", file=into, code="exists")
    temporary = into.with_name(f".{into.name[:80]}.{os.getpid()}.tmp")
    try:
        if not archive.is_file():  # a FIFO would block, a device would never end
            raise _refuse(archive, "it is no file")
        _count_entries(archive, limits)
        with zipfile.ZipFile(archive) as packed:
            entries = _check_entries(archive, packed.infolist(), limits)
            make_folder(temporary)
            _require_space(temporary, sum(entry.file_size for entry, _ in entries))
            for entry, parts in entries:
                _unpack(archive, packed, entry, temporary.joinpath(*parts))
        _rename(temporary, into)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise _refuse(archive, "it is damaged") from error
    except OSError as error:
        raise _refuse(archive, "it cannot be read") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return into


def _count_entries(archive: Path, limits: ArchiveLimits) -> None:
    """Counts the entries before `zipfile` makes an object of each: a list of 10^6 of them would fill the memory.

    Works on the raw central directory (APPNOTE 4.3.12 to 4.3.16), since the number written in the file may lie.
    """
    size = archive.stat().st_size
    with open(archive, "rb") as handle:
        handle.seek(max(0, size - 65_600))
        tail = handle.read()
        end = tail.rfind(b"PK\x05\x06")
        if end < 0 or len(tail) < end + 22:
            raise zipfile.BadZipFile
        directory = int.from_bytes(tail[end + 12 : end + 16], "little")
        stop = size - len(tail) + end
        if directory == 0xFFFFFFFF or tail[end - 20 : end - 16] == b"PK\x06\x07":  # zip64: the real end is further up
            handle.seek(int.from_bytes(tail[end - 12 : end - 4], "little"))
            record = handle.read(56)
            directory = int.from_bytes(record[40:48], "little")
            stop = handle.tell() - len(record)
        # A few hundred bytes per entry are plenty for names.
        if directory > limits.entries * 400:
            raise _refuse(archive, f"it has more than {limits.entries} entries")
        handle.seek(max(0, stop - directory))
        if handle.read(directory).count(b"PK\x01\x02") > limits.entries:
            raise _refuse(archive, f"it has more than {limits.entries} entries")


def _check_entries(
    archive: Path, entries: list[zipfile.ZipInfo], limits: ArchiveLimits
) -> list[tuple[zipfile.ZipInfo, list[str]]]:
    """Checks all entries before the first is unpacked; returns the files and where each goes, as parts of a path."""
    if len(entries) > limits.entries:
        raise _refuse(archive, f"it has more than {limits.entries} entries")
    size = archive.stat().st_size
    total = sum(entry.file_size for entry in entries)
    if total > limits.total_bytes or total > limits.ratio * size + limits.ratio_from:
        raise _refuse(archive, "its content is too large")
    _check_overlap(archive, entries)
    files: list[tuple[zipfile.ZipInfo, list[str]]] = []
    spellings: dict[tuple[str, ...], tuple[str, ...]] = {}
    taken: set[tuple[str, ...]] = set()
    for entry in entries:
        _check_entry(archive, entry, limits)
        parts = _check_name(archive, entry)
        folded = tuple(_fold(part) for part in parts)
        # Folders too: of Chest/1.png and chest/2.png Windows and macOS would make one class.
        for depth in range(1, len(parts) + 1):
            if spellings.setdefault(folded[:depth], tuple(parts[:depth])) != tuple(parts[:depth]):
                raise _refuse(archive, "two of its names differ only in upper and lower case")
        if entry.is_dir():
            continue
        if folded in taken:
            raise _refuse(archive, "it has two entries of one name")
        taken.add(folded)
        files.append((entry, parts))
    folders = {key[:depth] for key in taken for depth in range(1, len(key))}
    if folders & taken or any(tuple(map(_fold, _parts(entry))) in taken for entry in entries if entry.is_dir()):
        raise _refuse(archive, "it has a file and a folder of one name")
    return files


def _check_entry(archive: Path, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR and not entry.is_dir()):
        raise _refuse(archive, "it has a link or a device")
    if entry.is_dir() and entry.file_size:
        raise _refuse(archive, "it is damaged")
    if entry.flag_bits & _ENCRYPTED:
        raise _refuse(archive, "it is encrypted")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _refuse(archive, "it uses an unusual compression")
    large = entry.file_size > limits.ratio_from
    if entry.file_size > limits.entry_bytes or (large and entry.file_size > limits.ratio * max(1, entry.compress_size)):
        raise _refuse(archive, "one of its files is too large")


def _check_name(archive: Path, entry: zipfile.ZipInfo) -> list[str]:
    # The original name: Python has cut its own copy at a NUL and, on Windows, turned backslashes round.
    name = entry.orig_filename
    parts = _parts(entry)
    if (
        not parts
        or ".." in parts
        or name.startswith("/")
        or "\\" in name
        or _DRIVE.match(name)
        or (os.name == "nt" and ":" in name)  # a second stream of a file
        or _CONTROL.search(name)
        or len(name) > 1000
        or any(len(os.fsencode(part)) > 255 for part in parts)
    ):
        raise _refuse(archive, "one of its names points outside or cannot be a file name")
    return parts


def _parts(entry: zipfile.ZipInfo) -> list[str]:
    return [part for part in entry.orig_filename.split("/") if part not in ("", ".")]


def _fold(part: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", part).casefold())


def _check_overlap(archive: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Refuses entries that share packed bytes, the trick of bombs without high ratios."""
    reached = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < reached:
            raise _refuse(archive, "its entries overlap")
        reached = entry.header_offset + 30 + len(entry.orig_filename) + entry.compress_size


def _unpack(archive: Path, packed: zipfile.ZipFile, entry: zipfile.ZipInfo, place: Path) -> None:
    chunks: list[bytes] = []
    size = 0
    with packed.open(entry) as handle:
        # One byte more than promised is asked for, and none of a bomb beyond that is ever unpacked.
        while chunk := handle.read(min(_CHUNK, entry.file_size + 1 - size)):
            size += len(chunk)
            chunks.append(chunk)
    if size != entry.file_size:
        raise _refuse(archive, "the sizes it states are wrong")
    atomic_write(place, b"".join(chunks))


def _require_space(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OutputError(
            f"The disk has {free >> 20} MB free, the files in the archive need {size >> 20} MB.",
            remedy="Free some space or choose another folder.",
            file=folder.parent,
            code="disk-full",
        )


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
        remedy="Unpack it yourself, look at what is in it, and give wetread the folder.",
        file=archive,
        code="archive",
    )
