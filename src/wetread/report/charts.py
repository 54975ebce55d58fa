"""Numbers -> SVG. Drawn here rather than by a plotting library, so that a chart follows the theme of the page
(light, dark, print) through style-sheet variables, stays sharp, and costs no second of start-up.

All text is escaped; all numbers come from numbers.json and history.csv.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from wetread.outcome import counted, in_words

#: Colours of series, by style-sheet variable; the page defines them for both themes (Okabe & Ito's palette).
SERIES = 6

#: What a figure file needs to look right outside the page.
STANDALONE_STYLE = (
    "svg{background:#fff;color:#1a2230;font:12px system-ui,sans-serif}"
    "svg{--s1:#0a6ebd;--s2:#c2500a;--s3:#0b8a63;--s4:#a8478f;--s5:#2b8fc7;--s6:#9a6a00;--grid:#d9dee6;--muted:#5b6676}"
)


@dataclass(frozen=True)
class Series:
    """A line of a chart.

    Attributes:
        name: For the legend.
        points: (x, y) pairs in [0, 1] or in the units of the axes.
        number: Which colour, from 1.
        dashed: Drawn dashed.
    """

    name: str
    points: Sequence[tuple[float, float]]
    number: int = 1
    dashed: bool = False


class Chart:
    """A square chart with axes; lines, points and bars are added in data units."""

    width, height = 340, 320
    left, right, top, bottom = 46, 12, 12, 42
    most_steps = 5.01

    def __init__(
        self,
        x_label: str,
        y_label: str,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        about: str,
        *,
        whole: bool = False,
    ) -> None:
        """`whole`: the axis to the right counts something, so that its ticks stand at whole numbers."""
        self._x, self._y = x_range, y_range
        self._least_step = 1 if whole else 0
        self._remark = ""
        self._parts: list[str] = []
        self._legend: list[Series] = []
        self._labels = (x_label, y_label)
        self._about = about

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Data units -> pixels."""
        across = (x - self._x[0]) / ((self._x[1] - self._x[0]) or 1)
        up = (y - self._y[0]) / ((self._y[1] - self._y[0]) or 1)
        return (
            self.left + across * (self.width - self.left - self.right),
            self.height - self.bottom - up * (self.height - self.top - self.bottom),
        )

    def line(self, series: Series, legend: bool = True) -> Chart:
        """Adds a line."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*point) for point in series.points))
        dash = ' stroke-dasharray="5 4"' if series.dashed else ""
        colour = f"var(--s{(series.number - 1) % SERIES + 1})"
        self._parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"{dash}/>'
        )
        if legend:
            self._legend.append(series)
        return self

    def faint(self, points: Sequence[tuple[float, float]], number: int = 1) -> Chart:
        """Adds a line in the background: one of many, whose mean is drawn over them."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*point) for point in points))
        colour = f"var(--s{(number - 1) % SERIES + 1})"
        self._parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" opacity=".22"/>')
        return self

    def guide(self, start: tuple[float, float], end: tuple[float, float]) -> Chart:
        """Adds a thin dashed line of reference."""
        (x0, y0), (x1, y1) = self.place(*start), self.place(*end)
        self._parts.append(
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" '
            'stroke="var(--muted)" stroke-dasharray="2 4"/>'
        )
        return self

    def dot(self, x: float, y: float, number: int = 1, radius: float = 4.5, title: str = "") -> Chart:
        """Adds a point."""
        across, up = self.place(x, y)
        colour = f"var(--s{(number - 1) % SERIES + 1})"
        self._parts.append(
            f'<circle cx="{across:.1f}" cy="{up:.1f}" r="{radius}" fill="{colour}" '
            'stroke="var(--paper,#fff)" stroke-width="1.5">'
            f"<title>{escape(title)}</title></circle>"
        )
        return self

    def bar(self, x: float, low: float, high: float, number: int = 1) -> Chart:
        """Adds a vertical interval."""
        (across, bottom), (_, top) = self.place(x, low), self.place(x, high)
        colour = f"var(--s{(number - 1) % SERIES + 1})"
        self._parts.append(
            f'<line x1="{across:.1f}" x2="{across:.1f}" y1="{bottom:.1f}" y2="{top:.1f}" '
            f'stroke="{colour}" stroke-width="1.5" opacity=".75"/>'
        )
        return self

    def band(self, points: Sequence[tuple[float, float, float]], number: int = 1) -> Chart:
        """Adds the area between a lower and an upper line, of (x, low, high)."""
        edge = [(x, low) for x, low, _ in points] + [(x, high) for x, _, high in reversed(points)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*point) for point in edge))
        self._parts.append(f'<polygon points="{path}" fill="var(--s{(number - 1) % SERIES + 1})" opacity=".16"/>')
        return self

    def remark(self, text: str) -> Chart:
        """Adds a remark in the upper right corner."""
        self._remark = text
        return self

    def svg(self, standalone: bool = False) -> str:
        """The chart as text."""
        style = f"<style>{STANDALONE_STYLE}</style>" if standalone else ""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'class="chart" aria-label="{escape(self._about)}">{style}'
        )
        return head + self._axes() + "".join(self._parts) + self._remark_text() + self._legend_text() + "</svg>"

    def _axes(self) -> str:
        parts = []
        for value, text in _ticks(*self._x, self.most_steps, self._least_step):
            x, y = self.place(value, self._y[0])
            _, top = self.place(value, self._y[1])
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{top:.1f}" stroke="var(--grid)"/>')
            parts.append(f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle" class="tick">{text}</text>')
        for value, text in _ticks(*self._y, self.most_steps):
            x, y = self.place(self._x[0], value)
            right, _ = self.place(self._x[1], value)
            parts.append(f'<line x1="{x:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--grid)"/>')
            parts.append(f'<text x="{x - 7:.1f}" y="{y + 4:.1f}" text-anchor="end" class="tick">{text}</text>')
        middle = self.left + (self.width - self.left - self.right) / 2
        upright = self.top + (self.height - self.top - self.bottom) / 2
        x_label, y_label = (escape(label) for label in self._labels)
        centred = 'text-anchor="middle" class="axis"'
        if not x_label:
            return "".join(parts)
        parts.append(f'<text x="{middle}" y="{self.height - 8}" {centred}>{x_label}</text>')
        parts.append(f'<text transform="translate(13 {upright}) rotate(-90)" {centred}>{y_label}</text>')
        return "".join(parts)

    def _remark_text(self) -> str:
        if not self._remark:
            return ""
        place = f'x="{self.width - self.right - 6}" y="{self.top + 14}" text-anchor="end"'
        return f'<text {place} class="tick">{escape(self._remark)}</text>'

    def _free_corner(self, wide: float, high: float) -> tuple[float, float]:
        """Upper left point of the box of this size, in a corner, that covers least of the lines; in pixels."""
        low = self.top + 10 + (16 if self._remark else 0)
        left, right = self.left + 6, self.width - self.right - wide - 6
        corners = [(x, y) for x in (right, left) for y in (self.height - self.bottom - high, low)]
        drawn = [point for series in self._legend for point in _along([self.place(*one) for one in series.points])]

        def covered(corner: tuple[float, float]) -> int:
            x, y = corner
            return sum(x <= across <= x + wide and y - 4 <= up <= y - 4 + high for across, up in drawn)

        return min(corners, key=covered)

    def _legend_text(self) -> str:
        if len(self._legend) < 2:
            return ""
        parts = []
        longest = max(len(series.name) for series in self._legend)
        wide = min(30 + 7.4 * longest, 220)
        high = 14 * len(self._legend) + 8
        x, y = self._free_corner(wide, high)
        parts.append(f'<rect x="{x:.1f}" y="{y - 4:.1f}" width="{wide:.1f}" height="{high}" rx="4" class="legend"/>')
        for row, series in enumerate(self._legend):
            colour = f"var(--s{(series.number - 1) % SERIES + 1})"
            dash = ' stroke-dasharray="5 4"' if series.dashed else ""
            middle = y + 7 + 14 * row
            parts.append(
                f'<line x1="{x + 6:.1f}" x2="{x + 20:.1f}" y1="{middle}" y2="{middle}" '
                f'stroke="{colour}" stroke-width="2"{dash}/>'
            )
            name = series.name if len(series.name) <= 26 else series.name[:25] + "…"
            parts.append(f'<text x="{x + 25:.1f}" y="{middle + 4}" class="tick">{escape(name)}</text>')
        return "".join(parts)


class SmallChart(Chart):
    """One of many side by side: no names on the axes, three ticks on each."""

    width, height = 190, 180
    left, right, top, bottom = 32, 8, 8, 22
    most_steps = 2.01

    def __init__(
        self, about: str, x_range: tuple[float, float] = (0, 1), y_range: tuple[float, float] = (0, 1)
    ) -> None:
        super().__init__("", "", x_range, y_range, about)


def interval_bar(
    low: float,
    value: float,
    high: float,
    start: float = 0.0,
    end: float = 1.0,
    number: int = 1,
    chance: float | None = None,
) -> str:
    """A value with its interval on a line from `start` to `end`, as wide as its place."""

    def at(x: float) -> float:
        return 100 * (min(max(x, start), end) - start) / (end - start)

    colour = f"var(--s{(number - 1) % SERIES + 1})"
    guide = ""
    if chance is not None:
        across = f'x1="{at(chance):.2f}%" x2="{at(chance):.2f}%"'
        guide = f'<line {across} y1="0" y2="18" stroke="var(--muted)" stroke-dasharray="2 3"/>'
    return (
        '<svg class="bar" height="18" width="100%" aria-hidden="true">'
        f'<line x1="0" x2="100%" y1="9" y2="9" stroke="var(--grid)"/>{guide}'
        f'<line x1="{at(low):.2f}%" x2="{at(high):.2f}%" y1="9" y2="9" '
        f'stroke="{colour}" stroke-width="3" stroke-linecap="round" opacity=".55"/>'
        f'<circle cx="{at(value):.2f}%" cy="9" r="5" fill="{colour}"/></svg>'
    )


def roc_chart(curves: list[dict[str, Any]], point: tuple[float, float] | None) -> Chart:
    """ROC curves with the operating point as (1 - specificity, sensitivity)."""
    chart = Chart("1 − specificity", "sensitivity", (0, 1), (0, 1), "ROC curve").guide((0, 0), (1, 1))
    for number, curve in enumerate(curves, start=1):
        chart.line(Series(in_words(curve["class"]), [(x, y) for x, y in curve["roc"]], number, number > SERIES))
    if point:
        chart.dot(*point, title="operating point")
    return chart


def precision_recall_chart(curves: list[dict[str, Any]]) -> Chart:
    """Precision-recall curves, one alone with the band of its precision; the dashed line is what guessing gives."""
    chart = Chart("sensitivity (recall)", "PPV (precision)", (0, 1), (0, 1), "Precision-recall curve")
    if len(curves) == 1 and (band := curves[0].get("precision_band")):
        chart.band([(x, low, high) for x, low, high in band])
    for number, curve in enumerate(curves, start=1):
        chart.line(Series(in_words(curve["class"]), _stairs(curve["precision_recall"]), number, number > SERIES))
    if len(curves) == 1:
        chart.guide((0, curves[0]["prevalence"]), (1, curves[0]["prevalence"]))
    return chart


def reliability_chart(curves: list[dict[str, Any]]) -> Chart:
    """What was said against what came true, with Wilson intervals; area of a dot grows with its images."""
    chart = Chart("probability said", "share that came true", (0, 1), (0, 1), "Calibration plot").guide((0, 0), (1, 1))
    for number, curve in enumerate(curves[:SERIES], start=1):
        points = [(bin_["said"], bin_["value"]) for bin_ in curve["reliability"]]
        chart.line(Series(in_words(curve["class"]), points, number), legend=len(curves) > 1)
        for bin_ in curve["reliability"]:
            if len(curves) == 1:
                chart.bar(bin_["said"], bin_["low"], bin_["high"], number)
            radius = 3.0 if len(curves) > 1 else 4.0
            chart.dot(bin_["said"], bin_["value"], number, radius, f"{bin_['n']} images")
    return chart


def small_roc_chart(curve: dict[str, Any], point: tuple[float, float] | None) -> Chart:
    """The ROC curve of one finding, with its operating point as (1 - specificity, sensitivity)."""
    chart = SmallChart(f"ROC curve of {in_words(curve['class'])}").guide((0, 0), (1, 1))
    chart.line(Series(curve["class"], [(x, y) for x, y in curve["roc"]]))
    return chart.dot(*point, title="at its threshold") if point else chart


def small_reliability_chart(curve: dict[str, Any]) -> Chart:
    """The calibration plot of one finding, with Wilson intervals."""
    chart = SmallChart(f"Calibration plot of {in_words(curve['class'])}").guide((0, 0), (1, 1))
    chart.line(Series(curve["class"], [(bin_["said"], bin_["value"]) for bin_ in curve["reliability"]]))
    for bin_ in curve["reliability"]:
        chart.bar(bin_["said"], bin_["low"], bin_["high"])
        chart.dot(bin_["said"], bin_["value"], 1, 3.0, f"{bin_['n']} images")
    return chart


def training_chart(history: list[dict[str, str]]) -> Chart | None:
    """Training loss of each fit (faint) and its mean, and the mean loss on what the fits held out.

    None where no network was trained. Losses are positive; the scale ends where nineteen of twenty fit in, since one
    bad first epoch would flatten all others. A fit that leaves it is cut off there, and counted.
    """
    train = _mean_by_epoch(history, "train_loss")
    validation = _mean_by_epoch(history, "val_loss")
    if len(train) < 2:
        return None
    fits = _losses_by_fit(history)
    every = sorted(loss for fit in fits for _, loss in fit)
    means = [loss for _, loss in (*train, *validation)]
    top = 1.05 * max(*means, every[int(0.95 * (len(every) - 1))])
    last = max(x for x, _ in train)
    chart = Chart("epoch", "loss (nats)", (1, last), (0, top), "Training curves", whole=True)
    for fit in fits if len(fits) > 1 else ():
        for run in _below(fit, top):
            chart.faint(run)
    if beyond := sum(any(loss > top for _, loss in fit) for fit in fits):
        chart.remark(f"{beyond} of {counted(len(fits), 'fit')} above the scale")
    chart.line(Series("training", train, 1))
    if validation:
        chart.line(Series("held-out inner fold", validation, 5))
    return chart


def _losses_by_fit(history: list[dict[str, str]]) -> list[list[tuple[float, float]]]:
    """(epoch, training loss) of each fit, in order."""
    fits: dict[tuple[str, ...], list[tuple[float, float]]] = {}
    for row in history:
        if row["train_loss"]:
            fit = tuple(row[name] for name in ("repeat", "fold", "inner"))
            fits.setdefault(fit, []).append((float(row["epoch"]), float(row["train_loss"])))
    return [sorted(points) for points in fits.values()]


def _mean_by_epoch(history: list[dict[str, str]], column: str) -> list[tuple[float, float]]:
    values: dict[int, list[float]] = {}
    for row in history:
        if row[column]:
            values.setdefault(int(row["epoch"]), []).append(float(row[column]))
    return [(epoch, sum(found) / len(found)) for epoch, found in sorted(values.items())]


def _below(points: Sequence[tuple[float, float]], top: float) -> list[list[tuple[float, float]]]:
    """The stretches of a line that stay below a ceiling, with the points where it meets it."""
    runs: list[list[tuple[float, float]]] = [[]]
    for place, (x, y) in enumerate(points):
        x0, y0 = points[place - 1] if place else (x, y)
        if (y0 > top) != (y > top):
            runs[-1].append((x0 + (x - x0) * (top - y0) / (y - y0), top))
        if y <= top:
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _along(points: Sequence[tuple[float, float]], step: float = 6.0) -> list[tuple[float, float]]:
    """The points of a line and, where they lie more than `step` apart, points between them."""
    found = list(points[:1])
    for (x0, y0), (x1, y1) in pairwise(points):
        parts = int(max(abs(x1 - x0), abs(y1 - y0)) // step) + 1
        found += [(x0 + (x1 - x0) * part / parts, y0 + (y1 - y0) * part / parts) for part in range(1, parts + 1)]
    return found


def _stairs(points: list[list[float]]) -> list[tuple[float, float]]:
    """Precision is a step function of recall: joining its points by straight lines would flatter it."""
    steps: list[tuple[float, float]] = []
    for x, y in points:
        if steps:
            steps.append((steps[-1][0], y))
        steps.append((x, y))
    return steps


#: Between two ticks of an axis.
STEPS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50),
    *(100, 200, 500, 1000, 2000, 5000),
)


def _ticks(low: float, high: float, most_steps: float = 5.01, least_step: float = 0) -> list[tuple[float, str]]:
    span = high - low
    step = next((s for s in STEPS if s >= least_step and span / s <= most_steps), span or 1)
    first = low if low == int(low) and low != 1 else -(-low // step) * step
    ticks, value = [], first
    while value <= high + 1e-9:
        ticks.append((value, f"{value + 0.0:.3f}".rstrip("0").rstrip(".") if step < 1 else f"{value:.0f}"))
        value += step
    return ticks
