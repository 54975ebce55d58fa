"""List, decode, find patients and copies; and what of it goes into the run folder."""

from __future__ import annotations

import hashlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.dataset.table import WORKING_SIDE
from wetread.errors import ImageRejected
from wetread.main_job.ahead import NEEDED_BY_ALL, import_ahead
from wetread.main_job.device import asked_device
from wetread.main_job.session import step
from wetread.outcome import counted
from wetread.progress import Listener, Notice
from wetread.request import Request, choose_device
from wetread.run_folder import RUNNING, RunFolder

if TYPE_CHECKING:
    from wetread.checks.finding import Finding
    from wetread.dataset.duplicates import Pair
    from wetread.dataset.table import Row, Table
    from wetread.images.view import View

#: Files whose headers are examined for what may identify a patient, spread over the whole set.
HEADERS_EXAMINED = 400


@dataclass
class ReadData:
    """A data set as it was read: table, labelled rows, duplicates among them, how pictures are shown and why."""

    table: Table
    rows: list[Row]
    pairs: list[Pair]
    view: tuple[View, str]


def list_images(request: Request) -> Table:
    """The images of a data set and their labels, as they were asked for; nothing is decoded."""
    from wetread.dataset.scan import scan

    return scan(
        request.data,
        labels=request.labels,
        label_column=request.label_column,
        classes=request.classes,
        finding=request.finding,
    )


def read_data(request: Request, folder: RunFolder, tell: Listener, *, side: int = WORKING_SIDE) -> ReadData:
    """Lists and decodes a data set, and finds patients and duplicates.

    Args:
        request: What the user asked for.
        folder: The run folder.
        tell: Is told about progress.
        side: Longest side of the pictures, in pixels.
    """
    from wetread.dataset.duplicates import find_duplicates
    from wetread.dataset.groups import assign_groups, assign_patients
    from wetread.dataset.reading import read_images, rows_with_pictures
    from wetread.evaluation.subgroup_columns import check_names
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder

    with Decoder(cache=default_cache()) as decoder:
        decoder.start()  # its processes take a third of a second, in which the files are listed
        table = list_images(request)
        check_names(table.rows, request.subgroups)
        window, frame = _asked_view(request, folder)
        total = sum(row.status == "used" for row in table.rows)
        import_ahead(*NEEDED_BY_ALL)
        if table.empty:
            tell(Notice(f"No image shows what the data name: {', '.join(table.empty[:30])}."))
        with step(tell, "read", "Reading images", total) as done:
            view = read_images(table, window=window, frame=frame, decoder=decoder, listen=tell, side=side)
            kinds = counted(len(table.findings), "finding") if table.multi else f"{len(table.classes)} classes"
            done(f"{counted(len(table.used), 'labelled image')}, {kinds}")
    with step(tell, "group", "Looking for patients and copies") as done:
        assign_patients(table)
        if table.patients_unused:
            tell(Notice(table.notes[-1]))
        rows = rows_with_pictures(table)
        pairs = find_duplicates(rows)
        assign_groups(rows, pairs, request.together)
        done(f"{counted(len({row.group for row in rows}), 'separate case')}, {counted(len(pairs), 'pair')} of copies")
    return ReadData(table, rows, pairs, view)


def read_for_large_networks(read: ReadData, side: int, tell: Listener) -> None:
    """Reads pictures once more where a network of the run sees more pixels than were read.

    Patients, copies, checks and the plan rest on the smaller pictures: they are the same whatever network looks, and
    thresholds in them were tuned there. Only what is learnt and predicted sees the larger ones.

    Args:
        read: The data set; its pictures are exchanged.
        side: Longest side that the run decided on, in pixels.
        tell: Is told about progress.
    """
    from wetread.dataset.reading import read_larger
    from wetread.images.cache import default_cache
    from wetread.images.decoder import Decoder

    rows = [row for row in read.table.rows if row.status == "used" and row.picture is not None]
    with (
        Decoder(cache=default_cache()) as decoder,
        step(tell, "read again", f"Reading images at {side} pixels", len(rows)) as done,
    ):
        kept = read_larger(rows, read.view[0], side, decoder, tell)
        done(f"{counted(len(rows) - len(kept), 'image')}: a network sees more than {WORKING_SIDE} pixels")
    if kept:
        row, reason = kept[0]
        tell(
            Notice(
                f"{counted(len(kept), 'image')} cannot be read at {side} pixels and stay at {WORKING_SIDE}, such as "
                f"{row.image}: {reason}."
            )
        )


