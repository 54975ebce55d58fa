"""The rows of a table of readings, in either layout -> one `Sheet`, before labels have a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wetread.dataset.columns import find_column, may_be_finding, plain_name
from wetread.dataset.label_names import NOT_AVAILABLE, split_names
from wetread.dataset.label_values import Labels, drop_none, is_long, read_label_column, read_marks
from wetread.dataset.one_hot import find_one_hot, is_one_hot, read_one_hot
from wetread.dataset.raw_table import RawTable
from wetread.dataset.row_problems import Problem, shorten
from wetread.errors import InputError
from wetread.outcome import counted
from wetread.readers.columns import read_number, reader_columns, refuse_layout

#: How a row of a long table is signed that holds the truth.
TRUTH_READERS = ("truth", "groundtruth", "goldstandard", "reference", "consensus", "gt")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one reader said of one image.

    Attributes:
        line: In the file, from 1.
        image: As written.
        reader: As written.
        labels: Names; empty where nothing was found.
        known: False where nothing was said.
        unclear: Findings of which the reader was not sure, or said nothing.
        confidence: As written, a number.
        seconds: That the reading took.
    """

    line: int
    image: str
    reader: str
    labels: tuple[str, ...]
    known: bool
    unclear: tuple[str, ...] = ()
    confidence: float | None = None
    seconds: float | None = None


@dataclass
class Sheet:
    """All that a table says.

    Attributes:
        layout: wide or long.
        images: One per row, in order; names come again in a long table.
        readers: In order.
        readings: Of all rows.
        multi: A reading may hold several labels.
        one_finding_per_row: Several rows of a reader and image are findings beside each other.
        truths: Image -> labels and whether they are known.
        patients: Image -> patient.
        experience: Reader -> what is said of him or her.
        confidence_means: presence, sureness, or confidence, where the name of the column does not tell.
        notes: Sentences about what was assumed.
        problems: Rows that could not be read as they stand.
    """

    layout: str
    images: list[str] = field(default_factory=list)
    readers: list[str] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    multi: bool = False
    one_finding_per_row: bool = False
    truths: dict[str, tuple[tuple[str, ...], bool]] = field(default_factory=dict)
    patients: dict[str, str] = field(default_factory=dict)
    experience: dict[str, str] = field(default_factory=dict)
    confidence_means: str = "confidence"
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def wide_sheet(
    name: str,
    header: list[str],
    raw: RawTable,
    meaning: dict[str, str],
    *,
    truth: str | None,
    label: str | None,
    columns: Sequence[str] | None,
) -> Sheet:
    """Reads a table with one row per image and one column per reader.

    Args:
        name: Of the file.
        header: Its columns.
        raw: Its rows.
        meaning: From `find_columns`.
        truth: The column with the truth, if it was named.
        label: Not for this layout.
        columns: The columns of the readers, if they were named.

    Raises:
        InputError: There is no image column, or there are no readers.
    """
    if label is not None:
        raise refuse_layout(name, header, "has no column that names the reader, so --label-column has no use")
    image, meaning = _image_column(name, header, meaning)
    truth_column = _named(name, header, truth) if truth else meaning.get("truth")
    taken = [image, *(meaning[key] for key in ("patient", "split", "site", "mask") if key in meaning)]
    taken += [truth_column] if truth_column else []
    if columns:
        readers = [_named(name, header, column) for column in columns]
    else:
        readers = reader_columns(header, raw.rows, taken)
    if not readers:
        raise refuse_layout(name, header, "has no columns in which readers use the same labels")
    if truth_column in readers:
        readers.remove(truth_column)
    places = [header.index(column) for column in (*readers, *([truth_column] if truth_column else []))]
    cells = [row[place] for row in raw.rows for place in places]
    labels, lines = read_label_column("label", cells), [line for line in raw.lines for _ in places]
    if labels.multi:
        drop_none(labels, lines)
    sheet = Sheet("wide", readers=readers, multi=labels.multi, problems=labels.problems)
    left = [column for column in header if column not in (*taken, *readers)]
    sheet.notes = [f"One row per image, and {counted(len(readers), 'column')} of readers."]
    sheet.notes += [f"The truth is the column {truth_column}."] if truth_column else []
    sheet.notes += [f"Not used: {', '.join(left[:12])}."] if left else []
    sheet.notes += [note.replace(" of label ", " ").replace("Cells of label", "Cells") for note in labels.notes]
    said = list(zip(labels.rows, labels.known, strict=True))
    for row_number, (row, line) in enumerate(zip(raw.rows, raw.lines, strict=True)):
        picture = row[header.index(image)]
        if not picture:
            sheet.problems.append(Problem(line, "no image is named; the row was left out"))
            continue
        here = said[row_number * len(places) : (row_number + 1) * len(places)]
        _add_image(sheet, picture, row, header, meaning, line)
        if truth_column:
            _add_truth(sheet, picture, here[-1], line)
        for reader, (names, known) in zip(readers, here, strict=False):
            sheet.readings.append(Reading(line, picture, reader, names, known))
    return sheet


