"""Decodes every image of a table once, by way of the killable worker, and keeps a working picture of each."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext

from wetread.dataset.choose_view import choose_view
from wetread.dataset.picture_store import PictureStore
from wetread.dataset.table import WORKING_SIDE, Row, Table
from wetread.errors import ImageRejected, InputError
from wetread.images.decoder import Decoder
from wetread.images.facts import Survey
from wetread.images.view import View
from wetread.outcome import counted
from wetread.progress import Listener, StepAdvanced, silent

#: Headers that are looked at before it is decided how pictures are shown; spread over the whole set.
SAMPLE = 400


def read_images(
    table: Table,
    *,
    window: str | None = None,
    frame: str = "middle",
    decoder: Decoder | None = None,
    listen: Listener = silent,
    side: int = WORKING_SIDE,
) -> tuple[View, str]:
    """Fills `facts`, `picture` and the hashes of every row in use; unreadable files are skipped with their reason.

    Args:
        table: As scanned; changed in place. With all frames wanted, a file of several becomes several rows.
        window: How values become grey, as `View.parse` reads it; None: decided from the headers.
        frame: middle, all or a number from 1.
        decoder: Stays open; None for one of its own, without a cache.
        listen: Is told about the progress.
        side: Longest side of the pictures, in pixels.

    Returns:
        How the pictures are shown, and why.

    Raises:
        InputError: Not one file could be read, or the window cannot be applied.
    """
    with nullcontext(decoder) if decoder is not None else Decoder() as decoder:
        view, reason = _look_first(table, decoder, window, frame)
        rows = [row for row in table.rows if row.status == "used"]
        store = PictureStore()
        started, last = time.monotonic(), 0.0
        outcomes = decoder.decode_many((row.source for row in rows), max_side=side, view=view)
        for done, (number, outcome) in enumerate(outcomes, start=1):
            row = rows[number]
            if isinstance(outcome, ImageRejected):
                row.skip(outcome.reason)
            else:
                row.picture = store.keep(outcome.pixels)
                row.facts = outcome.facts
                row.sha256 = outcome.file_sha256
                row.pixel_sha256 = outcome.pixel_sha256
            if time.monotonic() - last > 0.1 or done == len(rows):
                last = time.monotonic()
                rate = done / max(last - started, 1e-3)
                listen(StepAdvanced("read", done, len(rows), f"{rate:.0f} images/s"))
    if rows and not any(row.status == "used" for row in rows):
        reasons = Counter(row.reason for row in rows).most_common(1)[0][0]
        raise InputError(
            f"None of the {len(rows)} files in {table.root} could be read; most often: {reasons}."
            if len(rows) > 1
            else f"The one file in {table.root} could not be read: {reasons}.",
            remedy="Export the images as PNG, JPEG, TIFF, BMP or DICOM.",
            file=table.root,
            code="no-readable-images",
        )
    _note_differences(table, view)
    return view, reason


def read_larger(
    rows: Sequence[Row], view: View, side: int, decoder: Decoder, listen: Listener = silent
) -> list[tuple[Row, str]]:
    """Reads the pictures of rows once more with more pixels, for a network that sees more than `WORKING_SIDE`.

    A copy of a picture is known by its pixels at the side at which it was read, so `pixel_sha256` goes along.

    Args:
        rows: That were read; changed in place.
        view: As they were read.
        side: Longest side of the pictures, in pixels.
        decoder: Running.
        listen: Is told about the progress of the step ``read again``.

    Returns:
        Rows that keep their smaller pictures, since their files cannot be read any more or are others now, and why.
    """
    store, kept = PictureStore(), dict[int, str]()
    started, last = time.monotonic(), 0.0
    outcomes = decoder.decode_many((row.source for row in rows), max_side=side, view=view)
    for done, (number, outcome) in enumerate(outcomes, start=1):
        row = rows[number]
        if isinstance(outcome, ImageRejected):
            kept[number] = outcome.reason
        elif outcome.file_sha256 != row.sha256:
            kept[number] = "the file has changed since"
        else:
            row.picture = store.keep(outcome.pixels)
            row.pixel_sha256 = outcome.pixel_sha256
        if time.monotonic() - last > 0.1 or done == len(rows):
            last = time.monotonic()
            listen(StepAdvanced("read again", done, len(rows), f"{done / max(last - started, 1e-3):.0f} images/s"))
    return [(rows[number], kept[number]) for number in sorted(kept)]


def _look_first(table: Table, decoder: Decoder, window: str | None, frame: str) -> tuple[View, str]:
    """Reads headers, decides how pictures are shown, and makes rows of frames where all are wanted."""
    View.parse(window or "file", frame=frame)  # a mistake in it is told before thousands of headers are read
    rows = [row for row in table.rows if row.status == "used"]
    step = 1 if frame == "all" else max(1, len(rows) // SAMPLE)
    looked_at = rows[::step]
    surveys: dict[int, Survey] = {
        number: found
        for number, found in decoder.survey(row.source for row in looked_at)
        if not isinstance(found, ImageRejected)
    }
    if frame == "all":
        several = {id(looked_at[number]): survey.frames for number, survey in surveys.items() if survey.frames > 1}
        table.rows = [part for row in table.rows for part in _frames_of(row, several.get(id(row), 1))]
        if several:
            hold = counted(len(several), "file holds", "files hold")
            table.notes.append(f"{hold} several frames; each frame counts as an image.")
    return choose_view([surveys[number] for number in sorted(surveys)], window, frame)


def _frames_of(row: Row, frames: int) -> list[Row]:
    """One row per frame. The file stands for the patient where nothing else does: its frames are no separate cases."""
    if frames == 1:
        return [row]
    return [
        dataclasses.replace(
            row,
            image=f"{row.image}#{number}",
            source=dataclasses.replace(row.source, frame=number),
            extra={**row.extra, "file": row.image},
        )
        for number in range(1, frames + 1)
    ]


def _note_differences(table: Table, view: View) -> None:
    """Says so where files of one set were not all treated in one way, since that can tell a class."""
    ways = count_ways(table)
    if len(ways) > 1:
        listed = "; ".join(f"{way}: {count}" for way, count in ways.most_common(4))
        table.notes.append(f"Grey values come about in different ways ({listed}), though {view} holds for all.")


def count_ways(table: Table) -> Counter[str]:
    """How the images in use came to their grey values -> how many did, such as ``as stored`` or ``window``."""
    return Counter(_way(row.facts.intensity) for row in table.rows if row.facts is not None and row.status == "used")


def _way(intensity: str) -> str:
    """How a picture was shown, without its numbers."""
    words = [word for word in intensity.split() if not any(letter.isdigit() for letter in word)]
    return " ".join(words) or intensity


def drop_small_classes(table: Table, minimum: int) -> list[str]:
    """Takes out classes with fewer groups than can be divided into folds.

    Args:
        table: With groups; changed in place.
        minimum: Fewest groups of a class.

    Returns:
        The names of the classes that were taken out.

    Raises:
        InputError: Fewer than two classes remain.
    """
    counts = table.count_patients()
    small = sorted(name for name in counts if counts[name] < minimum)
    if len(counts) < 2:
        _explain_lost_class(table)
    if len(counts) - len(small) < 2:
        worst = min(counts, key=lambda name: counts[name])
        raise InputError(
            f"The class {worst} has {_say_cases(table, worst, counts[worst])}; at least {minimum} per class are needed "
            "to test anything.",
            remedy="Collect more cases of it, or leave the class out with --classes.",
            file=table.root,
            code="class-too-small",
        )
    for row in table.used:
        if row.label in small:
            row.skip(f"its class has {counted(counts[row.label], 'case')}, fewer than {minimum}")
    return small


def _say_cases(table: Table, name: str, cases: int) -> str:
    """``1 patient (40 images)``; where patients are not known, near-identical images count once."""
    images = sum(name in row.names for row in table.used)
    if table.grouping != "none":
        return f"{counted(cases, 'patient')} ({counted(images, 'image')})"
    if images == cases:
        return counted(images, "image")
    return f"{counted(cases, 'different image')} ({counted(images, 'image')}, copies among them)"


def _explain_lost_class(table: Table) -> None:
    """Raises which class has nothing left, and why, where fewer than two classes survived the reading."""
    lost = sorted({row.label for row in table.skipped if row.label} - set(table.classes))
    for name in lost:
        reasons = Counter(row.reason for row in table.skipped if row.label == name).most_common(1)[0][0]
        raise InputError(
            f"No image of the class {name} could be used; most often: {reasons}.",
            remedy="Mend these files, or give at least two classes with readable images.",
            file=table.root,
            code="class-unreadable",
        )


def rows_with_pictures(table: Table) -> list[Row]:
    """The labelled rows in use that have been read, in table order."""
    return [row for row in table.used if row.picture is not None]
