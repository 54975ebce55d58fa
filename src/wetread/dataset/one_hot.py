"""One column per finding, with 1 where it is present: CheXpert, ISIC and most spreadsheets -> names of findings.

CheXpert's marks (Irvin et al. 2019, 10.1609/aaai.v33i01.3301590): 1 present, 0 absent, -1 uncertain, blank not
mentioned. What is uncertain stays uncertain: what to make of it is decided in the plan. A blank counts as absent where
the table has -1 (its labeler leaves blank what a report does not mention, and nobody mentions all that is not there),
in a column that has no 0 at all (people tick what they see), and in a row that says that nothing was found. Elsewhere
the truth of a blank is missing. A row without any mark is unlabelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

from wetread.dataset.columns import may_be_finding
from wetread.dataset.label_names import clean_name, fold_name, says_none
from wetread.dataset.row_problems import Problem, shorten

_ON = frozenset(("1", "1.0", "1,0", "true", "yes"))
_OFF = frozenset(("0", "0.0", "0,0", "false", "no"))
_MINUS_ONE = frozenset(("-1", "-1.0", "-1,0"))
_UNCERTAIN = _MINUS_ONE | {"u", "?", "uncertain"}
_MARKS = _ON | _OFF | _UNCERTAIN
#: Other values are slips of the pen as long as they are this rare in a column; else it is no such column.
_SLIPS = 0.02
_HEAD = 50


class Unknown(NamedTuple):
    """The findings of one row whose truth is not known, sorted: said to be uncertain, or not said at all."""

    uncertain: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


#: Of a row about which everything is known.
ALL_KNOWN = Unknown()


@dataclass
class OneHot:
    """What the columns say.

    Attributes:
        names: The columns that were read.
        labels: Per row: the columns with a 1, sorted; empty where there is none.
        known: Per row: False where all its cells are blank, or one holds something else.
        unknown: Per row: the columns that say neither yes nor no.
        problems: Cells with another value.
        blank_is_absent: All blanks count as absent, because the table has -1.
    """

    names: list[str]
    labels: list[tuple[str, ...]] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    blank_is_absent: bool = False

    @property
    def single(self) -> bool:
        """True where every labelled row has exactly one 1: the columns are classes that exclude each other."""
        counts = {len(labels) for labels, known in zip(self.labels, self.known, strict=True) if known}
        return counts == {1} and not any(unknown.uncertain for unknown in self.unknown)


def find_one_hot(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Finds the columns whose cells are all 1, 0, -1, yes, no, true, false, u, ? or blank, with a 1 or a 0 among them.

    Args:
        header: The names of the columns.
        rows: Each as long as the header.

    Returns:
        At least two names; empty where there are fewer.
    """
    names = [
        name
        for place, name in enumerate(header)
        if may_be_finding(name)
        and _may_hold_marks([row[place] for row in rows[:_HEAD]])
        and is_one_hot([row[place] for row in rows])
    ]
    return names if len(names) > 1 else []


def _may_hold_marks(cells: list[str]) -> bool:
    """A quick look at the first rows: most columns of most tables end here."""
    return sum(bool(cell) and cell.casefold() not in _MARKS for cell in cells) <= 1


def is_one_hot(cells: Sequence[str]) -> bool:
    """True where a column holds nothing but marks, a slip of the pen aside, and at least one 1 or 0."""
    counts = Counter(cells)
    if len(counts) > 12 + _SLIPS * len(cells):
        return False
    filled = len(cells) - counts[""]
    clear = sum(count for value, count in counts.items() if value.casefold() in _ON | _OFF)
    uncertain = sum(count for value, count in counts.items() if value.casefold() in _UNCERTAIN)
    return clear > 0 and filled - clear - uncertain <= max(_SLIPS * filled, 1 if filled >= 10 else 0)


def read_one_hot(
    names: Sequence[str], header: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[int]
) -> OneHot:
    """Reads the columns of `find_one_hot`.

    Args:
        names: Two or more columns.
        header: All columns.
        rows: Each as long as the header.
        lines: The line of each row in its file.
    """
    read = OneHot(list(names))
    places = {name: place for place, name in enumerate(header)}
    pick = itemgetter(*(places[name] for name in names))
    findings = [clean_name(name) for name in names]
    # The same few combinations return again and again: 10^5 rows of ChestX-ray14 have 836.
    picked = [pick(row) for row in rows]
    combinations = set(picked)
    read.blank_is_absent = any(cell in _MINUS_ONE for cells in combinations for cell in cells)
    blank_says = [
        not read.blank_is_absent and any(cells[place].casefold() in _OFF for cells in combinations)
        for place in range(len(names))
    ]
    seen = {cells: _read_row(cells, findings, blank_says) for cells in combinations}
    for cells, line in zip(picked, lines, strict=True):
        labels, known, unknown, bad = seen[cells]
        read.labels.append(labels)
        read.known.append(known)
        read.unknown.append(unknown)
        for place in bad:
            what = f"{shorten(cells[place])} in column {names[place]} is not 1, 0, -1 or blank; read as unlabelled"
            read.problems.append(Problem(line, what))
    return read


def _read_row(
    cells: tuple[str, ...], findings: list[str], blank_says: list[bool]
) -> tuple[tuple[str, ...], bool, Unknown, list[int]]:
    """Positive names, whether anything is known, what is not known, places of cells that hold something else.

    Args:
        cells: Of the row.
        findings: One name per cell.
        blank_says: Per cell: whether a blank means that nobody knows, rather than that the finding is absent.
    """
    marks = [cell.casefold() for cell in cells]
    positive = {name for name, mark in zip(findings, marks, strict=True) if mark in _ON}
    bad = [place for place, mark in enumerate(marks) if mark and mark not in _MARKS]
    if not any(marks) or bad:
        return (), False, ALL_KNOWN, bad
    uncertain = {name for name, mark in zip(findings, marks, strict=True) if mark in _UNCERTAIN} - positive
    missing = {name for name, mark, says in zip(findings, marks, blank_says, strict=True) if not mark and says}
    if any(map(says_none, positive)):  # nothing was found, so what is blank is absent
        missing = set()
    return tuple(sorted(positive)), True, Unknown(tuple(sorted(uncertain)), tuple(sorted(missing - positive))), bad


def repeats_labels(one_hot: OneHot, labels: Sequence[tuple[str, ...]]) -> bool:
    """True where the columns say what the label column says, in nearly every labelled row.

    Args:
        one_hot: As read.
        labels: Per row: the names in the label column.
    """
    said: dict[tuple[str, ...], frozenset[str]] = {}

    def plain(names: tuple[str, ...]) -> frozenset[str]:
        if names not in said:
            said[names] = frozenset(fold_name(name) for name in names if not says_none(name))
        return said[names]

    compared = agree = 0
    for marked, known, written in zip(one_hot.labels, one_hot.known, labels, strict=True):
        if known and written:
            compared += 1
            agree += plain(marked) == plain(written)
    return compared > 0 and agree >= 0.99 * compared


def read_mark(cell: str, name: str) -> tuple[str, ...]:
    """One cell of a single such column as a class: the finding, ``no <finding>``, or nothing where it is unlabelled."""
    mark = cell.casefold()
    if mark in _ON:
        return (clean_name(name),)
    return (f"no {clean_name(name)}",) if mark in _OFF else ()
