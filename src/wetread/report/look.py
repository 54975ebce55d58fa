"""The page of `wetread show`: look at the pictures before anything is trained on them.

One self-contained page in the manner of the report, or one picture (a sheet of samples, as on a light box).
"""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup
from PIL import Image

from wetread.dataset.table import Row, Table
from wetread.explanation.heatmap import Heatmap, colour_bar, draw_over, encode_png
from wetread.outcome import DISCLAIMER, in_words
from wetread.report.charts import SERIES, Chart, Series
from wetread.report.ledger import make_ledger
from wetread.report.look_facts import Group, compare, make_group, make_groups
from wetread.report.look_sheet import draw_sheet
from wetread.report.page import page_environment
from wetread.report.thumbnails import encode_thumbnail
from wetread.shapes import Floats, Picture
from wetread.writing import atomic_write

#: Longest side of a sample on the page.
SAMPLE_SIDE = 288
#: Pictures up to this side are shown with their pixels, so that one sees how coarse they are.
COARSE = 128
NAMES_SHOWN = 400
#: Grey values in one step of the histogram.
BIN = 4
#: Colours of the classes, as numbers of the style sheet: the first two are the blue and orange of the difference.
COLOURS = (1, 5, 3, 4, 6, 2)
#: From this class on lines are dashed: six colours are not easily told apart, and there may be more classes.
DASHED_FROM = 4
#: A difference of the means smaller than this (grey values) is not stretched to full colour.
LEAST_SCALE = 32.0
#: Dots in the chart of sizes; equal sizes share one.
MOST_DOTS = 1500


class _WideChart(Chart):
    """A chart that is wider than high."""

    width, height = 480, 300


@dataclass(frozen=True)
class _Difference:
    """Mean picture of the second class minus that of the first, painted, and how to read it."""

    picture: str
    scale: str
    strongest: int


def write_look(table: Table, path: Path, name: str, seed: int = 0) -> Path:
    """Writes the page, or one picture where the path ends in ``.png``.

    Args:
        table: After reading.
        path: Where.
        name: Of the data set.
        seed: Of the sample.

    Returns:
        The same path.

    Raises:
        OutputError: The file cannot be written.
    """
    groups = make_groups(table, seed)
    shown = [*groups, make_group("", table.unlabelled, seed)] if table.unlabelled else groups
    if path.suffix.lower() == ".png":
        counts = _count_words(table)
        return atomic_write(path, draw_sheet(shown, name, counts, seed))
    return atomic_write(path, _render(table, groups, shown, name, seed))


def _render(table: Table, groups: list[Group], shown: list[Group], name: str, seed: int) -> str:
    lines = compare(groups)
    patients, torn = _count_patients(table.used)
    two = len(groups) == 2
    template = page_environment().get_template("look.html.j2")
    return template.render(
        name=name,
        seed=seed,
        table=table,
        groups=groups,
        shown=shown,
        lines=[line for line in lines if not line.same],
        alike=[line for line in lines if line.same],
        remarks=[line.remark for line in lines if line.remark],
        patients=patients,
        torn=torn,
        size=_shared_size(groups),
        greys=Markup(_grey_chart(groups).svg()),  # noqa: S704 - escaped in charts.py
        sizes=Markup(_size_chart(groups).svg()),  # noqa: S704
        means=[_encode(_as_picture(group.mean)) for group in groups],
        difference=_paint_difference(groups[0].mean, groups[1].mean) if two else None,
        ledger=make_ledger((row.image, row.label, row.status, row.reason) for row in table.rows),
        source=_picture,
        coarse=lambda row: row.picture is not None and max(row.picture.shape[:2]) <= COARSE,
        colour=lambda number: f"var(--s{COLOURS[number % SERIES]})",
        dashed=lambda number: number >= DASHED_FROM,
        disclaimer=DISCLAIMER,
        names_shown=NAMES_SHOWN,
    )


def _count_words(table: Table) -> str:
    patients, _ = _count_patients(table.used)
    parts = [_number(len(table.used), "labelled image"), _number(len(table.classes), "class", "classes")]
    parts += [_number(patients, "patient")] if patients else []
    parts += [f"{len(table.unlabelled)} without a label"] if table.unlabelled else []
    parts += [f"{_number(len(table.unreadable), 'file')} skipped"] if table.unreadable else []
    return "  ·  ".join(parts)


