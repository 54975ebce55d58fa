"""WR203: findings whose truth is not known of many images."""

from __future__ import annotations

from wetread.checks.finding import AMBER, INFO, Audit, Finding
from wetread.dataset.findings import count_findings
from wetread.outcome import counted, say_percent

#: Parts of the images of one finding.
SOME = 0.01
MANY = 0.20


def check(audit: Audit) -> Finding | None:
    """For information from 1 % of the images of some finding on, amber from 20 % on."""
    if not audit.table.multi or not audit.rows:
        return None
    counts = count_findings(audit.rows, audit.table.findings)
    shares = {name: (one.uncertain + one.missing) / len(audit.rows) for name, one in counts.items()}
    worst = max(shares, key=lambda name: shares[name], default="")
    if not worst or shares[worst] < SOME:
        return None
    one = counts[worst]
    others = sum(share >= SOME for share in shares.values()) - 1
    further = f"; so it is, less often, of {counted(others, 'further finding')}" if others else ""
    return Finding(
        "WR203",
        "Labels that are not known",
        AMBER if shares[worst] >= MANY else INFO,
        f"Of {worst} the truth is not known in {say_percent(shares[worst])} of the images ({one.uncertain} uncertain, "
        f"{one.missing} missing){further}. Such images count for their other findings only. What is left may be the "
        "easy cases: readers are unsure of the hard ones, and the number then looks better than it will be.",
        "Have the uncertain images read again, at least those to be tested on. The decision uncertain in plan.yaml "
        "counts them as positive or negative instead; compare the numbers.",
        tuple(row.image for row in audit.rows if worst in row.unknown),
        {"unknown": {name: counts[name].as_dict() for name in counts if shares[name] >= SOME}},
    )
