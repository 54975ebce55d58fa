"""WR103: the same picture under two labels."""

from __future__ import annotations

from wetread.checks.finding import AMBER, RED, Audit, Finding
from wetread.outcome import counted


def check(audit: Audit) -> Finding | None:
    """Red where identical pixels have two labels; amber where nearly identical ones do."""
    pairs = [pair for pair in audit.pairs if audit.rows[pair.first].label != audit.rows[pair.second].label]
    if not pairs:
        return None
    exact = [pair for pair in pairs if pair.kind != "near"]
    images = tuple(dict.fromkeys(audit.rows[n].image for pair in pairs for n in (pair.first, pair.second)))
    return Finding(
        "WR103",
        "The same picture under two labels",
        RED if exact else AMBER,
        f"{counted(len(pairs), 'pair')} of images show the same picture but have different labels, so at least one "
        "label of each pair is wrong.",
        "Look at the pairs and correct the labels.",
        images,
        {"identical": len(exact), "nearly_identical": len(pairs) - len(exact)},
    )
