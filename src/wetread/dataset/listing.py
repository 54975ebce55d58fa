"""What lies in a data set: names, and where their bytes are; the same for a folder and for an archive.

Nothing is decoded and, from an archive, nothing is unpacked. Symbolic links are followed once each, so a loop of links
ends.
"""

from __future__ import annotations

import io
import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from wetread.archive import Archive
from wetread.errors import InputError
from wetread.images.gate import Refused, identify, open_plain_file
from wetread.images.source import Source

_SYSTEM_NAMES = {"thumbs.db", "desktop.ini", "__macosx", "dicomdir"}


@dataclass(frozen=True)
class Entry:
    """One file of a data set: its name inside it, with forward slashes, and where its bytes lie."""

    name: str
    source: Source

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders above it, then its bare name."""
        return tuple(self.name.split("/"))

    @property
    def suffix(self) -> str:
        """The ending of its name, in lower case, with the dot."""
        return PurePosixPath(self.name).suffix.lower()


@dataclass
class Listing:
    """All visible files of a data set, by name.

    Attributes:
        root: The folder or the archive.
        entries: Sorted by folder, then by name.
        archive: Open, where the data set is one.
    """

    root: Path
    entries: list[Entry] = field(default_factory=list)
    archive: Archive | None = None

    def read(self, entry: Entry, limit: int) -> bytes:
        """The bytes of a small file.

        Raises:
            InputError: It is larger than ``limit`` bytes, or cannot be read.
        """
        name = entry.name.rsplit("/", 1)[-1]
        try:
            if self.archive is not None and entry.source.member:
                data = self.archive.read(entry.source.member)
            else:
                with open_plain_file(entry.source.path) as handle:
                    data = handle.read(limit + 1)
        except (Refused, OSError) as error:
            if not entry.source.member and not entry.source.path.exists():
                raise InputError(
                    f"There is no file {entry.source.path}.",
                    remedy="Check its name and place.",
                    file=entry.source.path,
                    code="no-file",
                ) from error
            raise InputError(
                f"{name} cannot be read.", remedy="Check its permissions.", file=entry.source.path, code="no-file"
            ) from error
        if len(data) > limit:
            raise InputError(
                f"{name} is larger than {limit >> 20} MB.",
                remedy="Split it.",
                file=entry.source.path,
                code="bad-table",
            )
        return data

    def holds_image(self, entry: Entry) -> bool:
        """Whether a file is an image; looks at its first bytes only."""
        try:
            if self.archive is not None:
                identify(io.BytesIO(self.archive.peek(entry.source.member)))
            else:
                with open_plain_file(entry.source.path) as handle:
                    identify(handle)
        except Refused:
            return False
        return True

    @property
    def top_files(self) -> list[Entry]:
        """Files that lie in no folder."""
        return [entry for entry in self.entries if "/" not in entry.name]

    @property
    def folders(self) -> list[str]:
        """Names of the uppermost folders that hold a file, sorted."""
        return sorted({entry.parts[0] for entry in self.entries if "/" in entry.name})

    def empty_folders(self, below: str = "") -> list[str]:
        """Names of visible folders that hold no file at any depth, sorted; none in an archive, which names files only.

        Args:
            below: Of this uppermost folder; else the uppermost ones themselves.
        """
        place = self.root / below
        try:
            folders = [path for path in place.iterdir() if path.is_dir() and _is_visible(path.name)]
        except OSError:
            return []
        return sorted(path.name for path in folders if not is_run(path) and next(walk(path), None) is None)

    def below(self, folder: str) -> list[Entry]:
        """The files in a folder and in the folders below it."""
        return [entry for entry in self.entries if entry.name.startswith(f"{folder}/")]


def list_folder(folder: Path) -> Listing:
    """Lists a folder.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with os.scandir(folder) as found:
            next(found, None)
    except OSError as error:
        raise InputError(
            f"The folder {folder} cannot be read.", remedy="Check its permissions.", file=folder, code="no-data"
        ) from error
    base = len(folder.parts)
    return Listing(folder, [Entry("/".join(path.parts[base:]), Source(path)) for path in walk(folder)])


def list_archive(path: Path) -> Listing:
    """Lists a .zip or .tm file without unpacking it.

    Raises:
        InputError: It is damaged, or holds what no honest archive holds; see `wetread.archive`.
    """
    archive = Archive(path)
    members = [member.name for member in archive.members]
    visible = sorted(name for name in members if all(map(_is_visible, name.split("/"))))
    # Archives made by right click hold one folder with everything in it.
    tops = {name.split("/", 1)[0] for name in visible}
    cut = len(tops.pop()) + 1 if len(tops) == 1 and all("/" in name for name in visible) else 0
    return Listing(path, [Entry(name[cut:], Source(path, member=name)) for name in visible], archive)


def sources_in(place: Path) -> list[Source]:
    """The images to predict in a place: the files of a folder or archive, or one file as it is."""
    if place.is_dir():
        return [Source(path) for path in walk(place)]
    return [entry.source for entry in list_archive(place).entries] if is_archive(place) else [Source(place)]


def walk(folder: Path) -> Iterator[Path]:
    """Yields the visible regular files below a folder in a fixed order, each folder once however it is linked."""
    # A link that leads up is a loop: from a class folder it would bring the images of all other classes in.
    above = (parent.stat() for parent in folder.resolve().parents)
    seen: set[tuple[int, int]] = {(status.st_dev, status.st_ino) for status in above}
    for current, folders, files in os.walk(folder, followlinks=True):
        place = Path(current)
        try:
            status = place.stat()
        except OSError:
            folders.clear()
            continue
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        folders[:] = sorted(name for name in folders if _is_visible(name) and not is_run(place / name))
        for name in sorted(files):
            if _is_visible(name):
                yield place / name


def is_run(folder: Path) -> bool:
    """True for a run folder: its thumbnails and heatmaps are pictures, and none of them is data."""
    return (folder / "run.json").is_file() and (folder / "events.jsonl").is_file()


def is_archive(path: Path) -> bool:
    """True for a zip file, whatever its name; a spreadsheet is one too, and is left out."""
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".ods", ".npz"):
        return False
    try:
        with open_plain_file(path) as handle:
            return handle.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except Refused:
        return False


def fold_file_name(name: str) -> str:
    """A name as people compare it: one Unicode form, no difference between upper and lower case."""
    return unicodedata.normalize("NFC", name).casefold()


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _SYSTEM_NAMES
