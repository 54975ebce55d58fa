"""WR402: a class or finding with too few cases to be divided was left out, or has no image at all."""

from __future__ import annotations

from dataclasses import replace

from wetread.checks.finding import AMBER, Audit, Finding
from wetread.dataset.findings import count_findings
from wetread.outcome import counted


def check(audit: Audit) -> Finding | None:
    """Amber where a class was left out."""
    empty = audit.table.empty
    if not audit.small_classes:
        return _never_seen(empty) if empty else None
    found = _set_aside(audit) if audit.table.multi else _too_small(audit)
    if not empty:
        return found
    return replace(found, sentence=f"{found.sentence} {_say_empty(empty)}", numbers={**found.numbers, "empty": empty})


def _say_empty(names: list[str]) -> str:
    """Which classes the data name and no image has."""
    return f"The data name {', '.join(names)}, and no image shows {'it' if len(names) == 1 else 'them'}."


def _never_seen(names: list[str]) -> Finding:
    return Finding(
        "WR402",
        "A class was left out",
        AMBER,
        f"{_say_empty(names)} The model does not know {'it' if len(names) == 1 else 'them'}.",
        "Look whether images or labels of it were lost on the way, or take the empty folder or column out.",
        (),
        {"classes": names, "empty": names},
    )


def _too_small(audit: Audit) -> Finding:
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
