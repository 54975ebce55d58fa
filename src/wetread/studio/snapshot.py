"""The contents of a project -> the table of labels that a run reads: image, label, patient, further columns.

Findings are one label column where all is known (``Effusion|Mass``), else a column for each, with 1, 0, u for uncertain
and a blank where nothing is said.
"""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from wetread.dataset.labels_file import LabelsTable, read_labels
from wetread.dataset.one_hot import find_one_hot
from wetread.dataset.table import NO_FINDING, Row
from wetread.errors import InputError
from wetread.images.source import Source
from wetread.studio.findings import ABSENT, PRESENT, UNSURE
from wetread.studio.items import Contents, Item, column_names

_NOWHERE = Source(Path("images"))  # no picture is read


def snapshot_rows(contents: Contents, patients: dict[str, str]) -> list[Row]:
    """Each item that is not left out and has a class, or of which some finding is known, sorted by image."""
    names = {one.id: one.name for one in contents.live_classes()}
    present = [item for item in contents.items.values() if not item.excluded]
    if contents.of_findings:
        found = [item for item in present if not names.keys().isdisjoint(item.findings)]
    else:
        found = [item for item in present if item.class_id in names]
    spelt = column_names(found)
    rows = []
    for item in found:
        row = Row(item.file, _NOWHERE, patient=patients.get(item.id, ""))
        row.extra = {spelt[name]: cell for name, cell in item.columns.items()}
        if contents.of_findings:
            _fill_findings(row, item, names)
        else:
            row.label = names[item.class_id or ""]
        rows.append(row)
    return sorted(rows, key=lambda row: row.image)


def _fill_findings(row: Row, item: Item, names: dict[str, str]) -> None:
    """As `wetread.dataset.table_rows` fills a row of a table of findings."""
    marks = {mark: tuple(sorted(names[one] for one in names if item.findings.get(one) == mark)) for mark in "1u"}
    row.findings, row.uncertain = marks[PRESENT], marks[UNSURE]
    row.missing = tuple(sorted(name for one, name in names.items() if one not in item.findings))
    row.label = "|".join(row.findings) or NO_FINDING


def snapshot_text(rows: list[Row], *, findings: bool = False, check: bool = True) -> str:
    """The table as CSV. Names of files are not in it: they may be those of patients, and a run copies its table.

    Args:
        rows: From `snapshot_rows`.
        findings: Of a project of findings.
        check: Make sure that a run will read the very same labels.

    Raises:
        InputError: There are not two classes, or a name would be read as another one.
    """
    labels = _finding_columns(rows) if findings else {"label": [row.label for row in rows]}
    columns = {"image": [row.image for row in rows], **labels}
    if any(row.patient for row in rows):
        columns["patient"] = [row.patient for row in rows]
    for name in sorted({name for row in rows for name in row.extra}):
        cells = [row.extra.get(name, "") for row in rows]
        # A column of 0 and 1 beside findings would be one of them.
        if "label" in labels or not find_one_hot([name, "both"], [[cell, "1"] for cell in cells]):
            columns.setdefault(name, cells)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    text = buffer.getvalue()
    if check:
        _check(rows, text, findings)
    return text


def snapshot_name(text: str) -> str:
    """The name of the file: equal contents have equal names."""
    return f"labels-{hashlib.sha256(text.encode('utf-8')).hexdigest()[:8]}.csv"


def _finding_columns(rows: list[Row]) -> dict[str, list[str]]:
    """The columns that say the findings so that `wetread.dataset.labels_file` reads just these."""
    if not any(row.unknown for row in rows):
        # The bar says that there may be several, also where no image has two.
        return {"label": ["|".join(row.findings) + "|" if row.findings else NO_FINDING for row in rows]}
    names = sorted({name for row in rows for name in (*row.findings, *row.unknown)})
    # Where each row has one 1 and none is uncertain, the columns would be read as classes that exclude each other.
    single = all(len(row.findings) == 1 and not row.uncertain for row in rows)
    columns = {}
    for name in names:
        cells = [_cell(row, name) for row in rows]
        if single or ABSENT not in cells:  # a blank would be read as absent in a column that has no 0
            cells = [cell or UNSURE for cell in cells]
        if not {PRESENT, ABSENT}.isdisjoint(cells):
            columns[name] = cells
    return columns


def _cell(row: Row, name: str) -> str:
    if name in row.findings:
        return PRESENT
    return UNSURE if name in row.uncertain else "" if name in row.missing else ABSENT


def _check(rows: list[Row], text: str, findings: bool) -> None:
    if findings:
        _check_findings(rows, read_labels("labels.csv", text.encode("utf-8")))
        return
    labels = {row.label for row in rows}
    if len(labels) < 2:
        found = f"only the class {next(iter(labels))} has images" if labels else "no class has images"
        raise InputError(
            f"Telling classes apart needs at least two, and {found}.",
            remedy="Drop images of a second class.",
            code="one-class",
        )
    read = {record.image: record.labels for record in read_labels("labels.csv", text.encode("utf-8")).records}
    for row in rows:
        if read.get(row.image) != (row.label,):
            raise InputError(
                f"The class {row.label} would be read as {' and '.join(read.get(row.image, ())) or 'no label'}.",
                remedy="Rename it, or merge it with the class whose name is nearly the same.",
                code="class-name",
            )


def _check_findings(rows: list[Row], table: LabelsTable) -> None:
    """What is present has to come back as present, and nothing else; of the rest, that it is known or not."""
    read = {record.image: record for record in table.records}
    for row in rows:
        record = read.get(row.image)
        found = set(record.labels) if record is not None and table.multi else set()
        unknown = set(record.uncertain + record.missing) if record is not None else set()
        wrong = (found ^ set(row.findings)) or (unknown - set(row.unknown))
        wrong = wrong or ((set(row.unknown) - unknown) & set(table.findings))
        if wrong:
            name = min(wrong)
            raise InputError(
                f"The finding {name} would be read as something else: its name has another meaning in a table.",
                remedy="Rename it, or merge it with the finding whose name is nearly the same.",
                code="class-name",
            )
