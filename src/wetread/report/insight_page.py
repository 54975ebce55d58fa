"""look.html: what is inside a model on one self-contained page, from look.json and the pictures beside it."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from wetread.errors import InputError
from wetread.report.charts import SERIES, Chart
from wetread.report.page import page_environment, say_number
from wetread.run_folder import RunFolder

PAGE = "look.html"
#: Colours of groups, as numbers of the style sheet, far from each other first.
COLOURS = (1, 5, 3, 4, 6, 2)
#: Points of a map; every second, third ... of more.
MOST_POINTS = 2000
RIGHT, WRONG, UNTESTED = "called right", "called wrong", "not tested"


class PointMap(Chart):
    """Points without numbers on the axes: only who lies near whom counts."""

    left, right, top, bottom = 10, 10, 10, 10
    height = 340

    def _axes(self) -> str:
        return (
            f'<rect x="1" y="1" width="{self.width - 2}" height="{self.height - 2}" rx="8" fill="none" '
            'stroke="var(--line)"/>'
        )


class LevelChart(Chart):
    """Bars from a line in the middle, one for each grey level."""

    width, height = 340, 120
    left, right, top, bottom = 8, 8, 6, 6

    def _axes(self) -> str:
        (x0, y0), (x1, _) = self.place(self._x[0], 0.0), self.place(self._x[1], 0.0)
        return f'<line x1="{x0:.1f}" x2="{x1:.1f}" y1="{y0:.1f}" y2="{y0:.1f}" stroke="var(--muted)"/>'

    def column(self, x: float, value: float, number: int) -> LevelChart:
        """Adds a bar from zero."""
        (across, zero), (_, end) = self.place(x, 0.0), self.place(x, value)
        top, high = min(zero, end), abs(zero - end)
        self._parts.append(
            f'<rect x="{across - 3.4:.1f}" y="{top:.1f}" width="6.8" height="{high:.1f}" fill="var(--s{number})"/>'
        )
        return self


def write_insight_page(folder: RunFolder) -> Path:
    """Writes look.html beside look.json.

    Args:
        folder: Where look.json and the folder ``pictures`` lie.

    Returns:
        The path of the page.

    Raises:
        InputError: look.json or a picture is missing or damaged.
        OutputError: The page cannot be written.
    """
    found = folder.read_json("look.json")
    page = (
        page_environment()
        .get_template("insight.html.j2")
        .render(
            found=found,
            picture=lambda name: _address(folder, name),
            number=say_number,
            maps=_maps(found["map"]),
            levels=_level_charts(found["templates"]),
            minutes=_say_time(found["settings"]["seconds"]),
        )
    )
    return folder.write_text(PAGE, page)


def _say_time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _address(folder: RunFolder, name: str) -> Markup:
    path = folder.path / "pictures" / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The picture {name} is missing from {folder.path}.",
            remedy="Repeat wetread look.",
            file=path,
            code="no-pictures",
        ) from error
    return Markup("data:image/png;base64," + base64.b64encode(data).decode("ascii"))  # noqa: S704 - base64 only


def _maps(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    """One row of charts for each way of colouring: label, error, and what divides the images."""
    if found is None:
        return []
    step = -(-len(found["points"]) // MOST_POINTS)
    points = found["points"][::step]
    rows = [_row("Coloured by label", points, [point["label"] or "no label" for point in points])]
    if any(point["predicted"] for point in points):
        rows.append(_row("Coloured by error", points, [_verdict(point) for point in points], (RIGHT, WRONG, UNTESTED)))
    for name in dict.fromkeys(name for point in points for name in point["columns"]):
        rows.append(_row(f"Coloured by {name}", points, [point["columns"].get(name, "not known") for point in points]))
    return rows


def _verdict(point: dict[str, Any]) -> str:
    if not point["predicted"]:
        return UNTESTED
    return RIGHT if point["predicted"] == point["label"] else WRONG


def _row(title: str, points: list[dict[str, Any]], groups: list[str], order: Sequence[str] = ()) -> dict[str, Any]:
    counts = Counter(groups)
    named = [name for name in order if name in counts] if order else [name for name, _ in counts.most_common()]
    # Six colours can be told apart; rarer groups share the last.
    shown = named if len(named) <= SERIES else [*named[: SERIES - 1], "others"]
    # Blue for right would compete with the orange of wrong, so errors stand out from grey.
    colours = (
        dict(zip((RIGHT, WRONG, UNTESTED), (2, 5, 6), strict=True))
        if order
        else dict(zip(shown, COLOURS, strict=False))
    )
    numbers = [colours.get(group, COLOURS[SERIES - 1]) for group in groups]
    legend = [
        (name, colours[name], counts[name] if name != "others" else sum(counts[one] for one in named[SERIES - 1 :]))
        for name in shown
    ]
    ways = [("Principal components", "pca")] + ([("Neighbours (t-SNE)", "tsne")] if points[0]["tsne"] else [])
    charts = [(way, _point_map(title, points, key, groups, numbers)) for way, key in ways]
    return {"title": title, "legend": legend, "charts": charts}


def _point_map(title: str, points: list[dict[str, Any]], key: str, groups: list[str], numbers: list[int]) -> Markup:
    across, up = [point[key][0] for point in points], [point[key][1] for point in points]
    chart = PointMap("", "", (min(across), max(across)), (min(up), max(up)), f"Map of the pictures. {title}")
    radius = 4.0 if len(points) <= 300 else 3.0
    # Rare groups last, so that they lie on top.
    counts = Counter(groups)
    for row in sorted(range(len(points)), key=lambda row: -counts[groups[row]]):
        point = points[row]
        told = f"{point['image']}: {groups[row]}"
        told += f" (label {point['label']}, called {point['predicted']})" if groups[row] == WRONG else ""
        chart.dot(across[row], up[row], numbers[row], radius, told)
    return Markup(chart.svg())  # noqa: S704 - escaped in charts.py


def _level_charts(templates: list[dict[str, Any]]) -> list[Markup]:
    """Weights of the grey levels of each class, on one scale."""
    top = max([abs(value) for one in templates for value in one["levels"]], default=0.0) or 1.0
    charts = []
    for one in templates:
        chart = LevelChart("", "", (-0.5, 31.5), (-top, top), f"Weights of grey levels, {one['class']}")
        for level, value in enumerate(one["levels"]):
            chart.column(level, value, 5 if value > 0 else 1)
        charts.append(Markup(chart.svg()))  # noqa: S704 - numbers, and text escaped in charts.py
    return charts
