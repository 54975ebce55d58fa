"""What the user asked for: the request of a verb, and the places and device that follow from it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wetread.errors import InputError
from wetread.hardware import may_have_cuda
from wetread.run_folder import FAILED, FINISHED

#: Where runs go when --out is not given.
RUNS = Path("wetread-runs")

PRESETS = ("quick", "standard", "best")

#: Letters of the title of a run.
LONGEST_TITLE = 200

#: Answers to the question whether it matters which side of a picture is left.
LATERALITY = ("matters", "free")


@dataclass(frozen=True)
class Request:
    """What the user asked for; the arguments of `wetread.run`, of which each verb fills those it knows."""

    data: Path
    labels: Path | None = None
    classes: tuple[str, ...] | None = None
    positive: str | None = None
    preset: str = "standard"
    seed: int = 0
    device: str = "auto"
    plan: Path | None = None
    finding: str | None = None
    window: str | None = None
    frame: str | None = None
    label_column: str | None = None
    allow_leak: bool = False
    together: str | None = None
    recipe: str | None = None
    backbone: str | None = None
    time_limit: float | None = None
    laterality: str | None = None
    settings: tuple[str, ...] = ()
    subgroups: tuple[str, ...] = ()
    title: str = ""

    def validate(self) -> None:
        """Refuses what can be refused before anything is read."""
        try:
            self.data.exists()
        except (OSError, ValueError) as error:  # a name that is too long, or holds a NUL
            raise InputError("DATA is not a possible path.", remedy="Check the path.", code="no-data") from error
        if self.preset not in PRESETS:
            raise InputError(
                f"There is no preset {self.preset}.", remedy=f"Choose {', '.join(PRESETS)}.", code="preset"
            )
        if self.laterality not in (None, *LATERALITY):
            raise InputError(
                f"--laterality {self.laterality} is not understood.",
                remedy=f"Does it matter which side is left? Choose {' or '.join(LATERALITY)}.",
                code="usage",
            )
        if self.time_limit is not None and not self.time_limit >= 1:
            raise InputError("The time limit is too short.", remedy="Give minutes, such as 30, or 2h.", code="usage")
        if len(self.title) > LONGEST_TITLE or not self.title.isprintable():
            raise InputError(
                "The title is too long, or holds signs that cannot be seen.",
                remedy=f"Give one line of at most {LONGEST_TITLE} letters.",
                code="usage",
            )
        if not 0 <= self.seed < 2**31:
            raise InputError(f"The seed {self.seed} is out of range.", remedy="Choose 0 to 2147483647.", code="seed")


def choose_out(out: str | Path | None, request: Request, resume: bool) -> Path:
    """The run folder: as asked, the newest stopped one to resume, or a new one."""
    if out is not None:
        return Path(out)
    name = name_of(request.data)
    if resume:
        stopped = [place.parent for place in RUNS.glob(f"{name}-*/run.json") if _status(place) != FINISHED]
        if not stopped:
            raise InputError(
                f"There is no stopped run of {name} in {RUNS}.",
                remedy="Name the run folder with --out.",
                code="nothing-to-resume",
            )
        return max(stopped, key=lambda place: place.stat().st_mtime)
    return RUNS / f"{name}-{datetime.now().strftime('%Y%m%d-%H%M%S')}"


def _status(path: Path) -> str:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["status"])
    except (OSError, ValueError, KeyError):
        return FAILED


def choose_device(wanted: str) -> str:
    """``cpu`` or ``cuda:N``; raises `InputError` for what is not there."""
    if wanted == "cpu" or (wanted == "auto" and not may_have_cuda()):
        return "cpu"
    import torch

    if wanted == "auto":
        return "cuda:0" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" or (wanted.startswith("cuda:") and wanted[5:].isdigit()):
        number = int(wanted[5:]) if ":" in wanted else 0
        if not torch.cuda.is_available() or number >= torch.cuda.device_count():
            raise InputError(f"There is no device {wanted} here.", remedy="Use --device cpu.", code="device")
        return f"cuda:{number}"
    said = wanted or "An empty name"
    raise InputError(f"{said} is not a device.", remedy="Choose auto, cpu, cuda or cuda:N.", code="device")


def name_of(data: Path) -> str:
    """The name of a data set, for titles and folders."""
    return (data.resolve().stem if data.suffix else data.resolve().name) or "data"


def join_view(window: str | None, colour: str | Sequence[str] | None) -> str | None:
    """One text for a window and the colours on it, as `wetread.images.view.View` reads it."""
    colours = [colour] if isinstance(colour, str) else list(colour or ())
    return "; ".join([window or "file", *colours]) if colours else window


def as_seconds(text: str | float | None) -> float | None:
    """A time limit in seconds: a number is minutes, else a unit follows: ``90s``, ``30min``, ``2h``.

    Raises:
        InputError: The text is no duration.
    """
    if text is None:
        return None
    found = _DURATION.fullmatch(str(text))
    if found is None:
        raise InputError(
            f"{text} is no time limit.", remedy="Give minutes, such as 30, or 90s, 45min, 2h.", code="usage"
        )
    seconds = float(found[1]) * {"s": 1.0, "m": 60.0, "": 60.0, "h": 3600.0}[(found[2] or "")[:1]]
    if seconds > YEAR:
        raise InputError(f"{text} is longer than a year.", remedy="Give a shorter time limit.", code="usage")
    return seconds


#: Seconds of the longest time limit.
YEAR = 365 * 24 * 3600.0

#: A number with an optional unit.
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)?\s*")


def as_path(value: str | Path | None) -> Path | None:
    """A path, or None as it is."""
    return None if value is None else Path(value)
