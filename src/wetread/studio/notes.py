"""What people note about a case: a text, and that its label looks wrong. Lines are only ever added.

A picture of a project keeps its notes in the project, so that the Build page shows them beside it, whatever run they
were made in. A run from the terminal has no project: its notes lie in ``studio/notes.jsonl`` inside the run folder; no
number is ever computed from them.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.studio.answers import Refusal
from wetread.studio.cases import Cases
from wetread.studio.places import TERMINAL
from wetread.writing import AppendLog

if TYPE_CHECKING:
    from wetread.studio.server import Studio

#: Letters of a note.
LONGEST = 2000
FILE = "studio/notes.jsonl"


def read_notes(studio: Studio, project: str, run: Path, cases: Cases) -> dict[int, dict[str, Any]]:
    """What people know a case by.

    Returns:
        Id of a case -> ``text`` and ``doubt``; in a project also ``name``, as its picture was called when it came in,
        and ``item``, its id there. Cases of which nothing is known are left out.

    Raises:
        Refusal: There is no such project (404).
    """
    if project == TERMINAL:
        return _of_run(run, cases)
    found = {}
    with studio.project(project).read() as contents:
        for image, case in cases.of_image.items():
            # As `Project.item_of` finds it, for 10,000 cases in one look.
            item = contents.items.get(image.rsplit("/", 1)[-1].split(".", 1)[0])
            if item is not None:
                found[case] = {"text": item.note, "doubt": item.doubt, "name": item.name, "item": item.id}
    return found


def _of_run(run: Path, cases: Cases) -> dict[int, dict[str, Any]]:
    try:
        lines = (run / FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    found: dict[int, dict[str, Any]] = {}
    for line in lines:
        try:
            note = json.loads(line)
            # By image, since a run that is repeated may number its rows anew.
            case = cases.of_image.get(str(note["image"]))
            if case is not None:
                found[case] = {"text": str(note["text"]), "doubt": bool(note["doubt"])}
        except (ValueError, KeyError, TypeError):
            continue  # the last line of a process that was killed
    return {case: note for case, note in found.items() if note["text"] or note["doubt"]}


def write_note(studio: Studio, project: str, run: Path, image: str, text: str, doubt: bool) -> None:
    """Adds a note, and whether the label looks wrong; an empty text takes an earlier one back.

    Args:
        studio: With its projects.
        project: Id of a project, or ``terminal``.
        run: The run folder.
        image: As images.csv calls it.
        text: At most `LONGEST` letters.
        doubt: The label looks wrong.

    Raises:
        Refusal: The text is too long (400), or the picture is no longer in the project (409).
        OutputError: The disk refuses.
    """
    text = text.strip()
    if len(text) > LONGEST:
        raise Refusal(400, f"A note has at most {LONGEST} letters.", "Shorten it.", "too-long")
    if project == TERMINAL:
        line = {"time": round(time.time(), 3), "image": image, "text": text, "doubt": doubt}
        with AppendLog(run / FILE) as log:
            log.append(json.dumps(line, ensure_ascii=False))
        return
    home = studio.project(project)
    item = home.item_of(image)
    if item is None:
        raise Refusal(409, "This picture is no longer in the project.", "", "gone")
    if text != item.note:
        home.change({"op": "note", "item": item.id, "text": text})
    if doubt != item.doubt:
        home.change({"op": "doubt", "item": item.id, "doubt": doubt})
