"""What models see of some pictures. Several parts look at the same pictures, so each view is computed at most once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wetread.model.features import classical_features
from wetread.model.preprocess import Preprocess
from wetread.shapes import Ints, Picture

if TYPE_CHECKING:
    from wetread.model.backbone import Backbone

#: What a linear model may look at.
SIGHTS = ("classical", "frozen", "combined")


class Inputs:
    """Pictures, and what has been computed of them.

    Args:
        pictures: Of any size, grey or colour.
        backbone: The frozen network whose embedding is asked for; None where there is none.
        keep: Embeddings are worth keeping on disk: the pictures of a data set are, copies made for a question are not.
    """

    def __init__(self, pictures: Sequence[Picture], backbone: Backbone | None = None, *, keep: bool = False) -> None:
        self.pictures = pictures
        self.backbone = backbone
        self.keep = keep
        self._classical: NDArray[np.float32] | None = None
        self._embedding: NDArray[np.float32] | None = None
        self._squares: dict[tuple[int, int], NDArray[np.uint8]] = {}

    def __len__(self) -> int:
        return len(self.pictures)

    def classical(self) -> NDArray[np.float32]:
        """Classical features, ``image feature``."""
        if self._classical is None:
            self._classical = classical_features(self.pictures)
        return self._classical

    def embedding(self) -> NDArray[np.float32]:
        """What the frozen backbone makes of the pictures, ``image feature``.

        Raises:
            ValueError: There is no backbone.
        """
        if self._embedding is None:
            if self.backbone is None:
                raise ValueError("no backbone to embed with")
            squares = self.backbone.preprocess.squares(self.pictures)
            self._embedding = self.backbone.embed_cached(squares) if self.keep else self.backbone.embed(squares)
        return self._embedding

    def features(self, sees: str) -> NDArray[np.float32]:
        """What a linear model looks at: ``classical``, ``frozen`` or ``combined``."""
        if sees == "classical":
            return self.classical()
        if sees == "frozen":
            return self.embedding()
        return np.hstack([self.classical(), self.embedding()])

    def squares(self, preprocess: Preprocess) -> NDArray[np.uint8]:
        """Pictures stretched to ``image channel row column``, uint8."""
        key = preprocess.side, preprocess.channels
        if key not in self._squares:
            self._squares[key] = preprocess.squares(self.pictures)
        return self._squares[key]

    def take(self, rows: Ints) -> Inputs:
        """The same of some rows, without computing anything again."""
        part = Inputs([self.pictures[row] for row in rows], self.backbone, keep=self.keep)
        if self._classical is not None:
            part._classical = self._classical[rows]
        if self._embedding is not None:
            part._embedding = self._embedding[rows]
        part._squares = {key: squares[rows] for key, squares in self._squares.items()}
        return part
