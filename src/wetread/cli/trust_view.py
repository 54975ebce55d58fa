"""The trust gate in a terminal: a line for each light, and what to do about those that are not green."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

#: Light -> its sign and colour; signs differ, so that nobody needs the colour.
SIGNS = {"green": ("●", "green"), "amber": ("◐", "yellow"), "red": ("○", "bold red"), "none": ("·", "dim")}


#: How an advice begins that is a command to be pasted.
_COMMAND = "wetread "
#: Columns of a row of `trust_view` beside the title and the advice: the sign, indented, and three gaps.
_BESIDE = 6


def trust_view(lights: Sequence[dict[str, str]], width: int | None = None) -> Group:
    """May the number be believed?

    Args:
        lights: Of trust.json.
        width: In columns; commands that do not fit are not broken, but said to stand below. None: all are shown.
    """
    below = {} if width is None else too_long(lights, width)
    green = sum(one["light"] == "green" for one in lights)
    head = Text.assemble(("May it be believed?  ", "bold"), (f"{green} of {len(lights)} lights are green", "dim"))
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for one in lights:
        sign, style = SIGNS[one["light"]]
        advice = "the command below this box" if one["improve"] in below else one["improve"]
        table.add_row(Text(f"  {sign}", style=style), one["title"], advice)
    return Group(head, table)


def too_long(lights: Sequence[dict[str, str]], width: int) -> dict[str, list[str]]:
    """The commands that `trust_view` would have to break, each with the titles of its lights.

    Args:
        lights: Of trust.json.
        width: Of the view, in columns.
    """
    left = width - _BESIDE - max((len(one["title"]) for one in lights), default=0)
    found: dict[str, list[str]] = {}
    for one in lights:
        if one["improve"].startswith(_COMMAND) and len(one["improve"]) > left:
            found.setdefault(one["improve"], []).append(one["title"])
    return found
