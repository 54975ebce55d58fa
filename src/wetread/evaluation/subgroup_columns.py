"""Which columns divide the tested images into groups worth comparing, and the groups.

Columns of the user's table, and what DICOM headers say about how a picture was made. Whose picture it is never counts:
identifiers, names, dates and free text are left out, as is what says the label in other words. Ages and other numbers
become thirds.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wetread.dataset.columns import plain_name
from wetread.dataset.other_columns import TRAITS, tells_source, tells_trait, tells_who
from wetread.dataset.table import Row
from wetread.errors import InputError

#: Most groups of a column, and most columns that are taken without being asked for.
MOST_GROUPS, MOST_COLUMNS = 8, 6
#: Longer cells are sentences.
LONGEST = 40
#: A column taken without being asked for must be filled in for this share of the images.
FILLED = 0.8

_AGES = frozenset(map(plain_name, ("age", "patient_age", "age_years", "age_at_study", "age_at_exam")))
_NUMBERS = _AGES | frozenset(map(plain_name, ("bmi", "weight", "height", "slice_thickness", "kvp")))
#: DICOM facts: keyword in `ImageFacts.header`, and what it is called on the page.
HEADERS = (
    ("ViewPosition", "view (header)"),
    ("Manufacturer", "manufacturer (header)"),
    ("ManufacturerModelName", "device model (header)"),
    ("Modality", "modality (header)"),
)
#: A number with a decimal comma; ``1,200`` may as well be a thousand and more.
_COMMA = re.compile(r"[+-]?\d{1,7},\d+")
_DOUBTFUL = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_AGE = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*(y|m|w|d)?[a-z]*", re.IGNORECASE)
_PER_YEAR = {"y": 1.0, "m": 12.0, "w": 52.18, "d": 365.25}


@dataclass(frozen=True)
class Column:
    """A division of the tested images.

    Attributes:
        name: As the user wrote it, or as the page calls a fact of the header.
        groups: Names of the groups, bands in rising order, others by size.
        members: Per image the number of its group; -1 where nothing is known.
    """

    name: str
    groups: tuple[str, ...]
    members: np.ndarray[tuple[int], np.dtype[np.int64]]


def find_columns(rows: Sequence[Row], asked: Sequence[str] = ()) -> list[Column]:
    """The columns to compare groups of.

    Args:
        rows: Of the tested images, in the order of the predictions.
        asked: Names of columns; empty to choose plausible ones.

    Returns:
        At most six columns unless they were asked for, each with at least two groups.

    Raises:
        InputError: There is no such column, or it does not divide the images.
    """
    cells = _all_cells(rows)
    if asked:
        return [_asked_for(name, cells) for name in dict.fromkeys(asked)]
    labels = [row.label for row in rows]
    found = [
        column
        for name in sorted(cells, key=_rank)
        if _plausible(name, cells[name], labels) and (column := divide(name, cells[name])) is not None
    ]
    distinct: list[Column] = []
    for column in found:
        if not any(np.array_equal(column.members, other.members) for other in distinct):
            distinct.append(column)
    return distinct[:MOST_COLUMNS]


def check_names(rows: Sequence[Row], asked: Sequence[str]) -> None:
    """Refuses columns that are not there, before any picture is read; what headers say may still come.

    Args:
        rows: Of the table.
        asked: Names of columns.

    Raises:
        InputError: There is no such column.
    """
    if not asked:
        return
    known = list(dict.fromkeys(name for row in rows for name in row.extra))
    for name in asked:
        _find_column(name, known, [*known, *(title for _, title in HEADERS)])


def _find_column(name: str, told: Sequence[str], known: Sequence[str]) -> str:
    """The column of that name; ``told`` are those that a message names."""
    real = next((one for one in known if one == name or plain_name(one) == plain_name(name)), None)
    if real is None:
        raise InputError(
            f"There is no column {name} to make subgroups of; there are: {', '.join(told) or 'none'}.",
            remedy="Give the name of a column of your table, as in --subgroups sex,age.",
            code="subgroups",
        )
    return real


def _all_cells(rows: Sequence[Row]) -> dict[str, list[str]]:
    names = dict.fromkeys(name for row in rows for name in row.extra)
    cells = {name: [" ".join(row.extra.get(name, "").split()) for row in rows] for name in names}
    for keyword, title in HEADERS:
        told = [str((row.facts.header if row.facts else {}).get(keyword) or "") for row in rows]
        if any(told):
            cells.setdefault(title, told)
    return cells


def _rank(name: str) -> int:
    """People first, then places and devices, then the rest in the order of the table."""
    plain = plain_name(name)
    return TRAITS.index(plain) if plain in TRAITS else len(TRAITS) + (not _is_source(name))


def _is_source(name: str) -> bool:
    return tells_source(name) or any(name == title for _, title in HEADERS)


def _plausible(name: str, cells: list[str], labels: list[str]) -> bool:
    plain = plain_name(name)
    filled = [cell for cell in cells if cell]
    if len(filled) < FILLED * len(cells) or max(map(len, filled)) > LONGEST:
        return False
    if tells_trait(name) or _is_source(name):
        return True
    if tells_who(name):
        return False
    levels = len({cell.casefold() for cell in filled})
    return (2 <= levels <= MOST_GROUPS or plain in _NUMBERS) and not _says_the_label(cells, labels)


def _says_the_label(cells: list[str], labels: list[str]) -> bool:
    """Each value goes with one label only: nothing could be compared inside it."""
    found: dict[str, set[str]] = {}
    for cell, label in zip(cells, labels, strict=True):
        found.setdefault(cell.casefold(), set()).add(label)
    return all(len(one) == 1 for one in found.values())


def _asked_for(name: str, cells: dict[str, list[str]]) -> Column:
    real = _find_column(name, list(cells), list(cells))
    column = divide(real, cells[real])
    if column is None:
        raise InputError(
            f"The column {real} does not divide the tested images: all have one value, or nearly each has its own.",
            remedy="Name another column, or write groups (such as age bands) into it.",
            code="subgroups",
        )
    return column


def divide(name: str, cells: Sequence[str]) -> Column | None:
    """The groups that a column makes; None where it divides nothing, or nearly each cell is a group of its own.

    Args:
        name: Of the column.
        cells: One per image, with single spaces; empty where nothing is known.
    """
    plain = plain_name(name)
    read: Callable[[str], float] = _age if plain in _AGES else _number
    numbers = np.array([read(cell) for cell in _with_points(cells)])
    known = np.isfinite(numbers)
    all_numbers = known.any() and known.sum() == sum(map(bool, cells))
    if all_numbers and len(set(numbers[known].tolist())) > (3 if plain in _NUMBERS else MOST_GROUPS):
        return _thirds(name, numbers)
    return _levels(name, cells)


def _thirds(name: str, numbers: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Column | None:
    """Three bands with about as many images each; equal numbers stay together."""
    known = np.isfinite(numbers)
    edges = np.unique(np.quantile(numbers[known], (1 / 3, 2 / 3), method="lower"))
    members = np.where(known, np.searchsorted(edges, numbers), -1)
    bands = [numbers[members == k] for k in range(len(edges) + 1)]
    kept = [k for k, band in enumerate(bands) if len(band)]
    if len(kept) < 2:
        return None
    names = [f"{_say(bands[k].min())} to {_say(bands[k].max())}" for k in kept]
    # The extremes are left out: an age of 97 is nearly a name.
    names[0], names[-1] = f"up to {_say(bands[kept[0]].max())}", f"{_say(bands[kept[-1]].min())} and more"
    number = {k: n for n, k in enumerate(kept)}
    return Column(name, tuple(names), np.array([number.get(int(k), -1) for k in members], dtype=np.int64))


def _levels(name: str, cells: Sequence[str]) -> Column | None:
    """One group per value, upper and lower case alike; beyond the seven most common, all others together."""
    folded = [cell.casefold() for cell in cells]
    ranked = [value for value, _ in Counter(value for value in folded if value).most_common()]
    if len(ranked) < 2 or 2 * len(ranked) > sum(map(bool, cells)):
        return None
    kept = ranked if len(ranked) <= MOST_GROUPS else ranked[: MOST_GROUPS - 1]
    spelt = {value: next(cell for cell in cells if cell.casefold() == value)[:LONGEST] for value in kept}
    names = [spelt[value] for value in kept] + (["all others"] if len(kept) < len(ranked) else [])
    number = {value: n for n, value in enumerate(kept)}
    members = [number.get(value, len(kept)) if value else -1 for value in folded]
    return Column(name, tuple(names), np.array(members, dtype=np.int64))


def _with_points(cells: Sequence[str]) -> list[str]:
    """Decimal commas become points where the whole column writes its numbers so; otherwise nothing is changed.

    A column that has points too is ambiguous, and so is one whose every comma is followed by three digits.
    """
    marked = [cell for cell in cells if "," in cell]
    if not marked or any("." in cell for cell in cells):
        return list(cells)
    read = [_COMMA.match(cell) for cell in marked]
    clear = all(found is not None and "," not in cell[found.end() :] for cell, found in zip(marked, read, strict=True))
    if not clear or all(found is not None and _DOUBTFUL.fullmatch(found[0]) for found in read):
        return list(cells)
    return [cell.replace(",", ".") for cell in cells]


def _number(cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _age(cell: str) -> float:
    """Years from ``63``, ``063Y`` or ``9 months`` (DICOM AS: PS3.5 section 6.2)."""
    found = _AGE.fullmatch(cell.strip())
    if not found:
        return math.nan
    return float(found[1]) / _PER_YEAR[(found[2] or "y").lower()]


def _say(value: float) -> str:
    return f"{value:.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.1f}"
