"""What models see of some pictures. Several parts look at the same pictures, so each view is computed at most once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wetread.model.backbone import AT_ONCE
from wetread.model.features import classical_features
from wetread.model.preprocess import Preprocess
from wetread.model.way_up import ways_up
from wetread.shapes import Ints, Picture

if TYPE_CHECKING:
    from wetread.model.backbone import Backbone

#: Rows and columns of fields of which places tell.
FIELDS = 3
#: What a linear model may look at.
SIGHTS = ("classical", "frozen", "combined")


class Inputs:
    """Pictures, and what has been computed of them.

    Args:
        pictures: Of any size, grey or colour.
        backbone: The frozen network whose embedding is asked for; None where there is none.
        keep: Embeddings are worth keeping on disk: the pictures of a data set are, copies made for a question are not.
        with_places: `places` is going to be asked for: then the network that embeds is not asked a second time.
    """

    def __init__(
        self,
        pictures: Sequence[Picture],
        backbone: Backbone | None = None,
        *,
        keep: bool = False,
        with_places: bool = False,
    ) -> None:
        self.pictures = pictures
        self.backbone = backbone
        self.keep = keep
        self._with_places = with_places
        self._classical: NDArray[np.float32] | None = None
        self._embedding: NDArray[np.float32] | None = None
        self._places: NDArray[np.float16] | None = None
        self._way_up: list[NDArray[np.float16]] | None = None
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
            if self._with_places and self._places is None:
                embed = self.backbone.embed_cached_with_places if self.keep else self.backbone.embed_with_places
                self._embedding, places = embed(squares, FIELDS)
                self._places = None if places is None else _in_16_bits(places)
            else:
                self._embedding = self.backbone.embed_cached(squares) if self.keep else self.backbone.embed(squares)
        return self._embedding

    def places(self) -> NDArray[np.float32] | None:
        """What the frozen backbone sees where, ``image map field field``, exact in 16 bits.

        Returns:
            None where there is no backbone or picture, or where the backbone keeps no places.
        """
        if self._places is None and self.backbone is not None:
            found = []
            for squares in self._squares_in_turn(self.backbone.preprocess):
                fields = self.backbone.places(squares, FIELDS)
                if fields is None:
                    return None
                found.append(_in_16_bits(fields))
            self._places = np.concatenate(found) if found else None
        return None if self._places is None else self._places.astype(np.float32)

    def _squares_in_turn(self, preprocess: Preprocess) -> Iterator[NDArray[np.uint8]]:
        """Squares of a few pictures at a time, since their maps are large."""
        for start in range(0, len(self), AT_ONCE):
            yield preprocess.squares([self.pictures[row] for row in range(start, min(start + AT_ONCE, len(self)))])

    def way_up(self) -> list[NDArray[np.float32]] | None:
        """How the pictures differ from themselves upside down: blocks of ``image feature``, exact in 16 bits.

        Returns:
            None where there is no backbone or picture, or where the backbone keeps no places.
        """
        if self._way_up is None and self.backbone is not None:
            found = []
            for squares in self._squares_in_turn(self.backbone.preprocess):
                blocks = ways_up(self.backbone, squares)
                if blocks is None:
                    return None
                found.append([_in_16_bits(block) for block in blocks])
            self._way_up = [np.concatenate(blocks) for blocks in zip(*found, strict=True)] or None
        return None if self._way_up is None else [block.astype(np.float32) for block in self._way_up]

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
        some = [self.pictures[row] for row in rows]
        part = Inputs(some, self.backbone, keep=self.keep, with_places=self._with_places)
        if self._classical is not None:
            part._classical = self._classical[rows]
        if self._embedding is not None:
            part._embedding = self._embedding[rows]
        if self._places is not None:
            part._places = self._places[rows]
        if self._way_up is not None:
            part._way_up = [block[rows] for block in self._way_up]
        part._squares = {key: squares[rows] for key, squares in self._squares.items()}
        return part


def _in_16_bits(places: NDArray[np.float32]) -> NDArray[np.float16]:
    """As they are kept for all pictures of a data set; some networks would leave the range."""
    return np.clip(places, -6e4, 6e4).astype(np.float16)
