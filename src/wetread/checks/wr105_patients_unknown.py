"""WR105: nothing tells which images belong to one patient, or not of all images."""

from __future__ import annotations

from wetread.checks.finding import AMBER, INFO, Audit, Finding
from wetread.outcome import counted

_DIVIDED = (
    "If some patients have several images, the same patient was trained on and tested on, and the number is too good."
)
_GAPS = "If such an image shows a patient of others, that patient was trained on and tested on."
_ADD = "Add a patient column to a labels.csv"
#: An external test divides nothing.
_ELSEWHERE = (
    "Each image, with its copies, was taken for a patient: if some have several images, the intervals are too narrow. "
    "And patients whom the model has learnt from could not be recognised by their number."
)
_GAPS_ELSEWHERE = (
    "If such an image shows a patient of others, the intervals are too narrow; a patient whom the model has learnt "
    "from could not be recognised by the number."
)


#: Part of the images, in [0, 1], whose patient may be missing for information only.
FEW_BLANK = 0.1


def check(audit: Audit) -> Finding | None:
    """Amber where patients are not known, or not of more than a tenth of the images; else for information."""
    if audit.table.grouping == "column":
        return _of_some(audit)
    if audit.table.grouping != "none":
        return None
    unused = audit.table.patients_unused
    why = f"{unused}, so it is not used. " if unused else ""
    if "same patient" in unused:
        why += "If it really is one patient, the number says nothing about others. "
    return Finding(
        "WR105",
        "Patients are not known",
        AMBER,
        f"{why}No {'other ' if unused else ''}column, header or file name tells which images belong to one patient. "
        + (_ELSEWHERE if audit.external else _DIVIDED),
        ("Write a number of their own for each patient into the patient column" if unused else _ADD)
        + ", or put each patient's images into a folder of their own inside the class folder.",
    )


def _of_some(audit: Audit) -> Finding | None:
    """Where the patient column has gaps."""
    blank = [row.image for row in audit.rows if not row.patient]
    if not blank:
        return None
    each = "it was taken for a patient" if len(blank) == 1 else "each of them was taken for a patient"
    return Finding(
        "WR105",
        "Not all patients are known",
        AMBER if len(blank) > FEW_BLANK * len(audit.rows) else INFO,
        f"The patient column of the table is blank, and no header tells the patient, for {len(blank)} of "
        f"{counted(len(audit.rows), 'image')}; {each} of its own, apart from copies. "
        + (_GAPS_ELSEWHERE if audit.external else _GAPS),
        "Fill in the patient column.",
        tuple(blank),
        numbers={"blank": len(blank), "images": len(audit.rows)},
    )
