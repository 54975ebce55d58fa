"""What is written into the pictures: whether there is text, whether there are marks, of what kind and where."""

from __future__ import annotations

import numpy as np

from wetread.probes.probe import Features, Probe, Sight
from wetread.probes.text import Box, find_text

#: These say yes or no; their rates are compared between classes.
KINDS = ("text", "a mark", "a framed mark")
PLACES = ("upper left", "upper right", "lower left", "lower right")


def describe(sight: Sight) -> Features:
    """One row of yes (1) and no (0), counts, places and sizes for each picture."""
    names = (*KINDS, *(f"writing {place}" for place in PLACES), "lines of text", "marks", "dark writing", "mark height")
    rows = [_count(find_text(picture)) for picture in sight.pictures]
    return Features(names, np.array(rows, dtype=np.float64))


def _count(boxes: list[Box]) -> list[float]:
    texts = [box for box in boxes if box.kind == "text"]
    marks = [box for box in boxes if box.kind == "mark"]
    return [
        float(bool(texts)),
        float(bool(marks)),
        float(any(box.framed for box in marks)),
        *(float(any(box.place == place for box in boxes)) for place in PLACES),
        len(texts),
        len(marks),
        float(any(box.dark for box in boxes)),
        max((box.height for box in marks), default=0.0),
    ]


MARKERS = Probe("text and marks", "what is written into the pictures: text, letters, marks", describe, True, 1500)
