"""WR402: a class with too few cases to be divided was left out."""

from __future__ import annotations

from wetread.checks.finding import AMBER, Audit, Finding


def check(audit: Audit) -> Finding | None:
    """Amber where a class was left out."""
    if not audit.small_classes:
        return None
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
