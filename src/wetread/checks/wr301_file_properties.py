"""WR301: size, shape, bytes or format of the files tell the class without a look at the picture."""

from __future__ import annotations

from wetread.checks.finding import Audit, Finding
from wetread.checks.given_away import NEVER_ANATOMY, judge

#: An external test learns nothing from these files.
_ELSEWHERE = (
    "So the classes of this set differ in more than the disease; if the model goes by where an image comes from, its "
    "number here looks too good."
)


def check(audit: Audit) -> Finding | None:
    """Amber where the lower bound of the AUROC of a model of file properties exceeds 0.60, red above 0.70."""
    found = judge(audit, "file properties", NEVER_ANATOMY)
    if found is None:
        return None
    return Finding(
        "WR301",
        "The files give the label away",
        found.severity,
        f"A model that never saw a picture, only {found.probe.looks_at}, reaches {found.measured} "
        + (
            _ELSEWHERE
            if audit.external
            else "The network may have learnt where an image comes from instead of what it shows."
        ),
        "Find out why the files differ between classes (source, scanner, export, cropping) and take all classes from "
        "the same source, exported in the same way.",
        found.images,
        found.numbers,
    )
