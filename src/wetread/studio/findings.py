"""Findings of an image: several may be there at once, and of each it may be present, absent, uncertain or not said.

An image has a mark for each finding of which something is said, by the id of the finding: ``1`` present, ``0`` absent,
``u`` uncertain. No mark: nothing is said. Those two are unknown to whoever labels, and stay two for a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wetread.dataset.findings import MIN_PER_FINDING, FindingCounts, choose_findings, count_findings
from wetread.dataset.groups import assign_groups
from wetread.dataset.readings import Gathered
from wetread.dataset.table import Row, Table
from wetread.errors import InputError

PRESENT, ABSENT, UNSURE = "1", "0", "u"
#: In the row of a kept table: nothing is said.
NOT_SAID = "-"

#: Finding -> mark.
Marks = dict[str, str]


def write_marks(row: Gathered, findings: Iterable[str]) -> str:
    """What a row of a table says, one letter for each finding; empty where it says nothing at all."""
    if not row.known or row.reason:
        return ""
    said = {
        **dict.fromkeys(row.missing, NOT_SAID),
        **dict.fromkeys(row.uncertain, UNSURE),
        **dict.fromkeys(row.labels, PRESENT),
    }
    return "".join(said.get(name, ABSENT) for name in findings)


def read_marks(written: str, ids: Iterable[str]) -> Marks:
    """The inverse of `write_marks`, by ids of findings in the same order."""
    return {one: mark for one, mark in zip(ids, written, strict=False) if mark != NOT_SAID}


def merge_marks(marks: Mapping[str, str], one: str, into: str) -> Marks:
    """Two findings become one: present where either is, absent only where both are, as a run joins two spellings."""
    found = {marks.get(one, NOT_SAID), marks.get(into, NOT_SAID)}
    mark = next(mark for mark in (PRESENT, UNSURE, NOT_SAID, ABSENT) if mark in found)
    kept = {name: old for name, old in marks.items() if name not in (one, into)}
    return kept if mark == NOT_SAID else {**kept, into: mark}


def mark_of(marks: Mapping[str, str], finding: str) -> str:
    """present, absent or unknown."""
    return {PRESENT: "present", ABSENT: "absent"}.get(marks.get(finding, ""), "unknown")


@dataclass(frozen=True)
class Trainable:
    """Which findings a run would learn, as far as it can be told before the pictures are compared.

    Attributes:
        kept: Names.
        aside: Names of the others -> how few cases, in words.
        why_not: Why there would be no run at all; None where there would.
    """

    kept: tuple[str, ...]
    aside: dict[str, str]
    why_not: InputError | None = None


def find_trainable(rows: list[Row]) -> Trainable:
    """Asks the rule of the run itself (`wetread.dataset.findings.choose_findings`), with the patients as cases.

    Args:
        rows: Labelled rows with patients; their groups are filled in. Copies of one picture are not known here, and a
            run joins them, so that it may count fewer.
    """
    table = Table(Path("images"), "table", rows, multi=True)
    assign_groups(rows, [])
    counts = count_findings(rows, table.findings)
    why_not = None
    try:
        kept, aside = choose_findings(table, rows)
    except InputError as error:
        kept = [name for name in counts if counts[name].fewest >= MIN_PER_FINDING]
        aside = [name for name in counts if name not in kept]
        why_not = InputError(_too_few(kept, counts), remedy=_REMEDY, code=error.code)
    return Trainable(tuple(kept), {name: _say(counts[name]) for name in aside}, why_not)


_REMEDY = "Collect more cases, say of more images whether it is present or absent, or merge rare findings."


def _too_few(kept: list[str], counts: Mapping[str, FindingCounts]) -> str:
    needed = f"{MIN_PER_FINDING} separate cases with it and {MIN_PER_FINDING} without"
    if kept:
        return f"Training needs two findings with {needed}; only {kept[0]} has them."
    if not counts:
        return "No image shows a finding yet."
    best = max(counts, key=lambda name: counts[name].fewest)
    return f"Training needs two findings with {needed}; the nearest is {best}, {_say(counts[best])}."


def _say(counts: FindingCounts) -> str:
    if counts.positive_cases <= counts.negative_cases:
        return f"{counts.positive_cases} with it"
    return f"{counts.negative_cases} without it"
