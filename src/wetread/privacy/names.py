"""File and folder names -> names that say nothing; those of classes and splits stay, because they are the labels."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from wetread.dataset.columns import SPLIT_NAMES
from wetread.dataset.listing import Entry
from wetread.privacy.pseudonyms import Pseudonyms

#: More folders side by side than this are patients or studies rather than classes.
MAX_CLASSES = 20
#: What names and numbers of people look like, and words for classes do not.
_PERSONAL = re.compile(r"\^|,|\d{4}|\b(mr|mrs|ms|dr|dob|born)\b", re.IGNORECASE)


def find_class_folders(
    entries: Sequence[Entry], *, has_table: bool, patient_of: Callable[[Entry], str] | None = None
) -> tuple[list[str], str]:
    """Tells which folders are named after classes.

    Args:
        entries: The images.
        has_table: The labels are in a table, so folder names carry none.
        patient_of: Names the patient of an image, empty where it does not say; asked for three images of each folder.

    Returns:
        The names, sorted, and a sentence that says why these.
    """
    below: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        parts = entry.parts[:-1]
        depth = 1 if parts and parts[0].casefold() in SPLIT_NAMES else 0
        if len(parts) > depth:
            below[parts[depth]].append(entry)
    if has_table:
        return [], "The labels stand in a table, so all folders were renamed, splits aside."
    if not below:
        return [], "No folder is named after a class."
    if len(below) > MAX_CLASSES:
        return [], f"There are {len(below)} folders side by side, too many for classes: they were renamed."
    if any(map(_PERSONAL.search, below)):
        return [], "Some folders look like names or numbers of patients: all were renamed."
    if patient_of is not None and len(below) > 1:
        patients = [{patient_of(one) for one in _sample(found)} for found in below.values()]
        # One patient in each, and each in one: these are folders of patients.
        everybody = set().union(*patients)
        alone = all(len(found) == 1 for found in patients) and "" not in everybody and len(everybody) == len(below)
        if alone and any(len(found) > 1 for found in below.values()):
            return [], "Each folder holds one patient, so the folders were renamed."
    names = sorted(below)
    return names, f"These folder names were kept as classes; make sure that none is a name: {', '.join(names)}."


def _sample(entries: Sequence[Entry]) -> list[Entry]:
    return [entries[place] for place in sorted({0, len(entries) // 2, len(entries) - 1})]


def rename(entry: Entry, suffix: str, kept: Iterable[str], pseudonyms: Pseudonyms) -> str:
    """The new path of a file.

    Args:
        entry: The original.
        suffix: The ending that fits its content.
        kept: Folder names that stay, beside those of splits.
        pseudonyms: Folders of patients get the pseudonym that the patient has in headers and tables.
    """
    kept = set(kept)
    folders = [
        part if part in kept or (number == 0 and part.casefold() in SPLIT_NAMES) else pseudonyms.patient(part)
        for number, part in enumerate(entry.parts[:-1])
    ]
    return "/".join([*folders, f"I{pseudonyms.name('file', entry.name)}{suffix}"])
