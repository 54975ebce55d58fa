"""WR404: sizes, modes or bit depths are mixed."""

from __future__ import annotations

from collections import Counter

import numpy as np

from wetread.checks.by_class import most_uneven
from wetread.checks.finding import AMBER, INFO, Audit, Finding

#: Difference of shares between classes from which it counts.
DIFFERENT = 0.20


def check(audit: Audit) -> Finding | None:
    """For information where they are mixed; amber where a share differs by 20 points between classes (p < 0.01)."""
    rows = [row for row in audit.rows if row.facts is not None]
    facts = [row.facts for row in rows if row.facts is not None]
    areas = np.array([fact.width * fact.height for fact in facts])
    middle = float(np.median(areas)) if facts else 0.0
    values = {
        "size": [f"{fact.width} x {fact.height}" for fact in facts],
        "mode": [fact.mode for fact in facts],
        "bits per value": [str(fact.bit_depth) for fact in facts],
    }
    mixed = {name: Counter(cells) for name, cells in values.items() if len(set(cells)) > 1}
    if not mixed:
        return None
    tested = {**values, "area": ["larger than the median" if area > middle else "not larger" for area in areas]}
    found = {name: one for name, cells in tested.items() if (one := most_uneven(cells, rows, audit.classes, DIFFERENT))}
    sentence = f"The files differ: {'; '.join(_say(name, counts) for name, counts in mixed.items())}."
    if found:
        sentence += f" And they differ by class ({'; '.join(f'{name} {one}' for name, one in found.items())})."
    else:
        sentence += " All are brought to one size and one range of grey before a model sees them; no class stands out."
    return Finding(
        "WR404",
        "Mixed sizes, modes or bit depths",
        AMBER if found else INFO,
        sentence,
        "Find out where the difference comes from. If it follows the class, export all images in the same way."
        if found
        else "Nothing, if you expected it.",
        numbers={
            **{name: dict(counts.most_common(20)) for name, counts in mixed.items()},
            "by_class": {name: one.as_dict() for name, one in found.items()},
        },
    )


def _say(name: str, counts: Counter[str]) -> str:
    if len(counts) > 3:
        return f"{len(counts)} different {name}s, most often {counts.most_common(1)[0][0]}"
    return f"{name} {', '.join(f'{value} ({number})' for value, number in counts.most_common())}"
