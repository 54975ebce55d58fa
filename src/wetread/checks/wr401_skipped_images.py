"""WR401: files that were found and could not be used."""

from __future__ import annotations

from collections import Counter

from wetread.checks.finding import AMBER, INFO, RED, Audit, Finding
from wetread.outcome import counted

#: Reasons that are a choice, not a loss.
CHOSEN = (
    *("its class was not asked for", "not named in", "lies outside", "same patient or same picture"),
    *("whether it shows that", "its class is not one that the model knows", "the model knows it or its patient"),
)
MANY = 0.10


def check(audit: Audit) -> Finding | None:
    """Amber where files could not be used, red where more than a tenth could not."""
    lost = [row for row in audit.table.unreadable if not row.reason.startswith(CHOSEN)]
    left = [row for row in audit.table.unreadable if row.reason.startswith(("not named in", "lies outside"))]
    if not lost and not left:
        return None
    reasons = Counter(row.reason for row in (lost or left))
    listed = "; ".join(f"{reason}: {number}" for reason, number in reasons.most_common(4))
    share = len(lost) / max(1, len(lost) + len(audit.rows))
    what = "could not be used" if lost else "were left out"
    return Finding(
        "WR401",
        "Files that were not used",
        RED if share > MANY else AMBER if lost else INFO,
        f"{counted(len(lost or left), 'file')} {what} ({listed}).",
        "See the column reason in images.csv; mend or remove these files. If one class loses more than another, "
        "ask why.",
        tuple(row.image for row in (lost or left)),
        {"lost": len(lost), "left_out": len(left), "reasons": dict(reasons)},
    )
