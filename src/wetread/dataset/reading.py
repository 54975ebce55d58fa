"""Decodes every image of a table once, by way of the killable worker, and keeps a working picture of each."""

from __future__ import annotations

import time
from collections import Counter

from wetread.dataset.table import WORKING_SIDE, Row, Table
from wetread.errors import ImageRejected, InputError
from wetread.images.decoder import Decoder
from wetread.progress import Listener, StepAdvanced, silent


def read_images(table: Table, *, listen: Listener = silent, deadline: float = 10.0) -> None:
    """Fills `facts`, `picture` and the hashes of every row in use; unreadable files are skipped with their reason.

    Args:
        table: As scanned; changed in place.
        listen: Is told about the progress.
        deadline: Seconds that one file may take.

    Raises:
        InputError: Not one file could be read.
    """
    rows = [row for row in table.rows if row.status == "used"]
    last = 0.0
    with Decoder(seconds=deadline) as decoder:
        outcomes = decoder.decode_many([row.path for row in rows], max_side=WORKING_SIDE)
        for done, (number, outcome) in enumerate(outcomes, start=1):
            row = rows[number]
            if isinstance(outcome, ImageRejected):
                row.skip(outcome.reason)
            else:
                row.picture = outcome.pixels
                row.facts = outcome.facts
                row.sha256 = outcome.file_sha256
                row.pixel_sha256 = outcome.pixel_sha256
            if time.monotonic() - last > 0.1 or done == len(rows):
                last = time.monotonic()
                listen(StepAdvanced("read", done, len(rows)))
    if rows and not any(row.status == "used" for row in rows):
        reasons = Counter(row.reason for row in rows).most_common(1)[0][0]
        raise InputError(
            f"None of the {len(rows)} files in {table.root} could be read; most often: {reasons}.",
            remedy="Export the images as PNG, JPEG, TIFF, BMP or DICOM.",
            file=table.root,
            code="no-readable-images",
        )


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
        what = "image" if counts[worst] == 1 else "separate images or patients"
        raise InputError(
            f"The class {worst} has {counts[worst]} {what}; at least {minimum} per class are needed to test anything.",
            remedy="Collect more cases of it, or leave the class out with --classes.",
            file=table.root,
            code="class-too-small",
        )
    for row in table.used:
        if row.label in small:
            row.skip(f"its class has {counts[row.label]} cases, fewer than {minimum}")
    return small


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
