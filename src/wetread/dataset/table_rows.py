"""A labels table and the files beside it -> rows."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from wetread.dataset.finder import Finder
from wetread.dataset.labels_file import (
    Gathered,
    LabelsTable,
    explain,
    gather,
    problems_csv,
    read_labels,
    read_split_list,
    split_of_list,
)
from wetread.dataset.listing import Entry, Listing
from wetread.dataset.table import COMPANION, NO_FILE, NO_FINDING, Row, Table, quote_formula
from wetread.errors import InputError
from wetread.images.source import Source
from wetread.outcome import counted

#: Bytes of a table of labels.
MAX_TABLE_BYTES = 256 << 20
#: Where the rows that could not be read, and what each reader said, go in the run folder.
PROBLEMS_FILE = "label_problems.csv"
READINGS_FILE = "readings.csv"


def read_rows(listing: Listing, labels: Entry | Path, label_column: str | None = None) -> Table:
    """Reads a table and finds its images.

    Args:
        listing: The files of the data set.
        labels: The table, one of these files or another one.
        label_column: Its column that holds the labels, where that is not known by its name.

    Returns:
        One row per image named, one per file not named; skipped ones with their reason.

    Raises:
        InputError: The table cannot be used, or not one of its images is there.
    """
    entry = labels if isinstance(labels, Entry) else _as_entry(listing, labels)
    try:
        table = read_labels(entry.parts[-1], listing.read(entry, MAX_TABLE_BYTES), label=label_column)
    except InputError as error:
        error.file = str(entry.source)  # the reader of tables knows names only
        raise
    folders = () if listing.archive is not None else (listing.root, entry.source.path.parent)
    find = Finder(listing.entries, entry.name, folders)
    rows, masks = _named_rows(listing, table, find)
    found = Table(listing.root, "table", list(rows.values()), notes=list(table.notes), multi=table.multi)
    found.grouping = "column" if "patient" in table.columns else "none"
    lists = _apply_split_lists(listing, found)
    if not any(row.status == "used" for row in found.rows):
        first = next((row.image for row in found.rows if row.image), "")
        some = len(found.rows) > 1
        raise InputError(
            f"None of the {len(found.rows)} images named in {table.name} was found; the first is {first}."
            if some
            else f"The one image named in {table.name} was not found: {first}.",
            remedy="Put the table beside its images, or give their folder as DATA and the table as --labels.",
            file=entry.source.path,
            code="missing-images",
        )
    found.rows += _rest(listing, found.rows, {entry.name: "the table of labels"} | lists | masks, table.name)
    if "one-hot" in table.columns:
        found.empty = sorted(set(table.findings) - {name for row in found.rows for name in row.names})
    if table.problems:
        found.notes.append(explain(table.problems))
        found.files[PROBLEMS_FILE] = problems_csv(table.problems)
    if any(row.readings for row in found.rows):
        found.files[READINGS_FILE] = _readings_csv(found.rows)
    return found


def _as_entry(listing: Listing, path: Path) -> Entry:
    """A table on disk; one of that name inside the data set, where there is none on disk."""
    inside = [entry for entry in listing.entries if entry.source == Source(path)]
    if not inside and not path.exists():
        inside = [entry for entry in listing.entries if path.name == entry.parts[-1]]
    return inside[0] if inside else Entry(path.name, Source(path))


def _named_rows(listing: Listing, table: LabelsTable, find: Finder) -> tuple[dict[str, Row], dict[str, str]]:
    rows: dict[str, Row] = {}
    masks: dict[str, str] = {}
    for gathered in gather(table):
        entry = find(gathered.image)
        # Sets of several findings have a mask for each, in columns such as mask_effusion.
        further = (cell for column, cell in gathered.extra.items() if column.lower().startswith("mask"))
        for mask in map(find, (*gathered.masks, *further)):
            if mask is not None:
                masks[mask.name] = "a mask named in the table"
        name = entry.name if entry else gathered.image
        row = _row(name, entry.source if entry else Source(listing.root / gathered.image), gathered, table)
        if entry is None:
            row.skip(NO_FILE)
        if name not in rows:
            rows[name] = row
        elif rows[name].status == "used":
            # Two spellings of one file, such as a path and a bare name.
            first = rows[name]
            if _said(first) != _said(row):
                first.skip("named twice in the table, with different contents")
    return rows, masks


def _said(row: Row) -> tuple[str, tuple[str, ...], str, str]:
    return row.label, row.unknown, row.patient, row.given_split


def _row(name: str, source: Source, gathered: Gathered, table: LabelsTable) -> Row:
    labels = gathered.labels
    label = "|".join(labels) or (NO_FINDING if table.multi and gathered.known else "")
    row = Row(name, source, label=label, findings=labels if table.multi else ())
    if table.multi:
        row.uncertain, row.missing = gathered.uncertain, gathered.missing
    row.patient, row.given_split, row.extra = gathered.patient, gathered.split, dict(gathered.extra)
    row.readings = dict(gathered.readings)
    if gathered.masks:  # kept, so that a mended table still names them
        row.extra[table.columns.get("mask", "mask")] = gathered.masks[0]
    if gathered.site:
        row.extra = {table.columns.get("site", "site"): gathered.site, **row.extra}
    if gathered.reason:
        row.skip(gathered.reason)
    return row


def _apply_split_lists(listing: Listing, table: Table) -> dict[str, str]:
    """Official lists beside the table, such as ``train_val_list.txt`` and ``test_list.txt`` of ChestX-ray14."""
    if any(row.given_split for row in table.rows):
        return {}
    by_name = {row.image.rsplit("/", 1)[-1]: row for row in table.rows}
    used: dict[str, str] = {}
    for entry in listing.top_files:
        if entry.suffix != ".txt":
            continue
        split = split_of_list(entry.name)
        names = read_split_list(entry.name, listing.read(entry, MAX_TABLE_BYTES)) if split else None
        hits = [by_name[name] for name in names or () if name in by_name]
        if not hits or len(hits) < 0.5 * len(names or ()):
            continue
        for row in hits:
            row.given_split = split
        used[entry.name] = "a list of the split"
        table.notes.append(f"{entry.name} puts {counted(len(hits), 'image')} into the {split} part.")
    return used


def _rest(listing: Listing, rows: list[Row], known: dict[str, str], table: str) -> list[Row]:
    """Rows for the files that the table does not name."""
    taken = {row.image for row in rows}
    rest = []
    for entry in listing.entries:
        if entry.name in taken:
            continue
        row = Row(entry.name, entry.source)
        if entry.name not in known and listing.holds_image(entry):
            row.skip(f"not named in {table}")
        else:
            row.companion = True
            row.skip(COMPANION + known.get(entry.name, "no image by its content"))
        rest.append(row)
    return rest


def _readings_csv(rows: list[Row]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["image", "reader", "label"])
    for row in rows:
        for reader, labels in sorted(row.readings.items()):
            writer.writerow([quote_formula(cell) for cell in (row.image, reader, "|".join(labels))])
    return buffer.getvalue()
