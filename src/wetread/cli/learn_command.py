"""`wetread learn`: the lessons."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wetread.cli.options import Json
from wetread.cli.output import say

if TYPE_CHECKING:
    from wetread.lessons.catalogue import Lesson


def learn(
    number: Annotated[
        int | None,
        typer.Argument(metavar="[NUMBER]", help="The lesson to take; none: list them.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Where your copy goes: wetread-lessons.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    no_open: Annotated[bool, typer.Option("--no-open", help="Only make the copy.")] = False,
    as_json: Json = False,
) -> None:
    """Lessons: list them, or take one as a notebook of your own and open it in JupyterLab."""
    from wetread.lessons.catalogue import find_lesson, list_lessons
    from wetread.lessons.hand_out import hand_out, open_lesson, say_how

    if number is None:
        lessons = list_lessons()
        say({"lessons": [_facts(lesson) for lesson in lessons]} if as_json else _listing(lessons), as_json)
        return
    path = hand_out(number, out)
    if as_json:
        say(_facts(find_lesson(number)) | {"file": str(path)}, True)
        return
    say(path, False)
    if not no_open and not open_lesson(path):
        typer.echo(say_how(path), err=True)


def _listing(lessons: "tuple[Lesson, ...]") -> str:
    lines = ["Lessons. Take one with `wetread learn NUMBER`; minutes are yours, not the machine's.", ""]
    for lesson in lessons:
        *first, last = map(str, lesson.needs or ("",))
        before = " and ".join(filter(None, (", ".join(first), last)))
        after = f", after {before}" if before else ""
        lines.append(f"{lesson.number:2}  {lesson.title}  ({lesson.minutes} minutes{after})")
        lines += [f"      - {goal}" for goal in lesson.goals]
    return "\n".join(lines)


def _facts(lesson: "Lesson") -> dict[str, Any]:
    return {
        "number": lesson.number,
        "title": lesson.title,
        "minutes": lesson.minutes,
        "machine_minutes": lesson.machine_minutes,
        "goals": list(lesson.goals),
        "needs": list(lesson.needs),
    }
