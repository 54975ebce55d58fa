"""WR304: the corners of the picture tell the class."""

from __future__ import annotations

from wetread.checks.finding import Audit, Finding
from wetread.checks.given_away import judge_edges


def check(audit: Audit) -> Finding | None:
    """Amber where the lower bound of the AUROC of a model of the corners exceeds 0.60, red above 0.70.

    Amber at most where the classes look different all over, as parts of the body do.
    """
    found = judge_edges(audit, "corners")
    if found is None:
        return None
    return Finding(
        "WR304",
        "The corners give the label away",
        found.severity,
        f"A model that saw only {found.probe.looks_at}, reaches {found.measured} Side markers, dates and logos stand "
        "there, hardly ever a disease.",
        "Look at the corners of the images below, and remove what was written there, in all classes alike.",
        found.images,
        found.numbers,
    )