def long_sheet(
    name: str,
    header: list[str],
    raw: RawTable,
    meaning: dict[str, str],
    *,
    truth: str | None,
    label: str | None,
    columns: Sequence[str] | None,
) -> Sheet:
    """Reads a table with one row per reading.

    Args:
        name: Of the file.
        header: Its columns.
        raw: Its rows.
        meaning: From `find_columns`.
        truth: The column with the truth, if it was named.
        label: The column with the labels, if it was named.
        columns: Not for this layout.

    Raises:
        InputError: There is no image or label column.
    """
    assert not columns
    image, meaning = _image_column(name, header, meaning)
    truth_column = _named(name, header, truth) if truth else meaning.get("truth")
    if label is not None:
        meaning = {key: column for key, column in meaning.items() if column != _named(name, header, label)}
        meaning["label"] = _named(name, header, label)
    if truth_column:
        meaning = {key: column for key, column in meaning.items() if column != truth_column} | {"truth": truth_column}
    labels, said_in = _labels_of_rows(name, header, raw, meaning)
    place = {key: header.index(column) for key, column in meaning.items()}
    one_per_row = "label" in meaning and _one_finding_per_row(raw, place, labels)
    if one_per_row or labels.multi:
        labels.multi = True
        drop_none(labels, raw.lines)
    sheet = Sheet("long", multi=labels.multi, one_finding_per_row=one_per_row, problems=labels.problems)
    sheet.confidence_means = next((key for key in ("presence", "sureness", "confidence") if key in place), "confidence")
    sheet.notes = [f"One row per reading; the readers stand in {meaning['reader']}, the labels in {said_in}."]
    sheet.notes += [f"The truth is the column {truth_column}."] if truth_column else []
    sheet.notes += labels.notes
    truths = _truth_cells(raw, place.get("truth"), labels)
    for number, (row, line) in enumerate(zip(raw.rows, raw.lines, strict=True)):
        picture, reader = row[header.index(image)], row[place["reader"]]
        if not picture or not reader:
            what = "image" if not picture else "reader"
            sheet.problems.append(Problem(line, f"no {what} is named; the row was left out"))
            continue
        _add_image(sheet, picture, row, header, meaning, line)
        if truths:
            _add_truth(sheet, picture, truths[number], line)
        if plain_name(reader) in TRUTH_READERS:
            _add_truth(sheet, picture, (labels.rows[number], labels.known[number]), line)
            continue
        if reader not in sheet.readers:
            sheet.readers.append(reader)
        if "experience" in place and row[place["experience"]]:
            sheet.experience.setdefault(reader, row[place["experience"]])
        unclear = (*labels.unknown[number].uncertain, *labels.unknown[number].missing)
        confidence = _number(sheet, row, place, sheet.confidence_means, line)
        if confidence is not None and not 0 <= confidence <= 100:
            sheet.problems.append(Problem(line, f"the confidence {confidence:g} does not lie in 0 to 100; left out"))
            confidence = None
        seconds = _number(sheet, row, place, "seconds", line)
        known = labels.known[number]
        sheet.readings.append(Reading(line, picture, reader, labels.rows[number], known, unclear, confidence, seconds))
    return sheet


