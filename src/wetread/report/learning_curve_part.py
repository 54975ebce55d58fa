"""The page of `wetread learning-curve`, and what the report of the run shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from wetread.outcome import DISCLAIMER, headline
from wetread.report.charts import Chart, Series
from wetread.report.page import page_environment
from wetread.report.rungs import SHORT
from wetread.run_folder import RunFolder

FILE = "learning_curve.json"
PAGE = "learning_curve.html"

#: What the head looks at, in words.
SEES = {
    "classical": "classical features",
    "frozen": "what a frozen network sees",
    "combined": "classical features and what a frozen network sees",
}

#: Colour of what was not measured.
FORECAST = 5


def write_learning_curve(folder: RunFolder, curve: dict[str, Any], place: RunFolder) -> Path:
    """Writes learning_curve.html.

    Args:
        folder: Of the run.
        curve: Of learning_curve.json.
        place: Where the page goes.

    Returns:
        Its path.

    Raises:
        InputError: A file of the run is missing or damaged.
        OutputError: The page cannot be written.
    """
    numbers = folder.read_json("numbers.json")
    page = (
        page_environment()
        .get_template("learning_curve.html.j2")
        .render(
            run=folder.read_json("run.json"),
            headline=headline(numbers),
            shipped=SHORT.get(numbers["shipped"], numbers["shipped"]),
            curve=_with_chart(curve),
            disclaimer=DISCLAIMER,
        )
    )
    return place.write_text(PAGE, page)


def read_learning_curve(folder: RunFolder) -> dict[str, Any]:
    """What the report of the run shows; empty where no curve was made."""
    if not (folder.path / FILE).is_file():
        return {}
    return _with_chart(folder.read_json(FILE))


def _with_chart(curve: dict[str, Any]) -> dict[str, Any]:
    drawn = Markup(curve_chart(curve).svg()) if curve.get("points") else ""  # noqa: S704 - escaped in charts.py
    return {**curve, "chart": drawn, "looks_at": SEES[curve["sees"]]}


class CurveChart(Chart):
    """A wide chart with a word at a guide."""

    width, height = 520, 330

    def note(self, x: float, y: float, text: str) -> CurveChart:
        """Writes a few words of our own to the left of a place."""
        across, up = self.place(x, y)
        self._parts.append(f'<text x="{across - 6:.1f}" y="{up:.1f}" text-anchor="end" class="tick">{text}</text>')
        return self


def curve_chart(curve: dict[str, Any]) -> CurveChart:
    """What was measured, the curve through it with its band, and the forecast, dotted, to twice the cases.

    Args:
        curve: Of learning_curve.json, with points.
    """
    points, now = curve["curve"], curve["groups"]
    lows = [point["low"] for point in points] + [point["draws"][0] for point in curve["points"]]
    bottom = max(0.0, min(0.5, min(lows)) if min(lows) < 0.6 else 0.1 * int(10 * min(lows)))
    about = f"Learning curve: {curve['metric']} against training {curve['unit']}"
    chart = CurveChart(f"{curve['unit']} in the training set", curve["metric"], (0, 2 * now), (bottom, 1.0), about)
    seen = [point for point in points if point["groups"] <= now]
    beyond = [point for point in points if point["groups"] >= now]
    for part, number in ((seen, 1), (beyond, FORECAST)):
        chart.band([(point["groups"], point["low"], point["high"]) for point in part], number)
    chart.guide((now, bottom), (now, 1.0))
    chart.note(now, bottom + 0.02 * (1 - bottom), f"all {now} of this run")
    chart.line(Series("fitted to these refits", [(point["groups"], point["value"]) for point in seen]))
    chart.line(Series("forecast", [(point["groups"], point["value"]) for point in beyond], FORECAST, dashed=True))
    for point in curve["points"]:
        chart.bar(point["groups"], *point["draws"])
        told = f"{point['groups']} {curve['unit']}: {point['value']:.3f}"
        chart.dot(point["groups"], point["value"], title=told)
    return chart
