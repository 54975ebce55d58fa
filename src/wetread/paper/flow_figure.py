"""Draws the flow: one layout, as SVG for a page and as a picture for Word.

The SVG takes its colours from style-sheet variables, so it follows light, dark and print; by itself it is light. The
picture uses the typeface that comes with Pillow, so no font has to be installed.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from PIL import Image, ImageDraw, ImageFont

from wetread.paper.flow import Box, Step, say_flow

#: Of the drawing, in pixels at scale 1; text of 12 px fits about 6.4 px per letter.
WIDTH, GAP, MARGIN = 720, 34, 12
LINE, PADDING, LETTER = 17, 9, 6.4
#: Left and width of the main column, and of what stands beside it.
MAIN, SIDE = (MARGIN, 380), (MARGIN + 420, 276)
#: Pixels of the picture per pixel of the drawing: 300 dots per inch at 17 cm.
SCALE = 2.8

STYLE = (
    "svg{color-scheme:light;background:#fff;font:12px system-ui,sans-serif}"
    "svg{--ink:#17202c;--muted:#5b6676;--line:#8a94a3;--box:#f4f6f9;--paper:#fff}"
)
#: Greys of the picture, 0 black to 255 white.
INK, MUTED, EDGE, FILL, PAPER = 25, 80, 120, 245, 255


@dataclass(frozen=True)
class Placed:
    """A box with its place; the first line is its title."""

    left: float
    top: float
    width: float
    height: float
    lines: tuple[str, ...]
    titles: int
    aside: bool = False


@dataclass
class Layout:
    """Boxes, and lines between them as points from start to end."""

    height: float = 0
    boxes: list[Placed] = field(default_factory=list)
    arrows: list[tuple[tuple[float, float], ...]] = field(default_factory=list)


def lay_out(steps: Sequence[Step]) -> Layout:
    """Places the boxes of a flow."""
    layout, top, above = Layout(), float(MARGIN), list[Placed]()
    for step in steps:
        placed = _row(step.boxes, top)
        layout.boxes += placed
        layout.arrows += _joined(above, placed, step.parent)
        bottom = max(box.top + box.height for box in placed)
        if step.beside is not None:
            start = max(bottom + GAP / 2, top)
            side = _place(step.beside, SIDE[0], start, SIDE[1], aside=True)
            layout.boxes.append(side)
            middle, level = MAIN[0] + MAIN[1] / 2, side.top + side.height / 2
            layout.arrows.append(((middle, level), (SIDE[0], level)))
            bottom = side.top + side.height - GAP / 2
        above, top = placed, bottom + GAP
    layout.height = max((box.top + box.height for box in layout.boxes), default=0) + MARGIN
    return layout


def _row(boxes: Sequence[Box], top: float) -> list[Placed]:
    """Boxes of one level; two or more share the whole width."""
    if len(boxes) == 1:
        return [_place(boxes[0], MAIN[0], top, MAIN[1])]
    width = (WIDTH - 2 * MARGIN - 20 * (len(boxes) - 1)) / len(boxes)
    return [_place(box, MARGIN + number * (width + 20), top, width) for number, box in enumerate(boxes)]


def _place(box: Box, left: float, top: float, width: float, aside: bool = False) -> Placed:
    letters = int((width - 2 * PADDING) / LETTER)
    titles = textwrap.wrap(box.title, letters) or [""]
    lines = [part for line in box.lines for part in textwrap.wrap(line, letters, subsequent_indent="  ")]
    height = 2 * PADDING + LINE * (len(titles) + len(lines)) - 3
    return Placed(left, top, width, height, (*titles, *lines), len(titles), aside)


def _joined(
    above: Sequence[Placed], below: Sequence[Placed], parent: int | None
) -> list[tuple[tuple[float, float], ...]]:
    """Lines from the boxes above to those below, with a bend where they are not over each other."""
    parents = [above[parent]] if parent is not None and parent < len(above) else above
    found: list[tuple[tuple[float, float], ...]] = []
    for upper in parents:
        start = (upper.left + upper.width / 2, upper.top + upper.height)
        for lower in below:
            end = (lower.left + lower.width / 2, lower.top)
            bend = end[1] - GAP / 2
            straight = abs(start[0] - end[0]) < 1
            found.append((start, end) if straight else (start, (start[0], bend), (end[0], bend), end))
    return found


def draw_svg(steps: Sequence[Step], *, standalone: bool = False) -> str:
    """The flow as SVG.

    Args:
        steps: From `flow.make_flow`.
        standalone: With its own colours, for a file; else it takes those of the page.
    """
    layout = lay_out(steps)
    style = f"<style>{STYLE}</style>" if standalone else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {layout.height:.0f}" role="img" class="flow" '
        f'aria-label="{escape(say_flow(steps))}">{style}'
    ]
    for points in layout.arrows:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="var(--line)" stroke-width="1.2"/>')
        head = " ".join(f"{x:.1f},{y:.1f}" for x, y in _head(points))
        parts.append(f'<polygon points="{head}" fill="var(--line)"/>')
    for box in layout.boxes:
        fill = "var(--paper)" if box.aside else "var(--box)"
        parts.append(
            f'<rect x="{box.left:.1f}" y="{box.top:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5" '
            f'fill="{fill}" stroke="var(--line)"/>'
        )
        for number, line in enumerate(box.lines):
            weight = ' font-weight="600"' if number < box.titles else ""
            colour = "var(--ink)" if number < box.titles else "var(--muted)"
            indent = 10 if line.startswith("  ") else 0
            parts.append(
                f'<text x="{box.left + PADDING + indent:.1f}" y="{box.top + PADDING + 10 + LINE * number:.1f}" '
                f'font-size="12" fill="{colour}"{weight}>{escape(line.strip())}</text>'
            )
    return "".join(parts) + "</svg>"


def draw_png(steps: Sequence[Step]) -> bytes:
    """The flow as a PNG of 2016 pixels in width, in greys."""
    layout = lay_out(steps)
    image = Image.new("L", (round(WIDTH * SCALE), round(layout.height * SCALE)), PAPER)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(round(12 * SCALE))
    for points in layout.arrows:
        draw.line([(x * SCALE, y * SCALE) for x, y in points], fill=EDGE, width=round(1.2 * SCALE))
        draw.polygon([(x * SCALE, y * SCALE) for x, y in _head(points)], fill=EDGE)
    for box in layout.boxes:
        corners = [box.left, box.top, box.left + box.width, box.top + box.height]
        draw.rounded_rectangle(
            [round(value * SCALE) for value in corners],
            radius=5 * SCALE,
            fill=PAPER if box.aside else FILL,
            outline=EDGE,
            width=round(SCALE),
        )
        for number, line in enumerate(box.lines):
            title = number < box.titles
            place = (box.left + PADDING + (10 if line.startswith("  ") else 0), box.top + PADDING - 2 + LINE * number)
            draw.text(
                (place[0] * SCALE, place[1] * SCALE),
                _drawable(line.strip()),
                fill=INK if title else MUTED,
                font=font,
                stroke_width=0.5 if title else 0,
                stroke_fill=INK,
            )
    buffer = io.BytesIO()
    image.save(buffer, "PNG", dpi=(300, 300))
    return buffer.getvalue()


def _drawable(text: str) -> str:
    """Without thin spaces, which the typeface does not have."""
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ")


def _head(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The triangle at the end of a line, which comes from above or from the left."""
    (x0, _), (x, y) = points[-2], points[-1]
    if abs(x - x0) < 1:
        return [(x, y), (x - 4, y - 7), (x + 4, y - 7)]
    return [(x, y), (x - 7, y - 4), (x - 7, y + 4)]
