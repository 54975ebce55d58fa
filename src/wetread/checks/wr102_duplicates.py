"""WR102: the same picture more than once, byte by byte, pixel by pixel, or nearly."""

from __future__ import annotations

from wetread.checks.finding import AMBER, INFO, RED, Audit, Finding, counted

#: From this part of all images on, the data set is smaller than it looks.
MANY = 0.05


def check(audit: Audit) -> Finding | None:
    """Red where a pair stands on two sides of a given split, amber where copies are many, else for information."""
    if not audit.pairs:
        return None
    kinds = {kind: sum(pair.kind == kind for pair in audit.pairs) for kind in ("file", "pixels", "near")}
    across = [pair for pair in audit.pairs if _splits_differ(audit, pair.first, pair.second)]
    shown = across or audit.pairs
    images = tuple(dict.fromkeys(audit.rows[n].image for pair in shown for n in (pair.first, pair.second)))
    copies = len({pair.second for pair in audit.pairs})
    what = ", ".join(
        text
        for text, number in (
            (counted(kinds["file"], "identical file"), kinds["file"]),
            (counted(kinds["pixels"], "file") + " with identical pixels", kinds["pixels"]),
            (counted(kinds["near"], "nearly identical pair"), kinds["near"]),
        )
        if number
    )
    sentence = f"Some pictures are in the data more than once: {what}."
    if across:
        sentence += f" {counted(len(across), 'pair')} stand on two sides of the given split, so the test is not a test."
        severity = RED
    else:
        sentence += " Copies were kept on the same side of every division."
        severity = AMBER if copies > MANY * len(audit.rows) else INFO
    return Finding(
        "WR102",
        "The same picture more than once",
        severity,
        sentence,
        "Remove the copies; they add no information and make the data set look larger than it is.",
        images,
        {**kinds, "across_splits": len(across), "copies": copies},
    )


def _splits_differ(audit: Audit, first: int, second: int) -> bool:
    a, b = audit.rows[first].given_split, audit.rows[second].given_split
    return bool(a and b and a != b)
