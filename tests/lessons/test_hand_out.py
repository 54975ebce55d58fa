"""`wetread learn`: the list, a copy of one's own, JupyterLab where it is installed."""

import json
import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest
from cli.command import call

from wetread.lessons import catalogue
from wetread.lessons import hand_out as room
from wetread.lessons.catalogue import list_lessons, split_cells

LESSON = list_lessons()[0]
needs_jupytext = pytest.mark.skipif(find_spec("jupytext") is None, reason="notebooks need jupytext")


@pytest.fixture
def installed(monkeypatch):
    """Says which packages there are, whatever there is."""

    def tell(*names):
        monkeypatch.setattr(room, "find_spec", lambda name: object() if name in names else None)

    return tell


def test_the_list_names_every_lesson_with_minutes_and_goals():
    ending = call("learn")
    assert (ending.code, ending.err) == (0, "")
    for lesson in list_lessons():
        assert f"{lesson.number:2}  {lesson.title}  ({lesson.minutes} minutes" in ending.out
        assert all(f"- {goal}\n" in ending.out for goal in lesson.goals)


@pytest.mark.parametrize(
    ("needs", "told"),
    [((), "(60 minutes)"), ((1,), "(60 minutes, after 1)"), ((1, 2, 3), "(60 minutes, after 1, 2 and 3)")],
)
def test_the_list_says_what_comes_first(needs, told, monkeypatch):
    monkeypatch.setattr(catalogue, "list_lessons", lambda: (replace(LESSON, needs=needs, minutes=60),))
    assert f"{LESSON.title}  {told}\n" in call("learn").out


def test_the_list_is_also_there_for_programs():
    found = call("learn", "--json").json["lessons"]
    assert [one["number"] for one in found] == [lesson.number for lesson in list_lessons()]
    assert found[0]["goals"] == list(LESSON.goals)


def test_without_jupytext_the_text_itself_is_handed_out(tmp_path, installed):
    installed()
    ending = call("learn", 1, "--out", tmp_path / "mine")
    copy = tmp_path / "mine" / LESSON.path.name
    assert (ending.code, ending.out.strip()) == (0, str(copy))
    assert copy.read_bytes() == LESSON.path.read_bytes()
    assert f"python {copy.name}" in ending.err
    assert "wetread[lessons]" in ending.err


@needs_jupytext
def test_a_copy_is_a_notebook_without_outputs(tmp_path):
    ending = call("learn", 1, "--out", tmp_path, "--json")
    copy = tmp_path / f"{LESSON.path.stem}.ipynb"
    assert ending.json["file"] == str(copy)
    made = json.loads(copy.read_text(encoding="utf-8"))
    cells = split_cells(LESSON.path.read_text(encoding="utf-8"))
    assert [cell["cell_type"] == "markdown" for cell in made["cells"]] == [cell.markdown for cell in cells]
    assert ["".join(cell["source"]) for cell in made["cells"]] == [cell.source for cell in cells]
    assert all(not cell["outputs"] for cell in made["cells"] if cell["cell_type"] == "code")
    assert made["cells"][cells.index(next(cell for cell in cells if cell.tags))]["metadata"]["tags"] == ["parameters"]
    assert made["metadata"]["kernelspec"]["name"] == "python3"
    assert len({cell["id"] for cell in made["cells"]}) == len(cells)


@needs_jupytext
def test_the_same_lesson_is_the_same_notebook():
    assert room.notebook(LESSON) == room.notebook(LESSON)


def test_what_somebody_wrote_is_never_overwritten(tmp_path):
    copy = room.hand_out(1, tmp_path)
    copy.write_text("my own", encoding="utf-8")
    assert room.hand_out(1, tmp_path) == copy
    assert copy.read_text(encoding="utf-8") == "my own"


def test_without_a_folder_it_goes_to_one_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert room.hand_out(1).resolve().parent == tmp_path / "wetread-lessons"


def test_jupyterlab_is_opened_offline_and_awaited(tmp_path, installed, monkeypatch):
    installed("jupytext", "jupyterlab")
    asked = []
    monkeypatch.setattr(room, "notebook", lambda lesson: "{}")
    monkeypatch.setattr(room.subprocess, "run", lambda command, **options: asked.append(command))
    ending = call("learn", 1, "--out", tmp_path)
    assert (ending.code, ending.err) == (0, "")
    (command,) = asked
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert command[-1] == str(tmp_path / f"{LESSON.path.stem}.ipynb")
    assert "--LabApp.news_url=None" in command
    call("learn", 1, "--out", tmp_path, "--no-open")
    call("learn", 1, "--out", tmp_path, "--json")
    assert len(asked) == 1


def test_without_jupyterlab_one_is_told_how(tmp_path, installed, monkeypatch):
    installed("jupytext")
    monkeypatch.setattr(room, "notebook", lambda lesson: "{}")
    assert "install JupyterLab" in call("learn", 1, "--out", tmp_path).err


def test_a_wrong_number_and_a_wrong_place_have_a_way_out(tmp_path):
    assert "no lesson 99" in call("learn", 99, "--out", tmp_path).message()
    place = tmp_path / "file"
    place.write_text("x", encoding="utf-8")
    assert "is a file" in call("learn", 1, "--out", place).message()
