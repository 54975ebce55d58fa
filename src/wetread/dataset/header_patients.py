"""Patients whom DICOM headers know as one and the patient column of a table as several.

People number the rows of a table, or take a study for a patient; a split by such a column leaks. Headers are believed
only where they tell persons: an anonymiser writes one ID into all files, or one per hospital.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import median

from wetread.dataset.table import Row, Table

#: Why such patients are joined, in changes.csv.
BY_HEADERS = "the DICOM headers know one patient"

#: Up to so many patients of the table are one person of the headers without further questions.
FEW_NAMES = 10

#: Fewer IDs than this, each of more than `FEW_NAMES` patients, are those of hospitals.
FEW_IDS = 5


def divided_patients(table: Table, rows: Sequence[Row]) -> list[list[int]]:
    """Finds images that the headers give to one patient and the table to several.

    Args:
        table: After `wetread.dataset.groups.assign_patients`.
        rows: Rows of it that were read.

    Returns:
        Row numbers of each such patient of the headers, in order of appearance. An image without a patient in the table
        stands for itself there, since nothing keeps it together with others. Empty unless patients are known from a
        column.
    """
    if table.grouping != "column":
        return []
    persons = find_persons(rows)
    return [numbers for numbers in persons if len({_name(rows[number]) for number in numbers}) > 1]


def count_names(rows: Sequence[Row], persons: Sequence[Sequence[int]]) -> int:
    """How many patients these persons are in the table, images without a patient included."""
    return len({_name(rows[number]) for numbers in persons for number in numbers})


def find_persons(rows: Sequence[Row]) -> list[list[int]]:
    """Row numbers by the ID of the header, without IDs that tell no person."""
    by_key: defaultdict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        if row.facts and row.facts.patient_key:
            by_key[row.facts.patient_key].append(number)
    names = {key: len({_name(rows[number]) for number in numbers}) for key, numbers in by_key.items()}
    known = count_names(rows, list(by_key.values()))
    if len(names) < 2 or (len(names) < FEW_IDS and known > FEW_NAMES * len(names)):
        return []
    usual = median(names.values())
    return [numbers for key, numbers in by_key.items() if not _is_constant(names[key], known, usual)]


def _is_constant(names: int, known: int, usual: float) -> bool:
    """An ID of a large part of all patients, and of far more than other IDs: what an anonymiser leaves."""
    if names <= FEW_NAMES:
        return False
    return names > known / 2 or (names > known / 10 and names > 10 * usual)


def _name(row: Row) -> tuple[str, str]:
    if row.patient:
        return ("patient", row.patient)
    return ("file", str(row.extra.get("file"))) if row.source.frame else ("image", row.image)
