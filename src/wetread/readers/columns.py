"""Which column of a table of readings means what, and what the cells of single columns say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wetread.dataset.columns import SYNONYMS, may_be_finding, plain_name, recognise_columns
from wetread.dataset.label_names import NOT_AVAILABLE
from wetread.errors import InputError

#: Meaning -> names, beyond those that every table of labels knows. Earlier ones win.
FURTHER: dict[str, tuple[str, ...]] = {
    "truth": (
        *("truth", "ground_truth", "gold_standard", "gold", "reference", "reference_standard", "gt", "consensus"),
        *("true_label", "final_diagnosis"),
    ),
    "presence": ("rating", "score", "probability", "suspicion", "likelihood", "p"),
    "confidence": ("confidence", "conf", "confidence_score"),
    "sureness": ("certainty", "sureness", "how_sure"),
    "seconds": ("seconds", "time", "time_s", "duration", "reading_time", "reading_time_s", "time_seconds", "secs"),
    "experience": (
        *("experience", "role", "level", "grade", "position", "training", "years", "years_of_experience"),
        *("experience_years", "years_experience"),
    ),
}

#: How a label says that the finding is not there, in case two labels stand against each other.
ABSENT = frozenset(
    (
        *("0", "no", "false", "absent", "negative", "normal", "n", "-", "neg", "benign", "none", "nofinding"),
        *("nofindings", "healthy", "unremarkable", "clear"),
    )
)
#: Labels that name no finding by themselves.
MARKS = frozenset(("1", "yes", "true", "present", "positive", "y", "+", "pos", "abnormal")) | ABSENT

#: Labels of somebody who could not tell.
UNSURE = frozenset(("-1", "u", "?", "uncertain", "unsure", "indeterminate", "not assessable", "notassessable"))

#: What to write, for messages.
LAYOUTS = (
    "Write one column per reader (image, reader A, reader B, ...), or one row per reading (image, reader, label); "
    "see docs/readers.md."
)

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def find_columns(header: Sequence[str]) -> dict[str, str]:
    """Finds the columns by their names.

    Args:
        header: The names of the columns.

    Returns:
        meaning -> column: those of tables of labels (image, label, patient, reader, ...) and those of `FURTHER`.
    """
    found = recognise_columns(header)
    plain = {plain_name(name): name for name in reversed(header)}
    for meaning, names in FURTHER.items():
        column = next((plain[plain_name(name)] for name in names if plain_name(name) in plain), None)
        if column is not None and column not in found.values():
            found[meaning] = column
    return found


def reader_columns(header: Sequence[str], rows: Sequence[Sequence[str]], taken: Sequence[str]) -> list[str]:
    """Finds the columns of a wide table that hold readings: those that share labels with another one.

    Args:
        header: The names of the columns.
        rows: Each as long as the header.
        taken: Columns with another meaning.

    Returns:
        In their order: the largest group of columns of which each has a label in common with another. A single column
        is returned where its name is that of a reader.
    """
    free = [name for name in header if name not in taken and may_be_finding(name)]
    says = {name: _labels({row[header.index(name)] for row in rows}) for name in free}
    says = {name: labels for name, labels in says.items() if len(labels) <= max(20, len(rows) // 4)}
    groups: list[tuple[set[str], list[str]]] = []
    for name, labels in says.items():
        touching = [group for group in groups if group[0] & labels]
        members = [member for _, names in touching for member in names]
        joined = (set(labels).union(*(group[0] for group in touching)), [*members, name])
        groups = [group for group in groups if group not in touching] + [joined]
    best = max((names for _, names in groups), key=len, default=[])
    if len(best) < 2:
        called = tuple(plain_name(name) for name in SYNONYMS["reader"])
        best = [name for name in says if plain_name(name).startswith(called) and says[name]][:1]
    # A reader who read nothing shares no label; the name tells, where it differs from the others' by a number only.
    stems = {_stem(name) for name in best}
    return [name for name in free if name in best or (best and not says.get(name, {""}) and _stem(name) in stems)]


def _stem(name: str) -> str:
    return re.sub(r"\d+$|[a-z]$", "", plain_name(name))


def _labels(cells: set[str]) -> set[str]:
    names = {part.strip().casefold() for cell in cells for part in cell.split("|")}
    return names - NOT_AVAILABLE - UNSURE - {""}


def read_number(cell: str) -> float | None:
    """``3.5``, ``3,5`` or ``80 %`` -> a number; None where the cell is blank.

    Raises:
        ValueError: It is no finite number.
    """
    text = cell.strip().removesuffix("%").strip().replace(",", ".")
    if not text or text.casefold() in NOT_AVAILABLE:
        return None
    value = float(text)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("not finite")
    return value


def looks_personal(reader: str) -> bool:
    """True for a name of a reader that is an e-mail address."""
    return _EMAIL.fullmatch(reader.strip()) is not None


def refuse_layout(name: str, header: Sequence[str], why: str) -> InputError:
    """The error for a table that is neither wide nor long.

    Args:
        name: Of the file.
        header: Its columns.
        why: What is missing, a clause.
    """
    shown = ", ".join(column[:40] for column in header[:12]) + (" ..." if len(header) > 12 else "")
    return InputError(f"{name} {why}; it has: {shown}.", remedy=LAYOUTS, file=name, code="no-readings")
