"""What lessons there are, read from the headers of their texts.

A text is Python in the py:percent form of jupytext: cells begin with ``# %%``, prose is commented. It starts with a
header between two lines ``# ---``, YAML behind ``# ``:

    title               as in the list
    minutes             of a student's time
    machine_minutes     of two cores, whole form
    goals               three to five sentences that finish "afterwards you can ..."
    needs               numbers of the lessons it builds on
    roots               what it descends from, with addresses
    where_it_stopped    what the original left open
    our_step_further    what is done about it here
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wetread.errors import InputError

#: Where the lessons lie. Their names are ``lesson_NN_name.py``.
TEXTS = Path(__file__).with_name("texts")
_NAME = re.compile(r"lesson_(\d\d)_[a-z0-9_]+\.py")
_CELL = re.compile(r"# %%(?P<markdown> \[markdown\])?(?: tags=\[(?P<tags>[^]]*)\])?\s*")


@dataclass(frozen=True)
class Lesson:
    """One lesson as its header describes it; the fields are those of the module.

    Attributes:
        number: From 1, from the file name.
        path: Its text.
    """

    number: int
    path: Path
    title: str
    minutes: int
    machine_minutes: float
    goals: tuple[str, ...]
    needs: tuple[int, ...]
    roots: str
    where_it_stopped: str
    our_step_further: str


@dataclass(frozen=True)
class Cell:
    """One cell of a text.

    Attributes:
        markdown: Prose, or code.
        tags: Such as ``parameters``.
        source: Its lines; of prose without the leading ``# ``.
    """

    markdown: bool
    tags: tuple[str, ...]
    source: str


def list_lessons(texts: Path = TEXTS) -> tuple[Lesson, ...]:
    """All lessons in their order; reads nothing but their headers."""
    named = [(match, path) for path in sorted(texts.glob("*.py")) if (match := _NAME.fullmatch(path.name))]
    return tuple(_lesson(int(match[1]), path) for match, path in named)


def find_lesson(number: int, texts: Path = TEXTS) -> Lesson:
    """The lesson of a number; raises `InputError` where there is none."""
    lessons = {lesson.number: lesson for lesson in list_lessons(texts)}
    if number not in lessons:
        raise InputError(f"There is no lesson {number}.", remedy="`wetread learn` lists the lessons.", code="no-lesson")
    return lessons[number]


def read_header(text: str) -> dict[str, Any]:
    """The header of a text as a mapping; raises ValueError where there is none."""
    lines = text.splitlines()
    if not lines or lines[0] != "# ---" or "# ---" not in lines[1:]:
        raise ValueError("a lesson begins with a header between two lines '# ---'")
    fields = yaml.safe_load("\n".join(line[2:] for line in lines[1 : lines.index("# ---", 1)]))
    if not isinstance(fields, dict):
        raise ValueError("the header of a lesson is a mapping")
    return fields


def split_cells(text: str) -> tuple[Cell, ...]:
    """The cells of a text in their order, without its header."""
    cells: list[Cell] = []
    head: re.Match[str] | None = None
    body: list[str] = []
    for line in [*text.splitlines(), "# %%"]:
        start = _CELL.fullmatch(line)
        if start is None:
            body.append(line)
            continue
        if head is not None:
            cells.append(_cell(head, body))
        head, body = start, []
    return tuple(cells)


def _cell(head: re.Match[str], body: list[str]) -> Cell:
    markdown = head["markdown"] is not None
    lines = [re.sub(r"^# ?", "", line) for line in body] if markdown else body
    return Cell(markdown, tuple(re.findall(r'"([^"]+)"', head["tags"] or "")), "\n".join(lines).strip("\n"))


def _lesson(number: int, path: Path) -> Lesson:
    fields = read_header(path.read_text(encoding="utf-8"))
    fields["goals"], fields["needs"] = tuple(fields["goals"]), tuple(fields["needs"])
    return Lesson(number, path, **fields)
