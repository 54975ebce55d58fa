"""A lesson as a file of one's own, and JupyterLab with it, if that is installed.

Nothing of this fetches anything: JupyterLab is told to look for no news, updates or extensions.
"""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wetread.errors import InputError
from wetread.lessons.catalogue import TEXTS, Lesson, find_lesson, split_cells
from wetread.writing import atomic_write

#: Where lessons go unless somebody says otherwise.
FOLDER = Path("wetread-lessons")
#: JupyterLab asks servers for updates, news and extensions by default; a lesson is offline.
QUIET_JUPYTER = (
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
)


def hand_out(number: int, folder: Path | None = None, *, texts: Path = TEXTS) -> Path:
    """Copies a lesson: as a notebook where jupytext is installed, as a Python text otherwise.

    Args:
        number: From 1.
        folder: Where it goes; by default ``wetread-lessons`` here.
        texts: Where the lessons lie.

    Returns:
        The copy. One that is there already is left as it is: somebody may have worked in it.

    Raises:
        InputError: There is no such lesson.
        OutputError: The folder cannot be written.
    """
    lesson = find_lesson(number, texts)
    folder = FOLDER if folder is None else folder
    if folder.is_file():
        raise InputError(f"{folder} is a file.", remedy="Choose a folder.", file=folder, code="not-a-folder")
    as_notebook = find_spec("jupytext") is not None
    path = folder / lesson.path.with_suffix(".ipynb" if as_notebook else ".py").name
    if path.exists():
        return path
    return atomic_write(path, notebook(lesson) if as_notebook else lesson.path.read_text(encoding="utf-8"))


def notebook(lesson: Lesson) -> str:
    """A lesson as the JSON of a notebook without outputs; the same text gives the same bytes. Needs jupytext."""
    jupytext: Any = import_module("jupytext")
    nbformat: Any = import_module("nbformat")
    text = lesson.path.read_text(encoding="utf-8")
    made = jupytext.reads(text[text.index("\n# %%") + 1 :], fmt="py:percent")
    for place, cell in enumerate(made.cells):
        cell["id"] = f"lesson-{lesson.number:02d}-{place:03d}"
    made.metadata = nbformat.from_dict(
        {
            "title": f"{lesson.number}. {lesson.title}",
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    if len(made.cells) != len(split_cells(text)):
        raise ValueError(f"{lesson.path.name} is not in the py:percent form")
    return str(nbformat.writes(made, version=4)) + "\n"


def jupyter_command(path: Path) -> list[str] | None:
    """The command that opens a notebook in JupyterLab, or None where it is not installed or the file is no notebook."""
    if path.suffix != ".ipynb" or find_spec("jupyterlab") is None:
        return None
    return [sys.executable, "-m", "jupyterlab", *QUIET_JUPYTER, str(path)]


def open_lesson(path: Path) -> bool:
    """Opens a copy in JupyterLab and waits until that is closed; returns whether there is one."""
    command = jupyter_command(path)
    if command is None:
        return False
    subprocess.run(command, check=False)  # noqa: S603 - a fixed command
    return True


def say_how(path: Path) -> str:
    """What to do with a copy where no JupyterLab is installed."""
    if path.suffix == ".py":
        return (
            f"{path} is a plain text: run it with `python {path.name}`, or cell by cell in an editor that knows "
            "`# %%`. For notebooks, install wetread with its lessons: pip install 'wetread[lessons]'."
        )
    return (
        f"{path} is a notebook. Open it in any program for notebooks, or install JupyterLab "
        "(pip install 'wetread[lessons]') and repeat the command."
    )
