"""WR201: too few cases for a number that means something."""

from __future__ import annotations

from wetread.checks.finding import AMBER, RED, Audit, Finding
from wetread.outcome import counted

FEW = 30
TOO_FEW = 10


def check(audit: Audit) -> Finding | None:
    """Amber below 30 cases (patients, where known) in a class, red below 10."""
    cases: dict[str, int] = {
        name: len({row.group or row.image for row in audit.rows if name in row.names}) for name in audit.classes
    }
    smallest = min(cases, key=lambda name: cases[name])
    if cases[smallest] >= FEW:
        return None
    unit = "patient" if audit.table.grouping != "none" else "separate image"
    sentence = f"The class {smallest} has only {counted(cases[smallest], unit)}. "
    if cases[smallest] < TOO_FEW:
        sentence += "From fewer than 10, no number can be believed: the interval below is an honest shrug."
    else:
        sentence += (
            "With fewer than 30 in a class the intervals are wide, and the next patients may well look different."
        )
    return Finding(
        "WR201",
        "Few cases",
        RED if cases[smallest] < TOO_FEW else AMBER,
        sentence,
        f"Collect more cases of {smallest}: 100 patients per class give an AUROC to about 0.05 either way.",
        numbers={"cases_per_class": cases},
    )
