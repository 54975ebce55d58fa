"""Which images belong together: patients, and near-identical pictures.

Order of the sources of a patient (first that serves): a column of the table; DICOM PatientID; an NIH-like file name
(``00000061_012.png``: patient, then number); a folder per patient inside the class folders. Where none serves, every
picture is its own group and the report says so in its headline.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from wetread.dataset.table import Row, Table
from wetread.errors import InputError

if TYPE_CHECKING:  # it brings scipy along, and the studio asks for patients only
    from wetread.dataset.duplicates import Pair

#: ChestX-ray14 names its files patient_followup; other NIH sets use eight digits first.
NIH_NAME = re.compile(r"^(\d{5,})_(\d{1,4})$")


def assign_patients(table: Table) -> str:
    """Fills `patient` of every row that was read.

    Args:
        table: After reading; changed in place, `grouping` included.

    Returns:
        Where patients are known from: column, dicom, filename, folder or none.
    """
    rows = [row for row in table.rows if row.facts is not None]
    if table.grouping == "column" and serves([row.patient for row in rows]):
        return table.grouping
    sources: list[tuple[str, Callable[[Row], str]]] = [
        ("dicom", lambda row: (row.facts.patient_key or "") if row.facts else ""),
        ("filename", lambda row: match[1] if (match := NIH_NAME.match(row.source.name.rsplit(".", 1)[0])) else ""),
        ("folder", lambda row: row.extra.get("folder", "")),
    ]
    for grouping, key in sources:
        keys = [key(row) for row in rows]
        if serves(keys):
            # Numbers in order of appearance: whatever a header holds never reaches images.csv.
            numbers = {value: number for number, value in enumerate(dict.fromkeys(keys), start=1) if value}
            for row, value in zip(rows, keys, strict=True):
                known = f"P{numbers[value]:04d}" if value else ""
                row.patient = value if grouping == "filename" else known
            table.grouping = grouping
            return grouping
    if len({row.patient for row in rows if row.patient}) == 1:
        for row in rows:  # an anonymiser's constant would join everybody into one group
            row.patient = ""
    table.grouping = "none"
    return "none"


def serves(keys: list[str]) -> bool:
    """True where nearly every image has a key, and the keys are not all the same (an anonymiser's constant)."""
    known = [key for key in keys if key]
    return len(known) >= 0.9 * len(keys) and len(set(known)) > 1 and len(known) > 1


def assign_groups(rows: list[Row], pairs: list[Pair], together: str | None = None) -> None:
    """Fills `group`: patients joined with near-identical pictures.

    Args:
        rows: With patients; changed in place. The pairs refer to them.
        pairs: Duplicates found among them.
        together: A column of the table; images that share a value of it, such as a site, are one group.

    Raises:
        InputError: There is no such column, or it puts everything into one group.
    """
    _check_column(rows, together)
    parent = list(range(len(rows)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(a: int, b: int) -> None:
        a, b = sorted((root(a), root(b)))
        parent[b] = a

    first_of: dict[str, int] = {}
    for number, row in enumerate(rows):
        # Frames of one file are never separate cases, whoever the patient is.
        for key in (
            row.patient and f"patient {row.patient}",
            row.source.frame and f"file {row.extra.get('file')}",
            together and row.extra.get(together) and f"column {row.extra[together]}",
        ):
            if key:
                join(first_of.setdefault(key, number), number)
    for pair in pairs:
        join(pair.first, pair.second)
    names = {
        number: f"G{order:04d}" for order, number in enumerate(sorted({root(n) for n in range(len(rows))}), start=1)
    }
    for number, row in enumerate(rows):
        row.group = names[root(number)]


def _check_column(rows: list[Row], together: str | None) -> None:
    if together is None:
        return
    known = sorted({name for row in rows for name in row.extra})
    if together not in known:
        raise InputError(
            f"There is no column {together}; there are: {', '.join(known) or 'none'}.",
            remedy="Name a column of the labels table.",
            code="no-column",
        )
    if len({row.extra.get(together) or row.image for row in rows}) < 2:
        raise InputError(
            f"All images have the same {together}, so nothing can be held out.",
            remedy="Leave --together out.",
            code="one-group",
        )
