"""WR403: pictures unlike the others: empty, nearly black, tiny, very long, inverted, or coloured among grey ones."""

from __future__ import annotations

from collections import Counter

import numpy as np
from PIL import Image

from wetread.checks.by_class import most_uneven
from wetread.checks.finding import AMBER, INFO, Audit, Finding
from wetread.dataset.table import Row
from wetread.outcome import counted, say_percent
from wetread.shapes import Bools, Floats, Picture

#: Deviation of the grey values below which nothing is shown: 1 % of 0..255.
EMPTY = 2.55
#: Pixels below this grey are black; from this part on, nearly all of a picture is.
BLACK, NEARLY_ALL = 10, 0.98
#: Shortest side in pixels, longest side over shortest.
SMALL, LONG = 64, 3.0
#: Side of the picture that is compared with the mean, and correlations below and above which it goes against the set.
SIDE, AGAINST, WITH = 24, -0.3, 0.3
#: Pixels along a side that are looked at; every k-th is enough for a deviation.
LOOKED_AT = 96
#: Fewest pictures with which a mean says what pictures of the set look like.
ENOUGH = 10


def check(audit: Audit) -> Finding | None:
    """For information where there is any; amber where one class has more of them (Fisher's exact test, p < 0.01)."""
    rows = [row for row in audit.rows if row.picture is not None and row.facts is not None]
    kinds = describe(rows)
    odd = {row.image: kind for row, kind in zip(rows, kinds, strict=True) if kind}
    if not odd:
        return None
    uneven = most_uneven(["odd" if kind else "" for kind in kinds], rows, audit.classes, 0.0, only="odd")
    counts = Counter(odd.values())
    listed = ", ".join(f"{number} {kind}" for kind, number in counts.most_common())
    sentence = f"{counted(len(odd), 'picture')} of {len(rows)} unlike the others: {listed}."
    if uneven is not None:
        sentence += (
            f" They are not spread evenly ({uneven.label} {say_percent(uneven.share)}, the others "
            f"{say_percent(uneven.others)} of the cases), so oddness itself tells the class."
        )
    return Finding(
        "WR403",
        "Odd pictures",
        AMBER if uneven is not None else INFO,
        sentence,
        "Look at them. Export them again, or remove what does not belong in the set, in all classes by the same rule.",
        tuple(odd),
        {"kinds": dict(counts), "by_class": uneven.as_dict() if uneven else None},
    )


def describe(rows: list[Row]) -> list[str]:
    """How each picture is odd, in words; empty where it is not. The first that holds of: empty, black, inverted, ...

    Args:
        rows: With pictures and facts.
    """
    glances = [_glance(row.picture) for row in rows if row.picture is not None]
    empty = np.array([deviation < EMPTY for _, deviation, _ in glances])
    black = np.array([share >= NEARLY_ALL for _, _, share in glances])
    against = _inverted(np.array([small for small, _, _ in glances]), empty | black, [row.label for row in rows])
    colour = np.array([row.picture is not None and row.picture.ndim == 3 for row in rows])
    few_colour = colour & (colour.mean() < 0.5) if len(rows) else colour
    kinds = []
    for number, row in enumerate(rows):
        sides = (row.facts.width, row.facts.height) if row.facts else (SMALL, SMALL)
        found = (
            ("empty (one grey all over)", empty[number]),
            ("nearly black", black[number]),
            ("inverted (bright where the others are dark)", against[number]),
            ("in colour among grey ones", few_colour[number]),
            (f"smaller than {SMALL} pixels", min(sides) < SMALL),
            (f"more than {LONG:.0f} times as long as wide", max(sides) > LONG * min(sides)),
        )
        kinds.append(next((kind for kind, holds in found if holds), ""))
    return kinds


def _glance(picture: Picture) -> tuple[Floats, float, float]:
    """A thumbnail as one row of values, the deviation of the grey values, and the part that is black."""
    step = max(1, min(picture.shape[:2]) // LOOKED_AT)
    seen = np.ascontiguousarray(picture[::step, ::step])
    grey = Image.fromarray(seen).convert("L")
    values = np.asarray(grey, dtype=np.float32)
    small = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32).ravel()
    return small, float(values.std()), float((values < BLACK).mean())


def _inverted(thumbnails: Floats, left_out: Bools, labels: list[str]) -> Bools:
    """Those that go against the mean of the set and of their class, where most pictures go with them."""
    found = np.zeros(len(thumbnails), dtype=bool)
    if (~left_out).sum() < ENOUGH:
        return found
    centred = thumbnails - thumbnails.mean(axis=1, keepdims=True)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    names = np.array(labels)

    def along(part: Bools) -> Floats:
        mean = centred[part].mean(axis=0)
        return np.asarray(centred @ (mean / max(float(np.linalg.norm(mean)), 1e-6)))

    with_set = along(~left_out)
    if np.median(with_set[~left_out]) < WITH:
        return found
    for name in set(labels):
        own = (names == name) & ~left_out
        # Against the set alone may be another part of the body, which goes with its own class.
        if own.sum() >= ENOUGH:
            found |= own & (with_set < AGAINST) & (along(own) < AGAINST)
    return found
