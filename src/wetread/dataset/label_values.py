"""The cells of a table that say what an image shows -> the labels of each row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wetread.dataset.columns import SYNONYMS, plain_name
from wetread.dataset.label_names import NOT_AVAILABLE, holds_several, join_spellings, says_none, split_names
from wetread.dataset.one_hot import ALL_KNOWN, OneHot, Unknown, is_one_hot, read_mark
from wetread.dataset.row_problems import Problem

_WHOLE = re.compile(r"\d+\.0+")
_LABEL_NAMES = frozenset(map(plain_name, SYNONYMS["label"]))

#: From here on several labels of one image are how a table is written, and not mistakes in it.
LONG_SHARE = 0.05
LONG_IMAGES = 20


@dataclass
class Labels:
    """The labels of all rows.

    Attributes:
        rows: Per row: sorted names.
        known: Per row: False where nothing is said.
        multi: An image may have several.
        findings: All names that may occur, those included that no row has.
        problems: Rows that contradict themselves.
        notes: Sentences about what was assumed.
        unknown: Per row: findings whose truth is not known. Where a cell names findings, those not named are absent.
    """

    rows: list[tuple[str, ...]]
    known: list[bool]
    multi: bool
    findings: set[str]
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.unknown = self.unknown or [ALL_KNOWN] * len(self.rows)


def read_label_column(column: str, cells: Sequence[str]) -> Labels:
    """Reads the column that holds the names of the labels; `drop_none` is still to be called where it is multi-label.

    Args:
        column: Its name. A column of marks under any other name than label or its synonyms is one finding.
        cells: Per row.
    """
    counts = Counter(cells)
    names, notes = _read_cells(column, counts)
    multi = any(holds_several(cell) for cell in counts if cell)
    tally: Counter[str] = Counter()
    for cell, count in counts.items():
        tally.update(dict.fromkeys(names[cell], count))
    kept, joined = join_spellings(tally)
    names = {cell: tuple(sorted({kept[name] for name in found})) for cell, found in names.items()}
    if multi:
        notes.append(f"Cells of {column} hold several names, so each image may have several labels.")
    rows = [names[cell] for cell in cells]
    return Labels(rows, [bool(row) for row in rows], multi, set(kept.values()), notes=notes + joined)


def _read_cells(column: str, counts: Counter[str]) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    blank = {cell for cell in counts if cell.casefold() in NOT_AVAILABLE}
    notes = []
    if blank:
        count = sum(counts[cell] for cell in blank)
        notes.append(f"{count} cells of {column} say {', '.join(sorted(blank))}; they were read as blank.")
    filled = [cell for cell in counts if cell and cell not in blank]
    if plain_name(column) not in _LABEL_NAMES and is_one_hot(list(counts.elements())):
        notes.append(f"{column} holds marks: 1 was read as {column}, 0 as no {column}, all else as unlabelled.")
        return {cell: read_mark(cell, column) for cell in counts}, notes
    if filled and all(_WHOLE.fullmatch(cell) for cell in filled):
        notes.append(f"Labels such as {filled[0]} were read as whole numbers.")
        return {cell: (cell.split(".")[0],) if cell in set(filled) else () for cell in counts}, notes
    return {cell: () if cell in blank else split_names(cell) for cell in counts}, notes


def read_marks(one_hot: OneHot, lines: Sequence[int]) -> Labels:
    """Turns one-hot columns into labels: classes where each row has exactly one 1, else findings.

    Args:
        one_hot: As read.
        lines: The line of each row in its file.
    """
    tally = Counter(dict.fromkeys(one_hot.names, 0))
    for row in one_hot.labels:
        tally.update(row)
    kept, notes = join_spellings(tally)
    rows = [tuple(sorted({kept[name] for name in row})) for row in one_hot.labels]
    labels = Labels(rows, list(one_hot.known), not one_hot.single, set(kept.values()), list(one_hot.problems), notes)
    if not one_hot.single:
        labels.unknown = _join_unknown(one_hot.unknown, rows, kept)
    if one_hot.single:
        labels.notes.append(f"Every row has exactly one 1 in {len(one_hot.names)} columns, so they are classes.")
        return labels
    drop_none(labels, lines)
    several = sum(len(row) > 1 for row in rows)
    labels.notes.append(
        f"{len(one_hot.names)} columns hold one finding each; {several} of {len(rows)} rows have several. "
        f"{_say_blanks(one_hot, labels.unknown)}"
    )
    for kind in ("uncertain", "missing"):
        counts = Counter(name for unknown in labels.unknown for name in getattr(unknown, kind))
        if counts:
            told = ", ".join(f"{name} {count}" for name, count in counts.most_common(20))
            labels.notes.append(f"{kind.capitalize()} labels, which are neither present nor absent: {told}.")
    return labels


def _join_unknown(unknown: Sequence[Unknown], rows: Sequence[tuple[str, ...]], kept: dict[str, str]) -> list[Unknown]:
    """The same with one spelling of each name; what one spelling says is present is not unknown."""
    joined: dict[tuple[Unknown, tuple[str, ...]], Unknown] = {}
    for one, row in zip(unknown, rows, strict=True):
        if (one, row) not in joined:
            uncertain = {kept.get(name, name) for name in one.uncertain} - set(row)
            missing = {kept.get(name, name) for name in one.missing} - set(row) - uncertain
            joined[one, row] = Unknown(tuple(sorted(uncertain)), tuple(sorted(missing)))
    return [joined[one, row] for one, row in zip(unknown, rows, strict=True)]


def _say_blanks(one_hot: OneHot, unknown: Sequence[Unknown]) -> str:
    if one_hot.blank_is_absent:
        blank = "Blank cells count as absent, since the table has -1 for what is uncertain (as CheXpert has)"
    elif any(one.missing for one in unknown):
        blank = "The truth of a blank cell is not known, but in columns that have no 0"
    else:
        blank = "Blank cells count as absent"
    return f"{blank}; rows without any mark are unlabelled."


def drop_none(labels: Labels, lines: Sequence[int]) -> None:
    """Takes names such as No Finding out of a multi-label table: there, nothing found is an empty set.

    Args:
        labels: Changed in place. A row that has such a name beside a finding keeps the finding and is a problem.
        lines: The line of each row in its file.
    """
    names = {name for name in labels.findings if says_none(name)}
    if not names:
        return
    for number, row in enumerate(labels.rows):
        labels.unknown[number] = _without(labels.unknown[number], names)
        if names.isdisjoint(row):
            continue
        labels.rows[number] = tuple(name for name in row if name not in names)
        if labels.rows[number]:
            none = next(name for name in row if name in names)
            what = f"{none} beside {', '.join(labels.rows[number][:3])}; the finding counts"
            labels.problems.append(Problem(lines[number], what))
    labels.findings -= names
    labels.notes.append(f"{' and '.join(sorted(names))} means that none of the findings is there.")


def _without(unknown: Unknown, names: set[str]) -> Unknown:
    if unknown == ALL_KNOWN:
        return unknown
    return Unknown(*(tuple(name for name in kind if name not in names) for kind in unknown))


def is_long(rows: Iterable[tuple[str, str, tuple[str, ...]]]) -> bool:
    """True for a table with one row per finding, as VinDr-CXR is written: many images come with several labels.

    Args:
        rows: Image, reader and labels of each labelled row. Two readers may differ; that alone says nothing.
    """
    first: dict[tuple[str, str], tuple[str, ...]] = {}
    several: set[str] = set()
    for image, reader, labels in rows:
        if first.setdefault((image, reader), labels) != labels:
            several.add(image)
    images = len({image for image, _ in first}) if len(several) >= LONG_IMAGES else 0
    return len(several) >= max(LONG_IMAGES, LONG_SHARE * images)
