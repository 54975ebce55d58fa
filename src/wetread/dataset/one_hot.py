"""One column per finding, with 1 where it is present: CheXpert, ISIC and most spreadsheets -> names of findings.

CheXpert's marks (Irvin et al. 2019, 10.1609/aaai.v33i01.3301590): 1 present, 0 absent, -1 uncertain, blank not
mentioned. Uncertain and blank both count as absent here (its U-Zeros policy); a row without any mark is unlabelled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from wetread.dataset.columns import may_be_finding
from wetread.dataset.label_names import clean_name, fold_name, says_none
from wetread.dataset.row_problems import Problem, shorten

_ON = frozenset(("1", "1.0", "1,0", "true", "yes"))
_OFF = frozenset(("0", "0.0", "0,0", "false", "no"))
_UNCERTAIN = frozenset(("-1", "-1.0", "-1,0"))
_MARKS = _ON | _OFF | _UNCERTAIN
#: Other values are slips of the pen as long as they are this rare in a column; else it is no such column.
_SLIPS = 0.02
_HEAD = 50


@dataclass
class OneHot:
    """What the columns say.

    Attributes:
        names: The columns that were read.
        labels: Per row: the columns with a 1, sorted; empty where there is none.
        known: Per row: False where all its cells are blank, or one holds something else.
        uncertain: Per column: rows with -1.
        problems: Cells with another value.
    """

    names: list[str]
    labels: list[tuple[str, ...]] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)
    uncertain: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    @property
    def single(self) -> bool:
        """True where every labelled row has exactly one 1: the columns are classes that exclude each other."""
        counts = {len(labels) for labels, known in zip(self.labels, self.known, strict=True) if known}
        return counts == {1}


def find_one_hot(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Finds the columns whose cells are all 1, 0, -1, yes, no, true, false or blank, with a 1 or a 0 among them.

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
    seen: dict[tuple[str, ...], tuple[tuple[str, ...], bool, list[int], list[int]]] = {}
    for row, line in zip(rows, lines, strict=True):
        cells = pick(row)
        if cells not in seen:
            seen[cells] = _read_row(cells, findings)
        labels, known, uncertain, bad = seen[cells]
        read.labels.append(labels)
        read.known.append(known)
        for place in uncertain:
            read.uncertain[names[place]] += 1
        for place in bad:
            what = f"{shorten(cells[place])} in column {names[place]} is not 1, 0, -1 or blank; read as unlabelled"
            read.problems.append(Problem(line, what))
    return read


def _read_row(cells: tuple[str, ...], findings: list[str]) -> tuple[tuple[str, ...], bool, list[int], list[int]]:
    marks = [cell.casefold() for cell in cells]
    positive = tuple(sorted({name for name, mark in zip(findings, marks, strict=True) if mark in _ON}))
    uncertain = [place for place, mark in enumerate(marks) if mark in _UNCERTAIN]
    bad = [place for place, mark in enumerate(marks) if mark and mark not in _MARKS]
    known = any(marks) and not bad
    return (positive if known else ()), known, uncertain, bad


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
