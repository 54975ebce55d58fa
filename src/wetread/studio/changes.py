"""What a user wishes -> the edits that do it, and what the step is called. Nothing is changed here.

Wishes: ``add-class`` name; ``rename-class`` class, name; ``merge-classes`` from, into; ``remove-class`` class; ``move``
items, class or null; ``mark`` items, finding or ``all``, mark (present, absent or unknown); ``use`` what (classes or
findings); ``exclude``, ``include`` items; ``note`` item, text; ``doubt`` item or items, doubt; ``patients`` items,
patient; ``settings``. Where findings are in use, those of classes speak of findings, and there is no ``move``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from wetread.dataset.columns import may_be_finding
from wetread.dataset.label_names import clean_name, fold_name, says_none
from wetread.errors import InputError
from wetread.studio.findings import ABSENT, PRESENT, Marks, merge_marks
from wetread.studio.items import SETTINGS, Contents, Edit, ItemClass, new_class
from wetread.studio.names import class_name

MOST_NOTE = 2000
MOST_PATIENT = 64

Plan = tuple[str, list[Edit]]


def plan_change(contents: Contents, wish: dict[str, Any]) -> Plan:
    """The name of the step and its edits; no edits where all is so already.

    Args:
        contents: As of now; not changed.
        wish: ``op`` and its arguments.

    Raises:
        InputError: It cannot be done, or makes no sense.
    """
    plan = _PLANS.get(str(wish.get("op")))
    if plan is None:
        raise _refuse("There is no such change.", "Load the page again.", "bad-change")
    return plan(contents, wish)


def _add_class(contents: Contents, wish: dict[str, Any]) -> Plan:
    name = _new_name(contents, wish)
    edit = {"class": contents.next_class(), "set": new_class(name, contents.of_findings)}
    return f"New {_kind(contents)} {name}", [edit]


def _rename_class(contents: Contents, wish: dict[str, Any]) -> Plan:
    one = _class(contents, wish.get("class"))
    name = _new_name(contents, wish, one)
    return f"Rename {one.name} to {name}", [{"class": one.id, "set": {"name": name}}] if name != one.name else []


def _merge_classes(contents: Contents, wish: dict[str, Any]) -> Plan:
    one, into = _class(contents, wish.get("from")), _class(contents, wish.get("into"))
    if one is into:
        raise _refuse(f"A {_kind(contents)} cannot be merged with itself.", "Choose another one.", "bad-change")
    if one.finding:
        edits = _mark_each(contents, contents.items, lambda marks: merge_marks(marks, one.id, into.id))
        return f"Merge {one.name} into {into.name}", [*edits, _gone(one)]
    return f"Merge {one.name} into {into.name}", [*_move_all(contents, one, into.id), _gone(one)]


def _remove_class(contents: Contents, wish: dict[str, Any]) -> Plan:
    one = _class(contents, wish.get("class"))
    if one.finding:
        edits = _mark_each(contents, contents.items, lambda marks: _without(marks, one.id))
        return f"Remove the finding {one.name}", [*edits, _gone(one)]
    return f"Remove the class {one.name}", [*_move_all(contents, one, None), _gone(one)]


def _move(contents: Contents, wish: dict[str, Any]) -> Plan:
    target = wish.get("class")
    if contents.of_findings:
        raise _refuse("An image may have several findings here.", "Say of each whether it is there.", "bad-change")
    into = None if target is None else _class(contents, target)
    moved = [one for one in _items(contents, wish) if contents.items[one].class_id != (into.id if into else None)]
    where = f"to {into.name}" if into else "out of their class"
    return f"Move {_count(moved)} {where}", [
        *_set(moved, class_id=into.id if into else None),
        *_set([one for one in moved if contents.items[one].also], also=[]),  # somebody has decided
    ]


def _mark(contents: Contents, wish: dict[str, Any]) -> Plan:
    mark = {"present": PRESENT, "absent": ABSENT, "unknown": ""}.get(str(wish.get("mark")))
    if mark is None or not contents.of_findings:
        raise _refuse("A finding is present, absent or unknown.", "Load the page again.", "bad-change")
    one = None if wish.get("finding") == "all" else _class(contents, wish.get("finding"))
    ids = [one.id] if one else [one.id for one in contents.live_classes()]
    edits = _mark_each(contents, _items(contents, wish), lambda marks: _set_marks(marks, ids, mark))
    touched = [item for edit in edits for item in edit["items"]]
    return f"{one.name if one else 'Every finding'} {wish['mark']} in {_count(touched)}", edits


def _use(contents: Contents, wish: dict[str, Any]) -> Plan:
    what = wish.get("what")
    if what not in ("classes", "findings"):
        raise _refuse("A project has classes or findings.", "Load the page again.", "bad-change")
    edit = {"settings": {"findings": what == "findings"}}
    return f"Use {what}", [edit] if contents.of_findings != edit["settings"]["findings"] else []


def _exclude(contents: Contents, wish: dict[str, Any]) -> Plan:
    found = [one for one in _items(contents, wish) if not contents.items[one].excluded]
    return f"Leave out {_count(found)}", _set(found, excluded=True)


def _include(contents: Contents, wish: dict[str, Any]) -> Plan:
    found = [one for one in _items(contents, wish) if contents.items[one].excluded]
    return f"Take back {_count(found)}", _set(found, excluded=False)


def _note(contents: Contents, wish: dict[str, Any]) -> Plan:
    text = _text(wish, "text", MOST_NOTE)
    return "Write a note", _set(_items(contents, {"items": [wish.get("item")]}), note=text)


def _doubt(contents: Contents, wish: dict[str, Any]) -> Plan:
    if not isinstance(wish.get("doubt"), bool):
        raise _refuse("A doubt is true or false.", "Load the page again.", "bad-change")
    text = "Doubt a label" if wish["doubt"] else "Trust a label"
    wanted = wish if "items" in wish else {"items": [wish.get("item")]}
    values = {"doubt": wish["doubt"], **({} if wish["doubt"] else {"also": []})}
    return text, _set(_items(contents, wanted), **values)


def _patients(contents: Contents, wish: dict[str, Any]) -> Plan:
    patient = clean_name(_text(wish, "patient", MOST_PATIENT))
    found = _items(contents, wish)
    text = f"Name the patient of {_count(found)}" if patient else f"Forget the patient of {_count(found)}"
    return text, _set(found, patient=patient)


def _settings(contents: Contents, wish: dict[str, Any]) -> Plan:
    wanted = wish.get("settings")
    known = isinstance(wanted, dict) and all(
        key in SETTINGS and key != "findings" and type(value) is type(SETTINGS[key]) for key, value in wanted.items()
    )
    if not isinstance(wanted, dict) or not known:
        raise _refuse("There is no such setting.", "Load the page again.", "bad-change")
    news = {key: value for key, value in wanted.items() if contents.settings.get(key) != value}
    return "Change the settings", [{"settings": news}] if news else []


_PLANS: dict[str, Callable[[Contents, dict[str, Any]], Plan]] = {
    "add-class": _add_class,
    "rename-class": _rename_class,
    "merge-classes": _merge_classes,
    "remove-class": _remove_class,
    "move": _move,
    "mark": _mark,
    "use": _use,
    "exclude": _exclude,
    "include": _include,
    "note": _note,
    "doubt": _doubt,
    "patients": _patients,
    "settings": _settings,
}


def _new_name(contents: Contents, wish: dict[str, Any], own: ItemClass | None = None) -> str:
    name = class_name(_text(wish, "name", 1000))
    kind = _kind(contents)
    if not name:
        raise _refuse(f"A {kind} needs a name.", "Type one.", "class-name")
    if contents.of_findings and (says_none(name) or not may_be_finding(name)):
        why = "means that nothing was found" if says_none(name) else "has another meaning in a table of labels"
        raise _refuse(f"{name} {why}, so it cannot be a finding.", "Choose another name.", "class-name")
    # A run joins names that differ only in case and spaces.
    taken = [one for one in contents.live_classes() if one is not own and fold_name(one.name) == fold_name(name)]
    if taken:
        raise _refuse(
            f"There is a {kind} {taken[0].name} already.", "Choose another name, or merge them.", "class-name"
        )
    return name


def _class(contents: Contents, number: Any) -> ItemClass:
    one = contents.classes.get(number) if isinstance(number, str) else None
    if one is None or one.gone or one.finding != contents.of_findings:
        raise _refuse("There is no such class.", "Load the page again.", "no-class")
    return one


def _items(contents: Contents, wish: dict[str, Any]) -> list[str]:
    wanted = wish.get("items")
    if not isinstance(wanted, list) or not wanted:
        raise _refuse("No image was chosen.", "Choose one.", "no-item")
    if not all(isinstance(one, str) and one in contents.items for one in wanted):
        raise _refuse("There is no such image.", "Load the page again.", "no-item")
    return list(dict.fromkeys(wanted))


def _text(wish: dict[str, Any], name: str, longest: int) -> str:
    text = wish.get(name)
    text = "" if text is None else text
    if not isinstance(text, str) or len(text) > longest:
        raise _refuse(f"A {name} is a text of at most {longest} letters.", "Shorten it.", "bad-change")
    return text.strip()


def _move_all(contents: Contents, one: ItemClass, into: str | None) -> list[Edit]:
    return _set([item.id for item in contents.items.values() if item.class_id == one.id], class_id=into)


def _mark_each(contents: Contents, items: Iterable[str], change: Callable[[Marks], Marks]) -> list[Edit]:
    """Items with the same marks are set at once."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for one in items:
        old = contents.items[one].findings
        new = change(old)
        if new != old:
            groups.setdefault(tuple(sorted(new.items())), []).append(one)
    return [{"items": found, "set": {"findings": dict(marks)}} for marks, found in groups.items()]


def _set_marks(marks: Marks, findings: list[str], mark: str) -> Marks:
    kept = _without(marks, *findings)
    return {**kept, **dict.fromkeys(findings, mark)} if mark else kept


def _without(marks: Marks, *findings: str) -> Marks:
    return {one: mark for one, mark in marks.items() if one not in findings}


def _kind(contents: Contents) -> str:
    return "finding" if contents.of_findings else "class"


def _gone(one: ItemClass) -> Edit:
    return {"class": one.id, "set": {"gone": True}}


def _set(items: list[str], **values: Any) -> list[Edit]:
    return [{"items": items, "set": values}] if items else []


def _count(items: list[str]) -> str:
    return f"{len(items)} image{'s' if len(items) != 1 else ''}"


def _refuse(message: str, remedy: str, code: str) -> InputError:
    return InputError(message, remedy=remedy, code=code)
