"""Finds what is written into a picture: lines of text, and single marks such as side letters.

Letters are thin, nearly as bright as anything in the picture (or nearly as dark, on white paper), and sharply set off
from their ground. So strokes are what a top-hat leaves (Serra 1982: the picture minus its opening) above a threshold;
their connected pieces of the height of letters are boxes; four or more boxes in a row are text, one or two by
themselves a mark. It finds much and never everything: faint, large or slanted writing escapes, and small metal
(electrodes, clips) looks like a mark. That nothing is found does not mean that nothing is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from wetread.shapes import Bools, Picture

#: Strokes are thinner than this part of the longer side.
STROKE = 0.022
#: How far a stroke stands out from its ground, in grey values, and how near it comes to white (or black).
CONTRAST = 70
EXTREME = 185
#: Part of a piece that must be so bright: the rest is the soft edge of its strokes.
BRIGHT = 0.35
#: How much darker the ground around a piece must be, in grey values.
FREE = 45
#: How much ground and ink may vary (from 5 to 95 % of the ground, from 60 to 95 % of the ink), in grey values.
EVEN_GROUND = 70
EVEN_INK = 40
#: Heights of letters, and of a mark with its frame, as parts of the longer side.
LETTER = (0.010, 0.060)
MARK = (0.022, 0.095)
#: Single marks count in this outer part of the picture: further in, small bright spots are calcifications and vessels.
OUTER = 0.22
#: Fewest pixels of a letter's height: smaller specks have no shape.
MIN_PIXELS = 4
#: Boxes in a row that make a text.
LINE = 4
#: So many boxes are a texture (trabeculae, noise), not writing.
MOST_BOXES = 250
#: More single marks than this are anatomy or metalwork.
MOST_MARKS = 6
#: More pieces of any size than this are a texture too.
MOST_PIECES = 3000
#: From this part of its box on, a hole makes a frame: a ring round a letter, not the letter O.
FRAME_HOLE = 0.45
#: Where ring and letter touch, less of it is hollow, but the outline is round: so much of its box is filled.
ROUND = (0.62, 0.90)


@dataclass(frozen=True)
class Box:
    """One piece of writing.

    Attributes:
        kind: text (a line of letters) or mark (one or two letters, or another small bright sign).
        top, left, height, width: In parts of the picture's height and width, in [0, 1].
        letters: How many pieces it has.
        framed: It stands in a ring or box, or is one.
        dark: Dark on a bright ground.
    """

    kind: str
    top: float
    left: float
    height: float
    width: float
    letters: int = 1
    framed: bool = False
    dark: bool = False

    @property
    def place(self) -> str:
        """In words: ``upper left`` to ``lower right``, ``middle`` for what is not near an edge."""
        down, across = self.top + self.height / 2, self.left + self.width / 2
        vertical = "upper" if down < 1 / 3 else "lower" if down > 2 / 3 else "middle"
        horizontal = "left" if across < 1 / 3 else "right" if across > 2 / 3 else "middle"
        return "middle" if vertical == horizontal else f"{vertical} {horizontal}"


@dataclass(frozen=True)
class _Piece:
    """A connected piece of strokes: its box in pixels, and where in the box there is ink."""

    top: int
    left: int
    bottom: int
    right: int
    ink: Bools

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def width(self) -> int:
        return self.right - self.left

    def is_frame(self) -> bool:
        """A ring or box with room for a letter inside."""
        if not 0.75 <= self.width / self.height <= 1.33:
            return False
        filled = ndimage.binary_fill_holes(self.ink)
        hole = float((filled ^ self.ink).mean())
        if hole >= FRAME_HOLE:
            return True
        empty = not any(self.ink[row, column] for row in (0, -1) for column in (0, -1))
        return empty and hole >= 0.12 and ROUND[0] <= float(filled.mean()) <= ROUND[1]


def find_text(picture: Picture) -> list[Box]:
    """Finds lines of text and single marks.

    Args:
        picture: ``row column`` or ``row column 3``, 0 black to 255 white.

    Returns:
        Texts first, then marks, each from the top down. An empty list does not mean that the picture is clean.
    """
    grey = np.asarray(Image.fromarray(picture).convert("L"), dtype=np.uint8)
    found: list[Box] = []
    for dark, seen in ((False, grey), (True, 255 - grey)):
        found += [replace(box, dark=dark) for box in _bright_boxes(seen)]
    return sorted(found, key=lambda box: (box.kind != "text", box.top, box.left))


def _bright_boxes(grey: NDArray[np.uint8]) -> list[Box]:
    longer = max(grey.shape)
    pieces = _pieces(grey, longer)
    if not 0 < len(pieces) <= MOST_BOXES:
        return []
    letters = [piece for piece in pieces if piece.height <= LETTER[1] * longer]
    lines = _lines(letters)
    used = {id(piece) for line in lines for piece in line}
    marks = _marks([piece for piece in pieces if id(piece) not in used], longer)
    lines = [line for line in lines if sum(_stands_out(piece, grey) for piece in line) >= LINE]
    marks = [mark for mark in marks if _is_outside(mark, grey.shape) and _stands_free(mark, grey)]
    height, width = grey.shape
    boxes = [_box("text", line, height, width) for line in lines]
    if len(marks) <= MOST_MARKS:
        boxes += [_box("mark", mark, height, width) for mark in marks]
    return boxes


def _strokes(grey: NDArray[np.uint8]) -> Bools:
    """``row column``: thin, and set off from the ground."""
    if int(grey.max()) < EXTREME:
        return np.zeros(grey.shape, dtype=bool)
    side = max(5, round(STROKE * max(grey.shape)) | 1)
    ground = _slide(_slide(grey, side, np.minimum), side, np.maximum)
    strokes: Bools = grey - ground >= CONTRAST
    return strokes


def _slide(grey: NDArray[np.uint8], side: int, extreme: Callable[..., NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Smallest or largest value in a square window; by doubling, thirty times as fast as SciPy's filter on bytes."""
    for axis in (0, 1):
        pad = [(side // 2, side // 2) if one == axis else (0, 0) for one in (0, 1)]
        length = grey.shape[axis]
        window, reach = np.moveaxis(np.pad(grey, pad, mode="edge"), axis, 0), 1
        while reach < side:
            step = min(reach, side - reach)
            window = extreme(window[:-step], window[step:])
            reach += step
        assert len(window) == length
        grey = np.moveaxis(window, 0, axis)
    return grey


def _pieces(grey: NDArray[np.uint8], longer: int) -> list[_Piece]:
    """Connected strokes of the size, shape and brightness of letters or framed letters."""
    strokes = _strokes(grey)
    labelled, count = ndimage.label(strokes, structure=np.ones((3, 3)))
    if not 0 < count <= MOST_PIECES:
        return []
    numbers, greys = labelled[strokes], grey[strokes]
    ink = np.bincount(numbers, minlength=count + 1)
    bright = np.bincount(numbers[greys >= EXTREME], minlength=count + 1)
    lowest = max(MIN_PIXELS, LETTER[0] * longer)
    pieces = []
    for number, (rows, columns) in enumerate(ndimage.find_objects(labelled), start=1):
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if not (lowest <= height <= MARK[1] * longer and 0.12 * height <= width <= 2.2 * height):
            continue
        if bright[number] < BRIGHT * ink[number]:
            continue
        if not 0.12 <= ink[number] / (height * width) <= 0.95 and width > 0.3 * height:
            continue
        inside = labelled[rows, columns] == number
        pieces.append(_Piece(rows.start, columns.start, rows.stop, columns.stop, inside))
    return pieces


def _lines(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Rows of at least `LINE` pieces that stand side by side at one height."""
    if len(pieces) < LINE:
        return []
    top, left, bottom, right = (
        np.array([getattr(piece, side) for piece in pieces]) for side in ("top", "left", "bottom", "right")
    )
    height = bottom - top
    taller = np.maximum(height[:, None], height[None])
    gap = left[None] - right[:, None]
    near = (gap >= -0.5 * taller) & (gap <= 1.3 * taller) & (left[None] > left[:, None])
    near &= np.abs(bottom[:, None] - bottom[None]) <= 0.35 * taller
    near &= taller <= 1.9 * np.minimum(height[:, None], height[None])
    count, group = _connected(near)
    lines = [[pieces[n] for n in np.flatnonzero(group == number)] for number in range(count)]
    return [line for line in lines if len(line) >= LINE]


def _connected(near: Bools) -> tuple[int, NDArray[np.int32]]:
    from scipy.sparse.csgraph import connected_components

    count, group = connected_components(near, directed=False)
    return int(count), group


def _marks(pieces: list[_Piece], longer: int) -> list[list[_Piece]]:
    """One or two pieces by themselves; a ring and what stands in it are one."""
    tall = [piece for piece in pieces if piece.height >= MARK[0] * longer and piece.width >= 0.2 * piece.height]
    if not 0 < len(tall) <= 4 * MOST_MARKS:
        return []
    top, left, bottom, right = (
        np.array([getattr(piece, side) for piece in tall]) for side in ("top", "left", "bottom", "right")
    )
    reach = 0.6 * np.maximum((bottom - top)[:, None], (bottom - top)[None])
    near = (left[None] - right[:, None] <= reach) & (left[:, None] - right[None] <= reach)
    near &= (top[None] - bottom[:, None] <= reach) & (top[:, None] - bottom[None] <= reach)
    count, group = _connected(near)
    clusters = [[tall[n] for n in np.flatnonzero(group == number)] for number in range(count)]
    return [cluster for cluster in clusters if len(cluster) <= 2]


def _is_outside(pieces: list[_Piece], shape: tuple[int, ...]) -> bool:
    """Near an edge of the picture, where side letters stand."""
    down = (pieces[0].top + pieces[0].bottom) / 2 / shape[0]
    across = (pieces[0].left + pieces[0].right) / 2 / shape[1]
    return min(down, 1 - down, across, 1 - across) <= OUTER


def _stands_out(piece: _Piece, grey: NDArray[np.uint8]) -> bool:
    """A letter of a line: darker above and below it. Beside it stand other letters, and along a line grounds differ."""
    height = piece.bottom - piece.top
    gap, reach = max(1, round(0.12 * height)), max(3, round(0.3 * height))
    ink = float(np.median(grey[piece.top : piece.bottom, piece.left : piece.right][piece.ink]))
    above = grey[max(piece.top - reach, 0) : max(piece.top - gap, 0), piece.left : piece.right]
    below = grey[piece.bottom + gap : piece.bottom + reach, piece.left : piece.right]
    return all(side.size == 0 or float(np.percentile(side, 80)) <= ink - FREE for side in (above, below))


def _stands_free(pieces: list[_Piece], grey: NDArray[np.uint8]) -> bool:
    """Evenly bright, on an even and darker ground: the rim of a bone goes on or fades, a letter ends."""
    ink = np.concatenate([grey[piece.top : piece.bottom, piece.left : piece.right][piece.ink] for piece in pieces])
    top, left = min(piece.top for piece in pieces), min(piece.left for piece in pieces)
    bottom, right = max(piece.bottom for piece in pieces), max(piece.right for piece in pieces)
    # The pixels next to a stroke are still half bright.
    gap = max(1, round(0.12 * (bottom - top)))
    margin = gap + max(2, round(0.15 * (bottom - top)))
    around = grey[max(top - margin, 0) : bottom + margin, max(left - margin, 0) : right + margin].astype(np.int16)
    inner_top, inner_left = max(top - gap, 0) - max(top - margin, 0), max(left - gap, 0) - max(left - margin, 0)
    height, width = bottom + gap - max(top - gap, 0), right + gap - max(left - gap, 0)
    around[inner_top : inner_top + height, inner_left : inner_left + width] = -1
    ground = around[around >= 0]
    if not ground.size:
        return False
    low, high = np.percentile(ground, (5, 95))
    plain, bright = np.percentile(ink, (60, 95))
    # A ring is so thin that hardly a pixel of it is fully bright; its shape speaks for it.
    even = bright - plain <= EVEN_INK or any(piece.is_frame() for piece in pieces)
    return bool(even and high <= np.median(ink) - FREE and high - low <= EVEN_GROUND)


def _box(kind: str, pieces: list[_Piece], height: int, width: int) -> Box:
    top, left = min(piece.top for piece in pieces), min(piece.left for piece in pieces)
    bottom, right = max(piece.bottom for piece in pieces), max(piece.right for piece in pieces)
    framed = (kind == "mark" and any(piece.is_frame() for piece in pieces)) or any(
        a is not b and a.top <= b.top and a.left <= b.left and a.bottom >= b.bottom and a.right >= b.right
        for a in pieces
        for b in pieces
    )
    return Box(
        kind,
        top / height,
        left / width,
        (bottom - top) / height,
        (right - left) / width,
        len(pieces),
        framed,
    )
