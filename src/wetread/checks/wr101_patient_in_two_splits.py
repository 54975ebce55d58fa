"""WR101: one patient in the training and in the test part of a given split."""

from __future__ import annotations

from wetread.checks.finding import AMBER, INFO, RED, Audit, Finding
from wetread.checks.held_out import held_out_part, say_mended
from wetread.dataset.table import Row
from wetread.outcome import counted


def check(audit: Audit) -> Finding | None:
    """Red for any patient on both sides of the given test part; for information between training and validation.

    Amber where a run has mended that for its number; the split still is what it was. Training and validation parts are
    joined before anything is fitted, and divided anew by patient inside.
    """
    held_out = held_out_part(audit.rows)
    if not held_out:
        return None
    rows_of: dict[str, list[Row]] = {}
    for row in audit.rows:
        if row.patient:
            rows_of.setdefault(row.patient, []).append(row)
    parts = {patient: {row.given_split for row in rows} for patient, rows in rows_of.items()}
    shared = {patient for patient, splits in parts.items() if held_out in splits and len(splits) > 1}
    if not shared:
        return _learnt_from({patient for patient, splits in parts.items() if {"train", "tune"} <= splits}, audit)
    images = tuple(row.image for row in audit.rows if row.patient in shared)
    stand = "stands" if len(shared) == 1 else "stand"
    part = "tested part" if held_out == "test" else "validation part, which has to serve as the test,"
    mended = say_mended(audit, [rows_of[patient] for patient in shared])
    return Finding(
        "WR101",
        "A patient is in two parts of the split",
        AMBER if mended else RED,
        f"{counted(len(shared), 'patient')} with {counted(len(images), 'image')} {stand} both in the {part} of the "
        "split that came with the data and outside it. "
        + (
            mended
            or "A model can recognise a patient instead of a disease, and a number from that split looks too good."
        ),
        "Divide the data by patient before anything else uses this split."
        if mended
        else "Divide the data by patient, or leave the split out and let wetread divide it. A run sets the training "
        "images concerned aside by itself, or divides anew, unless --allow-leak forbids it.",
        images,
        {"patients": len(shared), "images": len(images)},
    )


def _learnt_from(shared: set[str], audit: Audit) -> Finding | None:
    """Patients of whom nothing is tested."""
    if not shared:
        return None
    images = tuple(row.image for row in audit.rows if row.patient in shared)
    stand = "stands" if len(shared) == 1 else "stand"
    return Finding(
        "WR101",
        "A patient is in two parts of the split",
        INFO,
        f"{counted(len(shared), 'patient')} with {counted(len(images), 'image')} {stand} in the training and in "
        "the validation part of the split that came with the data, and not in its test part. The number of a run is "
        "not touched by that: wetread joins these two parts and divides them again by patient.",
        "Where another program chooses its settings on the validation part, divide the two by patient first.",
        images,
        {"patients": len(shared), "images": len(images)},
    )
