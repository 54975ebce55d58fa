"""The sheet of `wetread show --png`: samples of each class in rows on black, as on a light box. Pillow alone."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from wetread.dataset.table import Row
from wetread.outcome import DISCLAIMER, in_words
from wetread.report.look_facts import SAMPLES, Group

WIDTH, MARGIN, GAP = 1600, 48, 14
TILE = (WIDTH - 2 * MARGIN - (SAMPLES - 1) * GAP) // SAMPLES
HEAD, FOOT = 124, 62
#: Height of one class: heading, pictures, two lines of caption, air.
ROW = 44 + TILE + 52 + 20

GROUND, BOX, EDGE, INK, MUTED = "#10151c", "#000000", "#2c3744", "#e6eaf0", "#9aa6b5"
#: The colours of the classes on the page, in its dark theme.
MARKS = ("#5cb3f5", "#f59a5c", "#4fd0a5", "#e08ac9", "#dcb04c", "#8793a3")

#: Asked in this order for what the font inside Pillow lacks: it knows hardly a letter beyond English.
SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "arial.ttf",
    "Arial Unicode.ttf",
    "NotoSansCJK-Regular.ttc",
    "msyh.ttc",
)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def draw_sheet(groups: Sequence[Group], name: str, counts: str, seed: int) -> bytes:
    """Draws the sheet.

    Args:
        groups: In the order of the rows; a group without a name holds the pictures without a label.
        name: Of the data set.
        counts: How many images, classes and patients there are, in words.
        seed: Of the sample, for the line at the foot.

    Returns:
        A PNG, `WIDTH` pixels wide, with one row per group.
    """
    sheet = Image.new("RGB", (WIDTH, HEAD + ROW * len(groups) + FOOT), GROUND)
    draw = ImageDraw.Draw(sheet)
    write_line(draw, (MARGIN, 34), name, 34, INK, WIDTH - 2 * MARGIN - 460)
    write_line(draw, (MARGIN, 82), counts, 19, MUTED, WIDTH - 2 * MARGIN)
    write_disclaimer(draw)
    for number, group in enumerate(groups):
        _draw_row(sheet, draw, HEAD + ROW * number, group, MARKS[number % len(MARKS)] if group.name else MUTED)
    foot = f"wetread  ·  up to {SAMPLES} pictures per class, drawn at random (seed {seed}), none picked for its looks"
    write_line(draw, (MARGIN, sheet.height - 42), foot, 16, MUTED, WIDTH - 2 * MARGIN)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def write_disclaimer(draw: ImageDraw.ImageDraw) -> None:
    """Writes it at the right of the head."""
    wide = draw.textlength(DISCLAIMER, font=_font(18))
    write_line(draw, (WIDTH - MARGIN - round(wide), 46), DISCLAIMER, 18, MUTED, WIDTH)


def _draw_row(sheet: Image.Image, draw: ImageDraw.ImageDraw, top: int, group: Group, mark: str) -> None:
    draw.rounded_rectangle((MARGIN, top + 4, MARGIN + 5, top + 30), 2, fill=mark)
    title = in_words(group.name) or "Without a label"
    right = write_line(draw, (MARGIN + 18, top + 4), title, 23, INK, WIDTH - 2 * MARGIN - 160)
    write_line(draw, (right + 14, top + 8), f"n = {len(group.rows)}", 19, MUTED, 140)
    for place, row in enumerate(group.samples):
        _draw_tile(sheet, draw, MARGIN + place * (TILE + GAP), top + 44, row)


def _draw_tile(sheet: Image.Image, draw: ImageDraw.ImageDraw, left: int, top: int, row: Row) -> None:
    assert row.picture is not None and row.facts is not None
    draw.rectangle((left - 1, top - 1, left + TILE, top + TILE), fill=BOX, outline=EDGE)
    image = Image.fromarray(row.picture).convert("RGB")
    grow = TILE / max(image.size)
    size = (max(round(image.width * grow), 1), max(round(image.height * grow), 1))
    # A small picture is enlarged with its pixels, so that one sees how coarse it is.
    image = image.resize(size, Image.Resampling.NEAREST if grow > 1.5 else Image.Resampling.LANCZOS)
    sheet.paste(image, (left + (TILE - size[0]) // 2, top + (TILE - size[1]) // 2))
    write_line(draw, (left, top + TILE + 8), row.image.rsplit("/", 1)[-1], 15, INK, TILE)
    write_line(draw, (left, top + TILE + 28), f"{row.facts.width} x {row.facts.height}", 15, MUTED, TILE)


def write_line(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, fill: str, width: int) -> int:
    """Writes one line, shortened in its middle where it is wider than `width`; returns where it ends."""
    text, font = _choose_font(" ".join(text.split()), size)
    kept, whole = len(text), text
    while kept > 1 and draw.textlength(text, font=font) > width:
        kept -= 1
        text = f"{whole[: kept - kept // 2]}...{whole[len(whole) - kept // 2 :]}"
    draw.text(place, text, font=font, fill=fill)
    return place[0] + round(draw.textlength(text, font=font))


def _choose_font(text: str, size: int) -> tuple[str, Font]:
    """The text and a font that can write it; where no font can, the nearest plain letters."""
    for name in ("", *SYSTEM_FONTS):
        font = _font(size, name)
        if font is not None and all(_has_glyph(font, letter) for letter in set(text)):
            return text, font
    font = _font(size)
    assert font is not None
    plain = unicodedata.normalize("NFKD", text)
    letters = [letter for letter in plain if not unicodedata.combining(letter)]
    return "".join(letter if _has_glyph(font, letter) else "?" for letter in letters), font


@cache
def _font(size: int, name: str = "") -> Font | None:
    if not name:
        return ImageFont.load_default(size=size)
    try:
        return ImageFont.truetype(name, size)
    except OSError:
        return None


@cache
def _has_glyph(font: Font, letter: str) -> bool:
    # A font draws its box of an unknown character for U+FFFF, which is none.
    return letter == " " or bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))
