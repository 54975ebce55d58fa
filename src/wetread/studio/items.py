"""What a project holds, as the lines of its journal say: items, classes, settings, what can be undone."""

from __future__ import annotations

import itertools
import sys
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from wetread.dataset.columns import plain_name

#: Steps that can be taken back.
MOST_UNDO = 200
#: Files that could not be used, as far as they are listed.
MOST_REJECTED = 2000
#: Further columns of an item, of all tables together.
MOST_COLUMNS = 24
#: What a project decides by itself: DICOM files lose what identifies before they are stored, and each image has one
#: class; else it may have several findings. Classes and findings of a project stay whichever of them is in use.
SETTINGS: dict[str, Any] = {"deidentify": True, "findings": False}

Edit = dict[str, Any]


@dataclass(slots=True)
class Item:
    """One image of a project.

    Attributes:
        id: First 16 hex digits of the SHA-256 of the bytes that came in.
        name: As the user knows it; display text only. Of a de-identified DICOM file a made-up one.
        suffix: Of the stored file, such as ``.png``.
        kind: One of `wetread.images.gate.FORMATS`.
        path: Folders above it where it came from, with forward slashes.
        class_id: Id of its class; None: without one.
        width: Columns as displayed.
        height: Rows as displayed.
        patient: As a table or the user says.
        subject: Pseudonym of the patient whom a DICOM header names.
        keys: Hashed names by which a table of labels may mean it; where the name itself was not kept.
        modality: DICOM Modality, else None.
        facts: Harmless facts of the file.
        columns: What a table of labels says beside class and patient: name of the column -> cell, never empty.
        findings: Id of a finding -> mark (`wetread.studio.findings`); equal ones are one object, never changed.
        note: Of the user.
        doubt: The user doubts its label.
        also: Ids of further classes under which the same file came.
        excluded: Takes no part.
    """

    id: str
    name: str
    suffix: str
    kind: str
    path: str = ""
    class_id: str | None = None
    width: int = 0
    height: int = 0
    patient: str = ""
    subject: str = ""
    keys: Sequence[str] = ()
    modality: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    findings: dict[str, str] = field(default_factory=dict)
    note: str = ""
    doubt: bool = False
    also: Sequence[str] = ()
    excluded: bool = False

    @property
    def file(self) -> str:
        """Its place in the project folder, with forward slashes."""
        return f"images/{self.id}{self.suffix}"

    def as_line(self) -> dict[str, Any]:
        """For the journal; what is empty is left out."""
        return {key: value for key, value in asdict(self).items() if value not in ("", None, False, {}, (), [])}


_FIELDS = frozenset(one.name for one in fields(Item))
#: What an edit may set.
EDITABLE = frozenset(("class_id", "patient", "columns", "findings", "note", "doubt", "also", "excluded"))


@dataclass(frozen=True)
class KeptTable:
    """What a table of labels says, for images that may still come.

    Attributes:
        rows: Hashed name of an image -> class, patient, then a cell for each of the columns. Of a table of findings
            what it says of each of them instead of a class, as `wetread.studio.findings.write_marks` has it.
        columns: Names of the further columns.
        findings: Names of the findings; empty where each image has one class.
    """

    rows: dict[str, list[str]]
    columns: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()

    def further(self, row: list[str]) -> dict[str, str]:
        """The further columns of a row, those that are filled in."""
        return {name: cell for name, cell in zip(self.columns, row[2:], strict=False) if cell}


