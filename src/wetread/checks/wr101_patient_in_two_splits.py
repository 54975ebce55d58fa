"""WR101: one patient in the training and in the test part of a given split."""

from __future__ import annotations

from wetread.checks.finding import RED, Audit, Finding, counted


def check(audit: Audit) -> Finding | None:
    """Fires on any patient who stands in two parts of the split that came with the data."""
    parts: dict[str, set[str]] = {}
    for row in audit.rows:
        if row.patient and row.given_split:
            parts.setdefault(row.patient, set()).add(row.given_split)
    shared = {patient for patient, splits in parts.items() if len(splits) > 1}
    if not shared:
        return None
    images = tuple(row.image for row in audit.rows if row.patient in shared)
    remedy = "Divide the data by patient, or leave the split out and let wetread divide it."
    if audit.leaking:
        remedy = (
            f"For the number below, {counted(len(audit.leaking), 'training image')} of patients (or copies of "
            f"pictures) in the test set were set aside. {remedy}"
        )
    elif audit.estimate == "cross-validation":
        remedy = f"The number below does not use the given split: it was divided again, by patient. {remedy}"
    return Finding(
        "WR101",
        "A patient is in two parts of the split",
        RED,
        f"{counted(len(shared), 'patient')} with {counted(len(images), 'image')} stand in more than one part of the "
        "split that came with the data. A model can recognise a patient instead of a disease, and the number looks too "
        "good.",
        remedy,
        images,
        {"patients": len(shared), "images": len(images)},
    )
