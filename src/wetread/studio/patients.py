"""Who is on which image of a project: said by a table or the user, by a DICOM header, by a file name, by a folder.

The rules are those of `wetread.dataset.groups`, applied to DICOM files and to pictures each by themselves, since a
project may hold both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wetread.dataset.groups import NIH_NAME, join_folders, serves
from wetread.studio.items import Item


def find_patients(items: Iterable[Item]) -> tuple[dict[str, str], str]:
    """The patient of each item.

    Args:
        items: In their order, which numbers the patients that folders stand for.

    Returns:
        Item id -> patient, without those that are not known; and where most are known from: column, dicom, filename,
        folder, folder+filename or none.
    """
    found: dict[str, str] = {}
    counts = {"none": 0}
    rest: dict[bool, list[Item]] = {True: [], False: []}
    items = list(items)
    # One name for every image is what an anonymiser leaves: it would join everybody.
    constant = len(items) > 1 and {*(item.patient for item in items)} == {items[0].patient}
    for item in items:
        if item.patient and not constant:
            found[item.id] = item.patient
        else:
            rest[item.kind == "DICOM"].append(item)
    counts["column"] = len(found)
    for left in rest.values():
        named, source = _derive(left)
        found |= named
        counts[source] = counts.get(source, 0) + len(left)
    return found, max(counts, key=lambda source: counts[source]) if found else "none"


def _derive(items: list[Item]) -> tuple[dict[str, str], str]:
    """The first source that serves, in the order of `wetread.dataset.groups.assign_patients`."""
    sources: tuple[tuple[str, Callable[[Item], str]], ...] = (
        ("dicom", lambda item: item.subject),
        ("filename", lambda item: match[1] if (match := NIH_NAME.match(item.name.rpartition(".")[0])) else ""),
        ("folder", lambda item: patient_folder(item.path)),
    )
    for source, key in sources:
        keys = [key(item) for item in items]
        # A header that names a patient is believed, whatever the others lack; but not one name for everybody.
        if serves(keys) or (source == "dicom" and len({*keys} - {""}) > 1):
            if source == "filename":
                folders = [patient_folder(item.path) for item in items]
                source, keys, _ = join_folders([item.class_id or "" for item in items], folders, keys)
            if "folder" in source:  # numbers in order of appearance: folders may be named after patients
                numbers = {one: f"F{number:04d}" for number, one in enumerate(dict.fromkeys(filter(None, keys)), 1)}
                keys = [numbers.get(one, "") for one in keys]
            return {item.id: one for item, one in zip(items, keys, strict=True) if one}, source
    return {}, "none"


def patient_folder(path: str) -> str:
    """The folder below the class folder, which is usually one patient; empty where there is none.

    Args:
        path: Folders above the file, the folder of its class first.
    """
    parts = path.split("/") if path else []
    return parts[1] if len(parts) > 1 else ""
