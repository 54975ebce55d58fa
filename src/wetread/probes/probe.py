"""`Probe`: something that should not predict the label, and `ProbeResult`: how well it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wetread.dataset.table import WORKING_SIDE, Row
from wetread.images.shrink import shrink
from wetread.metrics.interval import Interval
from wetread.metrics.table_auroc import auroc_of_table
from wetread.shapes import Floats, Ints, Picture

#: Side of the small picture from which borders, corners and thumbnails are taken.
SMALL = 96


@dataclass(frozen=True)
class Features:
    """What a probe sees.

    Attributes:
        names: One per column, as it is told to a reader.
        values: ``image feature``, finite.
    """

    names: tuple[str, ...]
    values: Floats

    def __post_init__(self) -> None:
        assert self.values.shape[1] == len(self.names)


@dataclass
class Sight:
    """Rows that were read, and what several probes need of their pictures, made once."""

    rows: list[Row]

    @property
    def pictures(self) -> list[Picture]:
        """The working pictures, at most `WORKING_SIDE` pixels long also where a network sees more."""
        pictures = [shrink(row.picture, WORKING_SIDE) for row in self.rows if row.picture is not None]
        assert len(pictures) == len(self.rows)
        return pictures

    @cached_property
    def small(self) -> NDArray[np.uint8]:
        """``image row column``, grey, `SMALL` pixels along each side."""
        images = [
            Image.fromarray(picture).convert("L").resize((SMALL, SMALL), Image.Resampling.BOX)
            for picture in self.pictures
        ]
        return np.stack([np.asarray(image, dtype=np.uint8) for image in images])


@dataclass(frozen=True)
class Probe:
    """Something that should not predict the label.

    Attributes:
        name: A few words, stable.
        looks_at: What it sees, as the end of a sentence that begins "A model that saw only".
        features: Sight -> features, or None where the probe does not apply.
        mixed: The features are a table of mixed kinds, for a forest; else brightness, for a ridge.
        at_most: Rows it looks at; of larger sets a sample group by group, the last of which may be cut. 0: all rows.
    """

    name: str
    looks_at: str
    features: Callable[[Sight], Features | None]
    mixed: bool = False
    at_most: int = 3000


@dataclass(frozen=True)
class ProbeResult:
    """What a probe told, out of fold.

    Attributes:
        name: Of the probe.
        looks_at: As in `Probe`.
        tested: Numbers of the rows that were predicted, ascending.
        rows: These rows.
        labels: Their class numbers.
        probabilities: ``image class`` for them.
        features: What was seen of them.
        seconds: For the whole probe.
    """

    name: str
    looks_at: str
    tested: Ints
    rows: list[Row]
    labels: Ints
    probabilities: Floats
    features: Features = field(repr=False)
    seconds: float = 0.0

    def auroc(self, positive: int | None = None, *, level: float = 0.95) -> Interval | None:
        """The AUROC with an interval over groups; None where a class is absent.

        Args:
            positive: Column of the positive class of two.
            level: Confidence level in (0, 1).
        """
        groups = np.array([row.group or row.image for row in self.rows])
        return auroc_of_table(self.labels, self.probabilities, groups, positive, level=level)
