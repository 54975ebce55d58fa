"""WR104: one patient under two labels. Often right (a disease comes and goes), and worth knowing."""

from __future__ import annotations

from wetread.checks.finding import INFO, Audit, Finding
from wetread.outcome import counted


def check(audit: Audit) -> Finding | None:
    """For information, where a patient has images of several classes."""
    labels: dict[str, set[str]] = {}
    for row in audit.rows:
        if row.patient:
            labels.setdefault(row.patient, set()).add(row.label)
    mixed = {patient for patient, found in labels.items() if len(found) > 1}
    if not mixed:
        return None
    images = tuple(row.image for row in audit.rows if row.patient in mixed)
    kept = (
        "the intervals take them for one case each" if audit.external else "they are kept on one side of every division"
    )
    return Finding(
        "WR104",
        "A patient under two labels",
        INFO,
        f"{counted(len(mixed), 'patient')} have images of more than one class. That is right where a disease comes and "
        f"goes, and {kept}.",
        "Nothing, if the labels belong to the images; else correct them.",
        images,
        {"patients": len(mixed), "images": len(images)},
    )
