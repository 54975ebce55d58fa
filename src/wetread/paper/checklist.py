"""Reporting checklists as data, filled from the passages of a run.

A file of ``checklists/`` names for each item which passages answer it (`run`) and what only the author can add (`add`).
An item is *filled* where passages answer it and nothing has to be added, *begun* where something has, and left to the
*author* where the run says nothing. What an item asks stands there in our own words, never in those of the publication.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from wetread.paper.document import Table
from wetread.paper.passage import Passage
from wetread.paper.wording import GAP, count

FOLDER = Path(__file__).with_name("checklists")

#: In the order in which the kit shows them; also the names of the files and CSV tables.
NAMES = ("claim-2024", "tripod-ai", "stard-ai")

FILLED, BEGUN, AUTHOR = "filled", "begun", "author"
STATES = {FILLED: "from this run", BEGUN: "begun by this run", AUTHOR: "needed from the author"}


@dataclass(frozen=True)
class Item:
    """One item of a checklist.

    Attributes:
        number: As published: ``7``, ``12c``.
        section: Part of the manuscript.
        asks: What it asks, in our words.
        run: Passages that answer it.
        add: What the author adds, or writes where no passage answers; empty where the run can answer all of it.
    """

    number: str
    section: str
    asks: str
    run: tuple[str, ...]
    add: str


@dataclass(frozen=True)
class Checklist:
    """A checklist: its name, title, citation key, how far its numbering was checked, and its items."""

    name: str
    title: str
    cite: str
    checked: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Answer:
    """What a run says to an item: the state, the sentences, and where they stand."""

    item: Item
    state: str
    text: str
    places: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """What the author has to write; empty where nothing."""
        if self.state == FILLED:
            return ""
        return self.item.add or "this run says nothing about it; answer it yourself, or say that it does not apply"


@lru_cache(maxsize=len(NAMES))
def read_checklist(name: str) -> Checklist:
    """Reads one of `NAMES`."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    # The same safe loader in C, where it was built: ten times as fast.
    stored: Mapping[str, Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text).get_single_data()
    items = tuple(
        Item(
            str(one["item"]),
            str(one["section"]),
            str(one["asks"]),
            tuple(one.get("run") or ()),
            str(one.get("add") or ""),
        )
        for one in stored["items"]
    )
    return Checklist(name, str(stored["title"]), str(stored["cite"]), " ".join(str(stored["checked"]).split()), items)


def fill(checklist: Checklist, passages: Sequence[Passage]) -> list[Answer]:
    """Answers each item.

    Args:
        checklist: From `read_checklist`.
        passages: All passages of the paper.
    """
    known = {passage.key: passage for passage in passages}
    found = []
    for item in checklist.items:
        told = [known[key] for key in item.run if key in known]
        texts = [text for text in (" ".join(GAP.sub("", one.text).split()) for one in told) if text]
        places = tuple(dict.fromkeys(one.place for one in told))
        state = AUTHOR if not texts else BEGUN if item.add else FILLED
        found.append(Answer(item, state, " ".join(texts), places if texts else ()))
    return found


def say_counts(answers: Sequence[Answer]) -> str:
    """``24 of 44 items filled from this run, 8 begun by it for you to complete, 12 need you.``"""
    states = Counter(answer.state for answer in answers)
    unit = "item" if all(answer.item.number.isdigit() for answer in answers) else "row"
    need = "needs you" if states[AUTHOR] == 1 else "need you"
    filled = f"{states[FILLED]} of {count(len(answers), unit)} filled from this run"
    return f"{filled}, {states[BEGUN]} begun by it for you to complete, {states[AUTHOR]} {need}."


def checklist_table(checklist: Checklist, answers: Sequence[Answer], caption: str) -> Table:
    """A checklist as a table of the paper."""
    rows, section, heads = list[tuple[str, ...]](), "", set[int]()
    states = list[str]()
    for answer in answers:
        if answer.item.section != section:
            section = answer.item.section
            heads.add(len(rows))
            rows.append(("", section, "", ""))
            states.append("")
        rows.append((answer.item.number, answer.item.asks, STATES[answer.state], _answer(answer)))
        states.append(answer.state)
    return Table(
        f"{caption} {say_counts(answers)}",
        ("Item", "What it asks", "State", "Answer and place"),
        tuple(rows),
        (0.55, 2.6, 1.15, 5.2),
        note=checklist.checked,
        wide=True,
        strong=frozenset(heads),
        states=tuple(states),
    )


def _answer(answer: Answer) -> str:
    wanted = f"[AUTHOR: {answer.wanted}]" if answer.wanted else ""
    if answer.state == AUTHOR:
        return wanted
    return f"{answer.text} ({'; '.join(answer.places)}) {wanted}".strip()


def checklist_rows(answers: Sequence[Answer]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """A checklist for a spreadsheet: its columns and rows."""
    columns = ("item", "section", "asks", "state", "answer", "place", "needed_from_the_author", "page")
    rows: list[tuple[str, ...]] = [
        (
            answer.item.number,
            answer.item.section,
            answer.item.asks,
            STATES[answer.state],
            answer.text,
            "; ".join(answer.places),
            answer.wanted,
            "",
        )
        for answer in answers
    ]
    return columns, rows
