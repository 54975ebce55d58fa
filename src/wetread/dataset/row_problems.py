"""What is wrong with single rows of a table: collected while the rest is read, then told at once."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from wetread.dataset.table import quote_formula

#: As many problems are told in one message; the rest is counted.
TOLD = 10


@dataclass(frozen=True, slots=True)
class Problem:
    """One row that cannot be read as it stands.

    Attributes:
        line: In the file, from 1; the header of a plain table is line 1.
        what: What is wrong with it and what was done, without a final stop and without patient data.
    """

    line: int
    what: str


def explain(problems: Sequence[Problem]) -> str:
    """One message for a person: the first ten problems in the order of their lines, then how many more there are."""
    ordered = sorted(problems, key=lambda problem: problem.line)
    told = "; ".join(f"line {problem.line}: {problem.what}" for problem in ordered[:TOLD])
    more = len(ordered) - TOLD
    return f"{told}; and {more} more." if more > 0 else f"{told}." if told else ""


def problems_csv(problems: Sequence[Problem]) -> str:
    """The text of a CSV file with the columns line and problem, in the order of the lines."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["line", "problem"])
    writer.writerows([problem.line, quote_formula(problem.what)] for problem in sorted(problems, key=lambda p: p.line))
    return buffer.getvalue()


def shorten(text: str, most: int = 40) -> str:
    """A value as it may stand in a message: on one line, in quotes, and cut."""
    plain = " ".join(text.split())
    return f'"{plain[:most]}…"' if len(plain) > most else f'"{plain}"'
