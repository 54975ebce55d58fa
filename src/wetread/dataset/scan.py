"""A folder of class folders, a folder with given splits, or a table beside its images -> `Table`.

Nothing is decoded here. Symbolic links are followed once each, so a loop of links ends.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from wetread.dataset.labels_file import SPLIT_NAMES, LabelsFile, looks_like_labels, read_labels_file
from wetread.dataset.table import Row, Table
from wetread.errors import InputError
from wetread.images.gate import Refused, identify, open_plain_file

TABLE_SUFFIXES = (".csv", ".tsv", ".txt")

#: Fewest groups of a class with which cross-validation can be tried at all.
MIN_PER_CLASS = 5

_SYSTEM_NAMES = {"thumbs.db", "desktop.ini", "__macosx", "dicomdir"}


def scan(data: Path, *, labels: Path | None = None, classes: Iterable[str] | None = None) -> Table:
    """Lists the images of a data set with their labels.

    Args:
        data: A folder, or a CSV or TSV table lying beside its images.
        labels: The table to use, where it is not found by itself.
        classes: Keep only these classes, in any order; all if None.

    Returns:
        The table, rows sorted by image. Rows that cannot take part are there, skipped, with their reason.

    Raises:
        InputError: There is no such place, nothing in it, or fewer than two classes.
    """
    if not data.exists():
        raise InputError(f"There is no {data}.", remedy="Check the path.", file=data, code="no-data")
    if data.is_file():
        if data.suffix.lower() not in TABLE_SUFFIXES:
            raise InputError(
                f"{data.name} is one file, not a data set.",
                remedy="Give a folder with one sub-folder per class, a .zip of it, or a CSV table beside its images.",
                file=data,
                code="no-data",
            )
        data, labels = data.parent, data
    table = _scan_table(data, labels) if labels else _scan_folder(data)
    if classes is not None:
        _keep_classes(table, list(classes))
    _refuse_hopeless(table)
    return table


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
        folders[:] = sorted(name for name in folders if _is_visible(name) and not _is_run(place / name))
        for name in sorted(files):
            if _is_visible(name):
                yield place / name


def _is_image(path: Path) -> bool:
    """Looks at the first bytes only."""
    try:
        with open_plain_file(path) as handle:
            identify(handle)
    except Refused:
        return False
    return True


def _is_run(folder: Path) -> bool:
    """True for a run folder: its thumbnails and heatmaps are pictures, and none of them is data."""
    return (folder / "run.json").is_file() and (folder / "events.jsonl").is_file()


def _is_visible(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _SYSTEM_NAMES


def _scan_folder(data: Path) -> Table:
    try:
        entries = sorted(entry for entry in data.iterdir() if _is_visible(entry.name))
    except OSError as error:
        raise InputError(
            f"The folder {data} cannot be read.", remedy="Check its permissions.", file=data, code="no-data"
        ) from error
    folders = [entry for entry in entries if entry.is_dir() and not _is_run(entry)]
    tables = [entry for entry in entries if entry.is_file() and entry.suffix.lower() in TABLE_SUFFIXES]
    tables = [entry for entry in tables if looks_like_labels(entry)]
    if len(tables) == 1:
        return _scan_table(data, tables[0])
    if len(tables) > 1:
        names = ", ".join(entry.name for entry in tables[:5])
        raise InputError(
            f"{data} holds several labels tables: {names}.",
            remedy="Say which one with --labels FILE.",
            file=data,
            code="several-tables",
        )
    if not folders:
        _explain_no_classes(data, entries)
    splits = {entry: SPLIT_NAMES[entry.name.lower()] for entry in folders if entry.name.lower() in SPLIT_NAMES}
    if splits:
        return _scan_splits(data, splits, folders)
    rows = [row for entry in folders for row in _class_rows(data, entry, entry.name)]
    if len({row.label for row in rows}) < 2:
        _explain_bad_table(entries)
    rows += _stray_rows(data, [entry for entry in entries if entry.is_file()])
    return Table(data, "folder", sorted(rows, key=lambda row: row.image))


def _explain_no_classes(data: Path, entries: list[Path]) -> None:
    if not entries:
        message, code = f"The folder {data} is empty.", "empty-folder"
    else:
        _explain_bad_table(entries)
        message, code = f"The folder {data} has no sub-folders, so no image has a label.", "no-classes"
    raise InputError(
        message,
        remedy="Put the images of each class into a sub-folder named after the class, or add a labels.csv.",
        file=data,
        code=code,
    )


def _explain_bad_table(entries: list[Path]) -> None:
    """Raises what is wrong with the first table, where there is one: without class folders it was meant to be read."""
    for entry in entries:
        if entry.is_file() and entry.suffix.lower() in (".csv", ".tsv"):
            read_labels_file(entry)


def _class_rows(data: Path, folder: Path, label: str, given_split: str = "") -> list[Row]:
    rows = []
    for path in walk(folder):
        row = Row(_relative(path, data), path, label=unicodedata.normalize("NFC", label), given_split=given_split)
        inside = path.relative_to(folder).parts
        # A folder below the class folder is usually one patient or one study.
        row.extra = {"folder": inside[0]} if len(inside) > 1 else {}
        rows.append(row)
    return rows


def _stray_rows(data: Path, files: list[Path]) -> list[Row]:
    rows = [Row(_relative(path, data), path) for path in files if _is_image(path)]
    for row in rows:
        row.skip("lies outside the class folders")
    return rows


def _scan_splits(data: Path, splits: dict[Path, str], folders: list[Path]) -> Table:
    rows: list[Row] = []
    for folder, split in splits.items():
        inside = sorted(entry for entry in folder.iterdir() if _is_visible(entry.name))
        for entry in inside:
            if entry.is_dir():
                rows += _class_rows(data, entry, entry.name, split)
            elif _is_image(entry):
                # An image of a split without a class: there is nothing to compare with, so it is predicted only.
                rows.append(Row(_relative(entry, data), entry, given_split=split))
    table = Table(data, "splits", sorted(rows, key=lambda row: row.image))
    ignored = [entry.name for entry in folders if entry not in splits]
    if ignored:
        table.notes.append(f"Folders beside the given splits were left out: {', '.join(ignored[:5])}.")
    return table


def _scan_table(data: Path, labels: Path) -> Table:
    listing = read_labels_file(labels)
    files = list(walk(data)) if data.is_dir() else []
    find = _Finder(data, labels.parent, files)
    rows: dict[str, Row] = {}
    masks: set[Path] = set()
    for record in listing.rows:
        name = record[listing.columns["image"]]
        path = find(name)
        if "mask" in listing.columns and record[listing.columns["mask"]]:
            mask = find(record[listing.columns["mask"]])
            masks |= {mask} if mask else set()
        image = _relative(path, data) if path else name
        row = _table_row(image, path or data / name, record, listing)
        if not name:
            row.skip("the table names no image in this row")
        elif path is None:
            row.skip("named in the table, but there is no such file")
        if image in rows:
            _merge_duplicate(rows[image], row)
        else:
            rows[image] = row
    listed = {row.path for row in rows.values()}
    for path in files:
        if path not in listed and path not in masks and path != labels and _is_image(path):
            stray = Row(_relative(path, data), path)
            stray.skip(f"not named in {labels.name}")
            rows[stray.image] = stray
    table = Table(data, "table", sorted(rows.values(), key=lambda row: row.image))
    table.grouping = "column" if "patient" in listing.columns else "none"
    separator = {",": "comma", ";": "semicolon", "\t": "tab"}[listing.separator]
    meanings = ", ".join(f"{name} = {meaning}" for meaning, name in listing.columns.items())
    table.notes.append(f"Read {labels.name} as {listing.encoding}, separated by {separator}; columns: {meanings}.")
    if not any(row.status == "used" for row in table.rows):
        first = next(iter(rows.values()))
        raise InputError(
            f"None of the {len(listed)} images named in {labels.name} was found; the first is {first.image}.",
            remedy="Put the table beside its images, or give their folder as DATA and the table as --labels.",
            file=labels,
            code="missing-images",
        )
    return table


def _table_row(image: str, path: Path, record: dict[str, str], listing: LabelsFile) -> Row:
    columns = listing.columns
    label = record[columns["label"]]
    if "|" in label:
        raise InputError(
            f"{listing.path.name} gives several labels to one image ({label[:80]}); wetread tells one class per image.",
            remedy="Write one class into the label column, for instance effusion or no_finding.",
            file=listing.path,
            code="multi-label",
        )
    row = Row(image, path, label=unicodedata.normalize("NFC", label))
    row.patient = record[columns["patient"]] if "patient" in columns else ""
    if "split" in columns:
        row.given_split = SPLIT_NAMES.get(record[columns["split"]].strip().lower(), "")
    row.extra = {name: record[name] for name in listing.others}
    return row


def _merge_duplicate(first: Row, again: Row) -> None:
    if first.status != "used":
        return
    for what, one, other in (
        ("labels", first.label, again.label),
        ("patients", first.patient, again.patient),
        ("parts of the split", first.given_split, again.given_split),
    ):
        if one != other:
            first.skip(f"listed under two {what}: {one or 'none'} and {other or 'none'}")
            return
    first.extra.setdefault("listed", "more than once")


class _Finder:
    """Finds the file that a table means: as written, else by its bare name where that is unique."""

    def __init__(self, data: Path, table_folder: Path, files: list[Path]) -> None:
        self._bases = (data, table_folder)
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for path in files:
            name = self._plain(path.name)
            self._by_name[name].append(path)
            self._by_stem[name.rsplit(".", 1)[0]].append(path)

    @staticmethod
    def _plain(name: str) -> str:
        return unicodedata.normalize("NFC", name).casefold()

    def __call__(self, name: str) -> Path | None:
        if not name or "\x00" in name:
            return None
        name = name.replace("\\", "/")
        for base in self._bases:
            for form in ("NFC", "NFD"):
                path = base / unicodedata.normalize(form, name)
                try:
                    if path.is_file():
                        return path
                except OSError:
                    continue
        bare = self._plain(name.rsplit("/", 1)[-1])
        # Many tables leave the ending out.
        matches = self._by_name.get(bare) or self._by_stem.get(bare, [])
        return matches[0] if len(matches) == 1 else None


def _relative(path: Path, data: Path) -> str:
    try:
        return path.relative_to(data).as_posix()
    except ValueError:
        return Path(os.path.relpath(path, data)).as_posix()


def _keep_classes(table: Table, wanted: list[str]) -> None:
    present = {row.label for row in table.rows if row.label}
    unknown = [name for name in wanted if name not in present]
    if unknown:
        raise InputError(
            f"There is no class {unknown[0]}; the classes are: {', '.join(sorted(present))}.",
            remedy="Name classes as they stand in the data.",
            code="unknown-class",
        )
    for row in table.rows:
        if row.status == "used" and row.label and row.label not in wanted:
            row.skip("its class was not asked for")


def _refuse_hopeless(table: Table) -> None:
    counts = Counter(row.label for row in table.used)
    if not table.rows:
        raise InputError(
            f"There are no images in {table.root}.", remedy="Check the path.", file=table.root, code="no-images"
        )
    if len(counts) < 2:
        found = f"only the class {next(iter(counts))}" if counts else "no labelled image"
        raise InputError(
            f"{table.root} has {found}; telling classes apart needs at least two.",
            remedy="Add a second sub-folder (or a second value in the label column) with images of the other class.",
            file=table.root,
            code="one-class",
        )
