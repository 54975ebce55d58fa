"""The parts of a lab's page, as lab.json holds them. A cell is text, a number, or a number with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wetread.metrics.interval import Interval
from wetread.outcome import say_share

#: One part of a page.
Part = dict[str, Any]


def as_cell(one: Interval | Mapping[str, Any] | None) -> dict[str, float] | None:
    """Value and bounds of an interval, rounded to six decimals; None as it is."""
    if one is None:
        return None
    found = one.as_dict() if isinstance(one, Interval) else dict(one)
    return {name: round(float(found[name]), 6) for name in ("value", "low", "high")}


def table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    about: str = "",
    drawn: Sequence[int] = (),
    scale: tuple[float, float] = (0.0, 1.0),
    chance: float | None = None,
) -> Part:
    """A table.

    Args:
        title: Above it.
        columns: Their names.
        rows: Cells: text, number, None, or what `as_cell` gives.
        about: A sentence below the title.
        drawn: Numbers of the columns whose intervals are also drawn.
        scale: Of that drawing.
        chance: Where a line of reference is drawn.
    """
    return {
        "kind": "table",
        "title": title,
        "about": about,
        "columns": list(columns),
        "rows": [list(row) for row in rows],
        "drawn": list(drawn),
        "scale": list(scale),
        "chance": chance,
    }


def matrices(title: str, shown: Sequence[Part], about: str = "") -> Part:
    """Confusion matrices side by side; each comes from `one_matrix`."""
    return {"kind": "matrices", "title": title, "about": about, "shown": list(shown)}


def one_matrix(
    title: str, classes: Sequence[str], counts: Sequence[Sequence[int]], rates: Mapping[str, Interval | None], note: str
) -> Part:
    """One confusion matrix, rows the truth, with its rates and their intervals.

    Args:
        title: Whose it is.
        classes: Names of rows and columns.
        counts: Images, ``truth called``.
        rates: Name -> share with interval; None where there is nothing to count.
        note: How it came about.
    """
    return {
        "title": title,
        "classes": list(classes),
        "counts": [list(map(int, row)) for row in counts],
        "rates": [[name, as_cell(one)] for name, one in rates.items()],
        "note": note,
    }


def chart(
    title: str,
    x_label: str,
    y_label: str,
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    *,
    lines: Sequence[tuple[str, Sequence[tuple[float, float]]]] = (),
    intervals: Sequence[tuple[float, Mapping[str, float], str]] = (),
    guide: float | None = None,
    about: str = "",
) -> Part:
    """A chart.

    Args:
        title: The point of it.
        x_label: With its unit.
        y_label: With its unit.
        x_range: Ends of the axis.
        y_range: Ends of the axis.
        lines: (name, points) of each line.
        intervals: (x, cell, name) of single values with their bounds.
        guide: Height of a horizontal line of reference.
        about: What it shows, below it.
    """
    return {
        "kind": "chart",
        "title": title,
        "labels": [x_label, y_label],
        "x_range": list(x_range),
        "y_range": list(y_range),
        "lines": [{"name": name, "points": [[round(x, 6), round(y, 6)] for x, y in points]} for name, points in lines],
        "intervals": [{"x": x, **cell, "name": name} for x, cell, name in intervals],
        "guide": guide,
        "about": about,
    }


def say(one: Interval | Mapping[str, Any] | None) -> str:
    """``0.80 (0.71 to 0.87)``; ``not defined`` for None."""
    cell = as_cell(one)
    if cell is None:
        return "not defined"
    return f"{say_share(cell['value'])} ({say_share(cell['low'])} to {say_share(cell['high'])})"


def apart(first: Mapping[str, float] | None, second: Mapping[str, float] | None) -> bool:
    """Whether two intervals do not overlap. Where they do, the two may still differ."""
    if first is None or second is None:
        return False
    return bool(first["high"] < second["low"] or second["high"] < first["low"])


def say_apart(first: Mapping[str, float] | None, second: Mapping[str, float] | None) -> str:
    """Whether two intervals overlap, in words."""
    return "the intervals do not overlap" if apart(first, second) else "the intervals overlap"
