"""The trust gate in a terminal: a line for each light, and what to do about those that are not green."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

#: Light -> its sign and colour; signs differ, so that nobody needs the colour.
SIGNS = {"green": ("●", "green"), "amber": ("◐", "yellow"), "red": ("○", "bold red"), "none": ("·", "dim")}


def trust_view(lights: Sequence[dict[str, str]]) -> Group:
    """May the number be believed?

    Args:
        lights: Of trust.json.
    """
    green = sum(one["light"] == "green" for one in lights)
    head = Text.assemble(("May it be believed?  ", "bold"), (f"{green} of {len(lights)} lights are green", "dim"))
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(style="dim", overflow="fold")
    for one in lights:
        sign, style = SIGNS[one["light"]]
        table.add_row(Text(f"  {sign}", style=style), one["title"], one["improve"])
    return Group(head, table)
