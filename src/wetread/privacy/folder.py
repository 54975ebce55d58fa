"""A folder or .zip of images -> a new folder without names, numbers and dates of patients."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wetread.dataset.finder import Finder
from wetread.dataset.labels_file import TABLE_SUFFIXES, looks_like_labels
from wetread.dataset.listing import Entry, Listing, is_archive, list_archive, list_folder
from wetread.dataset.table_rows import MAX_TABLE_BYTES
from wetread.errors import ImageRejected, InputError, OutputError, Stopped
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.outcome import counted
from wetread.privacy.blank import Rectangle
from wetread.privacy.cleaner import Cleaner, CleanFile
from wetread.privacy.names import find_class_folders, rename
from wetread.privacy.options import Options
from wetread.privacy.outcome import Outcome
from wetread.privacy.pseudonyms import Pseudonyms, open_secret
from wetread.privacy.table import Renamed, read_columns, rewrite_table
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.writing import atomic_write, make_folder

LEDGER = "ledger.csv"
#: Modalities that burn names into their pixels as a rule: ultrasound, angiography, captures, endoscopy and photographs.
#: CT and MR do so for screen shots and dose sheets only, which their image type tells.
BURNING = frozenset(("US", "XA", "RF", "SC", "OT", "ES", "XC", "IVUS", "OP", "DG", "SM", "GM", "BDUS", "VA", "AU"))
_COLUMNS = (
    "number",
    "status",
    "image",
    "format",
    "modality",
    "patient",
    "kept",
    "changed",
    "removed",
    "look",
    "reason",
)


@dataclass
class _Work:
    """A call on its way."""

    listing: Listing
    out: Path
    pseudonyms: Pseudonyms
    options: Options
    outcome: Outcome
    kept_folders: list[str] = field(default_factory=list)
    rename: bool = True
    renamed: dict[str, Renamed] = field(default_factory=dict)
    ledger: list[tuple[Any, ...]] = field(default_factory=list)
    mapping: list[tuple[str, str, str, str]] = field(default_factory=list)
    patients: dict[str, str] = field(default_factory=dict)


def deidentify_folder(
    source: Path,
    out: Path,
    *,
    blank: Sequence[Rectangle] = (),
    no_text_left: bool = False,
    rename: bool = True,
    keep_dates: bool = False,
    keep_times: bool = False,
    keep_characteristics: bool = True,
    keep_device: bool = False,
    classes: Collection[str] | None = None,
    labels: Path | None = None,
    keep_columns: Collection[str] = (),
    secret: Path | None = None,
    mapping: Path | None = None,
    look_for_text: bool = True,
    listen: Listener = silent,
) -> Outcome:
    """Writes a de-identified copy of a data set. The originals are not touched.

    Args:
        source: A folder, a .zip, or one file.
        out: The new folder; it must not exist, or be empty.
        blank: Rectangles of pixels to overwrite in every image: left, top, width, height.
        no_text_left: The user has looked: no text is left in the pixels. The headers then say so.
        rename: Give files and folders new names; those of classes and splits stay.
        keep_dates: Keep dates; by default those of a patient are shifted by a constant number of days.
        keep_times: Keep times of day; by default they become midnight.
        keep_characteristics: Keep sex, age (at most 90), size and weight.
        keep_device: Keep names and serial numbers of devices.
        classes: Folder names that stay; None: those that look like classes.
        labels: A table of labels outside the folder.
        keep_columns: Columns of tables to take over as they are.
        secret: The file that holds the secret, or will hold it; None: it is thrown away, and a later call gives
            other pseudonyms.
        mapping: A file to write that tells originals and new names; whoever has it can undo everything.
        look_for_text: Search the pixels for text.
        listen: Is told about progress.

    Returns:
        What became of every file.

    Raises:
        InputError: There is nothing to do, or the places are mixed up.
        OutputError: A file cannot be written.
        Stopped: The user interrupted; what was written is whole, the rest is missing.
    """
    _check_places(source, out, secret, mapping)
    if any(left < 0 or top < 0 or width < 1 or height < 1 for left, top, width, height in blank):
        raise InputError(
            "A rectangle to blank has no area, or begins outside the picture.",
            remedy="Give left, top, width and height in pixels, counted from the upper left corner.",
            code="bad-rectangle",
        )
    listing = _list(source)
    dates: Any = "keep" if keep_dates else "shift"
    options = Options(dates, keep_times, keep_characteristics, keep_device, tuple(blank), no_text_left)
    started = time.perf_counter()
    tables, images, others = _sort(listing, labels)
    if not images:
        raise InputError(f"There are no images in {source}.", remedy="Check the path.", file=source, code="no-images")
    _check_columns(listing, tables, keep_columns)
    outcome = Outcome(out, left_out=[entry.name for entry in others], repeatable=secret is not None)
    work = _Work(listing, make_folder(out), open_secret(secret), options, outcome, rename=rename)
    listen(StepStarted("deidentify", "De-identifying", len(images)))
    try:
        with Cleaner() as cleaner:
            _choose_names(work, images, classes, cleaner, has_table=bool(tables))
            for number, entry in enumerate(images, 1):
                _copy(work, entry, cleaner)
                listen(StepAdvanced("deidentify", number, len(images)))
        _rewrite_tables(work, tables, keep_columns)
        if look_for_text:
            _look_for_text(work)
        _finish(work, mapping)
    except KeyboardInterrupt as error:
        raise Stopped("Stopped; the copy is not complete.", remedy="Delete it and repeat.", file=out) from error
    finally:
        if listing.archive is not None:
            listing.archive.close()
    listen(StepFinished("deidentify", time.perf_counter() - started, counted(outcome.copied, "image")))
    return outcome


def _check_places(source: Path, out: Path, secret: Path | None, mapping: Path | None) -> None:
    if not source.exists():
        raise InputError(f"There is no {source}.", remedy="Check the path.", file=source, code="no-data")
    here, there = source.resolve(), out.resolve()
    if there == here or here in there.parents or there in here.parents:
        raise InputError(
            "The copy would lie inside the originals, or around them.",
            remedy="Choose a folder elsewhere.",
            file=out,
            code="nested",
        )
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out} exists and is not empty.", remedy="Choose a new folder.", file=out, code="not-empty")
    for path in (secret, mapping):
        if path is not None and there in path.resolve().parents:
            raise InputError(
                f"{path.name} would undo the pseudonyms for whoever gets the copy.",
                remedy="Keep it in another folder, away from the copy.",
                file=path,
                code="secret-inside",
            )
    if mapping is not None and mapping.exists():
        raise OutputError(f"{mapping} exists.", remedy="Choose a new name.", file=mapping, code="not-empty")


def _list(source: Path) -> Listing:
    if source.is_dir():
        return list_folder(source)
    if is_archive(source):
        return list_archive(source)
    return Listing(source.parent, [Entry(source.name, Source(source))])


def _sort(listing: Listing, labels: Path | None) -> tuple[list[Entry], list[Entry], list[Entry]]:
    """Tables of labels, images, and other files."""
    tables, images, others = [], [], []
    for entry in listing.entries:
        if listing.holds_image(entry):
            images.append(entry)
        elif entry.suffix in TABLE_SUFFIXES and looks_like_labels(entry.parts[-1], _read(listing, entry)):
            tables.append(entry)
        else:
            others.append(entry)
    if labels is not None and all(entry.source.path.resolve() != labels.resolve() for entry in tables):
        tables.append(Entry(labels.name, Source(labels)))
    return tables, images, others


def _check_columns(listing: Listing, tables: Sequence[Entry], keep_columns: Collection[str]) -> None:
    """Refuses, before anything is written, columns to keep that no table has."""
    known = {column for entry in tables for column in read_columns(entry.parts[-1], _read(listing, entry))}
    missing = [column for column in keep_columns if column not in known]
    if missing:
        raise InputError(
            f"No table has a column {missing[0]}.", remedy="Name columns as their header does.", code="no-column"
        )


def _read(listing: Listing, entry: Entry) -> bytes:
    try:
        return listing.read(entry, MAX_TABLE_BYTES)
    except InputError:
        return b""


def _choose_names(
    work: _Work, images: Sequence[Entry], classes: Collection[str] | None, cleaner: Cleaner, *, has_table: bool
) -> None:
    if not work.rename:
        work.outcome.notes.append("Files and folders kept their names, which may identify patients.")
        return
    if classes is not None:
        work.kept_folders = list(classes)
        return

    def patient_of(entry: Entry) -> str:
        try:
            return cleaner.clean(entry.source, work.pseudonyms, Options(), entry.name).patient
        except ImageRejected:
            return ""

    work.kept_folders, why = find_class_folders(images, has_table=has_table, patient_of=patient_of)
    work.outcome.notes.append(why)


def _copy(work: _Work, entry: Entry, cleaner: Cleaner) -> None:
    """Cleans one image and writes it; what cannot be cleaned is listed and not copied."""
    number = len(work.ledger) + 1
    try:
        clean = cleaner.clean(entry.source, work.pseudonyms, work.options, entry.name)
    except ImageRejected as rejection:
        work.outcome.refused.append((entry.name, rejection.code))
        work.ledger.append((number, "not copied", "", "", "", "", "", "", "", "", rejection.reason))
        return
    _check_collision(work, clean.patient, clean.key)
    name = _new_name(work, entry, clean.suffix)
    atomic_write(work.out / name, clean.data)
    work.outcome.copied += 1
    work.renamed[entry.name] = Renamed(name, clean.days, clean.key)
    work.mapping.append((entry.name, name, clean.key, clean.patient))
    looks = _reasons_to_look(work, clean)
    if looks:
        work.outcome.suspects[name] = looks
    counts = [clean.counts.get(one, "") for one in ("kept", "changed", "removed")]
    work.ledger.append((number, "copied", name, clean.format, clean.modality or "", clean.patient, *counts, "", ""))


def _new_name(work: _Work, entry: Entry, suffix: str) -> str:
    if not work.rename:
        # A picture whose format changed needs its new ending.
        stem = entry.name[: len(entry.name) - len(entry.suffix)] if entry.suffix else entry.name
        return entry.name if entry.suffix in (suffix, ".jpeg", ".tiff", ".dicom", ".ima") else stem + suffix
    return rename(entry, suffix, work.kept_folders, work.pseudonyms)


def _reasons_to_look(work: _Work, clean: CleanFile) -> list[str]:
    names = {
        "burned-in-flag": "its header says that text is burned in",
        "screen": "it is a capture of a screen or a film",
        "overlay-bits": "an overlay may lie in the unused bits of its compressed pixels",
    }
    looks = [names[one] for one in clean.warnings]
    if clean.modality in BURNING and not work.options.no_text_left:
        looks.append(f"images of modality {clean.modality} often show names")
    return looks


def _check_collision(work: _Work, patient: str, key: str) -> None:
    """Two patients of one pseudonym would become one: with eight digits that happens once in 10,000 sets of 1,000."""
    if patient and work.patients.setdefault(patient, key) != key:
        raise InputError(
            "Two patients would get the same pseudonym.",
            remedy="Repeat the command with a new secret, into a new folder.",
            code="pseudonym-collision",
        )


def _rewrite_tables(work: _Work, tables: Sequence[Entry], keep_columns: Collection[str]) -> None:
    for number, entry in enumerate(tables, 1):
        find = Finder(work.listing.entries, entry.name)

        def look_up(written: str, find: Callable[[str], Entry | None] = find) -> Renamed | None:
            found = find(written)
            return work.renamed.get(found.name) if found else None

        name = "labels.csv" if number == 1 else f"labels_{number}.csv"
        data = work.listing.read(entry, MAX_TABLE_BYTES)
        keep_dates = work.options.dates == "keep"
        try:
            table = rewrite_table(
                name, data, look_up, work.pseudonyms, keep_columns=keep_columns, keep_dates=keep_dates
            )
        except InputError:  # one bad table must not cost the copy
            work.outcome.left_out.append(entry.name)
            continue
        atomic_write(work.out / name, table.text)
        work.mapping.append((entry.name, name, "", ""))
        work.outcome.tables[name] = table.dropped
        told = ", ".join(f"{column} ({meaning})" for column, meaning in table.kept.items())
        work.outcome.notes.append(f"{name} keeps the columns {told}.")
        if table.left_out:
            rows = counted(table.left_out, "row names", "rows name")
            work.outcome.notes.append(f"{name}: {rows} no image that was copied.")
        if table.blanked:
            cells = counted(table.blanked, "cell did not fit its column", "cells did not fit their column")
            were = "was" if table.blanked == 1 else "were"
            work.outcome.notes.append(f"{name}: {cells} and {were} emptied.")


def _look_for_text(work: _Work) -> None:
    """Searches the new pictures for text; a help to the eye, no proof."""
    from wetread.probes.text import find_text  # scipy takes a while to load

    work.outcome.looked_for_text = True
    by_name = [renamed.path for renamed in work.renamed.values()]
    with Decoder(workers=1) as decoder:
        for number, result in decoder.decode_many([work.out / name for name in by_name]):
            name = by_name[number]
            if isinstance(result, ImageRejected):
                work.outcome.suspects.setdefault(name, []).append("its pixels cannot be decoded, so nobody looked")
            elif find_text(result.pixels):
                work.outcome.suspects.setdefault(name, []).append("something in its pixels looks like text")


def _finish(work: _Work, mapping: Path | None) -> None:
    """The ledger, which names no original, and the mapping, which does, where it was asked for."""
    looks = {name: "; ".join(reasons) for name, reasons in work.outcome.suspects.items()}
    rows = [(*row[:9], looks.get(row[2], ""), row[10]) for row in work.ledger]
    atomic_write(work.out / LEDGER, _csv([_COLUMNS, *rows]))
    if mapping is not None:
        atomic_write(mapping, _csv([("original", "new", "patient", "pseudonym"), *work.mapping]))
        mapping.chmod(0o600)
        work.outcome.notes.append("The mapping undoes this copy: keep it apart, or delete it.")
    if not work.outcome.repeatable:
        work.outcome.notes.append("The secret was thrown away: a second call gives other pseudonyms and shifts.")


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue()
