"""Rows of a multi-label table -> a matrix of labels, and which findings can be learnt at all."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from wetread.dataset.table import Row, Table
from wetread.errors import InputError

#: Fewest separate cases with a finding, and without it, for anything to be said of it: with 10 against many a 95 %
#: interval of the AUROC is about 0.3 wide, and folds of them still have two each.
MIN_PER_FINDING = 10

#: Names that are this much alike (`difflib`, 0 to 1) may be one name, misspelt: one letter of seven.
ALIKE = 0.88

#: What to make of a finding that is uncertain. CheXpert compares them as U-Ignore, U-Ones and U-Zeros; which one is
#: best differs by finding (Irvin et al. 2019, 10.1609/aaai.v33i01.3301590, table 3), so by default nothing is made up.
UNCERTAIN_POLICIES: dict[str, float] = {"leave out": np.nan, "positive": 1.0, "negative": 0.0}


@dataclass(frozen=True)
class FindingCounts:
    """How often a finding is there, in images and in separate cases (patients, where known).

    Attributes:
        positive: Images that have it.
        negative: Images that do not.
        uncertain: Images of which nobody is sure.
        missing: Images of which nothing is said.
        positive_cases: Cases with an image that has it.
        negative_cases: Cases with an image that does not.
    """

    positive: int
    negative: int
    uncertain: int
    missing: int
    positive_cases: int
    negative_cases: int

    @property
    def fewest(self) -> int:
        """Cases on the side that has fewer."""
        return min(self.positive_cases, self.negative_cases)

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def label_matrix(rows: Sequence[Row], findings: Sequence[str], uncertain: str = "leave out") -> NDArray[np.float32]:
    """Labels of images that can have several findings.

    Args:
        rows: Labelled rows.
        findings: Names of the columns.
        uncertain: ``leave out``, ``positive`` or ``negative``: what an uncertain finding counts as.

    Returns:
        ``image finding``: 1 present, 0 absent, NaN not known.

    Raises:
        InputError: There is no such way to treat what is uncertain.
    """
    if uncertain not in UNCERTAIN_POLICIES:
        raise InputError(
            f"Uncertain findings cannot be treated as {uncertain}.",
            remedy=f"Choose {', '.join(UNCERTAIN_POLICIES)}.",
            code="usage",
        )
    columns = {name: column for column, name in enumerate(findings)}
    labels = np.zeros((len(rows), len(findings)), dtype=np.float32)
    for number, row in enumerate(rows):
        for names, value in (
            (row.missing, np.nan),
            (row.uncertain, UNCERTAIN_POLICIES[uncertain]),
            (row.findings, 1.0),
        ):
            for name in names:
                if name in columns:
                    labels[number, columns[name]] = value
    return labels


def count_findings(rows: Sequence[Row], findings: Sequence[str]) -> dict[str, FindingCounts]:
    """Counts each finding; what is uncertain counts on neither side.

    Args:
        rows: Labelled rows, with groups where they are known.
        findings: Names.
    """
    labels = label_matrix(rows, findings)
    unsure = [set(row.uncertain) for row in rows]
    cases = np.array([row.group or row.image for row in rows], dtype=object)
    counts = {}
    for column, name in enumerate(findings):
        is_there, is_not = labels[:, column] == 1, labels[:, column] == 0
        uncertain = sum(name in names for names in unsure)
        counts[name] = FindingCounts(
            int(is_there.sum()),
            int(is_not.sum()),
            uncertain,
            int(np.isnan(labels[:, column]).sum()) - uncertain,
            len(set(cases[is_there])),
            len(set(cases[is_not])),
        )
    return counts


def choose_findings(table: Table, rows: Sequence[Row], minimum: int = MIN_PER_FINDING) -> tuple[list[str], list[str]]:
    """Which findings can be learnt and tested; the others are set aside, with a note in the table.

    Their images stay: an image whose only finding is set aside shows none of the others.

    Args:
        table: Gets the note.
        rows: Labelled rows with groups; of a given split its training part.
        minimum: Fewest cases with a finding, and fewest without.

    Returns:
        Names of the findings that are kept, and of those set aside, each in alphabetical order.

    Raises:
        InputError: Fewer than two are left.
    """
    counts = count_findings(rows, table.findings)
    kept = [name for name in counts if counts[name].fewest >= minimum]
    aside = [name for name in counts if counts[name].fewest < minimum]
    if len(kept) < 2:
        _explain_too_few(table, kept, counts, minimum)
    if aside:
        told = ", ".join(f"{name} ({_say_few(counts[name])})" for name in aside)
        table.notes.append(
            f"Set aside, since fewer than {minimum} separate cases have them or lack them: {told}. Their images take "
            "part for the other findings."
        )
        for name in aside:
            near = difflib.get_close_matches(name.casefold(), [one.casefold() for one in kept], 1, ALIKE)
            meant = next((one for one in kept if one.casefold() in near), "")
            if meant:
                table.notes.append(f"{name} may be a misspelling of {meant}: if so, mend it in the table.")
    return kept, aside


def _say_few(counts: FindingCounts) -> str:
    if counts.positive_cases <= counts.negative_cases:
        return f"{counts.positive_cases} with it"
    return f"{counts.negative_cases} without it"


def _explain_too_few(table: Table, kept: list[str], counts: dict[str, FindingCounts], minimum: int) -> None:
    best = kept[0] if kept else max(counts, key=lambda name: counts[name].fewest, default="")
    told = f"; the nearest is {best} ({_say_few(counts[best])})" if best and not kept else ""
    raise InputError(
        f"{'Only ' + best if kept else 'No finding'} has {minimum} separate cases with it and {minimum} without{told}.",
        remedy=f'Ask for it alone: --finding "{best}".' if kept else "Collect more cases, or join rare findings.",
        file=table.root,
        code="finding-too-small",
    )
