"""The checklists are whole, in their order, and each item is answered or asked for."""

import pytest

from paper.paper_run import add_external
from wetread.paper.checklist import AUTHOR, BEGUN, FILLED, NAMES, fill, read_checklist, say_counts
from wetread.paper.facts import read_facts
from wetread.paper.manuscript import write_manuscript
from wetread.paper.passage import Passage
from wetread.paper.references import KNOWN


@pytest.mark.parametrize(
    ("name", "rows", "items"), [("claim-2024", 44, 44), ("tripod-ai", 52, 27), ("stard-ai", 48, 40)]
)
def test_every_item_once_and_in_order(name, rows, items):
    checklist = read_checklist(name)
    numbers = [item.number for item in checklist.items]
    assert len(numbers) == len(set(numbers)) == rows
    plain = [int("".join(letter for letter in number if letter.isdigit())) for number in numbers]
    assert plain == sorted(plain)
    assert set(plain) == set(range(1, items + 1))
    assert checklist.cite in KNOWN
    assert "our own words" in checklist.checked
    assert all(item.run or item.add for item in checklist.items)


@pytest.mark.parametrize("name", NAMES)
def test_every_passage_that_is_named_can_be_written(name):
    """A slip in a key would silently hand an item to the author."""
    import ast
    from pathlib import Path

    import wetread.paper

    written = set()
    for path in Path(wetread.paper.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Passage":
                written.add(getattr(node.args[0], "value", ""))
    assert {key for item in read_checklist(name).items for key in item.run} <= written


def test_states():
    checklist = read_checklist("claim-2024")
    told = [
        Passage("preprocessing", "Methods, Images", "Nothing was done."),
        Passage("ladder", "Methods, Model", "[AUTHOR: x]"),
    ]
    answers = {answer.item.number: answer for answer in fill(checklist, told)}
    assert answers["9"].state == FILLED
    assert (answers["9"].text, answers["9"].places, answers["9"].wanted) == (
        "Nothing was done.",
        ("Methods, Images",),
        "",
    )
    assert answers["1"].state == AUTHOR  # a passage of nothing but a gap answers nothing
    assert answers["20"].state == AUTHOR
    assert answers["20"].wanted  # nothing to add, but nothing was said either
    assert answers["44"].wanted.startswith("sources of funding")


def test_counts_add_up(facts):
    for answers in write_manuscript(facts).checklists.values():
        states = [answer.state for answer in answers]
        said = say_counts(answers)
        assert said.startswith(f"{states.count(FILLED)} of {len(states)} ")
        assert f"{states.count(BEGUN)} begun" in said
        assert f"{states.count(AUTHOR)} need" in said
        assert states.count(FILLED) >= 9
    assert say_counts(write_manuscript(facts).checklists["claim-2024"]).split(" filled")[0].endswith("44 items")


def test_an_external_test_fills_its_items(folder):
    def state(number):
        answers = write_manuscript(read_facts(folder)).checklists["claim-2024"]
        return next(answer.state for answer in answers if answer.item.number == number)

    assert state("33") == AUTHOR
    add_external(folder)
    assert state("33") == BEGUN
