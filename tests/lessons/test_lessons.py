"""Every lesson is whole, well-formed and runs, shrunken, in a process of its own without a network."""

import ast
import os
import re
import resource
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from wetread.lessons.catalogue import Lesson, list_lessons, read_header, split_cells

HERE = Path(__file__).parent
LESSONS = list_lessons()
NUMBERS = {lesson.number for lesson in LESSONS}
#: Lines of a code cell that still fit on a projected page.
LONGEST_CELL = 40
#: Seconds of processor time that a shrunken lesson may take, and of patience on a busy machine.
LIMIT, PATIENCE = 60, 900
#: The same in starts of Python: a slow machine takes longer for both. The longest lesson takes about 1,700.
BARE_STARTS = 4200
#: What a lesson may import besides the standard library: what its reader has installed, or can see why not.
KNOWN = {
    "wetread", "numpy", "scipy", "pandas", "matplotlib", "sklearn", "PIL", "pydicom", "torch", "timm", "torchvision",
    "ipywidgets", "IPython", "yaml",
}  # fmt: skip

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.stem)


def text_of(lesson: Lesson) -> str:
    return lesson.path.read_text(encoding="utf-8")


def spent_by_children():
    """Seconds of processor time of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare_start():
    """Seconds of processor time that Python needs to start, at least."""
    spent = []
    for _ in range(5):
        before = spent_by_children()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        spent.append(spent_by_children() - before)
    return min(spent)


def run_shrunken(path, folder, seconds=PATIENCE):
    """Runs a text as a script with everything it writes below `folder`; what came of it, None where time was up."""
    folder.mkdir(exist_ok=True)
    settings = {
        "WETREAD_SMALL": "1",
        "MPLBACKEND": "Agg",
        "PYTHONPATH": str(HERE / "guard"),
        "TMPDIR": str(folder),
        "WETREAD_CACHE": str(folder / "cache"),
        "WETREAD_WEIGHTS": str(folder / "weights"),
    }
    left_out = ("WETREAD_LESSON_DATA", "WETREAD_EVENTS", "PYTHONWARNINGS")
    environment = {name: value for name, value in os.environ.items() if name not in left_out} | settings
    command = [sys.executable, str(HERE / "run_text.py"), str(path)]
    try:
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return None


def test_there_are_lessons_with_numbers_from_one():
    assert sorted(NUMBERS) == [lesson.number for lesson in LESSONS]
    assert 1 in NUMBERS


@every_lesson
def test_the_header_is_complete(lesson):
    assert lesson.title
    assert 15 <= lesson.minutes <= 180
    assert 0 < lesson.machine_minutes <= 15
    assert 3 <= len(lesson.goals) <= 5
    assert all(goal == goal.strip() and goal for goal in lesson.goals)
    assert all(0 < number < lesson.number for number in lesson.needs)
    assert "http" in lesson.roots
    assert len(lesson.where_it_stopped) > 20
    assert len(lesson.our_step_further) > 20
    assert set(read_header(text_of(lesson))) == set(Lesson.__dataclass_fields__) - {"number", "path"}


@every_lesson
def test_the_cells_are_well_formed(lesson):
    cells = split_cells(text_of(lesson))
    code = [cell for cell in cells if not cell.markdown]
    assert cells[0].markdown
    assert cells[0].source.startswith(f"# {lesson.number}. {lesson.title}")
    assert code[0].tags == ("parameters",)
    assert "SMALL = " in code[0].source
    assert "DATA = " in code[0].source
    assert max(len(cell.source.splitlines()) for cell in code) <= LONGEST_CELL
    assert all(cell.source.strip() for cell in cells)
    words = sum(len(re.findall(r"\w+", cell.source)) for cell in cells if cell.markdown)
    assert words > sum(len(re.findall(r"[A-Za-z]\w*", cell.source)) for cell in code), "more words than code"


@every_lesson
def test_nothing_is_hidden(lesson):
    """No outputs, no magic commands, no hidden cells, no module that a student cannot see."""
    text = text_of(lesson)
    assert not re.search(r"^# (\+|!|%[a-z])|^[%!]|hide[-_]|remove[-_](cell|input|output)", text, re.M)
    assert "data:image" not in text
    assert "to_jshtml" not in text, "its buttons are fetched from a server; store a GIF and show that"
    imported = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(node.module.split(".")[0])
    assert imported <= KNOWN | sys.stdlib_module_names


@every_lesson
def test_it_speaks_of_what_was_before(lesson):
    missing = [wish for wish in ("What do you expect?", "Exercises", "What to take along", "Sources")
               if wish.lower() not in text_of(lesson).lower()]  # fmt: skip
    assert not missing


@every_lesson
@pytest.mark.skipif(not all(map(find_spec, ("matplotlib", "pandas"))), reason="the lessons need matplotlib and pandas")
def test_it_runs_shrunken_and_offline(lesson, tmp_path):
    before = spent_by_children()
    done = run_shrunken(lesson.path, tmp_path / "run")
    spent = spent_by_children() - before
    assert done is not None, f"not done within {PATIENCE} s"
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert spent < LIMIT or spent < BARE_STARTS * bare_start()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import socket; socket.socket().connect(('192.0.2.1', 80))", "connects to 192.0.2.1"),
        ("import socket; socket.getaddrinfo('example.org', 80)", "looks up example.org"),
        ("import warnings; warnings.warn('doubtful')", "doubtful"),
        (
            "import subprocess, sys; subprocess.run([sys.executable, '-c', "
            "'import socket; socket.getaddrinfo(\"example.org\", 80)'], check=True)",
            "looks up example.org",
        ),
    ],
)
def test_the_guard_would_notice(line, told, tmp_path):
    text = tmp_path / "text.py"
    text.write_text(line + "\n", encoding="utf-8")
    done = run_shrunken(text, tmp_path / "run")
    assert done.returncode != 0
    assert told in done.stderr


def test_a_text_that_never_ends_is_noticed(tmp_path):
    text = tmp_path / "text.py"
    text.write_text("import time; time.sleep(3600)\n", encoding="utf-8")
    assert run_shrunken(text, tmp_path / "run", seconds=1) is None
