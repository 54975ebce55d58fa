"""`Sample`: what the tests are made on; maps are made once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wetread.explanation.heatmap import WHOLE, Heatmap
from wetread.explanation.methods import QUESTIONS, explain_many
from wetread.explanation.trials.outcome import FEWEST
from wetread.explanation.trials.remember import Memory, Remembering
from wetread.explanation.trials.work import questions_of_a_map
from wetread.model.classifier import Classifier
from wetread.shapes import Bools, Floats, Ints, Picture

#: A map of a picture, or None where a method has nothing to say of it.
Maps = list[Floats | None]


@dataclass
class Sample:
    """Pictures to test explanations on.

    Attributes:
        classifier: Did not learn from these pictures.
        pictures: Grey or colour.
        targets: Column of the class or finding to explain, per picture.
        patients: Of each picture; what is resampled.
        masks: Where the finding is visible, per picture, ``row column`` in the proportions of the picture; None where
            that is not known.
        counterparts: The same pictures without the finding; None where there is none.
        seed: Of everything that is drawn.
        resamples: How often patients are drawn.
        quick: Cheaper settings of the methods, fewer draws.
        shows: Column of the class that each mask shows; by default that of the target.
        memory: Of what the classifier was asked, where it keeps that.
    """

    classifier: Classifier
    pictures: Sequence[Picture]
    targets: Ints
    patients: Sequence[str]
    masks: Sequence[Bools | None] = ()
    counterparts: Sequence[Picture | None] = ()
    seed: int = 0
    resamples: int = 1000
    quick: bool = False
    shows: Sequence[int] | None = None
    memory: Memory = field(default_factory=Memory)
    _kept: dict[str, Maps] = field(default_factory=dict)
    _asked: int = 0

    def maps(self, method: str) -> Maps:
        """The maps of the classifier itself, one per picture."""
        if method not in self._kept:
            self._kept[method] = self.explain(self.classifier, self.pictures, method)
        return self._kept[method]

    def explain(
        self,
        classifier: Classifier,
        pictures: Sequence[Picture],
        method: str,
        *,
        rows: Ints | None = None,
        seed: int = 0,
    ) -> Maps:
        """Maps of another classifier, of changed pictures, or with another seed.

        Args:
            classifier: Any with the same classes.
            pictures: One for each picture of the sample, or for each of `rows`.
            method: Of `wetread.explanation.methods.METHODS`.
            rows: Which pictures of the sample these are; all of them by default.
            seed: Of the method.
        """
        targets = self.targets if rows is None else self.targets[rows]
        if not (isinstance(classifier, Remembering) and method in QUESTIONS):
            self._asked += len(pictures) * questions_of_a_map(method, quick=self.quick)
        found = explain_many(classifier, pictures, targets, method, seed=self.seed + seed, quick=self.quick)
        return [None if one is None else _cells(one) for one in found]

    @property
    def masked(self) -> Ints:
        """Numbers of the pictures with a mask that is not empty, and that shows what is explained."""
        rows = [n for n in self._with_mask if self.shows is None or self.shows[n] == self.targets[n]]
        return np.array(rows, dtype=np.int64)

    @property
    def why_no_masks(self) -> str:
        """Why a test that needs masks cannot be made; empty where it can."""
        count = len(self.masked)
        if count == 0 and self._with_mask:
            return "the masks show another class than the one explained"
        if count == 0:
            return "needs masks"
        return "" if count >= FEWEST else f"needs masks of {FEWEST} pictures, there are {count}"

    @property
    def asked(self) -> int:
        """How many pictures models were asked about; what one remembers counts once."""
        return self._asked + len(self.memory)

    @property
    def _with_mask(self) -> list[int]:
        return [n for n, mask in enumerate(self.masks) if mask is not None and mask.any()]

    def patients_of(self, rows: Ints) -> list[str]:
        """Patients of some of the pictures."""
        return [self.patients[int(row)] for row in rows]

    def margins(self, classifier: Classifier, pictures: Sequence[Picture], rows: Ints) -> Floats:
        """The class margin of pictures, each for the target of its row."""
        if not isinstance(classifier, Remembering):
            self._asked += len(pictures)
        found = np.zeros(len(pictures))
        of = self.targets[rows]
        for target in np.unique(of):
            chosen = np.flatnonzero(of == target)
            found[chosen] = classifier.margin([pictures[int(n)] for n in chosen], int(target))
        return found


def _cells(heatmap: Heatmap) -> Floats:
    """The cells of a map of the whole picture; of a part of it, as many over the whole."""
    values = heatmap.values if heatmap.box == WHOLE else heatmap.on_grid(*heatmap.values.shape)
    return np.asarray(values, dtype=np.float64)
