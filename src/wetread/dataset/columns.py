"""Which column of a table means what, by the names that people and public data sets give them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache

from wetread.errors import InputError

#: Names of parts as people write them -> train, tune or test.
SPLIT_NAMES: dict[str, str] = {
    **dict.fromkeys(("train", "training", "trn", "tr"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev", "tune", "tuning"), "tune"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "hold_out"), "test"),
}

#: Meaning -> names, earlier ones win. Case, spaces and separators do not count: ``PatientID`` is ``patient_id``.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "image": (
        *("image", "filepath", "path", "filename", "file", "image_path", "image_index", "img", "image_id"),
        *("image_file", "image_name", "image_filename", "img_path", "img_name", "img_id", "id_code"),
        *("dicom", "dicom_path", "dicom_id", "dicom_file", "sop_instance_uid", "study", "id"),
    ),
    "label": (
        *("label", "class", "diagnosis", "target", "finding", "findings", "finding_labels", "labels"),
        *("class_name", "label_name", "dx", "classes", "diagnoses", "class_id"),
    ),
    "patient": (
        *("patient", "patient_id", "subject", "subject_id", "participant_id", "participant", "case", "case_id"),
        *("patient_no", "patient_number", "patient_key", "pid", "person_id"),
    ),
    "split": ("split", "set", "subset", "partition"),
    "site": ("site", "hospital", "centre", "center", "institution", "institute", "site_id", "hospital_id", "center_id"),
    "reader": (
        *("reader", "rater", "annotator", "radiologist", "rad_id", "reader_id", "rater_id", "annotator_id"),
        *("radiologist_id", "observer"),
    ),
    "mask": ("mask", "mask_path", "mask_file", "segmentation"),
}

#: Names that may hold 0 and 1 and still are no finding: about the person, the exposure or the file.
NOT_FINDINGS = frozenset(
    (
        *(
            "sex",
            "gender",
            "male",
            "female",
            "age",
            "race",
            "ethnicity",
            "smoker",
            "smoking",
            "weight",
            "height",
            "bmi",
        ),
        *("pregnant", "follow_up", "followup", "follow_up_number", "visit", "session", "exam", "index", "unnamed_0"),
        *("view", "view_position", "ap", "pa", "ap_pa", "frontal", "lateral", "laterality", "side", "portable"),
        *("contrast", "implant", "quality", "artifact", "artefact", "fold", "train", "valid", "val", "validation"),
        *("test", "is_train", "is_test", "is_valid", "year", "month", "day", "x", "y", "width", "rows", "columns"),
        *("frames", "samples", "bits_allocated", "bits_stored", "signed", "planar", "has_pixels", "inverted"),
    )
)

#: People write a title above their table; the header is looked for in this many rows.
HEADER_ROWS = 10

#: A name of an image file, wherever it lies.
IMAGE_NAME = re.compile(r"\.(png|jpe?g|tiff?|bmp|gif|webp|dcm|dicom|ima|jp2|j2k|npy|nii(\.gz)?)$", re.IGNORECASE)


@lru_cache(maxsize=1 << 15)
def plain_name(name: str) -> str:
    """A column's name without case, spaces and separators."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


#: Names that mean an image only where no other column looks like one.
_WEAK_IMAGE = frozenset(("study", "id"))

_PLAIN = {meaning: [plain_name(name) for name in names] for meaning, names in SYNONYMS.items()}
_PLAIN_NOT_FINDINGS = frozenset(map(plain_name, NOT_FINDINGS))


def candidates(header: Sequence[str]) -> dict[str, list[str]]:
    """Finds all columns that could have a meaning, best first.

    Args:
        header: The column names of a table.

    Returns:
        meaning -> column names, for the meanings that are present.
    """
    names: dict[str, str] = {}
    for name in header:
        names.setdefault(plain_name(name), name)
    found = {meaning: [names[plain] for plain in plains if plain in names] for meaning, plains in _PLAIN.items()}
    return {meaning: columns for meaning, columns in found.items() if columns}