def _shared_size(groups: Sequence[Group]) -> str:
    """The size that all pictures have, such as ``512 × 512``; empty where they differ."""
    sizes = {(row.facts.width, row.facts.height) for group in groups for row in group.rows if row.facts}
    return " × ".join(map(str, sizes.pop())) if len(sizes) == 1 else ""


def _count_patients(rows: Sequence[Row]) -> tuple[int, int]:
    """Patients that a column names, and how many of them occur under more than one label."""
    labels: dict[str, set[str]] = {}
    for row in rows:
        if row.patient:
            labels.setdefault(row.patient, set()).add(row.label)
    return len(labels), sum(len(found - {""}) > 1 for found in labels.values())


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _picture(row: Row) -> str:
    """The picture of a row as a data address: JPEG, or PNG where it is so small that JPEG would be seen."""
    assert row.picture is not None
    if max(row.picture.shape[:2]) <= COARSE:
        return _encode(row.picture)
    data = encode_thumbnail(row.picture, SAMPLE_SIDE)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"


def _encode(pixels: Picture) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _as_picture(values: Floats) -> Picture:
    return np.clip(values.round(), 0, 255).astype(np.uint8)


def _paint_difference(first: Floats, second: Floats) -> _Difference:
    change = Heatmap(second - first, "", "", "")
    scale = max(LEAST_SCALE, change.strongest)
    # The ground of the colour bar, so that no difference has one colour in both.
    painted = draw_over(change, np.full(change.values.shape, 60, dtype=np.uint8), scale)
    bar = f"data:image/png;base64,{base64.b64encode(encode_png(colour_bar())).decode('ascii')}"
    return _Difference(_encode(painted), bar, round(scale))


def _grey_chart(groups: Sequence[Group]) -> Chart:
    """How common each grey value is; every picture counts the same, however large it is."""
    curves = [100 * group.shades.mean(axis=0).reshape(-1, BIN).sum(axis=1) for group in groups if group.rows]
    # Black borders and white letters make peaks at both ends that would flatten everything between them.
    inner = np.concatenate([curve[1:-1] for curve in curves]) if curves else np.zeros(1)
    # The grey ground of an exported CT makes one in the middle.
    top = max(min(1.15 * float(inner.max()), 4 * float(np.quantile(inner, 0.95))), 1.0)
    chart = _WideChart(
        "grey value, 0 black to 255 white", "share of pixels, %", (0, 255), (0, top), "Grey values by class"
    )
    for number, curve in enumerate(curves):
        points = [(BIN * place + (BIN - 1) / 2, min(float(share), top)) for place, share in enumerate(curve)]
        chart.line(Series("", points, COLOURS[number % SERIES], number >= DASHED_FROM), legend=False)
    return chart


def _size_chart(groups: Sequence[Group]) -> Chart:
    """One dot per size and class."""
    dots: Counter[tuple[int, int, int]] = Counter()
    for number, group in enumerate(groups):
        dots.update((row.facts.width, row.facts.height, number) for row in group.rows if row.facts)
    largest = [max((dot[side] for dot in dots), default=1) for side in (0, 1)]
    # Ticks of four digits would crowd the axes.
    unit, name = (1000, "1000 pixels") if max(largest) > 750 else (1, "pixels")
    wide, high = (_round_up(side / unit) for side in largest)
    about = "Sizes of the pictures by class"
    chart = _WideChart(f"width, {name}", f"height, {name}", (0, wide), (0, high), about)
    for (width, height, number), count in dots.most_common(MOST_DOTS):
        title = f"{in_words(groups[number].name)}: {_number(count, 'picture')} of {width} × {height}"
        # Area grows with the count, so that a heap of equal sizes is seen as one.
        radius = round(min(3.5 + 0.9 * (count - 1) ** 0.5, 13.0), 1)
        chart.dot(width / unit, height / unit, COLOURS[number % SERIES], radius, title)
    return chart


def _round_up(value: float) -> float:
    """A round end for an axis, a little above the value."""
    step = next(step for step in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if value * 1.06 <= 5 * step)
    return -(-value * 1.06 // step) * step
