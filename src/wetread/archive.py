"""The one reader of zip files: what is in one, and the bytes of one file of it. Nothing is unpacked to a disk.

The first bad entry refuses the whole archive: whoever packed it made a mistake, or means harm. Python's own
``extractall`` renames entries that point outside and overwrites duplicates without a word.
"""

from __future__ import annotations

import re
import stat
import struct
import threading
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from wetread.errors import InputError

_CHUNK = 1 << 20
#: Bits of the general purpose flag (APPNOTE 4.4.4): encrypted, strongly encrypted, central directory masked.
_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
#: The name is UTF-8, same section.
_UTF8 = 0x0800
#: What `zipfile` and `zlib` raise on damaged files; OverflowError comes from positions beyond 63 bits.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
)
_DRIVE = re.compile(r"[A-Za-z]:")
_SPELLINGS = "two of its names differ only in upper and lower case"
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
        entry_bytes: Of one file; `Archive.read` holds it in memory.
    """

    entries: int = 200_000
    ratio: float = 200.0
    ratio_from: int = 16 << 20
    total_bytes: int = 20 << 30
    entry_bytes: int = 512 << 20


@dataclass(frozen=True, slots=True)
class Member:
    """A file in an archive: its name (forward slashes, Unicode form C, no empty parts) and its size in bytes."""

    name: str
    size: int


@dataclass(frozen=True)
class Stretch:
    """Where the packed bytes of a member lie in the file, for a reader that goes through them piece by piece.

    Attributes:
        start: Position of the first packed byte.
        packed: Packed bytes.
        size: Bytes when unpacked.
        deflated: Packed with deflate (RFC 1951, without header); else stored as they are.
        crc: CRC-32 of the unpacked bytes.
    """

    start: int
    packed: int
    size: int
    deflated: bool
    crc: int


class Archive:
    """A zip file, held open. All of its entries are checked before anything is read; threads may share it.

    Args:
        path: The zip file.
        limits: What it may hold.

    Attributes:
        members: Its files in its own order. Entries for folders are left out.

    Raises:
        InputError: With code ``archive``: damaged, encrypted, too large, or with an entry that is no plain file
            inside a folder.
    """

    def __init__(self, path: Path, limits: ArchiveLimits | None = None) -> None:
        self.path = path
        limits = limits or ArchiveLimits()
        self._lock = threading.Lock()
        with _explained(path):
            if not path.is_file():  # a FIFO would block, a device would never end
                raise _refuse(path, "it is no file")
            _count_entries(path, limits)
            self._packed = zipfile.ZipFile(path)
        try:
            with _explained(path):
                self._entries = _check_entries(path, self._packed.infolist(), limits)
        except InputError:
            self._packed.close()
            raise
        self.members = tuple(Member(name, entry.file_size) for name, entry in self._entries.items())

    def read(self, name: str) -> bytes:
        """The bytes of one member; none of a bomb beyond its stated size is ever unpacked.

        Raises:
            InputError: With code ``archive``: there is no such member, or it is damaged.
        """
        entry = self._find(name)
        chunks: list[bytes] = []
        size = 0
        with self._lock, _explained(self.path), self._packed.open(entry) as handle:
            # One byte more than promised is asked for, so that a lie is noticed.
            while chunk := handle.read(min(_CHUNK, entry.file_size + 1 - size)):
                size += len(chunk)
                chunks.append(chunk)
        if size != entry.file_size:
            raise _refuse(self.path, "the sizes it states are wrong")
        return b"".join(chunks)

    def peek(self, name: str, count: int = 4096) -> bytes:
        """The first bytes of one member, to see what it is; nothing more is unpacked, and no checksum compared.

        Raises:
            InputError: As in `read`.
        """
        entry = self._find(name)
        with self._lock, _explained(self.path), self._packed.open(entry) as handle:
            return handle.read(min(count, entry.file_size))

    def locate(self, name: str) -> Stretch:
        """Where the packed bytes of one member lie.

        Raises:
            InputError: As in `read`.
        """
        entry = self._find(name)
        with self._lock, _explained(self.path):
            # Opening compares the name in front of the bytes with the one in the directory.
            self._packed.open(entry).close()
            with open(self.path, "rb") as handle:
                handle.seek(entry.header_offset + 26)  # APPNOTE 4.3.7: lengths of name and extra field
                lengths = handle.read(4)
        start = entry.header_offset + 30 + sum(int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))
        deflated = entry.compress_type == zipfile.ZIP_DEFLATED
        return Stretch(start, entry.compress_size, entry.file_size, deflated, entry.CRC)

    def _find(self, name: str) -> zipfile.ZipInfo:
        entry = self._entries.get(name)
        if entry is None:
            raise _refuse(self.path, "it has no entry of the name that was asked for")
        return entry

    def close(self) -> None:
        """Closes the file; may be called twice."""
        self._packed.close()

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def list_archive(path: Path, *, limits: ArchiveLimits | None = None) -> list[Member]:
    """The files of a zip file, all of them checked and none unpacked; raises as `Archive`."""
    with Archive(path, limits) as archive:
        return list(archive.members)


def read_member(path: Path, name: str, *, limits: ArchiveLimits | None = None) -> bytes:
    """The bytes of one file of a zip file; raises as `Archive` and `Archive.read`."""
    with Archive(path, limits) as archive:
        return archive.read(name)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turns what is raised on a damaged file into an `InputError`."""
    try:
        yield
    except _DAMAGE as error:
        raise _refuse(path, "it is damaged") from error
    except OSError as error:
        raise _refuse(path, "it cannot be read") from error


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


