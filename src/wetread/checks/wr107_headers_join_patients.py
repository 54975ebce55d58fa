"""WR107: DICOM headers know as one patient whom the table's patient column calls several."""

from __future__ import annotations

from collections.abc import Iterable

from wetread.checks.finding import AMBER, RED, Audit, Finding
from wetread.checks.held_out import held_out_part, is_torn
from wetread.dataset.header_patients import count_names, divided_patients
from wetread.dataset.table import Row
from wetread.outcome import counted


def check(audit: Audit) -> Finding | None:
    """Red where such a patient stands on both sides of the division of the number; else amber.

    In a mere check the split that came with the data counts as well: no run has set it aside.
    """
    persons = divided_patients(audit.table, audit.rows)
    if not persons:
        return None
    belonging = [[audit.rows[number] for number in numbers] for numbers in persons]
    held_out = held_out_part(audit.rows)
    given = [bool(held_out) and _is_given_torn(rows, held_out) for rows in belonging]
    torn = sum(is_torn(rows) or (by_given and not audit.run) for rows, by_given in zip(belonging, given, strict=True))
    names = count_names(audit.rows, persons)
    images = tuple(audit.rows[number].image for number in sorted(number for one in persons for number in one))
    if torn:
        stand = "stands" if torn == 1 else "stand"
        so = f"{torn} of them {stand} on both sides of a split: the number looks too good."
    elif audit.external:
        so = "Nothing is divided here; but the intervals take them for so many patients, and are too narrow."
    elif any(given):
        stand = "stands" if sum(given) == 1 else "stand"
        so = f"{sum(given)} of them {stand} on both sides of the split that came with the data, but none of the "
        so += "division that the number of this run comes from."
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


def _is_given_torn(rows: Iterable[Row], held_out: str) -> bool:
    """In the tested part of the split that came with the data, and outside it."""
    return len({row.given_split == held_out for row in rows}) > 1
