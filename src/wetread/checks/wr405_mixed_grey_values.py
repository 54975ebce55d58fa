"""WR405: grey values came about in different ways: by windows, by percentiles, as stored."""

from __future__ import annotations

from collections import Counter

from wetread.checks.by_class import most_uneven
from wetread.checks.finding import AMBER, INFO, Audit, Finding
from wetread.outcome import say_percent

#: Difference of shares between classes from which it counts.
DIFFERENT = 0.20


def check(audit: Audit) -> Finding | None:
    """For information where ways are mixed; amber where a share differs by 20 points between classes (p < 0.01).

    MONOCHROME1 beside MONOCHROME2 is undone on reading, so it counts only where it differs by class.
    """
    rows = [row for row in audit.rows if row.facts is not None]
    facts = [row.facts for row in rows if row.facts is not None]
    ways = [way_of(fact.intensity) for fact in facts]
    white_is_zero = [str(fact.photometric == "MONOCHROME1") for fact in facts]
    uneven = most_uneven(ways, rows, audit.classes, DIFFERENT)
    inverted = most_uneven(white_is_zero, rows, audit.classes, DIFFERENT, only="True")
    counts = Counter(ways)
    if len(counts) < 2 and inverted is None:
        return None
    parts = []
    if len(counts) > 1:
        parts.append(f"Grey values came about in different ways ({_list(counts)}).")
    if uneven is not None:
        parts.append(f"That differs by class ({uneven}).")
    if inverted is not None:
        parts.append(
            f"{say_percent(inverted.share)} of {inverted.label} and {say_percent(inverted.others)} of the others are "
            "stored with black and white exchanged (MONOCHROME1); that was undone, and still it tells devices apart."
        )
    unlike = uneven is not None or inverted is not None
    return Finding(
        "WR405",
        "Grey values in different ways",
        AMBER if unlike else INFO,
        " ".join(parts),
        _way_out(audit, unlike),
        numbers={
            "ways": dict(counts),
            "monochrome1": white_is_zero.count("True"),
            "by_class": [one.as_dict() for one in (uneven, inverted) if one is not None],
        },
    )


def _way_out(audit: Audit, unlike: bool) -> str:
    one = "choose one way for all with --window"
    if audit.external:  # the model brings its own way, so only the files can change
        one = "export all images as those that the model learnt from (it keeps its own window)"
    elif unlike:
        one += " (for CT a window in Hounsfield units, such as brain)"
    if unlike:
        return f"{one[0].upper()}{one[1:]}, and take the classes from the same devices."
    return f"Nothing, if brightness does not matter; else {one}."


def way_of(intensity: str) -> str:
    """How a picture was shown, without its numbers: ``VOI window 40/80`` -> ``VOI window``."""
    words = [word for word in intensity.split() if not any(letter.isdigit() for letter in word)]
    return " ".join(words) or intensity


def _list(counts: Counter[str]) -> str:
    return "; ".join(f"{way}: {number}" for way, number in counts.most_common(4))
