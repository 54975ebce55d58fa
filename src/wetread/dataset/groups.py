"""Which images belong together: patients, and near-identical pictures.

Order of the sources of a patient (first that serves): a column of the table; DICOM PatientID; an NIH-like file name
(``00000061_012.png``: patient, then number) together with a folder per patient inside the class folders. Names may look
so and say nothing (a number of the picture, not of the patient), so what either of the two joins stays joined. Where
none serves, every picture is its own group and the report says so in its headline.

The column is what somebody said, the others are guessed: it is passed over only where it names one patient everywhere,
or is blank for most images and another source serves; and that is said.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING

from wetread.dataset.header_patients import FEW_IDS, FEW_NAMES, find_persons
from wetread.dataset.table import Row, Table
from wetread.errors import InputError
from wetread.outcome import counted

if TYPE_CHECKING:  # it brings scipy along, and the studio asks for patients only
    from wetread.dataset.duplicates import Pair

#: ChestX-ray14 names its files patient_followup; other NIH sets use eight digits first.
NIH_NAME = re.compile(r"^(\d{5,})_(\d{1,4})$")

#: Where patients are known from when file names join some images, and folders others.
BOTH = "folder+filename"

_SAID = {
    "dicom": "the DICOM headers",
    "filename": "the file names",
    "folder": "the folders",
    BOTH: "the folders and file names",
}


def assign_patients(table: Table) -> str:
    """Fills `patient` of every row that was read.

    Args:
        table: After reading; changed in place, `grouping` included.

    Returns:
        Where patients are known from: column, dicom, filename, folder, folder+filename or none.
    """
    rows = [row for row in table.rows if row.facts is not None]
    named = [row.patient for row in rows] if table.grouping == "column" else []
    told_apart = len(set(named) - {""}) > 1
    if told_apart and 2 * named.count("") <= len(named):
        _fill_gaps(table, rows)
        return table.grouping
    sources: list[tuple[str, Callable[[Row], str]]] = [
        ("dicom", lambda row: (row.facts.patient_key or "") if row.facts else ""),
        ("filename", lambda row: match[1] if (match := NIH_NAME.match(row.source.name.rsplit(".", 1)[0])) else ""),
        ("folder", lambda row: row.extra.get("folder", "")),
    ]
    for grouping, key in sources:
        keys = [key(row) for row in rows]
        if serves(keys):
            if grouping == "filename":
                folders = [row.extra.get("folder", "") for row in rows]
                grouping, keys, note = join_folders([row.label for row in rows], folders, keys)
                table.notes += [note] if note else []
            # Numbers in order of appearance: whatever a header holds never reaches images.csv.
            numbers = {value: number for number, value in enumerate(dict.fromkeys(keys), start=1) if value}
            _pass_over_column(table, named, f"patients were taken from {_SAID[grouping]}")
            for row, value in zip(rows, keys, strict=True):
                known = f"P{numbers[value]:04d}" if value else ""
                row.patient = value if grouping == "filename" else known
            table.grouping = grouping
            return grouping
    if told_apart:  # little, but better than nothing: an image without a patient stands for itself
        return table.grouping
    _pass_over_column(table, named, "each image was taken for a patient of its own")
    table.grouping = "none"
    return "none"


def _fill_gaps(table: Table, rows: Sequence[Row]) -> None:
    """Images for which the column is blank take the patient whom DICOM headers know, where these tell persons."""
    filled = 0
    for numbers in find_persons(rows):
        blank = [number for number in numbers if not rows[number].patient]
        known = {rows[number].patient for number in numbers} - {""}
        if not blank or len(known) > 1 or len(numbers) == 1:
            continue
        # Whom the column never names is called after an image: that name means nobody else in another data set.
        name = next(iter(known), f"unnamed {rows[numbers[0]].sha256[:12]}")
        for number in blank:
            rows[number].patient = name
        filled += len(blank)
    if filled:
        took = counted(filled, "image took its patient", "images took their patients")
        table.notes.append(f"Where the patient column is blank, {took} from the DICOM headers.")


def _pass_over_column(table: Table, named: Sequence[str], instead: str) -> None:
    """Says why the patient column is not used, and empties it: an anonymiser's constant would join everybody."""
    if not named:
        return
    blank, whole = named.count(""), counted(len(named), "image")
    if blank == len(named):
        why = "is empty"
    elif len(set(named) - {""}) > 1:
        why = f"is blank for {blank} of {whole}"
    elif blank:
        why = f"names one patient only, and is blank for {blank} of {whole}"
    else:
        why = "names the same patient for every image, as an anonymiser leaves it"
    table.patients_unused = f"The patient column of the table {why}"
    table.notes.append(f"{table.patients_unused}, so it is not used; {instead}.")
    for row in table.rows:
        row.patient = ""


def join_folders(labels: Sequence[str], folders: Sequence[str], names: list[str]) -> tuple[str, list[str], str]:
    """Joins patients of file names whom a folder holds together: no folder ever stands on two sides of a division.

    Args:
        labels: Class of each image.
        folders: Folder of each below that of its class; empty where there is none.
        names: Patient of each by its file name; empty where it has none.

    Returns:
        Where patients are known from, the key of each image, and a sentence where folders change anything.
    """
    if len({folder for folder in folders if folder}) < 2 or _are_shelves(labels, folders, names):
        return "filename", names, ""
    joined = _join_keys(folders, names)
    count = _count(joined)
    if count == _count(names):
        return "filename", names, ""
    grouping = "folder" if all(folders) and count == len(set(folders)) else BOTH
    source = "Patients are taken from the folders" if grouping == "folder" else "Folders and file names are joined"
    return (
        grouping,
        joined,
        (
            f"File names look like those of NIH sets, and folders below the classes join more images. {source}: "
            f"{counted(count, 'patient')}."
        ),
    )


def _are_shelves(labels: Sequence[str], folders: Sequence[str], names: Sequence[str]) -> bool:
    """Whether folders hold many patients each, as the parts of a large download do, and are no patients themselves.

    In doubt they are patients: only names that join images of a class by themselves, or very few folders, speak
    against it.
    """
    inside = defaultdict(set)
    for folder, name in zip(folders, names, strict=True):
        if name and folder:
            inside[folder].add(name)
    if not inside or median(map(len, inside.values())) <= FEW_NAMES:
        return False
    known = [(label, name) for label, name in zip(labels, names, strict=True) if name]
    return len(set(known)) < len(known) or len(inside) < FEW_IDS


def _count(keys: Sequence[str]) -> int:
    """How many patients keys tell apart; an image without one stands for itself."""
    known = [key for key in keys if key]
    return len(set(known)) + len(keys) - len(known)


def _join_keys(folders: Sequence[str], names: Sequence[str]) -> list[str]:
    """One key per image: images that share a folder or a name have the same, over any number of steps.

    Args:
        folders: The folder of each; empty where there is none.
        names: The patient of each by its file name; empty where there is none.

    Returns:
        Empty where an image has neither.
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(key: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    own: list[tuple[str, str] | None] = []
    for folder, name in zip(folders, names, strict=True):
        keys = [(kind, key) for kind, key in (("folder", folder), ("name", name)) if key]
        own.append(keys[0] if keys else None)
        for key in keys[1:]:
            parent[root(key)] = root(keys[0])
    return ["/".join(root(key)) if key else "" for key in own]


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
