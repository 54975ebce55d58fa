"""Labels to look at again, as a table that a person edits and hands back: label_review.csv.

Columns: image, label, suggested, confidence, reason, decision. The decision is empty (not yet), ``keep``, ``drop``, or
the right label.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wetread.dataset.columns import plain_name
from wetread.dataset.raw_table import take_header
from wetread.dataset.readings import image_key
from wetread.dataset.table import quote_formula, unquote_formula
from wetread.dataset.table_file import read_table_file
from wetread.errors import InputError

REVIEW_FILE = "label_review.csv"
COLUMNS = ("image", "label", "suggested", "confidence", "reason", "decision")
KEEP, DROP = "keep", "drop"


@dataclass(frozen=True)
class Doubt:
    """A label to look at again.

    Attributes:
        image: As in the table.
        label: As it is now.
        suggested: What it may be instead; empty where nothing suggests one.
        confidence: Probability of that by a small model, out of fold; 0 where it comes from something else.
        reason: Why, as a part of a sentence.
    """

    image: str
    label: str
    suggested: str
    confidence: float
    reason: str


def review_csv(doubts: Iterable[Doubt], decisions: Mapping[str, str]) -> str:
    """The text of label_review.csv.

    Args:
        doubts: In order; of several about one image the first stands.
        decisions: What was decided before, by image.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    seen: set[str] = set()
    for doubt in doubts:
        if doubt.image in seen:
            continue
        seen.add(doubt.image)
        confidence = f"{doubt.confidence:.3f}" if doubt.confidence else ""
        cells = (doubt.image, doubt.label, doubt.suggested, confidence, doubt.reason, decisions.get(doubt.image, ""))
        writer.writerow([safe_image(cells[0]), *map(quote_formula, cells[1:])])
    return buffer.getvalue()


def read_review(path: Path, classes: Collection[str]) -> dict[str, str]:
    """Reads decisions back, as a text table or a workbook.

    Args:
        path: label_review.csv, edited.
        classes: Labels there are.

    Returns:
        image -> ``keep``, ``drop`` or a label, for the images that something was decided about.

    Raises:
        InputError: It cannot be read, has no column image or decision, or a decision means nothing.
    """
    header, rows, lines = _read_cells(path)
    columns = {plain_name(name): number for number, name in enumerate(header)}
    if not {"image", "decision"} <= columns.keys():
        raise InputError(
            f"{path.name} has no column {'image' if 'image' not in columns else 'decision'}.",
            remedy=f"Keep the columns of {REVIEW_FILE} as they were written, and fill in decision only.",
            file=path,
            code="bad-review",
        )
    known = {name.casefold(): name for name in (*classes, KEEP, DROP)}
    decisions: dict[str, str] = {}
    for line, cells in zip(lines, rows, strict=True):
        decision = unquote_formula(cells[columns["decision"]])
        if not decision:
            continue
        if decision.casefold() not in known:
            raise InputError(
                f"{path.name}, line {line}: the decision {decision[:60]} is neither keep nor drop nor a known label.",
                remedy=f"Write keep, drop, or one of: {', '.join(sorted(classes)[:20])}.",
                file=path,
                code="bad-review",
            )
        decisions[image_key(unquote_formula(cells[columns["image"]]))] = known[decision.casefold()]
    return decisions


def _read_cells(path: Path) -> tuple[list[str], list[list[str]], list[int]]:
    raw = read_table_file(path, "review")
    header = take_header(raw) if raw.rows else []
    return header, raw.rows, raw.lines


def safe_image(image: str) -> str:
    """A path that no spreadsheet takes for a formula, and that is still the same path."""
    return f"./{image}" if quote_formula(image) != image else image