def recognise_columns(header: Sequence[str]) -> dict[str, str]:
    """Finds which column means what; earlier synonyms win.

    Args:
        header: The column names of a table.

    Returns:
        meaning -> column name, for the meanings that are present.
    """
    return {meaning: columns[0] for meaning, columns in candidates(header).items()}


def find_header(rows: Sequence[Sequence[str]]) -> int:
    """Number of the row that names the columns: the first that names an image and a label, else the first of all."""
    for number, row in enumerate(rows[:HEADER_ROWS]):
        if {"image", "label"} <= recognise_columns(row).keys():
            return number
    return 0


def explain_choice(header: Sequence[str], columns: dict[str, str]) -> list[str]:
    """Sentences about meanings for which the table offers more than one column, or one that does not serve."""
    notes = []
    for meaning, names in candidates(header).items():
        others = [name for name in names if name != columns.get(meaning)]
        if meaning in columns and others:
            notes.append(f"{columns[meaning]} was taken as the {meaning}, not {' or '.join(others)}.")
        elif meaning == "split" and meaning not in columns:
            notes.append(f"{names[0]} names no part such as train or test, so it is no split.")
    return notes


def may_be_finding(name: str) -> bool:
    """False for columns that are about the person, the exposure or the file, and for those with a meaning of ours."""
    plain = plain_name(name)
    return plain not in _PLAIN_NOT_FINDINGS and not any(plain in plains for plains in _PLAIN.values())


def find_column(name: str, header: Collection[str]) -> str | None:
    """The column that a user means: by its exact name, else without case and separators."""
    if name in header:
        return name
    return next((column for column in header if plain_name(column) == plain_name(name)), None)


def choose_columns(
    name: str, header: Sequence[str], rows: Sequence[Sequence[str]], label: str | None = None
) -> dict[str, str]:
    """Finds which column means what, by names and, for images and splits, by what stands in them.

    Args:
        name: Of the file, for messages.
        header: The column names.
        rows: Each as long as the header.
        label: The column that holds the labels, where it is not to be found by its name.

    Returns:
        meaning -> column name; an image column is always there.

    Raises:
        InputError: There is no image column, or no column of the name that was asked for.
    """
    columns = recognise_columns(header)
    if label is not None:
        column = find_column(label, header)
        if column is None:
            raise InputError(
                f"{name} has no column {label}; it has: {_list(header)}.",
                remedy="Name one of its columns.",
                file=name,
                code="no-label-column",
            )
        columns = {meaning: other for meaning, other in columns.items() if other != column} | {"label": column}
    if "image" not in columns and any(IMAGE_NAME.search(cell) for cell in header):
        # What stands there is data, perhaps a patient's, so it is not repeated.
        raise InputError(
            f"{name} has no header: its first row names an image.",
            remedy="Write the names of the columns into the first row, for instance image,label.",
            file=name,
            code="no-header",
        )
    if plain_name(columns.get("image", "id")) in _WEAK_IMAGE:
        free = [column for column in header if column not in columns.values()]
        found = next((column for column in free if _holds_images([row[header.index(column)] for row in rows])), None)
        if found:
            columns["image"] = found
    if "image" not in columns:
        raise InputError(
            f"{name} has no image column; it has: {_list(header)}.",
            remedy=f"Name one column {' or '.join(SYNONYMS['image'][:4])}.",
            file=name,
            code="no-image-column",
        )
    if "split" in columns:
        place = header.index(columns["split"])
        values = {row[place].casefold() for row in rows} - {""}
        if values and values.isdisjoint(SPLIT_NAMES):
            del columns["split"]
    return columns


def _holds_images(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells[:200] if cell]
    return bool(filled) and sum(bool(IMAGE_NAME.search(cell)) for cell in filled) >= 0.9 * len(filled)


def _list(header: Sequence[str]) -> str:
    shown = ", ".join(name[:40] for name in header[:12])
    return f"{shown} and {len(header) - 12} more" if len(header) > 12 else shown
