"""Whether something about the files is commoner in one class than in the others: counted in cases, tested exactly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from wetread.checks.given_away import chance_of
from wetread.dataset.table import Row
from wetread.outcome import say_percent

#: How unlikely by chance, over all comparisons made.
CHANCE = 0.01
#: Values compared; the rarer ones of a long list can differ by chance only.
MOST_VALUES = 12


@dataclass(frozen=True)
class Uneven:
    """A value that one class has more or less often than the others.

    Attributes:
        value: Of the property.
        label: The class.
        share: Part of the cases of this class with the value.
        others: Part of the cases of all other classes with it.
        p: Two-sided, Fisher's exact test, times the number of comparisons (Bonferroni).
    """

    value: str
    label: str
    share: float
    others: float
    p: float

    def as_dict(self) -> dict[str, Any]:
        """As it stands in findings.json."""
        return {name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(self).items()}

    def __str__(self) -> str:
        return f"{self.value}: {say_percent(self.share)} of {self.label}, {say_percent(self.others)} of the others"


def most_uneven(
    values: Sequence[str], rows: Sequence[Row], classes: Sequence[str], least: float, only: str | None = None
) -> Uneven | None:
    """The value whose share differs most between a class and the others; None where chance can explain every one.

    Args:
        values: One per row.
        rows: As many rows; a case (group) has a value where any of its images has it.
        classes: Names of classes; of two the second is compared with the first, of more each with the rest.
        least: Smallest difference of shares that counts, in [0, 1].
        only: Look at this value alone.

    Returns:
        With the class that has the value more often, of two classes; of more, the class that stands out.
    """
    common = [value for value, _ in Counter(values).most_common(MOST_VALUES)]
    if len(common) < 2:
        return None
    common = [only] if only is not None else common
    cases: dict[str, set[str]] = {name: set() for name in classes}
    having: dict[tuple[str, str], set[str]] = {}
    for value, row in zip(values, rows, strict=True):
        for name in row.names:
            if name in cases:
                cases[name].add(row.group or row.image)
                having.setdefault((name, value), set()).add(row.group or row.image)
    compared = classes if len(classes) > 2 else classes[1:]
    tests = len(compared) * (len(common) if len(common) > 2 else 1)
    found = []
    for name in compared:
        of, other_of = len(cases[name]), sum(len(cases[other]) for other in classes if other != name)
        for value in common:
            has = len(having.get((name, value), ()))
            other_has = sum(len(having.get((other, value), ())) for other in classes if other != name)
            if not of or not other_of or abs(has / of - other_has / other_of) < least:
                continue
            p = min(1.0, chance_of(has, of, other_has, other_of) * tests)
            if p < CHANCE:
                found.append(Uneven(value, name, has / of, other_has / other_of, p))
    worst = max(found, key=lambda one: abs(one.share - one.others), default=None)
    if worst is None or len(classes) > 2 or worst.share > worst.others:
        return worst
    return Uneven(worst.value, classes[0], worst.others, worst.share, worst.p)
