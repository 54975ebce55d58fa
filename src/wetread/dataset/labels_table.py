"""What a table of labels says, row by row."""

from __future__ import annotations

from dataclasses import dataclass, field

from wetread.dataset.row_problems import Problem


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table of labels.

    Attributes:
        line: In the file, from 1; the header of a plain table is line 1.
        image: As written: a path or a name, perhaps without its ending. Never empty.
        labels: Sorted names. At most one unless the table is multi-label; there, empty means no finding.
        known: False where the label is blank, so the image is predicted only.
        patient: As written, empty where unknown; so are mask, site and reader.
        split: train, tune, test or empty.
        extra: The columns without a meaning of ours.
        uncertain: Of a multi-label table: findings that are said to be uncertain here, sorted.
        missing: Of a multi-label table: findings about which nothing is said here, sorted.
    """

    line: int
    image: str
    labels: tuple[str, ...] = ()
    known: bool = False
    patient: str = ""
    split: str = ""
    mask: str = ""
    site: str = ""
    reader: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    uncertain: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass
class LabelsTable:
    """A table of labels.

    Attributes:
        name: Of its file.
        records: Its rows, in their order; rows that name no image or cannot be read are not among them.
        columns: Meaning (image, label, patient, split, site, reader, mask) -> the column's own name; ``one-hot`` ->
            the names of all such columns, separated by commas.
        others: Columns without a meaning of ours; kept as candidates for subgroups.
        encoding: As found; ``workbook`` for spreadsheets.
        separator: As found; the name of the sheet for spreadsheets.
        multi: An image may have several labels.
        findings: All names of labels, sorted, without those that say that nothing was found.
        problems: Rows that cannot be read as they stand, sorted by line.
        notes: Sentences about what was found and assumed, for the report.
        one_hot: The columns with one finding each.
    """

    name: str
    records: list[Record]
    columns: dict[str, str]
    others: list[str]
    encoding: str
    separator: str
    multi: bool = False
    findings: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    one_hot: tuple[str, ...] = ()
