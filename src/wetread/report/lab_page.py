"""lab.json -> lab.html: the question, what was done, what came out, what to see in it and what not to conclude."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from wetread.outcome import DISCLAIMER
from wetread.report.charts import SERIES, Chart, Series, interval_bar
from wetread.report.page import page_environment
from wetread.run_folder import RunFolder


def write_lab_page(folder: RunFolder) -> Path:
    """Writes lab.html beside lab.json.

    Args:
        folder: Holds lab.json.

    Raises:
        InputError: lab.json is missing or damaged.
        OutputError: The page cannot be written.
    """
    page = (
        page_environment()
        .get_template("lab.html.j2")
        .render(
            lab=folder.read_json("lab.json"),
            drawn_chart=lambda part: Markup(draw_part(part).svg()),  # noqa: S704
            bar=lambda *values, **options: Markup(interval_bar(*values, **options)),  # noqa: S704
            disclaimer=DISCLAIMER,
        )
    )
    return folder.write_text("lab.html", page)


def draw_part(part: dict[str, Any]) -> Chart:
    """The chart of a part.

    Args:
        part: As `wetread.labs.parts.chart` makes it.
    """
    (left, right), (bottom, top) = part["x_range"], part["y_range"]
    across, up = part["labels"]
    chart = Chart(across, up, (left, right), (bottom, top), part["title"])
    if part["guide"] is not None:
        chart.guide((left, part["guide"]), (right, part["guide"]))
    for number, line in enumerate(part["lines"], start=1):
        chart.line(Series(line["name"], [(x, y) for x, y in line["points"]], number, number > SERIES))
        for x, y in line["points"] if len(line["points"]) <= 6 else ():
            chart.dot(x, y, number, 3.5, f"{line['name']}: {y:.2f}")
    several = bool(part["lines"])
    for at, one in enumerate(part["intervals"], start=1):
        number = 5 if several and one["name"] in ("forecast", "measured") else 1 if several else at
        chart.bar(one["x"], one["low"], one["high"], number)
        told = f"{one['name']}: {one['value']:.2f} ({one['low']:.2f} to {one['high']:.2f})"
        chart.dot(one["x"], one["value"], number, title=told)
    return chart
