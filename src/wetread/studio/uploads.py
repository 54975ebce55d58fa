"""Bytes that come in -> items. What they are is told by the bytes; one bad file never stops another.

A file is written to the disk while its hash is computed, then decoded once in a child process: that shows whether it
can be used, and gives its facts and its thumbnail. A DICOM file is stored without what identifies, a picture without
its metadata, unless the project says otherwise.
"""

from __future__ import annotations

import struct
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.errors import REJECTIONS, ImageRejected
from wetread.images.facts import ImageFacts
from wetread.images.gate import Refused, identify, open_plain_file
from wetread.images.source import Source
from wetread.privacy.cleaner import Cleaner
from wetread.privacy.options import Options
from wetread.privacy.pictures import strip_metadata
from wetread.studio.findings import PRESENT, Marks, read_marks
from wetread.studio.items import Item, join_columns
from wetread.studio.names import loose, table_keys
from wetread.studio.thumbnails import SIDE, encode_thumbnail, thumbnail_place
from wetread.writing import atomic_write, keep_file, make_folder

if TYPE_CHECKING:
    from wetread.privacy.pseudonyms import Pseudonyms
    from wetread.studio.project import Project

#: Processes that take out what identifies.
CLEANERS = 2
_LOCKS = [threading.Lock() for _ in range(256)]
_SUFFIXES = {"DICOM": ".dcm", "PNG": ".png", "JPEG": ".jpg", "TIFF": ".tif", "BMP": ".bmp"}


