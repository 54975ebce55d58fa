"""WR105: nothing tells which images belong to one patient."""

from __future__ import annotations

from wetread.checks.finding import AMBER, Audit, Finding

_DIVIDED = (
    "If some patients have several images, the same patient was trained on and tested on, and the number is too good."
)
#: An external test divides nothing.
_ELSEWHERE = (
    "Each image, with its copies, was taken for a patient: if some have several images, the intervals are too narrow. "
    "And patients whom the model has learnt from could not be recognised by their number."
)


def check(audit: Audit) -> Finding | None:
    """Amber where patients are not known."""
    if audit.table.grouping != "none":
        return None
    return Finding(
        "WR105",
        "Patients are not known",
        AMBER,
        "No column, header or file name tells which images belong to one patient. "
        + (_ELSEWHERE if audit.external else _DIVIDED),
        "Add a patient column to a labels.csv, or put each patient's images into a folder of their own inside "
        "the class folder.",
    )
