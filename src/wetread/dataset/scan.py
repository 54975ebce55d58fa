"""Any layout of DATA -> `Table`: class folders, given splits, a table beside its images, a project, an array file.

Nothing is decoded here. Every visible file ends as a row: an image to use, or skipped with its reason.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from wetread.dataset.array_files import find_arrays, is_array_file
from wetread.dataset.label_names import fold_name, says_none
from wetread.dataset.labels_file import SPLIT_NAMES, TABLE_SUFFIXES, looks_like_labels
from wetread.dataset.listing import Entry, Listing, is_archive, list_archive, list_folder
from wetread.dataset.table import COMPANION, Row, Table
from wetread.dataset.table_rows import MAX_TABLE_BYTES, read_rows
from wetread.dataset.teachable_machine import MANIFEST, read_project
from wetread.errors import InputError
from wetread.images.gate import Refused, looks_like_nifti, open_plain_file

#: Fewest groups of a class with which cross-validation can be tried at all.
MIN_PER_CLASS = 5


def scan(
    data: Path,
    *,
    labels: Path | None = None,
    label_column: str | None = None,
    classes: Iterable[str] | None = None,
    finding: str | None = None,
) -> Table:
    """Lists the images of a data set with their labels.

    Args:
        data: A folder, a table lying beside its images, a .zip or .tm file, a .npz or IDX file.
        labels: The table to use, where it is not found by itself.
        label_column: Its column that holds the labels, where that is not known by its name.
        classes: Keep only these classes, in any order; all if None.
        finding: Tell this finding or class from all others: the classes are then its name and ``no`` before it.

    Returns:
        The table, rows sorted by image. Rows that cannot take part are there, skipped, with their reason.

    Raises:
        InputError: There is no such place, nothing in it, or fewer than two classes.
    """
    if not data.exists():
        raise InputError(f"There is no {data}.", remedy="Check the path.", file=data, code="no-data")
    listing, labels = _list(data, labels)
    table = _recognise(listing, labels, label_column)
    table.rows.sort(key=lambda row: row.image)
    if finding is not None:
        _ask_for(table, finding)
    if classes is not None:
        _keep_classes(table, list(classes))
    _refuse_hopeless(table)
    if finding is not None or classes is not None:
        table.empty = []  # what was not asked for is not missed
    if table.empty:
        table.notes.append(f"No image shows what the data name: {', '.join(table.empty[:30])}.")
    return table


def _list(data: Path, labels: Path | None) -> tuple[Listing, Path | None]:
    """The files of a data set, and the table to read, where DATA itself is a table."""
    if data.is_dir():
        return list_folder(data), labels
    if is_archive(data):
        return list_archive(data), labels
    if is_array_file(data):
        return Listing(data), labels
    if data.suffix.lower() in TABLE_SUFFIXES:
        # A project of the studio keeps more images than those that count, and its tables name the ones that do.
        alone = (data.parent / "items.jsonl").is_file() and (data.parent / "project.json").is_file()
        return Listing(data.parent) if alone else list_folder(data.parent), data
    if _is_volume(data):
        raise InputError(
            f"{data.name} is a NIfTI volume, and wetread tells pictures apart.",
            remedy="Export its slices as DICOM or PNG, a folder for each class.",
            file=data,
            code="volume",
        )
    raise InputError(
        f"{data.name} is one file, not a data set.",
        remedy="Give a folder with one sub-folder per class, a .zip of it, a Teachable Machine .tm project, a MedMNIST "
        ".npz file, or a table beside its images.",
        file=data,
        code="no-data",
    )


def _is_volume(path: Path) -> bool:
    try:
        with open_plain_file(path) as handle:
            return looks_like_nifti(handle.read(1024))
    except Refused:
        return False


def _recognise(listing: Listing, labels: Path | None, label_column: str | None) -> Table:
    if labels is not None:
        return read_rows(listing, labels, label_column)
    if listing.archive is not None and any(entry.name == MANIFEST for entry in listing.top_files):
        return _project_table(listing)
    arrays = find_arrays(listing.root, [entry.source.path for entry in listing.top_files if not entry.source.member])
    if arrays is not None:
        return Table(listing.root, "arrays", arrays.rows, notes=arrays.notes, multi=arrays.multi, grouping="none")
    tables = [entry for entry in listing.top_files if entry.suffix in TABLE_SUFFIXES]
    if label_column is None:
        tables = [entry for entry in tables if looks_like_labels(entry.name, _peek(listing, entry))]
    if len(tables) == 1:
        return read_rows(listing, tables[0], label_column)
    if len(tables) > 1:
        names = ", ".join(entry.name for entry in tables[:5])
        raise InputError(
            f"{listing.root} holds several labels tables: {names}.",
            remedy="Say which one with --labels FILE.",
            file=listing.root,
            code="several-tables",
        )
    return _folder_table(listing)


def _peek(listing: Listing, entry: Entry) -> bytes:
    try:
        return listing.read(entry, MAX_TABLE_BYTES)
    except InputError:
        return b""


def _project_table(listing: Listing) -> Table:
    assert listing.archive is not None
    project = read_project(listing.archive)
    rows = []
    for entry in listing.entries:
        label = project.members.get(entry.source.member)
        row = Row(entry.name, entry.source, label=label or "")
        if label is None:
            row.companion = True
            row.skip(
                COMPANION + ("the manifest of the project" if entry.name == MANIFEST else "in no class of the project")
            )
        rows.append(row)
    table = Table(listing.root, "project", rows, notes=list(project.notes))
    table.provenance = dict(project.settings)
    return table


def _folder_table(listing: Listing) -> Table:
    folders = listing.folders
    if not folders:
        _explain_no_classes(listing)
    splits = {name: SPLIT_NAMES[name.lower()] for name in folders if name.lower() in SPLIT_NAMES}
    table = _split_table(listing, splits) if splits else _class_table(listing)
    known = {row.image for row in table.rows}
    for entry in listing.entries:
        if entry.name not in known:
            table.rows.append(_stray(listing, entry))
    return table


def _class_table(listing: Listing) -> Table:
    rows = [row for name in listing.folders for row in _class_rows(listing.below(name), 1)]
    if len({row.label for row in rows}) < 2:
        _explain_bad_table(listing)
    table = Table(listing.root, "folder", rows)
    table.empty = [name for name in listing.empty_folders() if name not in set(listing.folders)]
    return table


def _split_table(listing: Listing, splits: dict[str, str]) -> Table:
    rows: list[Row] = []
    for name, split in splits.items():
        entries = listing.below(name)
        rows += _class_rows([entry for entry in entries if len(entry.parts) > 2], 2, split)
        # An image of a split without a class: there is nothing to compare with, so it is predicted only.
        bare = [entry for entry in entries if len(entry.parts) == 2 and listing.holds_image(entry)]
        rows += [Row(entry.name, entry.source, given_split=split) for entry in bare]
    table = Table(listing.root, "splits", rows)
    present = {row.label for row in rows}
    below = (name for split in splits for name in listing.empty_folders(split))
    table.empty = sorted({unicodedata.normalize("NFC", name) for name in below} - present)
    ignored = [name for name in listing.folders if name not in splits]
    if ignored:
        table.notes.append(f"Folders beside the given splits were left out: {', '.join(ignored[:5])}.")
    return table


def _class_rows(entries: list[Entry], depth: int, given_split: str = "") -> list[Row]:
    """Rows of files whose class is the folder at a depth."""
    rows = []
    for entry in entries:
        label = unicodedata.normalize("NFC", entry.parts[depth - 1])
        row = Row(entry.name, entry.source, label=label, given_split=given_split)
        # A folder below the class folder is usually one patient or one study.
        row.extra = {"folder": entry.parts[depth]} if len(entry.parts) > depth + 1 else {}
        rows.append(row)
    return rows


def _stray(listing: Listing, entry: Entry) -> Row:
    row = Row(entry.name, entry.source)
    if listing.holds_image(entry):
        row.skip("lies outside the class folders")
    else:
        row.companion = True
        row.skip(f"{COMPANION}no image by its content")
    return row


def _explain_no_classes(listing: Listing) -> None:
    if not listing.entries:
        message, code = f"{listing.root} holds no files.", "empty-folder"
    else:
        _explain_bad_table(listing)
        message, code = f"The folder {listing.root} has no sub-folders, so no image has a label.", "no-classes"
    raise InputError(
        message,
        remedy="Put the images of each class into a sub-folder named after the class, or add a labels.csv.",
        file=listing.root,
        code=code,
    )


def _explain_bad_table(listing: Listing) -> None:
    """Raises what is wrong with the first table, where there is one: without class folders it was meant to be read."""
    for entry in listing.top_files:
        if entry.suffix in TABLE_SUFFIXES and entry.suffix != ".txt":
            read_rows(listing, entry)


def _ask_for(table: Table, finding: str) -> None:
    """Makes the question one of two classes: the finding, or not. A name for no finding asks for any finding at all."""
    known = sorted({name for row in table.rows for name in row.names})
    wanted = fold_name(finding)
    matches = [name for name in known if fold_name(name) == wanted]
    if not matches and says_none(finding):
        matches = [name for name in known if says_none(name)]
    if not matches:
        raise InputError(
            f"There is no finding {finding}; there are: {', '.join(known[:30])}.",
            remedy="Name it as it stands in the data.",
            code="unknown-class",
        )
    name = matches[0]
    other = "any finding" if says_none(name) else f"no {name}"
    unsure = 0
    for row in table.rows:
        if row.status == "used" and _is_unsure(row, name):
            row.skip("whether it shows that is uncertain or not said")
            unsure += 1
        if row.label:
            row.label, row.findings = name if name in row.names else other, ()
        row.uncertain = row.missing = ()
    table.multi = False
    table.notes.append(f"{name} is told from {other}, whatever else an image shows.")
    if unsure:
        table.notes.append(
            f"{unsure} {'image was' if unsure == 1 else 'images were'} left out because that is uncertain or not said."
        )


def _is_unsure(row: Row, name: str) -> bool:
    """True where nobody knows the answer: the finding is unknown, or nothing is found and something is unknown."""
    return name in row.unknown or (says_none(name) and bool(row.unknown) and not row.findings)


def _keep_classes(table: Table, wanted: list[str]) -> None:
    if table.multi:
        raise InputError(
            "An image of this data set can have several findings, so classes cannot be left out one by one.",
            remedy="Ask for one of them with --finding.",
            code="multi-label",
        )
    present = {row.label for row in table.rows if row.label}
    unknown = [name for name in wanted if name not in present]
    if unknown:
        raise InputError(
            f"There is no class {unknown[0]}; the classes are: {', '.join(sorted(present)[:30])}.",
            remedy="Name classes as they stand in the data.",
            code="unknown-class",
        )
    for row in table.rows:
        if row.status == "used" and row.label and row.label not in wanted:
            row.skip("its class was not asked for")


def _refuse_hopeless(table: Table) -> None:
    if all(row.companion for row in table.rows):
        raise InputError(
            f"There are no images in {table.root}.", remedy="Check the path.", file=table.root, code="no-images"
        )
    counts = Counter(name for row in table.used for name in row.names)
    if len(counts) < 2:
        found = f"only the class {next(iter(counts))}" if counts else "no labelled image"
        raise InputError(
            f"{table.root} has {found}; telling classes apart needs at least two.",
            remedy="Add a second sub-folder (or a second value in the label column) with images of the other class.",
            file=table.root,
            code="one-class",
        )
