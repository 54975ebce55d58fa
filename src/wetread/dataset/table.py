"""One row per file found: the table that every later room reads, and images.csv on disk.

Every file that was met is a row, used or skipped with its reason, so that the counts add up. Columns of images.csv:
image, label, patient, group, split, fold, sha256, status, reason, where images can have several findings also uncertain
and missing (names joined by ``|``), then the columns of the user's own table, prefixed by nothing, in their order.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from wetread.images.facts import ImageFacts
from wetread.images.source import Source
from wetread.shapes import Picture

USED = "used"
SKIPPED = "skipped"
#: How the reason of a file begins that is no image of the set: a table, a mask, a text.
COMPANION = "companion: "
#: The reason of a row of which there is no file, so that it was never found.
NO_FILE = "named in the table, but there is no such file"
#: Stands for no finding where an image can have several.
NO_FINDING = "no finding"

COLUMNS = ("image", "label", "patient", "group", "split", "fold", "sha256", "status", "reason")
#: Further ones, written where the truth of some finding of some image is not known.
UNKNOWN_COLUMNS = ("uncertain", "missing")

#: Longest side, in pixels, of the pictures that are kept after reading; larger in a run whose network sees more.
WORKING_SIDE = 320


@dataclass
class Row:
    """One image found.

    Attributes:
        image: Path relative to the data folder, with forward slashes; ``#3`` after it names a frame, ``[3]`` an item.
        source: Where its bytes lie. A path is taken as one.
        label: Class name; empty means predict only. Several findings are joined by ``|``.
        findings: All findings of a multi-label table; empty elsewhere, and where there is none.
        uncertain: Findings of which the table says that nobody is sure.
        missing: Findings of which the table says nothing.
        patient: Patient key, empty where unknown.
        group: All rows of one group stay on one side of every split.
        given_split: train, tune or test where the data set came with a split, else empty.
        split: What this run uses it for: train, test, cv or unlabelled; empty before the split is made.
        folds: The test fold of this row in each repeat, counted from 1; empty outside cross-validation.
        status: used or skipped.
        reason: Why it was skipped.
        companion: The file belongs to the data set without being one of its images: a table, a mask, a text.
        readings: What each reader said, by name of the reader; empty where one truth was given.
        extra: The user's other columns.
        facts: What the reader noted about the file; None before reading.
        picture: The working picture, longest side at most `WORKING_SIDE`, or the working side of the run where a
            network sees more; None before reading. May lie in a file.
    """

    image: str
    source: Source
    label: str = ""
    findings: tuple[str, ...] = ()
    uncertain: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    patient: str = ""
    group: str = ""
    given_split: str = ""
    split: str = ""
    folds: tuple[int, ...] = ()
    status: str = USED
    reason: str = ""
    sha256: str = ""
    pixel_sha256: str = ""
    companion: bool = False
    readings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    facts: ImageFacts | None = None
    picture: Picture | None = None

    def __post_init__(self) -> None:
        self.source = Source.of(self.source)

    @property
    def names(self) -> tuple[str, ...]:
        """The classes it belongs to: its findings, or its one label; none for an image to predict only."""
        return self.findings or ((self.label,) if self.label else ())

    @property
    def unknown(self) -> tuple[str, ...]:
        """The findings whose truth is not known here, whatever the reason."""
        return self.uncertain + self.missing

    def skip(self, reason: str) -> None:
        """Takes the row out of the data set, with its reason."""
        self.status = SKIPPED
        self.reason = reason


@dataclass
class Table:
    """A data set: its rows, where it lies, and what was noted while it was read.

    Attributes:
        root: The data folder.
        source: folder, splits, table, project or arrays: which of the layouts of DATA was recognised.
        rows: All rows, skipped ones included, sorted by image.
        notes: Sentences about decisions taken while scanning, for the report.
        grouping: How patients are known: column, dicom, filename, folder, folder+filename or none.
        multi: An image can have several findings.
        files: Further files for the run folder by name: rows of a table that could not be read, readings by reader.
        provenance: What a Teachable Machine project was trained with.
        empty: Classes or findings that the data name and no image has: an empty folder, a column without a 1.
        patients_unused: Why the patient column of the table is not used; empty where it is, or where there is none.
        split_unused: Why the split that came with the data is not used; empty where it is, or where there is none.
    """

    root: Path
    source: str
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    grouping: str = "none"
    multi: bool = False
    files: dict[str, str] = field(default_factory=dict)
    provenance: dict[str, object] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    patients_unused: str = ""
    split_unused: str = ""

    @property
    def used(self) -> list[Row]:
        """Labelled rows that take part."""
        return [row for row in self.rows if row.status == USED and row.label]

    @property
    def unlabelled(self) -> list[Row]:
        """Rows to predict only."""
        return [row for row in self.rows if row.status == USED and not row.label]

    @property
    def skipped(self) -> list[Row]:
        """Rows that take no part."""
        return [row for row in self.rows if row.status == SKIPPED]

    @property
    def unreadable(self) -> list[Row]:
        """Skipped rows that were meant to take part: companions are left out."""
        return [row for row in self.skipped if not row.companion]

    @property
    def classes(self) -> list[str]:
        """Names of the classes or findings in use, in alphabetical order."""
        return sorted({name for row in self.used for name in row.names})

    @property
    def findings(self) -> list[str]:
        """Names of the findings that some image in use has, in alphabetical order; empty unless `multi`."""
        return sorted({name for row in self.used for name in row.findings})

    def ledger(self) -> dict[str, int]:
        """What became of every file that was met; ``found`` is the sum of the others.

        What is named in a table and was never there is in none of them.
        """
        missing = sum(row.reason == NO_FILE for row in self.skipped)
        return {
            "found": len(self.rows) - missing,
            "used": len(self.used) + len(self.unlabelled),
            "skipped": len(self.unreadable) - missing,
            "companions": len(self.skipped) - len(self.unreadable),
        }

    def count_patients(self) -> Counter[str]:
        """Groups per class or finding; a group with two of them counts in both."""
        return Counter(name for name, _ in {(name, row.group or row.image) for row in self.used for name in row.names})

    def to_csv(self) -> str:
        """The text of images.csv."""
        unknown = UNKNOWN_COLUMNS if any(row.unknown for row in self.rows) else ()
        known_columns = {*COLUMNS, *unknown}
        extras = list(dict.fromkeys(name for row in self.rows for name in row.extra if name not in known_columns))
        repeats = max((len(row.folds) for row in self.rows), default=0)
        later = [f"fold_{repeat}" for repeat in range(2, repeats + 1)]
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow([*COLUMNS, *later, *unknown, *map(quote_formula, extras)])
        for row in self.rows:
            folds = [str(fold) for fold in row.folds]
            folds += [""] * (max(repeats, 1) - len(folds))
            known = (row.image, row.label, row.patient, row.group, row.split, folds[0])
            cells = [
                *known,
                row.sha256,
                row.status,
                row.reason,
                *folds[1:],
                *(("|".join(row.uncertain), "|".join(row.missing)) if unknown else ()),
                *(row.extra.get(name, "") for name in extras),
            ]
            writer.writerow([quote_formula(cell) for cell in cells])
        return buffer.getvalue()


def quote_formula(cell: str) -> str:
    """Puts an apostrophe before a cell that a spreadsheet would run as a formula (OWASP, CSV injection)."""
    if cell[:1] in "=+@\t\r" and cell:
        return "'" + cell
    if cell[:1] == "-" and not _is_number(cell):
        return "'" + cell
    return cell


def unquote_formula(cell: str) -> str:
    """The inverse of `quote_formula`."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] and cell[1] in "=+@-\t\r" else cell


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
