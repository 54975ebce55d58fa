"""Public sets and phantoms as tables for a terminal, and as records for a script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from wetread.errors import InputError

#: How names of larger copies of a set end; both stand in one line.
LARGER = "-224"

if TYPE_CHECKING:
    from wetread.phantoms.catalogue import PhantomSet
    from wetread.public_sets.public_set import PublicSet


def overview(public: Sequence[PublicSet], phantoms: Sequence[PhantomSet]) -> RenderableType:
    """Two lines per set: its figures, then what it is."""
    larger = {one.name: one for one in public if one.name.endswith(LARGER)}
    # Written by hand: a table of rich would make the first column as wide as the longest title.
    lines: list[RenderableType] = [Text(_line("public sets", "images", "patients", "size", "traps", "licence"), "dim")]
    for one in public:
        if one.name in larger:
            continue
        other = larger.get(one.name + LARGER)
        name = f"{one.name}, {LARGER}" if other else one.name
        size = f"{one.size.removeprefix('about ')}, {other.size.removeprefix('about ')}" if other else one.size
        patients = "?" if one.patients is None else f"{one.patients:,}"
        traps = str(len(one.traps) or "")
        figures = _line(name, f"{one.images:,}", patients, size, traps, _shorten(one.licence))
        lines.append(Text(figures, no_wrap=True, overflow="ellipsis"))
        lines.append(Text(f"  {one.title}", style="dim"))
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    made.add_column("phantoms", no_wrap=True)
    made.add_column("classes and knobs", overflow="fold")
    for phantom in phantoms:
        made.add_row(phantom.name, ", ".join(phantom.classes))
        knobs = " ".join(f"--{knob.name.replace('_', '-')}" for knob in phantom.knobs)
        made.add_row("", Text(f"{phantom.title}. {knobs}".strip(), style="dim"))
    more = Text("wetread data list NAME, or --long: licence, citation, traps and knobs.", style="dim")
    return Group(*lines, "", made, "", more)


def _line(name: str, images: str, patients: str, size: str, traps: str, licence: str) -> str:
    return f"{name:<22}{images:>9}{patients:>10}{size:>17}{traps:>7}  {licence}"


def _shorten(licence: str) -> str:
    """The name of a licence without what it allows."""
    short = licence.split(":", 1)[0].split(";", 1)[0].split(",", 1)[0]
    return short if len(short) <= 28 else f"{short[:27]}…"


def details(public: Sequence[PublicSet], phantoms: Sequence[PhantomSet], names: Sequence[str]) -> RenderableType:
    """All that is known of some sets.

    Raises:
        InputError: There is no set of that name.
    """
    known: dict[str, PublicSet | PhantomSet] = {one.name: one for one in public}
    known |= {one.name: one for one in phantoms}
    parts: list[RenderableType] = []
    for name in names:
        if name not in known:
            raise InputError(f"There is no set {name}.", remedy="`wetread data list` names them all.", code="no-set")
        one = known[name]
        facts = _phantom_facts(one) if hasattr(one, "knobs") else _public_facts(one)
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for label, text in facts:
            table.add_row(label, text)
        parts += [Text(name, style="bold"), Padding(table, (0, 0, 1, 2))]
    return Group(*parts)


def as_records(public: Sequence[PublicSet], phantoms: Sequence[PhantomSet]) -> dict[str, Any]:
    """The same for a script."""
    return {
        "public": [one.as_dict() for one in public],
        "phantoms": [
            {
                "name": one.name,
                "title": one.title,
                "task": one.task,
                "classes": list(one.classes),
                "knobs": [
                    {
                        "name": knob.name,
                        "default": knob.default,
                        "low": knob.low,
                        "high": knob.high,
                        "meaning": knob.meaning,
                    }
                    for knob in one.knobs
                ],
            }
            for one in phantoms
        ],
    }


def _public_facts(one: Any) -> list[tuple[str, str]]:
    return [
        ("title", one.title),
        ("task", one.task),
        ("classes", ", ".join(one.classes)),
        ("images", f"{one.images:,} of {'unknown' if one.patients is None else f'{one.patients:,}'} patients"),
        ("size", one.size),
        ("licence", one.licence),
        ("cite", one.citation),
        ("read", one.homepage),
        *(("beware", trap) for trap in one.traps),
        ("fetch", f"wetread data get {one.name}"),
        ("run", one.command(Path(one.name))),
    ]


def _phantom_facts(one: Any) -> list[tuple[str, str]]:
    knobs = [
        (
            f"--{knob.name.replace('_', '-')}",
            f"{knob.low:g} to {knob.high:g}, default {knob.default:g}: {knob.meaning}",
        )
        for knob in one.knobs
    ]
    return [
        ("title", one.title),
        ("task", one.task),
        ("classes", ", ".join(one.classes)),
        ("images", f"{one.images} of {one.patients} patients, if not told otherwise"),
        *knobs,
        ("make", f"wetread data make {one.name} --out FOLDER"),
    ]
