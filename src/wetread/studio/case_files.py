"""Where the file of a case lies. A run folder holds neither pictures nor the way to them, only names and hashes.

A run of a project finds them in the project. A run made in the terminal finds them where its command line says that
its data lie, as far as that place is still there and the file still has the bytes that the run read. Where the file is
gone, the cache of decoded pictures may still know the one that the model saw, and the run has thumbnails of its own.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.dataset.array_files import find_arrays, is_array_file
from wetread.dataset.listing import is_archive, list_archive
from wetread.dataset.rebuild import side_of
from wetread.dataset.table import unquote_formula
from wetread.errors import InputError
from wetread.images.cache import default_cache, entry_key
from wetread.images.source import Source
from wetread.images.view import View
from wetread.run_folder import RunFolder
from wetread.shapes import Picture
from wetread.studio.answers import Refusal
from wetread.studio.large_tables import LargeTable, read_large
from wetread.studio.places import TERMINAL

if TYPE_CHECKING:
    from wetread.studio.server import Studio

#: Options of `wetread run` and its like that take no value; any other is followed by one.
_FLAGS = frozenset({
    "--allow-leak", "--dry-run", "--resume", "--overwrite", "--quiet", "-q", "--json", "--other-patients",
    "--without-overlap", "--shared", "--test",
})  # fmt: skip
#: Verb -> which of its arguments names the data.
_PLACES = {"run": 0, "check": 0, "evaluate": 1}
#: ``scan.dcm#3``: the third frame of a file.
_FRAME = re.compile(r"(.+)#(\d{1,6})")


def case_row(run: Path, case: int) -> dict[str, str]:
    """The row of images.csv that a case is.

    Raises:
        Refusal: There is no such case (404).
    """
    rows = image_rows(run)
    if not 0 <= case < len(rows):
        raise Refusal(404, "There is no such case.", "Go back to the list of cases.", "no-case")
    return rows.row(case)


def image_rows(run: Path) -> LargeTable:
    """images.csv of a run; what was read last is kept until the file changes."""
    return _rows(run, _stamp(run / "images.csv"))


def case_source(studio: Studio, project: str, run: Path, case: int) -> Source | None:
    """Where the picture of a case lies; None where it is gone, or holds other bytes by now.

    Args:
        studio: With its projects.
        project: Id of a project, or ``terminal``.
        run: The run folder.
        case: Number of its row in images.csv.

    Raises:
        Refusal: There is no such case (404).
    """
    row = case_row(run, case)
    image = unquote_formula(row["image"])
    if project != TERMINAL:
        owner = studio.project(project)
        name, frame = _split_frame(image)
        item = owner.item_of(image) or owner.item_of(name)
        return None if item is None else _at_frame(owner.source(item.id), frame)
    bases = (Path.cwd(), studio.home.terminal.parent, run.parent, run.parent.parent)
    for data in data_of(RunFolder(run).read_json("run.json"), bases):
        found = _find_in(data, image)
        if found is not None and _is_same(found, row["sha256"]):
            return found
    return None


def data_of(facts: Mapping[str, Any], bases: Sequence[Path]) -> Iterator[Path]:
    """Where the data of a run may lie: what its command line names, seen from each folder it may have been typed in.

    Args:
        facts: Of run.json.
        bases: Folders, the likeliest first.
    """
    words = [str(word) for word in facts.get("command") or ()]
    arguments, out = _read_command(words[2:])
    verb = words[1] if len(words) > 1 else ""
    if verb == "demo":
        wanted = [str(Path(out or "wetread-demo") / "phantoms")]
    else:
        number = _PLACES.get(verb, 0)
        wanted = arguments[number : number + 1]
    for name in wanted:
        for base in bases:
            try:
                place = base / Path(name).expanduser()
                if place.exists():
                    yield place
            except (OSError, ValueError, RuntimeError):
                continue  # a name that is too long, or of a user who is not here


def _read_command(words: Sequence[str]) -> tuple[list[str], str]:
    """Arguments that are no options, and the value of ``--out``."""
    arguments, out, rest = [], "", iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            arguments.append(word)
        elif word.startswith("--out="):
            out = word.removeprefix("--out=")
        elif word not in _FLAGS and "=" not in word:
            value = next(rest, "")
            out = value if word in ("--out", "-o") else out
    return arguments, out


def _find_in(data: Path, image: str) -> Source | None:
    """An image of a data set by its name; every name is looked for inside the place only."""
    root = data if data.is_dir() else data.parent
    if data.is_file() and (is_archive(data) or is_array_file(data)):
        return _in_file(data, image)
    name, frame = _split_frame(image)
    for wanted, number in ((image, None), (name, frame)):
        parts = wanted.split("/")
        if ".." in parts or "" in parts or "\\" in wanted:
            return None
        try:
            if (root / wanted).is_file():
                return Source(root / wanted, frame=number)
        except (OSError, ValueError):
            return None
    return _members(root, _stamp(root)).get(image) if data.is_dir() else None


def _in_file(data: Path, image: str) -> Source | None:
    members = _members(data, _stamp(data))
    name, frame = _split_frame(image)
    found = members.get(image)
    return found if found is not None else _at_frame(members.get(name), frame)


@functools.lru_cache(maxsize=2)
def _members(place: Path, stamp: tuple[int, int]) -> dict[str, Source]:
    """Name -> source of the pictures in an archive, an array file, or a folder of array files."""
    del stamp
    try:
        if place.is_file() and is_archive(place):
            listing = list_archive(place)
            if listing.archive is not None:
                listing.archive.close()
            return {entry.name: entry.source for entry in listing.entries}
        # None of its files but those at the top: a folder with a million others is not walked through.
        files = sorted(path for path in place.iterdir() if path.is_file()) if place.is_dir() else []
        arrays = find_arrays(place, files) if place.is_file() or any(map(is_array_file, files)) else None
        return {row.image: row.source for row in arrays.rows} if arrays else {}
    except (InputError, OSError):
        return {}


def _split_frame(image: str) -> tuple[str, int | None]:
    found = _FRAME.fullmatch(image)
    return (found[1], int(found[2])) if found else (image, None)


def _at_frame(source: Source | None, frame: int | None) -> Source | None:
    return source if source is None or frame is None else Source(source.path, source.member, source.item, frame)


def _is_same(source: Source, sha256: str) -> bool:
    """Whether a file still has the bytes that the run read. Members and items are told by their place alone."""
    if source.member or source.item is not None or not sha256:
        return True
    return _hash(source.path, _stamp(source.path)) == sha256


@functools.lru_cache(maxsize=4096)
def _hash(path: Path, stamp: tuple[int, int]) -> str:
    del stamp
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError:
        return ""


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


@functools.lru_cache(maxsize=2)
def _rows(run: Path, stamp: tuple[int, int]) -> LargeTable:
    del stamp
    return read_large(run / "images.csv")


# Where the file is gone ----------------------------------------------------------------------------------------------


def remembered_picture(run: Path, case: int) -> Picture | None:
    """The picture as the run read it for its model, where the cache of decoded pictures still holds it.

    The key is that of `wetread.dataset.rebuild`.
    """
    row = case_row(run, case)
    stored = RunFolder(run).read_json("run.json").get("view") or {"values": "file", "frame": "middle"}
    cache = default_cache()
    if cache is None or not row["sha256"]:
        return None
    frame = _split_frame(unquote_formula(row["image"]))[1] if row.get("file") else None
    view = View.parse(stored["values"], frame=stored["frame"])
    found = cache.find(entry_key(row["sha256"], view, frame, side_of(stored)))
    return None if found is None else found.pixels


def kept_thumbnail(run: Path, case: int) -> bytes | None:
    """The small JPEG that the run itself kept of a picture, for its report; of most pictures there is none."""
    image = unquote_formula(case_row(run, case)["image"])
    try:
        name = str(json.loads((run / "thumbnails" / "index.json").read_text(encoding="utf-8"))[image])
        if not re.fullmatch(r"\d{1,6}\.jpg", name):
            return None
        return (run / "thumbnails" / name).read_bytes()
    except (OSError, ValueError, KeyError, TypeError):
        return None


def gone() -> Refusal:
    """What is said where no picture can be shown."""
    return Refusal(
        404,
        "The file of this picture is no longer where the run read it, or it has changed since.",
        "Put the data back; the numbers stand without it.",
        "no-picture",
    )
