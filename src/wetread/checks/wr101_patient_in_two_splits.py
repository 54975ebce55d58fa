"""WR101: one patient in the training and in the test part of a given split."""

from __future__ import annotations

from wetread.checks.finding import INFO, RED, Audit, Finding, counted
from wetread.checks.held_out import held_out_part


def check(audit: Audit) -> Finding | None:
    """Red for any patient on both sides of the given test part; for information between training and validation.

    Training and validation parts are joined before anything is fitted, and divided anew by patient inside.
    """
    held_out = held_out_part(audit.rows)
    if not held_out:
        return None
    parts: dict[str, set[str]] = {}
    for row in audit.rows:
        if row.patient:
            parts.setdefault(row.patient, set()).add(row.given_split)
    shared = {patient for patient, splits in parts.items() if held_out in splits and len(splits) > 1}
    if not shared:
        return _learnt_from({patient for patient, splits in parts.items() if {"train", "tune"} <= splits}, audit)
    images = tuple(row.image for row in audit.rows if row.patient in shared)
    remedy = "Divide the data by patient, or leave the split out and let wetread divide it."
    if audit.leaking:
        remedy = (
            f"For the number below, {counted(len(audit.leaking), 'training image')} of patients (or copies of "
            f"pictures) in the test set were set aside. {remedy}"
        )
    elif audit.estimate == "cross-validation":
        remedy = f"The number below does not use the given split: it was divided again, by patient. {remedy}"
    part = "test part" if held_out == "test" else "validation part, which has to serve as the test,"
    return Finding(
        "WR101",
        "A patient is in two parts of the split",
        RED,
        f"{counted(len(shared), 'patient')} with {counted(len(images), 'image')} stand both in the {part} of the split "
        "that came with the data and outside it. A model can recognise a patient instead of a disease, and the number "
        "looks too good.",
        remedy,
        images,
        {"patients": len(shared), "images": len(images)},
    )


def _learnt_from(shared: set[str], audit: Audit) -> Finding | None:
    """Patients of whom nothing is tested."""
    if not shared:
        return None
    images = tuple(row.image for row in audit.rows if row.patient in shared)
    return Finding(
        "WR101",
        "A patient is in two parts of the split",
        INFO,
        f"{counted(len(shared), 'patient')} with {counted(len(images), 'image')} stand in the training and in the "
        "validation part of the split that came with the data, and not in its test part. The number below is not "
        "touched by that: wetread joins these two parts and divides them again by patient.",
        "Where another program chooses its settings on the validation part, divide the two by patient first.",
        images,
        {"patients": len(shared), "images": len(images)},
    )