def write_intake(folder: RunFolder, table: Table, findings: list[Finding], **facts: Any) -> None:
    """Writes images.csv and what belongs beside it, findings.json, and the facts of the intake into run.json."""
    from wetread.dataset.reading import count_ways

    folder.write_text("images.csv", table.to_csv())
    for name, text in table.files.items():
        folder.write_text(name, text)
    folder.write_json("findings.json", [finding.as_dict() for finding in findings])
    folder.write_status(
        RUNNING,
        fingerprint=_fingerprint(table),
        notes=table.notes,
        grouping=table.grouping,
        ledger=table.ledger(),
        multi=table.multi,
        provenance=table.provenance or None,
        shown=dict(count_ways(table).most_common()),
        **facts,
    )


def check_asked(request: Request) -> None:
    """Refuses mistakes in settings, device, a named plan and the name of a recipe before anything is read or written.

    Raises:
        InputError: There is no such decision, or its value cannot be followed; the plan cannot be read; there
            is no such recipe or device.
    """
    if asked_device(request) != "auto":  # to look for one takes seconds, and cannot fail
        choose_device(asked_device(request))
    if not request.settings and request.plan is None and request.recipe is None:
        return
    from wetread.training.plan_file import check_plan, check_setting
    from wetread.training.recipes import recipe_path

    if request.recipe is not None:
        recipe_path(request.recipe)
    for setting in request.settings:
        check_setting(setting)
    if request.plan is not None:
        check_plan(request.plan)


def _asked_view(request: Request, folder: RunFolder) -> tuple[str | None, str]:
    """Window and frame as asked for on the command line, else as planned; a resumed run keeps what it began with."""
    from wetread.training.plan_file import planned_view, require_preset

    path = stored_plan(request, folder)
    if path:
        require_preset(path, request.preset)
    view, frame = planned_view(path) if path else (None, None)
    asked = {name.strip(): text.strip() for name, _, text in (setting.partition("=") for setting in request.settings)}
    return asked.get("view") or request.window or view, asked.get("frame") or request.frame or frame or "middle"


def stored_plan(request: Request, folder: RunFolder) -> Path | None:
    """The plan to follow: the one named, else that of the run that is resumed, not of one that is replaced."""
    begun = folder.path / "plan.yaml"
    return request.plan or (begun if begun.is_file() and not folder.keeps_earlier else None)


def examine_headers(rows: list[Row]) -> Counter[str]:
    """In how many files each kind of what may identify a patient occurs, of at most a few hundred files."""
    from wetread.privacy.cleaner import Cleaner
    from wetread.privacy.examine import summarise

    reports = []
    sources = [row.source for row in rows if row.source.item is None]  # arrays have no headers
    with Cleaner() as cleaner:
        for source in sources[:: max(1, len(sources) // HEADERS_EXAMINED)]:
            with suppress(ImageRejected):
                reports.append(cleaner.examine(source))
    return summarise(reports)


def _fingerprint(table: Table) -> str:
    """SHA-256 over image, label and content of every row in use: the same data give the same fingerprint."""
    digest = hashlib.sha256()
    for row in table.rows:
        if row.status == "used":
            label = "\0".join((row.label, *row.unknown))
            digest.update(f"{row.image}\0{label}\0{row.sha256}\n".encode())
    return digest.hexdigest()
