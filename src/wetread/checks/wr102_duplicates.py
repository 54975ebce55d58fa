"""WR102: the same picture more than once, byte by byte, pixel by pixel, or nearly."""

from __future__ import annotations

from wetread.checks.finding import AMBER, INFO, RED, Audit, Finding
from wetread.checks.held_out import held_out_part, say_mended
from wetread.dataset.duplicates import Pair
from wetread.outcome import counted

#: From this part of all images on, the data set is smaller than it looks.
MANY = 0.05


def check(audit: Audit) -> Finding | None:
    """Red where a pair stands on both sides of the given test part, amber where copies are many, else for information.

    Amber, too, where a run has mended such a split for its number. Copies in the training and in the validation part do
    no harm: the two are joined, and copies kept together inside.
    """
    if not audit.pairs:
        return None
    kinds = {kind: sum(pair.kind == kind for pair in audit.pairs) for kind in ("file", "pixels", "near")}
    across = _across(audit)
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
        mended = say_mended(audit, [(audit.rows[pair.first], audit.rows[pair.second]) for pair in across])
        stand = "stands" if len(across) == 1 else "stand"
        sentence += f" {counted(len(across), 'pair')} {stand} on both sides of the tested part of the split that came "
        sentence += f"with the data. {mended}" if mended else "with the data, so the test is not a test."
        severity = AMBER if mended else RED
    else:
        sentence += (
            " The intervals take each picture with its copies for one case."
            if audit.external
            else " Copies were kept on the same side of every division."
        )
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


def _across(audit: Audit) -> list[Pair]:
    """Pairs of which one picture is tested and the other learnt from, by the given split."""
    held_out = held_out_part(audit.rows)
    if not held_out:
        return []
    tested = [row.given_split == held_out for row in audit.rows]
    return [pair for pair in audit.pairs if tested[pair.first] != tested[pair.second]]
