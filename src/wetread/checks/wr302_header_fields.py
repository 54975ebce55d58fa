"""WR302: device, exposure or processing, as the DICOM header tells them, differ between the classes."""

from __future__ import annotations

from wetread.checks.finding import Audit, Finding
from wetread.checks.given_away import NEVER_ANATOMY, judge


def check(audit: Audit) -> Finding | None:
    """Amber where the lower bound of the AUROC of a model of header fields exceeds 0.60, red above 0.70."""
    found = judge(audit, "header fields", NEVER_ANATOMY)
    if found is None:
        return None
    return Finding(
        "WR302",
        "The headers give the label away",
        found.severity,
        f"A model that saw only {found.probe.looks_at}, reaches {found.measured} The network does not see the header, "
        "but each device leaves its look in the picture, and the look may have been learnt instead of the disease.",
        "Take all classes from the same devices and settings, or test on devices that were not trained on.",
        found.images,
        found.numbers,
    )
