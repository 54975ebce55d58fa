"""What a page shows of a project: its classes, its counts, one page of its items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from wetread.dataset.table import NO_FINDING
from wetread.studio.findings import mark_of
from wetread.studio.items import Contents, Item, ItemClass, column_names

#: Pictures on the card of a class.
COVERS = 8
_NOTHING = ItemClass("nothing", NO_FINDING.capitalize())


def summarise(contents: Contents, patients: dict[str, str], source: str) -> dict[str, Any]:
    """Classes, names of further columns, counts, what was rejected, what can be taken back.

    Args:
        contents: Of the project.
        patients: Item id -> patient.
        source: Where most patients are known from.
    """
    present = [item for item in contents.items.values() if not item.excluded]
    return {
        "version": contents.version,
        **(_of_findings(contents, present) if contents.of_findings else _of_classes(contents, present)),
        "has": [what for what in ("classes", "findings") if contents.live_classes(what == "findings")],
        "columns": list(dict.fromkeys(column_names(present).values())),
        "counts": {
            "items": len(contents.items),
            "patients": len({patients[item.id] for item in present if item.id in patients}),
            "dicom": sum(item.kind == "DICOM" for item in contents.items.values()),
            "rejected": len(contents.rejected),
            "excluded": len(contents.items) - len(present),
        },
        "patients_from": source,
        "rejected": list(contents.rejected.values()),
        "undo": contents.undo[-1].text if contents.undo else None,
        "redo": contents.redo[-1].text if contents.redo else None,
        "settings": dict(contents.settings),
    }


def _of_classes(contents: Contents, present: list[Item]) -> dict[str, Any]:
    of_class: dict[str | None, list[Item]] = {}
    for item in present:
        of_class.setdefault(item.class_id, []).append(item)
    cards = [_card(one, of_class.get(one.id, [])) for one in contents.live_classes()]
    return {"use": "classes", "classes": cards, "unlabelled": len(of_class.get(None, []))}


def _of_findings(contents: Contents, present: list[Item]) -> dict[str, Any]:
    """The same of findings: how many have it; of those labelled at all how many are ``absent`` or ``unknown``."""
    live = contents.live_classes()
    # Equal marks are one object, and few differ, so that each combination is looked at once.
    alike: dict[int, list[Item]] = {}
    for item in present:
        alike.setdefault(id(item.findings), []).append(item)
    groups = [(items[0].findings, items) for items in alike.values()]
    kinds = [(is_labelled(marks, live), shows_nothing(marks, live), marks, items) for marks, items in groups]
    labelled = [(marks, items) for known, _, marks, items in kinds if known]
    nothing = [item for _, none, _, items in kinds if none for item in items]
    cards = []
    for one in live:
        found: dict[str, list[Item]] = {"present": [], "absent": [], "unknown": []}
        for marks, items in labelled:
            found[mark_of(marks, one.id)] += items
        counts = {mark: len(found[mark]) for mark in ("absent", "unknown")}
        cards.append(_card(one, found["present"]) | counts)
    unlabelled = len(present) - sum(len(items) for _, items in labelled)
    return {"use": "findings", "classes": cards, "nothing": _card(_NOTHING, nothing), "unlabelled": unlabelled}


def is_labelled(marks: Mapping[str, str], live: list[ItemClass]) -> bool:
    """Whether something is said of an image, so that it takes part."""
    return any(one.id in marks for one in live)


def shows_nothing(marks: Mapping[str, str], live: list[ItemClass]) -> bool:
    """Whether it is known of each finding that it is absent."""
    return bool(live) and all(mark_of(marks, one.id) == "absent" for one in live)


def list_page(
    contents: Contents,
    patients: dict[str, str],
    class_id: str,
    query: str,
    offset: int,
    limit: int,
    mark: str = "present",
) -> dict[str, Any]:
    """One page of items; arguments as `wetread.studio.project.Project.items`."""
    found: Iterable[Item] = contents.items.values()
    if class_id == "excluded":
        found = [item for item in found if item.excluded]
    elif class_id != "all":
        belongs = _rule(contents, class_id, mark)
        found = [item for item in found if not item.excluded and belongs(item)]
    if query:
        part = query.casefold()
        found = [item for item in found if _matches(item, patients.get(item.id, ""), part)]
    listed = list(found)
    shown = [brief(contents, item, patients.get(item.id, "")) for item in listed[offset : offset + limit]]
    return {"total": len(listed), "items": shown}


def _rule(contents: Contents, class_id: str, mark: str) -> Callable[[Item], bool]:
    """Tells whether an image that takes part belongs to a class, or has such a mark of a finding."""
    live = contents.live_classes()
    if not contents.of_findings:
        wanted = None if class_id == "none" else class_id
        return lambda item: item.class_id == wanted
    if class_id == "nothing":
        return lambda item: shows_nothing(item.findings, live)
    if class_id == "none":
        return lambda item: not is_labelled(item.findings, live)
    return lambda item: is_labelled(item.findings, live) and mark_of(item.findings, class_id) == mark


def brief(contents: Contents, item: Item, patient: str) -> dict[str, Any]:
    """One item as lists show it; its label is in doubt too where the same file came under another class."""
    also = [one.name for one in contents.given_too(item)]
    return {
        "id": item.id,
        "name": item.name,
        "class": item.class_id,
        "patient": patient,
        "kind": item.kind,
        "width": item.width,
        "height": item.height,
        "columns": item.columns,
        "findings": item.findings,
        "note": item.note,
        "doubt": item.doubt or bool(also),
        "also": also,
        "excluded": item.excluded,
    }


def _card(one: ItemClass, items: list[Item]) -> dict[str, Any]:
    return {"id": one.id, "name": one.name, "count": len(items), "cover": [item.id for item in items[:COVERS]]}


def _matches(item: Item, patient: str, part: str) -> bool:
    return part in item.name.casefold() or part in patient.casefold() or part in item.note.casefold()
