"""The teacher's pack: it names what there is, its links lead somewhere, its glossary is in order, the site has it."""

import importlib.util
import re
from pathlib import Path

import pytest

from wetread.labs.catalogue import LABS
from wetread.lessons.catalogue import list_lessons

ROOT = Path(__file__).parents[2]
PACK = ROOT / "docs" / "teaching"
PAGES = sorted(PACK.glob("*.md"))
LESSONS = list_lessons()


def page(name):
    return (PACK / f"{name}.md").read_text(encoding="utf-8")


def anchors(text):
    """What headings can be linked to, as GitHub and MyST name them."""
    titles = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def test_the_pack_is_complete():
    named = {"index", "schedule", "goals_and_outputs", "misunderstandings", "exercises", "glossary"}
    assert {path.stem for path in PAGES} == named
    assert all(f"({name}.md)" in page("index") for name in named - {"index"})


def test_the_schedule_lists_each_lesson_as_the_catalogue_does():
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \| (\d+) \|$", page("schedule"), re.M)
    assert rows == [(str(lesson.number), lesson.title, str(lesson.minutes)) for lesson in LESSONS]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: str(lesson.number))
def test_each_lesson_has_expected_outputs_and_a_place_in_both_schedules(lesson):
    assert f"\n## Lesson {lesson.number}: {lesson.title}\n" in page("goals_and_outputs")
    days, weeks = page("schedule").split("\n## Two days\n")[1].split("\n## Six times ninety minutes\n")
    for part in (days, weeks):
        assert re.search(rf"lessons? {lesson.number}\b|lessons? \d+ (and|or) (lesson )?{lesson.number}\b", part)


def test_no_lesson_is_spoken_of_that_does_not_exist():
    numbers = {lesson.number for lesson in LESSONS}
    spoken = {
        int(number) for path in PAGES for number in re.findall(r"\blesson (\d+)", path.read_text(encoding="utf-8"))
    }
    assert spoken <= numbers
    assert spoken == numbers, "and none is forgotten"


def test_the_pack_names_every_lab_and_no_other():
    assert re.findall(r"^\| `([a-z0-9-]+)` \|", page("goals_and_outputs"), re.M) == list(LABS)
    called = {
        name
        for path in PAGES
        for name in re.findall(r"wetread lab ([a-z][a-z0-9-]+)", path.read_text(encoding="utf-8"))
    }
    assert called <= set(LABS)
    for name in LABS:
        assert (
            f"`{name}`" in page("schedule") or f"wetread lab {name}`" in page("schedule") or name == "hemorrhage-2"
        ), name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]+))?\)", path.read_text(encoding="utf-8")):
        there = (path.parent / target).resolve() if target else path
        assert there.is_file(), target
        assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), anchor


@pytest.mark.parametrize("heading", ["For clinicians", "For programmers"])
def test_the_glossary_is_sorted_and_explains_each_term(heading):
    part = page("glossary").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^- \*\*(.+?)\*\*: (.+)\.$", part, re.M)
    terms = [term for term, _ in rows]
    assert len(rows) == part.count("\n- ") >= 30
    assert terms == sorted(set(terms), key=str.lower)
    assert [term for term, words in rows if len(words.split()) < 5] == []


def test_every_exercise_has_a_solution():
    parts = page("exercises").split("\n## ")[1:]
    assert len(parts) >= 8
    assert [part.splitlines()[0] for part in parts if "<details><summary>Solution" not in part] == []
    assert page("exercises").count("<details>") == page("exercises").count("</details>")


def test_commands_that_are_named_exist():
    from typer.main import get_command

    from wetread.cli.app import app

    known = set(get_command(app).commands)
    named = {
        name
        for path in PAGES
        for name in re.findall(r"(?:^|`)wetread ([a-z-]+)", path.read_text(encoding="utf-8"), re.M)
    }
    assert len(named) > 5
    assert named <= known


def test_the_site_includes_the_pack(tmp_path):
    spec = importlib.util.spec_from_file_location("make_site", ROOT / "docs" / "make_site.py")
    site = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(site)
    site.gather(tmp_path / "source", tmp_path / "no-lessons")
    contents = (tmp_path / "source" / "index.md").read_text(encoding="utf-8")
    assert all(f"\ndocs/teaching/{path.stem}\n" in contents for path in PAGES)
    assert all((tmp_path / "source" / path.relative_to(ROOT)).is_file() for path in PAGES)