def _image_column(name: str, header: list[str], meaning: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The column of images; a column of cases stands in for it, and each case is then a patient of its own."""
    if "image" in meaning:
        return meaning["image"], meaning
    if "patient" in meaning:
        return meaning["patient"], {key: column for key, column in meaning.items() if key != "patient"}
    raise refuse_layout(name, header, "has no image column")


def _named(name: str, header: list[str], column: str) -> str:
    found = find_column(column, header)
    if found is None:
        shown = ", ".join(one[:40] for one in header[:12])
        raise InputError(
            f"{name} has no column {column}; it has: {shown}.",
            remedy="Name one of its columns.",
            file=name,
            code="usage",
        )
    return found


def _labels_of_rows(name: str, header: list[str], raw: RawTable, meaning: dict[str, str]) -> tuple[Labels, str]:
    """The labels of a long table, and where they stand."""
    if "label" in meaning:
        place = header.index(meaning["label"])
        return read_label_column(meaning["label"], [row[place] for row in raw.rows]), meaning["label"]
    free = [column for column in header if column not in meaning.values()]
    marked = [column for column in find_one_hot(header, raw.rows) if column in free]
    if len(marked) > 1:
        labels = read_marks(read_one_hot(marked, header, raw.rows, raw.lines), raw.lines)
        if not labels.multi:  # columns of marks are findings, even if nobody ever ticked two of them
            labels.multi = True
        return labels, ", ".join(marked)
    single = [
        column
        for column in free
        if may_be_finding(column) and is_one_hot([row[header.index(column)] for row in raw.rows])
    ]
    if len(single) == 1:
        return read_label_column(single[0], [row[header.index(single[0])] for row in raw.rows]), single[0]
    raise refuse_layout(name, header, "names readers but has no column with their labels")


def _one_finding_per_row(raw: RawTable, place: dict[str, int], labels: Labels) -> bool:
    """True for a table with one row per finding, as VinDr-CXR is written."""
    if any(len(names) > 1 for names in labels.rows):
        return False
    image = place.get("image", place.get("patient", 0))
    rows = zip(raw.rows, labels.rows, strict=True)
    return is_long((row[image], row[place["reader"]], names) for row, names in rows if names and row[image])


def _truth_cells(raw: RawTable, place: int | None, labels: Labels) -> list[tuple[tuple[str, ...], bool]]:
    """The truth of each row, in the words of the readers."""
    if place is None:
        return []
    spelled = {name.casefold(): name for name in labels.findings}
    said = {}
    for cell in {row[place] for row in raw.rows}:
        names = () if not cell or cell.casefold() in NOT_AVAILABLE else split_names(cell)
        whole = tuple(name.split(".")[0] if name.endswith(".0") else name for name in names)
        kept = tuple(spelled.get(name.casefold(), name) for name in whole)
        if labels.multi:
            kept = tuple(name for name in kept if name in labels.findings)
        elif names and len(labels.findings) == 2 and kept[0] in ("0", "1") and kept[0] not in labels.findings:
            # A column of marks beside labels such as effusion and no effusion.
            absent = next((name for name in labels.findings if name.startswith("no ")), None)
            other = next((name for name in labels.findings if name != absent), "")
            kept = (other if kept[0] == "1" else absent,) if absent else kept
        said[cell] = (kept, bool(names))
    return [said[row[place]] for row in raw.rows]


def _add_image(sheet: Sheet, image: str, row: list[str], header: list[str], meaning: dict[str, str], line: int) -> None:
    sheet.images.append(image)
    if "patient" not in meaning:
        return
    patient = row[header.index(meaning["patient"])]
    if not patient or patient.casefold() in NOT_AVAILABLE:
        return
    if sheet.patients.setdefault(image, patient) != patient:
        sheet.problems.append(Problem(line, "the image has another patient in an earlier row, who counts"))


def _add_truth(sheet: Sheet, image: str, said: tuple[tuple[str, ...], bool], line: int) -> None:
    before = sheet.truths.get(image)
    if before is None or not before[1]:
        sheet.truths[image] = said
    elif said[1] and said != before:
        sheet.problems.append(Problem(line, "the image has another truth in an earlier row, which counts"))


def _number(sheet: Sheet, row: list[str], place: dict[str, int], meaning: str, line: int) -> float | None:
    if meaning not in place:
        return None
    cell = row[place[meaning]]
    try:
        value = read_number(cell)
    except ValueError:
        sheet.problems.append(Problem(line, f"{shorten(cell)} is no number of {meaning}; left out"))
        return None
    if value is not None and meaning == "seconds" and value < 0:
        sheet.problems.append(Problem(line, "a time cannot be negative; left out"))
        return None
    return value
