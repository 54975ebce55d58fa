"""How stored values become what is shown: one choice for a whole data set, kept in the plan and in the model.

A choice is a short text that a person can read and edit::

    file                           the window or table that each file brings (PS3.3 section C.11.2), else percentiles
    percentiles                    the range between the 0.5th and the 99.5th percentile of each picture
    full                           the whole range that the stored bits allow
    brain                          a named window
    40/80                          centre/width in the unit of the file, such as Hounsfield units
    brain+subdural+bone            two or three windows, one per colour channel
    60/300; red 50..95             a window, and a range of values painted in a colour
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wetread.errors import InputError

#: Centre and width in Hounsfield units; the order radiologists say them in. Centres and widths vary from book to book
#: by some tens; these are the common ones.
WINDOWS: dict[str, tuple[float, float]] = {
    "brain": (40, 80),
    "stroke": (40, 40),
    "subdural": (80, 200),
    "bone": (600, 2800),
    "lung": (-600, 1500),
    "mediastinum": (50, 350),
    "abdomen": (50, 400),
    "liver": (60, 150),
}
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "cyan": (0, 255, 255),
    "magenta": (255, 0, 255),
    "orange": (255, 140, 0),
}
MODES = ("file", "percentiles", "full")
FRAMES = ("middle", "all")

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_WINDOW = re.compile(rf"({_NUMBER})\s*/\s*({_NUMBER})")
_RANGE = re.compile(rf"([a-z]+)\s*[:= ]\s*({_NUMBER})\s*(?:\.\.|-|to)\s*({_NUMBER})")


@dataclass(frozen=True)
class Window:
    """A window: its name (empty for numbers only), Window Center and Window Width, PS3.3 section C.11.2.1.2."""

    name: str
    center: float
    width: float

    def __str__(self) -> str:
        return self.name or f"{self.center:.10g}/{self.width:.10g}"


@dataclass(frozen=True)
class ColourRange:
    """Values from ``low`` to ``high``, both included, are painted in a colour of `COLOURS`."""

    colour: str
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.colour} {self.low:.10g}..{self.high:.10g}"


@dataclass(frozen=True)
class View:
    """How stored values become 0..255, and which frame is shown; the same for every picture of a data set.

    Attributes:
        mode: ``file``, ``percentiles``, ``full`` or ``window``.
        windows: One window (grey) or two to three (stacked as colour channels) for the mode ``window``.
        colours: Ranges of values painted over a single window; later ones lie on top.
        frame: ``middle``, ``all`` or the number of a frame, counted from 1.
    """

    mode: str = "file"
    windows: tuple[Window, ...] = ()
    colours: tuple[ColourRange, ...] = ()
    frame: str = "middle"

    @classmethod
    def parse(cls, text: str, *, frame: str = "middle") -> View:
        """Reads the text form shown above.

        Args:
            text: A mode, or windows, then colours after semicolons.
            frame: ``middle``, ``all`` or a number from 1.

        Raises:
            InputError: The text is none of these; the message lists what there is.
        """
        frame = str(frame).strip().lower()
        if frame not in FRAMES and not (frame.isdecimal() and int(frame) > 0):
            raise InputError(
                f"{frame} is no choice of a frame.", remedy="Choose middle, all or a number from 1.", code="frame"
            )
        head, *ranges = (part.strip() for part in text.strip().lower().split(";"))
        colours = tuple(_read_range(part) for part in ranges if part)
        if head in MODES:
            if colours:
                raise InputError(
                    "Colours stand for ranges of values, so they need a window beneath them.",
                    remedy="Give one, such as --window brain --colour 'red 50..95'.",
                    code="window",
                )
            return cls(mode=head, frame=frame)
        windows = tuple(_read_window(part.strip()) for part in re.split(r"(?<!^)\+(?=\s*[a-z]|\s*[+-]?\d[^+]*/)", head))
        if len(windows) > 3 or (colours and len(windows) > 1):
            raise InputError(
                "A picture has three channels: at most three windows, or one window with colours.",
                remedy="Leave some out.",
                code="window",
            )
        return cls("window", windows, colours, frame)

    def __str__(self) -> str:
        if self.mode != "window":
            return self.mode
        return "; ".join(["+".join(map(str, self.windows)), *map(str, self.colours)])

    @property
    def in_colour(self) -> bool:
        """Whether the pictures have three channels by this choice."""
        return len(self.windows) > 1 or bool(self.colours)


def _read_window(text: str) -> Window:
    if text in WINDOWS:
        return Window(text, *WINDOWS[text])
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise InputError(
            f"{text or 'Nothing'} is no window.",
            remedy=f"Choose {', '.join(WINDOWS)}, centre/width such as 40/80, file, percentiles or full.",
            code="window",
        )
    center, width = float(found[1]), float(found[2])
    if not width >= 1:  # PS3.3 section C.11.2.1.2.1
        raise InputError(f"The window {text} has a width below 1.", remedy="Write centre/width.", code="window")
    return Window("", center, width)


def _read_range(text: str) -> ColourRange:
    # Both orders are natural: "red 50..95" and "50..95 red".
    swapped = re.fullmatch(r"([^a-z].*?)\s+([a-z]+)", text)
    found = _RANGE.fullmatch(f"{swapped[2]} {swapped[1]}" if swapped else text)
    if found is None or found[1] not in COLOURS:
        raise InputError(
            f"{text} is no colour with a range of values.",
            remedy=f"Write for instance 'red 50..95'; the colours are {', '.join(COLOURS)}.",
            code="colour",
        )
    low, high = sorted((float(found[2]), float(found[3])))
    return ColourRange(found[1], low, high)
