"""Weights as a table for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wetread.download.remote_file import say_bytes

if TYPE_CHECKING:
    from wetread.weights.shelf import Shelf


def overview(shelf: Shelf) -> RenderableType:
    """One line per weights, with what they are in a second one."""
    parts: list[RenderableType] = [Text(_line(f"in {shelf.home}", "size", "side", "licence"), "dim")]
    for one in shelf.stored:
        parts.append(_text(_line(one.name, say_bytes(one.size), str(one.side), _shorten(one.licence))))
    if not shelf.stored:
        parts.append(Text("  none yet", style="dim"))
    parts += [Text(f"  {one.name} cannot be used: {one.reason}.", style="yellow") for one in shelf.damaged]
    here = {one.name for one in shelf.stored}
    parts += ["", Text(_line("to get", "size", "side", "licence"), "dim")]
    for known in shelf.known:
        if known.name not in here:
            size = f"{known.megabytes:g} MB"
            parts.append(_text(_line(known.name, size, str(known.side), _shorten(known.licence))))
            parts.append(Text(f"  {known.title}", style="dim"))
    others = ", ".join(one.name for one in shelf.elsewhere)
    parts += ["", Text(f"Not fetched by wetread: {others}. `wetread weights list --long` says why.", style="dim")]
    parts.append(Text("wetread weights get NAME; without internet: wetread weights import FILE.", style="dim"))
    return Group(*parts)


def details(shelf: Shelf) -> RenderableType:
    """All that is known of all weights."""
    parts: list[RenderableType] = []
    for one in shelf.stored:
        facts = [
            ("network", " ".join([one.network, *(f"{key}={value}" for key, value in one.options.items())])),
            ("input", f"{one.side} x {one.side}, {one.channels} channel{'s' if one.channels > 1 else ''}"),
            ("size", f"{say_bytes(one.size)}, sha256 {one.sha256}"),
            ("licence", one.licence),
            ("from", f"{one.source} {one.when}".strip()),
            ("cite", one.cite),
            ("lies in", str(one.path.parent)),
        ]
        parts += _entry(f"{one.name} (here)", facts)
    parts += [Text(f"{one.name} cannot be used: {one.reason}. {one.path}", style="yellow") for one in shelf.damaged]
    here = {one.name for one in shelf.stored}
    for known in shelf.known:
        facts = [
            ("title", known.title),
            ("for", known.purpose),
            ("network", known.network),
            ("size", f"{known.megabytes:g} MB"),
            ("licence", known.licence),
            ("beware", known.restricted),
            ("cite", known.cite),
            ("get", known.how_to_get),
        ]
        parts += [] if known.name in here else _entry(known.name, facts)
    for other in shelf.elsewhere:
        parts += _entry(other.name, [("title", other.title), ("terms", other.terms), ("read", other.page)])
    return Group(*parts)


def _entry(name: str, facts: list[tuple[str, str]]) -> list[RenderableType]:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in facts:
        if text:
            table.add_row(label, Text(text))
    return [Text(name, style="bold"), Padding(table, (0, 0, 1, 2))]


def _text(line: str) -> Text:
    return Text(line, no_wrap=True, overflow="ellipsis")


def _line(name: str, size: str, side: str, licence: str) -> str:
    return f"{name:<36}{size:>9}{side:>7}  {licence}"


def _shorten(licence: str) -> str:
    """The name of a licence without what it allows."""
    short = licence.split(":", 1)[0].split(";", 1)[0].split(",", 1)[0]
    return short if len(short) <= 32 else f"{short[:31]}…"
