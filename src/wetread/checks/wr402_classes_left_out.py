"""WR402: a class or finding with too few cases to be divided was left out."""

from __future__ import annotations

from wetread.checks.finding import AMBER, Audit, Finding, counted
from wetread.dataset.findings import count_findings


def check(audit: Audit) -> Finding | None:
    """Amber where a class was left out."""
    if not audit.small_classes:
        return None
    if audit.table.multi:
        return _set_aside(audit)
    return Finding(
        "WR402",
        "A class was left out",
        AMBER,
        f"Too few cases to train and test on: {', '.join(audit.small_classes)}. The model does not know this class and "
        "will call its images something else.",
        "Collect more cases of it, or join it with another class.",
        tuple(row.image for row in audit.table.skipped if row.label in audit.small_classes),
        {"classes": audit.small_classes},
    )


def _set_aside(audit: Audit) -> Finding:
    counts = count_findings(audit.rows, audit.small_classes)
    told = ", ".join(
        f"{name} ({counted(one.positive_cases, 'case')} with it, {one.negative_cases} without)"
        for name, one in counts.items()
    )
    return Finding(
        "WR402",
        "A class was left out",
        AMBER,
        f"Too few cases to train and test on: {told}. Images with these findings take part for the others; the model "
        "does not look for what was set aside.",
        "Collect more cases, or join rare findings that mean the same to you.",
        tuple(row.image for row in audit.rows if set(row.findings) & set(audit.small_classes)),
        {"classes": audit.small_classes, "counts": {name: one.as_dict() for name, one in counts.items()}},
    )
