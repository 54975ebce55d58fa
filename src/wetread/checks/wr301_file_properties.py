"""WR301: size, shape, bytes or format of the files tell the class without a look at the picture."""

from __future__ import annotations

from wetread.checks.finding import Audit, Finding
from wetread.checks.given_away import NEVER_ANATOMY, judge


def check(audit: Audit) -> Finding | None:
    """Amber where the lower bound of the AUROC of a model of file properties exceeds 0.60, red above 0.70."""
    found = judge(audit, "file properties", NEVER_ANATOMY)
    if found is None:
        return None
    return Finding(
        "WR301",
        "The files give the label away",
        found.severity,
        f"A model that never saw a picture, only {found.probe.looks_at}, reaches {found.measured} The network may have "
        "learnt where an image comes from instead of what it shows.",
        "Find out why the files differ between classes (source, scanner, export, cropping) and take all classes from "
        "the same source, exported in the same way.",
        found.images,
        found.numbers,
    )
