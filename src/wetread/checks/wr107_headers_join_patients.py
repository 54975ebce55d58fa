"""WR107: DICOM headers know as one patient whom the table's patient column calls several."""

from __future__ import annotations

from collections.abc import Sequence

from wetread.checks.finding import AMBER, RED, Audit, Finding, counted
from wetread.dataset.header_patients import count_names, divided_patients
from wetread.dataset.table import USED, Row


def check(audit: Audit) -> Finding | None:
    """Red where such a patient stands on both sides of a split, the given one or that of the number; else amber."""
    persons = divided_patients(audit.table, audit.rows)
    if not persons:
        return None
    torn = sum(_on_both_sides([audit.rows[number] for number in numbers]) for numbers in persons)
    names = count_names(audit.rows, persons)
    images = tuple(audit.rows[number].image for number in sorted(number for one in persons for number in one))
    if torn:
        stand = "stands" if torn == 1 else "stand"
        so = f"{torn} of them {stand} on both sides of a split: the number looks too good."
    else:
        so = "No split has torn one of them apart so far; the next may."
    return Finding(
        "WR107",
        "The headers join patients whom the table separates",
        RED if torn else AMBER,
        f"By their DICOM headers {counted(len(images), 'image')} show {counted(len(persons), 'patient')}; the table's "
        f"patient column calls them {names}. {so}",
        "Use the table that wetread check DATA --fix writes: there each of them is one patient.",
        images,
        {"patients": len(persons), "patients_in_table": names, "images": len(images), "on_both_sides": torn},
    )


def _on_both_sides(rows: Sequence[Row]) -> bool:
    """In different parts of the split that came with the data, or of the division that the number comes from."""
    given = {row.given_split for row in rows} - {""}
    tested = {(row.split, row.folds) for row in rows if row.status == USED and row.split}
    return len(given) > 1 or len(tested) > 1
