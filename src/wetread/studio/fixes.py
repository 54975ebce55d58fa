"""A finding of the audit -> changes of the project that do away with it, each a button.

What is decided without asking is what `wetread check --fix` decides (`wetread.dataset.fix`, docs/fix.md): its
changes.csv says which copies are dropped and which patients are joined. What only a person can decide (a label that the
pictures contradict) is offered, never done by itself. Every change can be taken back.

There is no button where leaving images out would do harm: pictures with writing are told of one class, and without
them writing would tell the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wetread.dataset.header_patients import BY_HEADERS
from wetread.studio.items import Contents, Item

#: Cases below which `wetread.checks.wr201_few_cases` believes no number.
TOO_FEW = 10
#: Patients that are joined by one button each, at most.
MOST_PATIENTS = 8

#: In the reason of a change: the copy bears another label (`wetread.dataset.fix`).
_OTHER = ", which is labelled"

Fix = dict[str, Any]

#: What to do, where the sentence of the check speaks of the command line.
REMEDIES = {
    "WR105": "Give the images of one patient a name in common: select them on the page Build, then Patient. Names of "
    "files that begin with a patient number are understood by themselves.",
    "WR107": "Join them with the buttons, or give the images of one patient a name in common: select them on the page "
    "Build, then Patient.",
    "WR203": "Have them read again, at least those to be tested on. The setting uncertain=positive, or negative, under "
    "Advanced counts the uncertain ones; compare the numbers.",
    "WR501": "Look at them one by one. Move an image only where you are sure; mark the others as doubtful.",
    "WR601": "Files are de-identified when they are added, unless you switched that off; look at the settings of the "
    "project before you pass anything on.",
    "WR602": "Look at these pictures before you pass anything on, thumbnails and heatmaps included.",
    "WR401": "Export these files again, or leave them out. If one class loses more than another, ask why.",
}


@dataclass(frozen=True)
class Told:
    """What the audit and the project say together.

    Attributes:
        contents: Of the project, as of now.
        changes: Rows of changes.csv: image, what, reason.
    """

    contents: Contents
    changes: list[dict[str, str]]

    @property
    def dropped(self) -> list[dict[str, str]]:
        """Of the changes those that leave an image out."""
        return [row for row in self.changes if row["what"] == "dropped"]

    def items(self, images: Iterable[str]) -> list[Item]:
        """The items of some images, as far as they still take part."""
        ids = (item_id(image) for image in images)
        found = (self.contents.items.get(one) for one in dict.fromkeys(ids))
        return [item for item in found if item is not None and not item.excluded]

    def class_id(self, name: str) -> str | None:
        """The class of a name; None where there is none any more."""
        return next((one.id for one in self.contents.live_classes() if one.name == name), None)


def fixes_for(finding: Mapping[str, Any], told: Told) -> list[Fix]:
    """The buttons of a finding.

    Args:
        finding: Of findings.json.
        told: What else is known.

    Returns:
        label and change (``op`` and its arguments, see `wetread.studio.changes`) of each; what is so already is left
        out.
    """
    make = _FIXES.get(str(finding.get("code")))
    return [fix for fix in make(finding, told) if fix is not None] if make else []


def item_id(image: str) -> str:
    """The id of an item by its name in a table: ``images/0123456789abcdef.png``."""
    return image.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]


def _copies(finding: Mapping[str, Any], told: Told) -> list[Fix | None]:
    del finding
    dropped = [
        row["image"]
        for row in told.changes
        if row["what"] == "dropped"
        and row["reason"].startswith("the same picture as")
        and ", which is" not in row["reason"]
    ]
    return [_exclude(told, dropped, "Leave out {copies}; one of each stays"), *_joined(told, by_headers=False)]


def _joined_by_headers(finding: Mapping[str, Any], told: Told) -> list[Fix | None]:
    del finding
    return _joined(told, by_headers=True)


def _joined(told: Told, *, by_headers: bool) -> list[Fix | None]:
    """A button for each patient whose images bear several names, as the headers or copies of pictures tell."""
    joined: dict[str, list[str]] = {}
    for row in told.changes:
        if row["what"].startswith("patient: ") and (row["reason"] == BY_HEADERS) == by_headers:
            joined.setdefault(row["what"].partition(" -> ")[2], []).append(row["image"])
    return [_patient(told, patient, images) for patient, images in list(joined.items())[:MOST_PATIENTS]]


def _contradicting(finding: Mapping[str, Any], told: Told) -> list[Fix | None]:
    images = list(finding.get("images") or ())
    dropped = [row["image"] for row in told.dropped if _OTHER in row["reason"]]
    found: list[Fix | None] = []
    # One pair can be judged at a glance; of several, each is a decision of its own.
    if len(images) == 2:
        names = [told.contents.classes[item.class_id].name for item in told.items(images) if item.class_id]
        found += [_move(told, images, name, "Both are {name}") for name in dict.fromkeys(names)]
    return [*found, _exclude(told, dropped, "Leave out {images} until somebody decides"), _doubt(told, images)]


def _contradicted(finding: Mapping[str, Any], told: Told) -> list[Fix | None]:
    suggested = (finding.get("numbers") or {}).get("suggested") or {}
    by_name: dict[str, list[str]] = {}
    for image, name in suggested.items():
        by_name.setdefault(str(name), []).append(image)
    moves = [_move(told, images, name, "Move {images} to {name}") for name, images in sorted(by_name.items())]
    return [_doubt(told, list(finding.get("images") or ())), *moves]


def _few(finding: Mapping[str, Any], told: Told) -> list[Fix | None]:
    cases = (finding.get("numbers") or {}).get("cases_per_class") or {}
    small = [name for name, number in cases.items() if number < TOO_FEW]
    # Of two classes none can be spared.
    return [_exclude_class(told, name) for name in small] if len(cases) - len(small) >= 2 else []


def _left_out(finding: Mapping[str, Any], told: Told) -> list[Fix | None]:
    return [_exclude_class(told, str(name)) for name in (finding.get("numbers") or {}).get("classes") or ()]


def _all_of_them(finding: Mapping[str, Any], told: Told) -> list[Fix | None]:
    return [_exclude(told, list(finding.get("images") or ()), "Leave out {images}")]


_FIXES: dict[str, Callable[[Mapping[str, Any], Told], list[Fix | None]]] = {
    "WR102": _copies,
    "WR103": _contradicting,
    "WR107": _joined_by_headers,
    "WR201": _few,
    "WR401": _all_of_them,
    "WR402": _left_out,
    "WR403": _all_of_them,
    "WR501": _contradicted,
}


def _exclude(told: Told, images: Iterable[str], label: str) -> Fix | None:
    items = [item.id for item in told.items(images)]
    return _fix(label, items, {"op": "exclude", "items": items})


def _exclude_class(told: Told, name: str) -> Fix | None:
    number = told.class_id(name)
    items = [one.id for one in told.contents.items.values() if number and one.class_id == number and not one.excluded]
    return _fix("Leave out the class {name} ({images})", items, {"op": "exclude", "items": items}, name)


def _move(told: Told, images: Iterable[str], name: str, label: str) -> Fix | None:
    number = told.class_id(name)
    items = [item.id for item in told.items(images) if item.class_id != number]
    if told.contents.of_findings:  # what an image shows is no class to move it to
        return None
    return _fix(label, items if number else [], {"op": "move", "items": items, "class": number}, name)


def _doubt(told: Told, images: Iterable[str]) -> Fix | None:
    items = [item.id for item in told.items(images) if not item.doubt]
    return _fix("Mark {labels} as doubtful", items, {"op": "doubt", "items": items, "doubt": True})


def _patient(told: Told, patient: str, images: Iterable[str]) -> Fix | None:
    items = [item.id for item in told.items(images) if item.patient != patient]
    return _fix(
        "Join {images} to the patient {name}", items, {"op": "patients", "items": items, "patient": patient}, patient
    )


def _fix(label: str, items: list[str], change: dict[str, Any], name: str = "") -> Fix | None:
    if not items:
        return None
    words = {"images": "image", "copies": "copy", "labels": "label"}
    counts = {many: f"{len(items)} {one if len(items) == 1 else many}" for many, one in words.items()}
    return {"label": label.format(**counts, name=name), "change": change}
