"""WR301: size, shape, bytes or format of the files tell the class without a look at the picture."""

from __future__ import annotations

import numpy as np

from wetread.checks.finding import AMBER, RED, Audit, Finding
from wetread.dataset.properties import describe_properties
from wetread.metrics.discrimination import auroc
from wetread.metrics.table_auroc import auroc_of_table

AMBER_ABOVE = 0.60
RED_ABOVE = 0.70


def check(audit: Audit) -> Finding | None:
    """Amber where the lower bound of the AUROC of a model of file properties exceeds 0.60, red above 0.70."""
    groups = np.array([row.group for row in audit.tested])
    area = auroc_of_table(audit.labels, audit.properties, groups, audit.positive)
    if area is None or area.low <= AMBER_ABOVE:
        return None
    name, alone = _strongest(audit)
    typical = _typical(audit, name)
    severity = RED if area.low > RED_ABOVE else AMBER
    return Finding(
        "WR301",
        "The files give the label away",
        severity,
        f"A model that never saw a picture, only the size, shape, bytes and format of the files, reaches an AUROC of "
        f"{area.value:.2f} ({area.low:.2f} to {area.high:.2f}). Strongest alone: {name} ({alone:.2f}; {typical}). The "
        "network may have learnt where an image comes from instead of what it shows.",
        "Find out why the files differ between classes (source, scanner, export, cropping) and take all classes from "
        "the same source, exported in the same way.",
        numbers={"auroc": area.as_dict(), "strongest": name, "strongest_auroc": round(alone, 4)},
    )


def _strongest(audit: Audit) -> tuple[str, float]:
    """The property that separates some class best on its own, and how well, in [0.5, 1]."""
    table, names = describe_properties(audit.tested)
    best, found = 0.5, names[0]
    for column, name in zip(table.T, names, strict=True):
        for number in range(len(audit.classes)):
            area = auroc(audit.labels == number, column)
            if area is not None and max(area, 1 - area) > best:
                best, found = max(area, 1 - area), name
    return found, best


def _typical(audit: Audit, name: str) -> str:
    """Median of the property in each class, in words."""
    table, names = describe_properties(audit.tested)
    column = table[:, names.index(name)]
    medians = [f"{label} {np.median(column[audit.labels == number]):.4g}" for number, label in enumerate(audit.classes)]
    return "median: " + ", ".join(medians[:4])