def join_columns(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """The columns of an item after another table, at most `MOST_COLUMNS`; names spelt in another way are the same."""
    spelt = {plain_name(name): name for name in old}
    joined = {**old, **{spelt.get(plain_name(name), name): cell for name, cell in new.items()}}
    return dict(itertools.islice(joined.items(), MOST_COLUMNS))


def column_names(items: Iterable[Item]) -> dict[str, str]:
    """The columns that some item has: each spelling -> the one that stands for all of its spellings, sorted."""
    spelt = sorted({name for item in items for name in item.columns})
    first: dict[str, str] = {}
    return {name: first.setdefault(plain_name(name), name) for name in spelt}


@dataclass
class ItemClass:
    """A class: its name, whether it was removed, and whether it is a finding, of which an image may have several."""

    id: str
    name: str
    gone: bool = False
    finding: bool = False


def new_class(name: str, finding: bool) -> dict[str, Any]:
    """What an edit sets that makes a class or a finding."""
    return {"name": name, "gone": False, **({"finding": True} if finding else {})}


@dataclass
class Step:
    """One change: what it is called, its edits, and those that take it back; of an addition also which one it is."""

    text: str
    do: list[Edit]
    back: list[Edit]
    batch: str = ""


class Contents:
    """The state after all lines that were read; `version` counts them."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.classes: dict[str, ItemClass] = {}
        self.settings: dict[str, Any] = dict(SETTINGS)
        self.rejected: dict[str, dict[str, str]] = {}
        self.tables: list[KeptTable] = []
        self.undo: deque[Step] = deque(maxlen=MOST_UNDO)
        self.redo: list[Step] = []
        self.version = 0
        #: Images whose addition was taken back; Redo brings them again.
        self.taken_back: dict[str, Item] = {}
        self._fresh: set[str] = set()  # classes that were made on the way and have no image yet
        self._marks: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def apply(self, line: dict[str, Any]) -> None:
        """Follows one line; one that makes no sense here changes nothing."""
        self.version += 1
        if "add" in line:
            self._add(line["add"])
            if line.get("batch"):
                self._extend_step(self.items[line["add"]["id"]], line["batch"])
        elif "reject" in line:
            self._reject(line["reject"])
        elif "edit" in line:
            self.edit(line["edit"])
            self._fresh.update(one["class"] for one in line["edit"] if "class" in one)
        elif "table" in line:
            self.tables.append(
                KeptTable(line["table"], tuple(line.get("columns", ())), tuple(line.get("findings", ())))
            )
        elif "change" in line:
            self.undo.append(Step(line["change"], line["do"], self.edit(line["do"])))
            self.redo.clear()
        elif "undo" in line and self.undo:
            step = self.undo.pop()
            self.edit(step.back)
            self._bring_back_used_classes()
            self.redo.append(step)
        elif "redo" in line and self.redo:
            step = self.redo.pop()
            self.undo.append(Step(step.text, step.do, self.edit(step.do)))
            self._bring_back_used_classes()

    @property
    def of_findings(self) -> bool:
        """Whether its images have findings now, rather than one class each."""
        return bool(self.settings["findings"])

    def live_classes(self, findings: bool | None = None) -> list[ItemClass]:
        """The classes that were not removed, in the order in which they were made.

        Args:
            findings: Those that are findings, or those that are not; None: those in use.
        """
        wanted = self.of_findings if findings is None else findings
        return [one for one in self.classes.values() if not one.gone and one.finding == wanted]

    def given_too(self, item: Item) -> list[ItemClass]:
        """The classes under which the same file came, beside the one it is in; empty where it is in none."""
        if not item.also or item.excluded or item.class_id is None or self.of_findings:
            return []
        found = [self.classes[one] for one in item.also if one in self.classes and one != item.class_id]
        return [one for one in found if not one.gone]

    def next_class(self) -> str:
        """An id that no class ever had."""
        return f"c-{len(self.classes) + 1}"

    def edit(self, edits: Iterable[Edit]) -> list[Edit]:
        """Makes edits; returns those that take them back, in their order."""
        back: list[Edit] = []
        for one in edits:
            if "items" in one:
                back[:0] = self._set_items(one["items"], one["set"])
            elif "class" in one:
                back.insert(0, self._set_class(one["class"], one["set"]))
            elif "take" in one or "bring" in one:
                back.insert(0, self._take(one["take"]) if "take" in one else self._bring(one["bring"]))
            elif "settings" in one:
                old = {key: self.settings.get(key, SETTINGS.get(key)) for key in one["settings"]}
                self.settings.update(one["settings"])
                back.insert(0, {"settings": old})
        return back

    def _bring_back_used_classes(self) -> None:
        """A class that a step made, and is taken back, may have got images since; they would be in no class at all."""
        used = {item.class_id for item in self.items.values()}
        different = {id(item.findings): item.findings for item in self.items.values()}
        used.update(one for marks in different.values() for one in marks)
        for one in self.classes.values():
            one.gone = one.gone and one.id not in used

    def _add(self, plain: dict[str, Any]) -> None:
        if not plain.keys() <= _FIELDS:  # of a later version
            plain = {key: value for key, value in plain.items() if key in _FIELDS}
        item = Item(**plain)
        item.columns, item.findings = _share(item.columns), self._share_marks(item.findings)
        self.items.setdefault(item.id, item)
        self.taken_back.pop(item.id, None)
        self.rejected.pop(item.name, None)  # it came again, and whole

    def _extend_step(self, item: Item, batch: str) -> None:
        """The files of one addition are one step, with the classes made for them; what comes between begins another."""
        step = self.undo[-1] if self.undo else None
        if step is None or step.batch != batch:
            step = Step("", [{"bring": []}], [{"take": []}], batch)
            self.undo.append(step)
        self.redo.clear()
        step.do[0]["bring"].append(item.id)
        step.back[0]["take"].append(item.id)
        for one in sorted(self._fresh.intersection((item.class_id, *item.findings))):
            step.do.append({"class": one, "set": {"gone": False}})
            step.back.append({"class": one, "set": {"gone": True}})
            self._fresh.discard(one)
        count = len(step.back[0]["take"])
        step.text = f"Add {count:,} image{'s' if count != 1 else ''}"

    def _take(self, ids: list[str]) -> Edit:
        found = [one for one in ids if one in self.items]
        self.taken_back.update((one, self.items.pop(one)) for one in found)
        return {"bring": found}

    def _bring(self, ids: list[str]) -> Edit:
        found = [one for one in ids if one in self.taken_back]
        self.items.update((one, self.taken_back.pop(one)) for one in found)
        return {"take": found}

    def lost_items(self) -> set[str]:
        """The images whose addition was taken back and that no Redo can bring again."""
        again = {item for step in self.redo for one in step.do for item in one.get("bring", ())}
        return self.taken_back.keys() - again

    def _reject(self, plain: dict[str, str]) -> None:
        self.rejected[plain["name"]] = plain
        if len(self.rejected) > MOST_REJECTED:
            del self.rejected[next(iter(self.rejected))]

    def _set_items(self, ids: list[str], values: dict[str, Any]) -> list[Edit]:
        old: dict[str, tuple[list[Any], list[str]]] = {}
        names = [name for name in values if name in EDITABLE]
        if "columns" in values:
            values = {**values, "columns": _share(values["columns"])}
        if "findings" in values:
            values = {**values, "findings": self._share_marks(values["findings"])}
        for one in ids:
            item = self.items.get(one)
            if item is None:
                continue
            was = [getattr(item, name) for name in names]
            old.setdefault(repr(was), (was, []))[1].append(one)
            for name in names:
                setattr(item, name, values[name])
        return [{"items": found, "set": dict(zip(names, was, strict=True))} for was, found in old.values()]

    def _set_class(self, number: str, values: dict[str, Any]) -> Edit:
        kind = self.classes.get(number)
        if kind is None:
            flags = (bool(values.get(key, False)) for key in ("gone", "finding"))
            self.classes[number] = ItemClass(number, str(values.get("name", "")), *flags)
            return {"class": number, "set": {"gone": True}}
        old = {name: getattr(kind, name) for name in values if name in ("name", "gone")}
        for name in old:
            setattr(kind, name, values[name])
        return {"class": number, "set": old}

    def _share_marks(self, marks: dict[str, str]) -> dict[str, str]:
        """A hundred thousand images of 14 findings have under a thousand combinations of them."""
        return self._marks.setdefault(tuple(sorted(marks.items())), marks)


def _share(columns: dict[str, str]) -> dict[str, str]:
    """Equal names and cells become one object: a hundred thousand items have few different ones."""
    return {sys.intern(name): sys.intern(cell) for name, cell in columns.items()}
