"""WR303: the outer strips of the picture tell the class."""

from __future__ import annotations

from wetread.checks.finding import Audit, Finding
from wetread.checks.given_away import judge_edges


def check(audit: Audit) -> Finding | None:
    """Amber where the lower bound of the AUROC of a model of the borders exceeds 0.60, red above 0.70.

    Amber at most where the classes look different all over, as parts of the body do.
    """
    found = judge_edges(audit, "borders")
    if found is None:
        return None
    return Finding(
        "WR303",
        "The borders give the label away",
        found.severity,
        f"A model that saw only {found.probe.looks_at} reaches {found.measured} Frames, shutters, letters and "
        "positioning lie there, hardly ever a disease.",
        "Look at the edges of the images below. Cut frames off in all classes alike, and take the classes from "
        "the same source.",
        found.images,
        found.numbers,
    )
