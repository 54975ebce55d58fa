"""The page of `wetread show --augmented`: what training makes of the pictures, before anything is trained.

One self-contained page in the manner of the report, or one picture. Copies come as arrays; no torch is loaded here.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from wetread.outcome import DISCLAIMER, in_words
from wetread.report.look_sheet import BOX, EDGE, GROUND, INK, MARGIN, MARKS, MUTED, WIDTH, write_disclaimer, write_line
from wetread.report.page import page_environment
from wetread.run_folder import RunFolder
from wetread.shapes import Picture
from wetread.training.modality import NO_SIDES
from wetread.training.plan import Plan
from wetread.training.preview import COPIES, Preview, say_ranges
from wetread.writing import atomic_write

#: Up to this side the squares of the network are shown with their pixels.
COARSE = 128
_GAP = 14
_TILE = (WIDTH - 2 * MARGIN - COPIES * _GAP) // (COPIES + 1)
#: Head of the sheet without its lines on ranges, foot, heading of a class, and one row without its lines of caption.
_HEAD, _FOOT, _TITLE, _ROW = 98, 62, 44, _TILE + 23
#: Height of a line on ranges, and of one of a caption.
_RANGE, _CAPTION = 24, 19
_ORIGINAL = "original"


def write_augmented(previews: Sequence[Preview], plan: Plan, path: Path, name: str) -> Path:
    """Writes the page, or one picture where the path ends in ``.png``.

    Args:
        previews: In the order of the classes.
        plan: That they follow.
        path: Where.
        name: Of the data set.

    Returns:
        The same path.

    Raises:
        OutputError: The file cannot be written.
    """
    if path.suffix.lower() == ".png":
        return atomic_write(path, _draw_sheet(previews, plan, name))
    ranges = say_ranges(plan.augment, plan.reasons)
    template = page_environment().get_template("augmented.html.j2")
    page = template.render(
        name=name,
        plan=plan,
        classes=[(label, list(own)) for label, own in groupby(previews, lambda preview: preview.label)],
        on=[entry for entry in ranges if entry[1]],
        off=[entry for entry in ranges if not entry[1]],
        trains="network" in plan.rungs,
        sideless=plan.modality in NO_SIDES,
        jpeg=lambda square: _encode(square, "JPEG"),
        pixels=lambda square: _encode(square, "PNG" if square.shape[0] <= COARSE else "JPEG"),
        coarse=plan.network_side <= COARSE,
        disclaimer=DISCLAIMER,
    )
    return atomic_write(path, page)


def read_augmented(folder: RunFolder) -> dict[str, Any]:
    """What the report shows of it: index.json with a data address for each strip; empty where there is none.

    Where every range is off, ``changed`` is false and there are no strips: all copies are the original.
    """
    place = folder.path / "augmented"
    if not (place / "index.json").is_file():
        return {}
    found: dict[str, Any] = folder.read_json("augmented/index.json")
    if not any(much for _, much, _ in found["ranges"]):
        return found | {"changed": False, "rows": []}
    for row in found["rows"]:
        try:
            data = (place / Path(row["file"]).name).read_bytes()
        except OSError:
            return {}
        kind = row["file"].rsplit(".", 1)[-1]
        row["strip"] = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return found | {"changed": True}


def _encode(square: Picture, kind: str) -> str:
    buffer = io.BytesIO()
    Image.fromarray(square).save(buffer, kind, optimize=True, **({"quality": 88} if kind == "JPEG" else {}))
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _draw_sheet(previews: Sequence[Preview], plan: Plan, name: str) -> bytes:
    """The same as one picture: a row per picture on black, as on a light box."""
    classes = list(dict.fromkeys(preview.label for preview in previews))
    said = [f"{what.lower()} {much}" for what, much, _ in say_ranges(plan.augment, plan.reasons) if much]
    ranges = _wrap(said or ["nothing is changed"], 150, "  ·  ")
    rows = _rows(previews, changed=bool(said))
    heights = [_ROW + _CAPTION * max(map(len, captions)) for _, _, captions in rows]
    head = _HEAD + _RANGE * len(ranges)
    height = head + _TITLE * len(classes) + sum(heights) + _FOOT
    sheet = Image.new("RGB", (WIDTH, height), GROUND)
    draw = ImageDraw.Draw(sheet)
    write_line(draw, (MARGIN, 34), f"{name}: what training makes of the pictures", 34, INK, WIDTH - 2 * MARGIN - 460)
    for number, line in enumerate(ranges):
        write_line(draw, (MARGIN, 80 + _RANGE * number), line, 17, MUTED, WIDTH - 2 * MARGIN)
    write_disclaimer(draw)
    top, label = head, None
    for (own, squares, captions), tall in zip(rows, heights, strict=True):
        if own != label:
            label = own
            mark = MARKS[classes.index(label) % len(MARKS)]
            draw.rounded_rectangle((MARGIN, top + 4, MARGIN + 5, top + 30), 2, fill=mark)
            write_line(draw, (MARGIN + 18, top + 4), in_words(label), 23, INK, WIDTH - 2 * MARGIN - 20)
            top += _TITLE
        _draw_row(sheet, draw, top, squares, captions)
        top += tall
    shown = f"the original, then copies as in the first {COPIES} epochs" if said else "as every epoch has them"
    foot = f"wetread  ·  {shown} (seed {plan.seed}), none picked"
    write_line(draw, (MARGIN, height - 42), foot, 16, MUTED, WIDTH - 2 * MARGIN)
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _rows(previews: Sequence[Preview], *, changed: bool) -> list[tuple[str, list[Picture], list[list[str]]]]:
    """Class, squares and the lines below each: a row per picture; per class where all copies are their original."""
    if not changed:
        classes = [(label, list(own)) for label, own in groupby(previews, lambda preview: preview.label)]
        return [(label, [one.shown[0] for one in own], [_original(one) for one in own]) for label, own in classes]
    return [
        (one.label, list(one.shown), [_original(one), *(_wrap(words.split(", "), 25, ", ") for words in one.words)])
        for one in previews
    ]


def _original(preview: Preview) -> list[str]:
    """The lines below an original."""
    return [_ORIGINAL, preview.image.rsplit("/", 1)[-1]]


def _draw_row(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    top: int,
    squares: Sequence[Picture],
    captions: Sequence[Sequence[str]],
) -> None:
    for place, (square, lines) in enumerate(zip(squares, captions, strict=True)):
        left, copied = MARGIN + place * (_TILE + _GAP), lines[0] != _ORIGINAL
        draw.rectangle((left - 1, top - 1, left + _TILE, top + _TILE), fill=BOX, outline=EDGE if copied else INK)
        sheet.paste(Image.fromarray(square).convert("RGB").resize((_TILE, _TILE)), (left, top))
        for number, line in enumerate(lines):
            write_line(draw, (left, top + _TILE + 7 + _CAPTION * number), line, 14, MUTED if copied else INK, _TILE)


def _wrap(parts: Sequence[str], length: int, between: str) -> list[str]:
    """Fills lines of about `length` letters; a part is never broken."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(between) + len(part) <= length:
            lines[-1] += between + part
        else:
            lines.append(part)
    return lines