@dataclass(frozen=True)
class Received:
    """What became of a file.

    Attributes:
        status: added, duplicate, rejected, table or archive.
        items: Ids of the items that it is, or that a table labelled.
        reason: Why it cannot be used, or what else is to be said.
        remedy: What to do then.
        code: A short stable name for the reason.
        task: Of an archive that is being taken in.
        given: Of a duplicate that came under another class than the one it is in: its ``id`` and ``name``, ``in`` (id
            of the class it is in; None: none) and ``as`` (id of the class under which it came).
    """

    status: str
    items: tuple[str, ...] = ()
    reason: str = ""
    remedy: str = ""
    code: str = ""
    task: str | None = None
    given: dict[str, str | None] | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the answer."""
        return {**vars(self), "items": list(self.items)}


@dataclass(frozen=True)
class Arrival:
    """One file that may become an item.

    Attributes:
        file: Where its bytes lie.
        id: First 16 hex digits of their SHA-256.
        path: Folders above it where it came from.
        name: Bare name.
        class_name: Name or id of its class; empty for none.
        patient: Where something else than the file says it.
        batch: As in `wetread.studio.project.Project.add_item`.
    """

    file: Path
    id: str
    path: str
    name: str
    class_name: str = ""
    patient: str = field(default="", repr=False)
    batch: str = ""


def take_in(project: Project, arrival: Arrival, *, own: bool = True) -> Received:
    """Makes an item of a file, or lists it as rejected.

    Args:
        project: Where it goes.
        arrival: The file.
        own: It may be moved into the project; else it is copied.
    """
    with item_lock(arrival.id):
        return _take_in(project, arrival, own=own)


def item_lock(item: str) -> threading.Lock:
    """Held while the files of an item are written or removed: the same bytes may come twice at the same time."""
    return _LOCKS[int(item[:2], 16)]


def _take_in(project: Project, arrival: Arrival, *, own: bool) -> Received:
    with project.read() as contents:
        known = contents.items.get(arrival.id)
    if known is not None:
        return _duplicate(project, known, arrival)
    try:
        item, keys = _store(project, arrival, own=own)
    except ImageRejected as rejection:
        return reject(project, arrival.name, rejection.reason, rejection.remedy, rejection.code)
    except Refused as refusal:
        return reject(project, arrival.name, *REJECTIONS[refusal.code], refusal.code)
    with project.read():  # in one go: of a table that came in between neither this image nor the table would know
        _label(project, arrival, item, keys)
        added = project.add_item(item, arrival.batch)
    if not added:  # another program was faster
        return Received("duplicate", (item.id,), "The same file is here already.")
    return Received("added", (item.id,))


def reject(project: Project, name: str, reason: str, remedy: str, code: str) -> Received:
    """Lists a file that cannot be used in its project."""
    project.reject(name, reason, remedy, code)
    return Received("rejected", (), reason, remedy, code)


def _duplicate(project: Project, known: Item, arrival: Arrival) -> Received:
    """A file that is here already. That it came under another class is kept: one of the two labels is wrong."""
    given = _given_class(project, known, arrival)
    with project.read() as contents:
        places = contents.classes
        place = places.get(known.class_id or "")
        where = f", in {place.name}" if place else ""
        if given is None or given == known.class_id or known.excluded:
            return Received("duplicate", (known.id,), f"The same file is here already{where}.")
        reason = f"The same file is here already{where}, and came as {places[given].name} too."
    project.give_too(known.id, given)
    said = {"id": known.id, "name": arrival.name, "in": known.class_id, "as": given}
    return Received("duplicate", (known.id,), reason, given=said)


def _given_class(project: Project, known: Item, arrival: Arrival) -> str | None:
    """The class of the drop, made if needed. None where the folder is none: findings are in use, or a table says it."""
    with project.read() as contents:
        if contents.of_findings or not arrival.class_name:
            return None
    keys = known.keys or table_keys(arrival.path, arrival.name, project.pseudonyms)
    label, _, _, findings = _from_tables(project, keys, arrival.path)
    return None if label or findings else project.find_class(arrival.class_name)


def _store(project: Project, arrival: Arrival, *, own: bool) -> tuple[Item, tuple[str, ...]]:
    """Stores file and thumbnail; the item that it will be, without a label, and the names by which tables mean it."""
    with open_plain_file(arrival.file) as handle:
        kind = identify(handle)
    with project.read() as contents:
        private = contents.settings["deidentify"]
    cleaned = kind == "DICOM" and private
    keys = table_keys(arrival.path, arrival.name, project.pseudonyms)
    place = make_folder(project.folder / "images") / f"{arrival.id}{_SUFFIXES[kind]}"
    subject = ""
    if cleaned:
        with _CLEANERS.one() as cleaner:
            clean = cleaner.clean(arrival.file, project.pseudonyms, Options(), arrival.id)
        atomic_write(place, clean.data)
        subject = clean.patient
    try:
        image = project.decoder.decode(Source(place if cleaned else arrival.file), max_side=SIDE, keep=False)
    except ImageRejected:
        if cleaned:
            place.unlink(missing_ok=True)
        raise
    if not cleaned:
        _keep(arrival.file, place, _strip(arrival.file, kind) if private and kind != "DICOM" else b"", own=own)
    atomic_write(thumbnail_place(project.folder, arrival.id), encode_thumbnail(image.pixels), durable=False)
    item = Item(
        id=arrival.id,
        name=f"I{table_keys('', arrival.name, project.pseudonyms)[0]}.dcm" if cleaned else arrival.name,
        suffix=_SUFFIXES[kind],
        kind=kind,
        path=_path_below_class(arrival.path, arrival.class_name, project.pseudonyms if cleaned else None),
        width=image.facts.width,
        height=image.facts.height,
        subject=subject,
        keys=keys if cleaned else (),
        modality=image.facts.modality,
        facts=_facts(replace(image.facts, bytes=place.stat().st_size)),
    )
    return item, keys


def _label(project: Project, arrival: Arrival, item: Item, keys: tuple[str, ...]) -> None:
    """Class, patient, further columns and findings, as the way it came and the tables so far say."""
    dropped_on = project.find_finding(arrival.class_name)
    class_id = None if dropped_on else project.find_class(arrival.class_name)
    label, named, item.columns, findings = _from_tables(project, keys, arrival.path)
    item.class_id, item.patient = class_id or project.find_class(label), arrival.patient or named
    item.findings = findings | ({dropped_on: PRESENT} if dropped_on else {})


def _strip(file: Path, kind: str) -> bytes:
    """A picture without its metadata; empty where it has none, or nobody can tell it from the pixels.

    PNG, JPEG and BMP are only cut, and a child process has just decoded them: what their headers say surprises nobody
    here. To ask a child again would take longer than to do it.
    """
    try:
        if kind == "TIFF":
            with _CLEANERS.one() as cleaner:
                return cleaner.strip(file)
        with open_plain_file(file) as handle:
            return strip_metadata(handle.read(), kind)
    except (ImageRejected, Refused, ValueError, LookupError, ArithmeticError, struct.error):
        return b""


def _keep(file: Path, place: Path, stripped: bytes, *, own: bool) -> None:
    if stripped:
        atomic_write(place, stripped)
    elif own:
        keep_file(file, place)
    else:
        with open_plain_file(file) as handle:
            atomic_write(place, handle.read())


class _Cleaners:
    """The child processes that clean, shared by all projects: a second one where the first is at work."""

    def __init__(self) -> None:
        self._free = threading.Semaphore(CLEANERS)
        self._idle: deque[Cleaner] = deque()

    @contextmanager
    def one(self) -> Iterator[Cleaner]:
        with self._free:
            try:
                cleaner = self._idle.pop()
            except IndexError:
                cleaner = Cleaner()
            try:
                yield cleaner
            finally:
                self._idle.append(cleaner)


_CLEANERS = _Cleaners()


def _from_tables(project: Project, keys: Sequence[str], path: str) -> tuple[str, str, dict[str, str], Marks]:
    """Class, patient, further columns and findings that tables gave before the file came; the later table counts."""
    label, patient = "", ""
    columns: dict[str, str] = {}
    findings: Marks = {}
    # Of a file in a folder a table that gives paths means only the one at its path.
    asked = keys if path else (*keys, *map(loose, keys))
    with project.read() as contents:
        for table in contents.tables:
            row = next((table.rows[key] for key in asked if key in table.rows), None)
            if row is None:
                continue
            if table.findings:
                findings |= read_marks(row[0], project.finding_ids(table.findings) if row[0] else ())
            else:
                label = row[0] or label
            patient = row[1] or patient
            columns = join_columns(columns, table.further(row))
    return label, patient, columns, findings


def _path_below_class(path: str, class_name: str, pseudonyms: Pseudonyms | None) -> str:
    """Folders from that of the class on, so that the next one may be a patient; all others under a pseudonym."""
    parts = path.split("/") if path else []
    if class_name in parts:
        parts = parts[parts.index(class_name) :]
    if pseudonyms is not None:
        parts = [part if part == class_name else pseudonyms.patient(part) for part in parts]
    return "/".join(parts)


def _facts(facts: ImageFacts) -> dict[str, Any]:
    plain = facts.as_dict()
    for name in ("format", "width", "height", "patient_key", "modality"):
        plain.pop(name)
    return {key: value for key, value in plain.items() if value not in (None, "", {}, [])}
