"""The list of lessons, and what a text must begin with."""

import pytest

from wetread.errors import InputError
from wetread.lessons.catalogue import find_lesson, list_lessons, read_header, split_cells

HEADER = """# ---
# title: Small things
# minutes: 20
# machine_minutes: 0.5
# goals:
# - count to one
# - count to two
# - stop
# needs: [1, 3]
# roots: https://example.org
# where_it_stopped: nobody counted
# our_step_further: we count
# ---
"""
BODY = """
# %% [markdown]
# # 4. Small things
#
# A line with `code`,
#   indented.

# %% tags=["parameters", "first"]
SMALL = True

# %%
one = 1
# a remark, no prose

two = 2
"""


@pytest.fixture
def texts(tmp_path):
    for name in ("lesson_10_last.py", "lesson_04_small_things.py"):
        (tmp_path / name).write_text(HEADER + BODY, encoding="utf-8")
    for name in ("notes.py", "lesson_5_one_digit.py", "lesson_06_text.txt"):
        (tmp_path / name).write_text("nothing", encoding="utf-8")
    return tmp_path


def test_lessons_come_in_the_order_of_their_numbers(texts):
    assert [lesson.number for lesson in list_lessons(texts)] == [4, 10]


def test_a_header_says_what_a_lesson_is(texts):
    lesson = find_lesson(4, texts)
    assert lesson.path == texts / "lesson_04_small_things.py"
    assert (lesson.title, lesson.minutes, lesson.machine_minutes) == ("Small things", 20, 0.5)
    assert lesson.goals == ("count to one", "count to two", "stop")
    assert lesson.needs == (1, 3)
    assert (lesson.where_it_stopped, lesson.our_step_further) == ("nobody counted", "we count")


def test_a_lesson_that_is_not_there_is_no_fault_of_ours(texts):
    with pytest.raises(InputError, match=r"There is no lesson 7.*wetread learn") as refused:
        find_lesson(7, texts)
    assert refused.value.code == "no-lesson"


@pytest.mark.parametrize("text", ["", "print(1)\n", "# ---\n# title: x\n", "# ---\n# - a\n# ---\n"])
def test_a_text_without_a_header_is_refused(text):
    with pytest.raises(ValueError, match="header"):
        read_header(text)


def test_cells_are_divided_at_their_marks():
    prose, switches, code = split_cells(HEADER + BODY)
    assert (prose.markdown, prose.tags) == (True, ())
    assert prose.source == "# 4. Small things\n\nA line with `code`,\n  indented."
    assert (switches.markdown, switches.tags, switches.source) == (False, ("parameters", "first"), "SMALL = True")
    assert code.source == "one = 1\n# a remark, no prose\n\ntwo = 2"
