"""What became of every file that was met: the counts add up, and each file that was not used has its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from wetread.dataset.table import COMPANION, NO_FILE, SKIPPED


@dataclass(frozen=True)
class Ledger:
    """The account of a data set.

    Attributes:
        found: All files met; what a table names and is not there is none of them.
        labelled: Used, with a label.
        unlabelled: Used, to be predicted only.
        skipped: (image, reason) of what was meant to take part and does not.
        companions: Files that are no images of the set, such as tables and masks, by what they are.
    """

    found: int
    labelled: int
    unlabelled: int
    skipped: tuple[tuple[str, str], ...]
    companions: tuple[tuple[str, int], ...]

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Reasons for skipping, the most frequent first."""
        return Counter(reason for _, reason in self.skipped).most_common()

    @property
    def missing(self) -> int:
        """How many of the skipped are named in a table, but not there."""
        return sum(reason == NO_FILE for _, reason in self.skipped)

    @property
    def beside(self) -> int:
        """How many files are no images of the set."""
        return sum(count for _, count in self.companions)


def make_ledger(rows: Iterable[tuple[str, str, str, str]]) -> Ledger:
    """Counts rows.

    Args:
        rows: (image, label, status, reason) of each row of images.csv.
    """
    found = labelled = unlabelled = 0
    skipped: list[tuple[str, str]] = []
    companions: Counter[str] = Counter()
    for image, label, status, reason in rows:
        found += reason != NO_FILE
        if status != SKIPPED:
            labelled += bool(label)
            unlabelled += not label
        elif reason.startswith(COMPANION):
            companions[reason.removeprefix(COMPANION)] += 1
        else:
            skipped.append((image, reason))
    return Ledger(found, labelled, unlabelled, tuple(skipped), tuple(companions.most_common()))
