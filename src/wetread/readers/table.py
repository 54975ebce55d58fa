"""A table of readings, wide or long -> `Readings`: who said what of which image.

Wide: one row per image and one column per reader. Long: one row per reading, with the columns image, reader and label
(several findings joined by ``|``, as everywhere), and perhaps confidence, seconds and experience. A blank cell was not
read; every number is taken over the images that those compared share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from wetread.dataset.raw_table import RawTable, take_header
from wetread.dataset.readings import image_key
from wetread.dataset.row_problems import Problem
from wetread.dataset.table_file import read_table_file
from wetread.errors import InputError
from wetread.readers.columns import find_columns, looks_personal
from wetread.readers.rows import Reading, Sheet, long_sheet, wide_sheet
from wetread.readers.vocabulary import Vocabulary, count_labels, make_vocabulary
from wetread.shapes import Bools, Floats, Ints


@dataclass(frozen=True)
class Readings:
    """What readers said.

    Attributes:
        name: Of the file.
        layout: wide or long.
        images: As written first, in their order.
        patients: Of each image; its own name where the table does not say.
        patients_known: The table has a column of patients.
        readers: Names, in their order.
        vocabulary: What the labels mean.
        marks: ``reader image finding``: 1 there, 0 not, NaN not read.
        levels: ``reader image``: number of the class in ``vocabulary.classes``, -1 not read or several findings.
        scores: ``reader image``: how much speaks for the finding; NaN where not given, None where nobody gave any.
        seconds: ``reader image``: NaN where not given, None where nobody gave any.
        truth: ``image finding``: 1, 0, NaN not known; None without such a column.
        experience: Reader -> what the table says of him or her.
        notes: Sentences about what was found and assumed.
        problems: Rows that could not be read as they stand.
        written: Reader as in the table -> name that is shown.
    """

    name: str
    layout: str
    images: list[str]
    patients: list[str]
    patients_known: bool
    readers: list[str]
    vocabulary: Vocabulary
    marks: Floats
    levels: Ints
    scores: Floats | None = None
    seconds: Floats | None = None
    truth: Floats | None = None
    experience: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[str, ...]:
        """Names of what is there or not."""
        return self.vocabulary.findings

    @property
    def read(self) -> Bools:
        """``reader image``: who read what."""
        return np.asarray(np.isfinite(self.marks).any(axis=2))


def read_readings(
    path: Path,
    *,
    truth: str | None = None,
    label: str | None = None,
    columns: Sequence[str] | None = None,
    positive: str | None = None,
    cut: float | None = None,
    known: Sequence[str] = (),
    finding: str | None = None,
    anonymous: bool = False,
) -> Readings:
    """Reads a table of readings (CSV, TSV or a workbook).

    Args:
        path: The file.
        truth: The column that holds the truth, where it is not to be found by its name.
        label: Of a long table, the column that holds the labels.
        columns: Of a wide table, the columns of the readers.
        positive: Of two labels, the one that means that the finding is there.
        cut: Of ordered numbers, from which on the finding is there.
        known: The classes of the model to compare with.
        finding: What to call the finding of labels such as 0 and 1.
        anonymous: Call the readers R1, R2 ... in their order.

    Raises:
        InputError: It is no such table, or holds no reading.
    """
    raw = read_table_file(path, "table")
    header = take_header(raw) if raw.rows else []
    if not raw.rows:
        raise InputError(f"{path.name} has no rows.", remedy="Write one row per image.", file=path, code="empty-table")
    meaning = find_columns(header)
    make = long_sheet if "reader" in meaning and not columns else wide_sheet
    sheet = make(path.name, header, raw, meaning, truth=truth, label=label, columns=columns)
    known_readings = [one.labels for one in sheet.readings if one.known]
    truths = [labels for labels, known_here in sheet.truths.values() if known_here]
    vocabulary = make_vocabulary(
        count_labels(known_readings + truths), multi=sheet.multi, positive=positive, cut=cut, known=known, name=finding
    )
    shown = {reader: f"R{number}" if anonymous else reader for number, reader in enumerate(sheet.readers, start=1)}
    return replace(_fill(path.name, _rename(sheet, shown), raw, vocabulary), written=shown)


def _rename(sheet: Sheet, shown: dict[str, str]) -> Sheet:
    return replace(
        sheet,
        readers=[shown[reader] for reader in sheet.readers],
        readings=[replace(one, reader=shown[one.reader]) for one in sheet.readings],
        experience={shown[reader]: what for reader, what in sheet.experience.items()},
    )


def _fill(name: str, sheet: Sheet, raw: RawTable, vocabulary: Vocabulary) -> Readings:
    """Puts the readings into tables."""
    keys = {image_key(image): number for number, image in reversed(list(enumerate(sheet.images)))}
    images = [sheet.images[number] for number in sorted(keys.values())]
    place = {image_key(image): number for number, image in enumerate(images)}
    shape = (len(sheet.readers), len(images), len(vocabulary.findings))
    marks, levels = np.full(shape, np.nan), np.full(shape[:2], -1, dtype=np.int64)
    scores, seconds = np.full(shape[:2], np.nan), np.full(shape[:2], np.nan)
    number = {reader: n for n, reader in enumerate(sheet.readers)}
    kept, problems = _settle(sheet)
    for one in kept:
        at = number[one.reader], place[image_key(one.image)]
        marks[at] = _mark(one.labels, one.unclear, vocabulary) if one.known else np.nan
        if one.known and len(one.labels) == 1 and one.labels[0] in vocabulary.classes:
            levels[at] = vocabulary.classes.index(one.labels[0])
        scores[at] = np.nan if one.confidence is None else one.confidence
        seconds[at] = np.nan if one.seconds is None else one.seconds
    patients = {image_key(image): patient for image, patient in sheet.patients.items() if patient}
    notes = [*raw.notes, *sheet.notes, *vocabulary.notes]
    known_scores, told = _as_scores(scores, marks, sheet.confidence_means)
    readings = Readings(
        name,
        sheet.layout,
        images,
        [patients.get(image_key(image), image) for image in images],
        bool(patients),
        list(sheet.readers),
        vocabulary,
        marks,
        levels,
        known_scores,
        seconds if np.isfinite(seconds).any() else None,
        _truth_table(sheet, images, vocabulary),
        dict(sheet.experience),
        notes + told,
        sorted(raw.problems + sheet.problems + problems, key=lambda problem: problem.line),
    )
    return replace(readings, notes=[*readings.notes, *_tell_odd_readers(readings)])


def _settle(sheet: Sheet) -> tuple[list[Reading], list[Problem]]:
    """One reading per reader and image: equal ones once, findings in several rows joined, contradicting ones none."""
    by_place: dict[tuple[str, str], list[Reading]] = {}
    for one in sheet.readings:
        if one.known or one.confidence is not None or one.seconds is not None:
            by_place.setdefault((one.reader, image_key(one.image)), []).append(one)
    kept, problems = [], []
    for rows in by_place.values():
        said = [one for one in rows if one.known]
        if len({one.labels for one in said}) <= 1:
            kept.append(said[0] if said else rows[0])
            problems += [Problem(one.line, "the same reading once more; it counts once") for one in said[1:]]
        elif sheet.one_finding_per_row:
            kept.append(replace(said[0], labels=tuple(sorted({name for one in said for name in one.labels}))))
        else:
            what = "this reader says something else of the image in another row; neither counts"
            problems += [Problem(one.line, what) for one in said]
    return kept, problems


def _mark(labels: Sequence[str], unclear: Sequence[str], vocabulary: Vocabulary) -> Floats:
    """One reading as 1, 0 or NaN per finding."""
    if any(label in vocabulary.left_out for label in labels):
        return np.full(len(vocabulary.findings), np.nan)
    there = {name for label in labels for name in vocabulary.present.get(label, ())}
    marks = np.array([float(name in there) for name in vocabulary.findings])
    marks[[name in unclear and name not in there for name in vocabulary.findings]] = np.nan
    return marks


def _truth_table(sheet: Sheet, images: Sequence[str], vocabulary: Vocabulary) -> Floats | None:
    if not sheet.truths:
        return None
    rows = {image_key(image): said for image, said in sheet.truths.items()}
    table = np.full((len(images), len(vocabulary.findings)), np.nan)
    for number, image in enumerate(images):
        labels, known = rows.get(image_key(image), ((), False))
        if known:
            table[number] = _mark(labels, (), vocabulary)
    return table


def _as_scores(raw: Floats, marks: Floats, means: str) -> tuple[Floats | None, list[str]]:
    """Confidences as scores that rise with the finding.

    A confidence of 95 beside the label normal says either "certainly normal" or "nearly certainly ill". Where the name
    of the column does not tell, the numbers do: as chances that the finding is there, they lie higher where it was
    called, in at least nine of ten comparisons.
    """
    if not np.isfinite(raw).any():
        return None, []
    if marks.shape[2] != 1:
        return None, ["The confidences were not used: with several findings nobody knows which one they mean."]
    called, both = marks[:, :, 0] == 1, np.isfinite(raw) & np.isfinite(marks[:, :, 0])
    if means == "confidence":
        yes, no = raw[both & called], raw[both & ~called]
        wins = np.mean((yes[:, None] > no[None]) + 0.5 * (yes[:, None] == no[None])) if len(yes) and len(no) else 1.0
        means = "presence" if wins >= 0.9 else "sureness"
    if means == "presence":
        return np.where(both, raw, np.nan), ["The confidences were read as: how likely the finding is there."]
    told = "The confidences were read as: how sure the reader is of the label, whichever it is."
    return np.where(both, np.where(called, raw, -raw), np.nan), [told]


def _tell_odd_readers(readings: Readings) -> list[str]:
    notes = []
    counts = Counter(dict(zip(readings.readers, readings.read.sum(axis=1).tolist(), strict=True)))
    for number, reader in enumerate(readings.readers):
        said = readings.marks[number][readings.read[number]]
        if counts[reader] > 1 and len(readings.findings) == 1 and len(np.unique(said[np.isfinite(said)])) == 1:
            always = "there" if said[np.isfinite(said)][0] else "absent"
            notes.append(f"{reader} always says that {readings.findings[0]} is {always}.")
    if any(map(looks_personal, readings.readers)):
        notes.append("Names of readers look like e-mail addresses; --anonymous writes R1, R2 ... in their place.")
    return notes
