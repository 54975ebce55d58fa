"""Decision curves, and calibration before and after, from numbers.json."""

from __future__ import annotations

from typing import Any

from wetread.report.charts import Chart, Series, SmallChart

Points = list[tuple[float, float]]


def decision_chart(curve: dict[str, Any]) -> Chart:
    """Net benefit of the model with its band, of treating everybody, and of treating nobody."""
    bottom, top = _scale(curve)
    about = f"Decision curve of {curve['class']}"
    chart = Chart("probability from which one would act", "net benefit", (0, 1), (bottom, top), about)
    band = [
        (x, min(max(low, bottom), top), min(max(high, bottom), top))
        for x, low, high in zip(curve["thresholds"], curve["low"], curve["high"], strict=True)
        if low is not None
    ]
    chart.band(band).guide((0, 0), (1, 0))
    chart.line(Series("treat everybody", _above(_pairs(curve, "all"), bottom), 5, dashed=True))
    return chart.line(Series("by the model", _above(_pairs(curve, "model"), bottom), 1))


def small_decision_chart(curve: dict[str, Any]) -> Chart:
    """The same as one of many."""
    bottom, top = _scale(curve)
    chart = SmallChart(f"Decision curve of {curve['class']}", (0, 1), (bottom, top)).guide((0, 0), (1, 0))
    chart.line(Series("treat everybody", _above(_pairs(curve, "all"), bottom), 5, dashed=True), legend=False)
    return chart.line(Series("by the model", _above(_pairs(curve, "model"), bottom), 1), legend=False)


def stage_chart(points: list[dict[str, Any]], about: str) -> Chart:
    """What was said against what came true, with intervals."""
    chart = Chart("probability said", "share that came true", (0, 1), (0, 1), about).guide((0, 0), (1, 1))
    return _reliability(chart, points, 4.0)


def small_stage_chart(before: list[dict[str, Any]] | None, after: list[dict[str, Any]], about: str) -> Chart:
    """The same as one of many: after as dots with intervals, before as a dashed line."""
    chart = SmallChart(about).guide((0, 0), (1, 1))
    if before:
        chart.line(Series("before", [(point["said"], point["value"]) for point in before], 5, dashed=True), False)
    return _reliability(chart, after, 3.0)


def _reliability(chart: Chart, points: list[dict[str, Any]], radius: float) -> Chart:
    chart.line(Series("", [(point["said"], point["value"]) for point in points]), legend=False)
    for point in points:
        chart.bar(point["said"], point["low"], point["high"])
        chart.dot(point["said"], point["value"], 1, radius, f"{point['n']} images")
    return chart


def _scale(curve: dict[str, Any]) -> tuple[float, float]:
    """What lies far below zero is nobody's choice; the interesting part would be a thin line."""
    top = max(curve["prevalence"], *(high for high in curve["high"] if high is not None)) * 1.08
    return -0.25 * top, top


def _pairs(curve: dict[str, Any], name: str) -> Points:
    return [(x, y) for x, y in zip(curve["thresholds"], curve[name], strict=True) if y is not None]


def _above(points: Points, bottom: float) -> Points:
    """The line as far as it stays in the chart, with the point where it leaves or enters it."""
    kept: Points = []
    for number, (x, y) in enumerate(points):
        if number and (y < bottom) != (points[number - 1][1] < bottom):
            x0, y0 = points[number - 1]
            kept.append((x0 + (x - x0) * (bottom - y0) / (y - y0), bottom))
        if y >= bottom:
            kept.append((x, y))
    return kept
