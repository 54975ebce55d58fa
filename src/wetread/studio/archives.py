"""Archives, Teachable Machine projects and folders -> items. The layout is read as a run reads it.

Members are unpacked one after the other, as streams, into files whose names are hashes; nothing is extracted.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from wetread.archive import Archive, ArchiveLimits
from wetread.dataset.columns import IMAGE_NAME
from wetread.dataset.labels_file import TABLE_SUFFIXES, looks_like_labels
from wetread.dataset.listing import Entry, Listing, list_archive, list_folder
from wetread.dataset.scan import scan
from wetread.dataset.table import Table
from wetread.dataset.teachable_machine import MANIFEST, read_project
from wetread.errors import REJECTIONS, InputError
from wetread.images.gate import Refused, identify, open_plain_file
from wetread.images.packed import PackedBytes, Packing
from wetread.images.source import Source
from wetread.outcome import counted
from wetread.privacy.names import find_class_folders
from wetread.progress import Listener, StepAdvanced, StepFinished, StepStarted, silent
from wetread.studio.receiving import add_stream
from wetread.studio.tables import MOST_TABLE_BYTES, follow_table, read_table, receive_columns, say_use
from wetread.studio.uploads import Received, reject

if TYPE_CHECKING:
    from wetread.studio.project import Project
    from wetread.studio.tasks import Task

LIMITS = ArchiveLimits(entries=20_000, ratio=100.0, total_bytes=20 << 30, entry_bytes=512 << 20)
_PIECE = 1 << 20
#: Files at a time: as many as there are processes that decode, and one whose file is being written.
_AT_ONCE = 3
_ZIP = b"PK\x03\x04"
_ARCHIVES = (".zip", ".tm")


@dataclass(frozen=True)
class _Wanted:
    """A file to take in: where its bytes lie, its path as shown, and what the layout says of it."""

    source: Source
    name: str
    class_name: str = ""
    patient: str = field(default="", repr=False)


@dataclass
class _Plan:
    files: list[_Wanted]
    tables: list[tuple[str, bytes]] = field(default_factory=list)
    unlabelled: list[tuple[str, bytes]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ignored: int = 0
    archive: Archive | None = None


def receive_archive(project: Project, file: Path, name: str, class_name: str, batch: str = "") -> Received:
    """Checks an archive that was dropped and begins to take it in; the answer names the task.

    Args:
        project: Where its images go.
        file: The archive; it is removed when all is done.
        name: As it is shown.
        class_name: For all of its images; empty: as its folders or its table say.
        batch: As in `wetread.studio.project.Project.add_item`.
    """
    if name.lower().endswith(".npz"):
        remedy = "Train on it from the terminal: wetread run FILE.npz."
        return reject(project, name, "it holds arrays rather than image files", remedy, "arrays")
    try:
        Archive(file, LIMITS).close()
    except InputError as error:
        reason = error.message.rpartition(": ")[2].rstrip(".")
        return reject(project, name, reason, "Unpack it, look at what is in it, and drop the folder.", "archive")
    kept = file.rename(file.with_suffix(".zip"))

    def work(task: Task) -> None:
        try:
            _take_all(project, _plan(kept, class_name), task, batch=batch)
        finally:
            kept.unlink(missing_ok=True)

    return Received("archive", task=project.tasks.start(work))


def import_folder(project: Project, folder: Path, listen: Listener = silent) -> dict[str, int]:
    """Takes in a folder of this machine without the browser, for sets of many gigabytes.

    Args:
        project: Where its images go.
        folder: Class folders, given splits, or a table beside its images; else each folder is a class.
        listen: Is told about progress.

    Returns:
        How many files were added, duplicates, rejected and ignored.

    Raises:
        InputError: The folder cannot be read, or holds nothing.
    """
    plan = _plan(folder, "")
    listen(StepStarted("import", "Taking images in", len(plan.files)))
    counts = _take_all(project, plan, None, listen)
    listen(StepFinished("import", 0.0, f"{counted(counts['added'], 'image')} added"))
    return counts


def start_import(project: Project, folder: Path) -> str:
    """Begins to take in a folder as a task; returns its id."""

    def work(task: Task) -> None:
        _take_all(project, _plan(folder, ""), task, batch=token_hex(8))

    return project.tasks.start(work)


def _plan(data: Path, class_name: str) -> _Plan:
    """What to take in, read as a run would read it; where it would refuse, each folder is a class."""
    listing = list_folder(data) if data.is_dir() else list_archive(data)
    if not listing.entries:
        raise InputError("It holds no files.", remedy="Look at what is in it.", code="no-images")
    tables, unlabelled = _read_tables(listing)
    plan = _by_layout(data, listing, tables) if not class_name else None
    if plan is None:
        plan = _by_folders(listing, class_name)
    plan.unlabelled = unlabelled
    _leave_out(plan, listing)
    if not class_name and not plan.tables:
        _hide_patients(plan, listing)
    if listing.archive is not None:
        listing.archive.close()
        plan.archive = Archive(data, LIMITS)
    if not plan.files:
        raise InputError("It holds no images.", remedy="Look at what is in it.", code="no-images")
    return plan


def _read_tables(listing: Listing) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """Tables of labels, and those that may say something else of images; names and contents."""
    labelled: list[tuple[str, bytes]] = []
    unlabelled: list[tuple[str, bytes]] = []
    for entry in listing.entries:
        if entry.suffix in TABLE_SUFFIXES:
            content = listing.read(entry, MOST_TABLE_BYTES)
            (labelled if looks_like_labels(entry.parts[-1], content) else unlabelled).append((entry.parts[-1], content))
    return labelled, unlabelled


def _by_layout(data: Path, listing: Listing, found: list[tuple[str, bytes]]) -> _Plan | None:
    if found:
        # The labels come from the tables; what they do not name comes in without a class.
        rest = [entry for entry in listing.entries if entry.suffix not in TABLE_SUFFIXES]
        return _Plan([_Wanted(entry.source, entry.name) for entry in rest], found)
    try:
        table = scan(data)
    except InputError:
        return None  # one class, or no folders: fine here, where the set is still growing
    if table.source not in ("folder", "splits", "project"):
        return None
    return _from_rows(table)


def _from_rows(table: Table) -> _Plan:
    files = [
        _Wanted(row.source, row.image if table.source != "project" else row.image.replace("-!-", "/"), row.label)
        for row in table.rows
        if not row.companion and row.status == "used"
    ]
    notes = list(table.notes)
    if any(row.given_split for row in table.rows):
        notes.append("Its division into training and test parts was not kept: a run makes its own, by patient.")
    return _Plan(files, notes=notes, ignored=len(table.rows) - len(files))


def _by_folders(listing: Listing, class_name: str) -> _Plan:
    members: dict[str, str] = {}
    if listing.archive is not None and any(entry.name == MANIFEST for entry in listing.top_files):
        members = read_project(listing.archive).members
    entries = [entry for entry in listing.entries if not members or entry.source.member in members]
    files = [_Wanted(one.source, one.name, class_name or _class_of(one, members)) for one in entries]
    return _Plan(files, ignored=len(listing.entries) - len(files))


def _leave_out(plan: _Plan, listing: Listing) -> None:
    """Takes out what is no image by content and does not claim to be one: texts, checksums."""
    kept = [
        one
        for one in plan.files
        if IMAGE_NAME.search(one.name)
        or one.name.lower().endswith(_ARCHIVES)
        or listing.holds_image(Entry(one.name, one.source))
    ]
    plan.ignored += len(plan.files) - len(kept)
    plan.files = kept


def _hide_patients(plan: _Plan, listing: Listing) -> None:
    """Folders of a DICOM export are named after patients and studies more often than after classes."""
    folders = {one.name.rpartition("/")[0]: one for one in plan.files}
    if not any(_is_dicom(listing, one.source) for one in folders.values()):
        return
    names, sentence = find_class_folders([Entry(one.name, one.source) for one in plan.files], has_table=False)
    plan.notes.append(sentence.replace("were renamed", "are no classes"))
    plan.files = [one if one.class_name in names else replace(one, class_name="") for one in plan.files]


def _is_dicom(listing: Listing, source: Source) -> bool:
    try:
        if listing.archive is not None:
            return identify(io.BytesIO(listing.archive.peek(source.member))) == "DICOM"
        with open_plain_file(source.path) as handle:
            return identify(handle) == "DICOM"
    except (Refused, InputError):
        return False


def _class_of(entry: Entry, members: dict[str, str]) -> str:
    known = members.get(entry.source.member)
    # The whole name: a folder around everything, which the listing leaves out, may be the one class there is.
    parts = (entry.source.member or entry.name).split("/")
    return known or (parts[-2] if len(parts) > 1 else "")


def _take_all(
    project: Project, plan: _Plan, task: Task | None, listen: Listener = silent, *, batch: str = ""
) -> dict[str, int]:
    counts = {"added": 0, "duplicate": 0, "rejected": 0, "ignored": plan.ignored}
    lock = threading.Lock()
    if task is not None:
        task.total(len(plan.files))
        for note in plan.notes:
            task.note(note)

    def take(wanted: _Wanted) -> None:
        received = _take_one(project, wanted, plan.archive, batch)
        with lock:
            counts[received.status] += 1
            listen(StepAdvanced("import", sum(counts.values()) - plan.ignored, len(plan.files)))
        if task is not None:
            name = wanted.name.rpartition("/")[2]
            task.count(
                received.status,
                {"name": name, "reason": received.reason, "remedy": received.remedy, "code": received.code},
            )
            if received.given is not None:
                task.twice(received.given)

    try:
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="wetread-intake") as threads:
            futures = [threads.submit(take, wanted) for wanted in plan.files]
            try:
                for future in futures:
                    future.result()
            except BaseException:  # the disk is full: the others would meet the same
                threads.shutdown(wait=False, cancel_futures=True)
                raise
        for name, content in plan.tables:  # which file a name means is told by all of them
            table = read_table(name, content, project.pseudonyms)
            followed = follow_table(project, name, table.kept)
            for note in filter(None, (followed.note, say_use(project, table.kept), table.note)):
                if task is not None:
                    task.note(note)
        for name, content in plan.unlabelled:  # last: which of them speak of images is told by the images
            received = receive_columns(project, name, content, listed=False)
            if task is not None and received.reason:
                task.note(received.reason)
    finally:
        if plan.archive is not None:
            plan.archive.close()
    return counts


def _take_one(project: Project, wanted: _Wanted, archive: Archive | None, batch: str) -> Received:
    name = wanted.name.rpartition("/")[2]
    try:
        return add_stream(project, _pieces(wanted.source, archive), wanted.class_name, wanted.name, batch=batch)
    except Refused as refusal:
        return reject(project, name, *REJECTIONS[refusal.code], refusal.code)
    except InputError as error:
        if error.code == "full":
            raise
        return reject(project, name, error.message, error.remedy, error.code)


def _pieces(source: Source, archive: Archive | None) -> Iterator[bytes]:
    """The bytes of a file or member, a piece at a time."""
    if archive is None or not source.member:
        with open_plain_file(source.path) as handle:
            while piece := handle.read(_PIECE):
                yield piece
        return
    stretch = archive.locate(source.member)
    with open(archive.path, "rb") as handle:
        packing: Packing = "deflate" if stretch.deflated else "stored"
        packed = PackedBytes(
            handle, start=stretch.start, packed=stretch.packed, size=stretch.size, packing=packing, crc=stretch.crc
        )
        for position in range(0, stretch.size, _PIECE):
            piece = packed.read(position, min(_PIECE, stretch.size - position))
            if position == 0 and piece.startswith(_ZIP):
                raise InputError(
                    "It is an archive inside an archive.",
                    remedy="Unpack it and drop the folder.",
                    code="nested-archive",
                )
            yield piece