def _check_entries(archive: Path, entries: list[zipfile.ZipInfo], limits: ArchiveLimits) -> dict[str, zipfile.ZipInfo]:
    """Checks all entries before the first is read; returns the files by name."""
    if len(entries) > limits.entries:
        raise _refuse(archive, f"it has more than {limits.entries} entries")
    size = archive.stat().st_size
    total = sum(entry.file_size for entry in entries)
    if total > limits.total_bytes or total > limits.ratio * size + limits.ratio_from:
        raise _refuse(archive, "its content is too large")
    _check_overlap(archive, entries)
    files: dict[str, zipfile.ZipInfo] = {}
    folders: dict[str, str] = {}  # both of them: folded name -> as it is spelt
    taken: dict[str, str] = {}
    for entry in entries:
        name = _check_name(archive, entry)  # first: `zipfile` cannot handle an empty name
        _check_entry(archive, entry, limits)
        _take(archive, name, folders, taken, is_folder=entry.is_dir())
        if not entry.is_dir():
            files[unicodedata.normalize("NFC", name)] = entry
    if folders.keys() & taken.keys():
        raise _refuse(archive, "it has a file and a folder of one name")
    return files


def _take(archive: Path, name: str, folders: dict[str, str], taken: dict[str, str], *, is_folder: bool) -> None:
    """Notes a name and the folders above it; refuses what another entry has, in this spelling or another."""
    above = name
    if not is_folder:
        folded = _fold(name)
        if folded in taken:
            raise _refuse(archive, "it has two entries of one name" if taken[folded] == name else _SPELLINGS)
        taken[folded] = name
        above = name.rpartition("/")[0]
    # Folders too: of Chest/1.png and chest/2.png Windows and macOS would make one class.
    while above:
        folded = _fold(above)
        if folders.get(folded) == above:
            break  # those further up are known as well
        if folders.setdefault(folded, above) != above:
            raise _refuse(archive, _SPELLINGS)
        above = above.rpartition("/")[0]


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


def _check_name(archive: Path, entry: zipfile.ZipInfo) -> str:
    """The name of an entry without empty parts."""
    name = _name(entry)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if (
        not parts
        or ".." in parts
        or name.startswith("/")
        or "\\" in name
        or _DRIVE.match(name)
        or _CONTROL.search(name)
        or len(name) > 1000
        or (len(name) > 63 and any(len(part.encode()) > 255 for part in parts))
    ):
        raise _refuse(archive, "one of its names points outside or cannot be a file name")
    return "/".join(parts)


def _name(entry: zipfile.ZipInfo) -> str:
    # The original name: Python has cut its own copy at a NUL and, on Windows, turned backslashes round.
    name = entry.orig_filename
    if not entry.flag_bits & _UTF8 and not name.isascii():
        # Python took it for code page 437 (APPNOTE appendix D). Archives made on a Mac hold UTF-8 without saying so.
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name


def _fold(name: str) -> str:
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _check_overlap(archive: Path, entries: list[zipfile.ZipInfo]) -> None:
    """Refuses entries that share packed bytes, the trick of bombs without high ratios."""
    reached = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < reached:
            raise _refuse(archive, "its entries overlap")
        reached = entry.header_offset + 30 + len(entry.orig_filename) + entry.compress_size


def _refuse(archive: Path, reason: str) -> InputError:
    return InputError(
        f"Cannot unpack {archive}: {reason}.",
        remedy="Unpack it yourself, look at what is in it, and give wetread the folder.",
        file=archive,
        code="archive",
    )
