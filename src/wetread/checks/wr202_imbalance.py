"""WR202: one class much rarer than another, so that accuracy flatters."""

from __future__ import annotations

from wetread.checks.finding import AMBER, INFO, Audit, Finding
from wetread.outcome import say_percent

UNEVEN = 3.0
VERY_UNEVEN = 10.0


def check(audit: Audit) -> Finding | None:
    """For information from 3 to 1 on, amber from 10 to 1 on; not where images can have several findings.

    There each finding is compared with its absence, and no accuracy is told that could flatter.
    """
    if audit.table.multi:
        return None
    images = {name: sum(name in row.names for row in audit.rows) for name in audit.classes}
    rare, common = min(images, key=lambda name: images[name]), max(images, key=lambda name: images[name])
    ratio = images[common] / images[rare]
    if ratio < UNEVEN:
        return None
    share = images[common] / sum(images.values())
    return Finding(
        "WR202",
        "Classes of very different size",
        AMBER if ratio >= VERY_UNEVEN else INFO,
        f"There are {ratio:.0f} times as many images of {common} as of {rare}. Whoever always says {common} is right "
        f"in {say_percent(share)}: do not read the accuracy, read sensitivity, specificity and AUROC.",
        f"Collect more cases of {rare}. Copying images or weighting them does not help the AUROC and harms "
        "calibration.",
        numbers={"images_per_class": images, "ratio": round(ratio, 2)},
    )
