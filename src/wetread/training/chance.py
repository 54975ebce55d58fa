"""Better than chance? A permutation test that fits the model anew for every permutation of the labels.

For fixed features and folds the scores of a ridge classifier are linear in the labels: ``scores = H labels``, where H
is zero between images that are never trained and tested against each other. So a thousand refits are one matrix
product, and the reference is what the whole procedure finds where there is nothing to find, not what chance gives to
one fitted model.

What may be exchanged: a patient's images share a label and resemble each other, so images are not exchangeable and
patients (groups) are. A group hands its labels over as one block, to a group of the same part (of the same fold, so
that stratified folds stay stratified) and of about the same number of images (many images may go with disease). Blocks
of equal length fit exactly; where sizes are too rare to stay among themselves, a block is repeated or cut to fit.

Sources: Phipson & Smyth 2010, 10.2202/1544-6115.1585 (p = (b + 1) / (m + 1), never zero); Winkler et al. 2015,
10.1016/j.neuroimage.2015.05.092 (exchangeability blocks).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from wetread.dataset.split import Fold
from wetread.shapes import Bools, Floats, Ints

#: Above this p value a model is not shown to be better than guessing.
LEVEL = 0.05

#: Images up to which the test uses all: its matrices grow with their square. Beyond, groups are drawn.
MOST_IMAGES = 2000

#: Groups of the same part and size that are enough to exchange labels among themselves.
ENOUGH = 8

#: Columns of permuted labels in one product: 2,000 images need 24 MB.
_AT_ONCE = 1500


@dataclass(frozen=True)
class Chance:
    """What labels without meaning would have given.

    Attributes:
        p_value: Share of the permutations that did as well, in (0, 1]; the data themselves count as one.
        statistic: AUROC of the ridge classifier out of fold: macro for several classes, mean over findings.
        null_mean: Mean AUROC over the permutations.
        null_low: Their 2.5 % quantile.
        null_high: Their 97.5 % quantile.
        permutations: How many.
        images: Whose labels were permuted.
        groups: They belong to.
        method: In words for a report.
    """

    p_value: float
    statistic: float
    null_mean: float
    null_low: float
    null_high: float
    permutations: int
    images: int
    groups: int
    method: str

    @property
    def is_shown(self) -> bool:
        """Whether the model is shown to be better than guessing."""
        return self.p_value <= LEVEL

    def as_dict(self) -> dict[str, Any]:
        """The fields as numbers.json holds them, the p value as ``p``, and the verdict as ``shown``."""
        fields = {"p" if name == "p_value" else name: value for name, value in asdict(self).items()}
        rounded = {name: round(one, 6) if isinstance(one, float) else one for name, one in fields.items()}
        return {**rounded, "shown": self.is_shown}


def permutation_test(
    features: Floats,
    labels: NDArray[Any],
    groups: Ints,
    folds: Sequence[Fold],
    *,
    embedded: int = 0,
    permutations: int = 500,
    seed: int = 0,
    most: int = MOST_IMAGES,
) -> Chance | None:
    """Tests whether labels can be told from features, training included.

    Args:
        features: ``image feature``, all finite.
        labels: Class number per image, or ``image finding`` of 1, 0 and NaN (not known).
        groups: Group number per image.
        folds: Of one repeat: a cross-validation, or one locked or given test. Images in none of them are left out.
        embedded: How many of the last features are an embedding, which keeps its proportions.
        permutations: How many; p cannot be smaller than 1 / (permutations + 1).
        seed: Of the permutations.
        most: Images from which on groups are drawn.

    Returns:
        The test; None where no AUROC is defined (one class only among the tested images).
    """
    random = np.random.default_rng(np.random.SeedSequence([seed, 90_211]))
    part = _parts(folds, len(groups))
    rows = _draw_groups(np.flatnonzero(part >= 0), groups, most, random)
    part, labels = part[rows], labels[rows]
    _, groups = np.unique(groups[rows], return_inverse=True)
    tested = part < len(folds)
    influence = _influence(_standardise(features[rows], embedded), part, len(folds))[tested]
    truth = _one_column_each(labels)
    found = _mean_auroc(influence, truth[None], tested)[0]
    if not np.isfinite(found):
        return None
    null = np.concatenate(
        [
            _mean_auroc(influence, truth[orders], tested)
            for orders in _exchanges(groups, part, permutations, random, truth)
        ]
    )
    null = null[np.isfinite(null)]
    reached = int((null >= found - 1e-12).sum())
    mean, low, high = (null.mean(), *np.quantile(null, (0.025, 0.975))) if len(null) else (0.5, 0.5, 0.5)
    count = int(groups.max()) + 1
    return Chance(
        (reached + 1) / (len(null) + 1),
        float(found),
        float(mean),
        float(low),
        float(high),
        len(null),
        len(rows),
        count,
        f"ridge fitted anew for {len(null)} permutations of the labels of {count} groups",
    )


def _parts(folds: Sequence[Fold], count: int) -> Ints:
    """For each row the fold that tests it; one number more for rows that are only trained on; -1 for the rest."""
    part = np.full(count, -1)
    for fold in folds:
        part[fold.train] = len(folds)
    for number, fold in enumerate(folds):
        part[fold.test] = number
    return part


def _draw_groups(rows: Ints, groups: Ints, most: int, random: np.random.Generator) -> Ints:
    """All rows, or those of groups drawn until `most` is reached."""
    if len(rows) <= most:
        return rows
    _, group, size = np.unique(groups[rows], return_inverse=True, return_counts=True)
    order = random.permutation(len(size))
    kept = order[: max(1, int(np.searchsorted(np.cumsum(size[order]), most, "right")))]
    return rows[np.isin(group, kept)]


def _standardise(features: Floats, embedded: int) -> NDArray[np.float64]:
    """Features of mean 0 and deviation 1, an embedding by one scale; no label has a say, so no fold is betrayed."""
    table = np.asarray(features, dtype=np.float64)
    centred = table - table.mean(axis=0)
    deviation = centred.std(axis=0)
    varies = deviation > 1e-8
    if embedded:
        deviation[-embedded:] = np.sqrt(np.mean(deviation[-embedded:] ** 2))
    return np.asarray(centred * np.where(varies, 1.0 / np.where(varies, np.maximum(deviation, 1e-12), 1.0), 0.0))


def _influence(standard: NDArray[np.float64], part: Ints, folds: int) -> NDArray[np.float64]:
    """``image image``: what the label of the second adds to the score of the first; zero within a fold.

    Ridge regression in its dual form, features centred on the training rows. The penalty is the mean square of a
    training row, so that it depends on no label.
    """
    products = standard @ standard.T
    influence = np.zeros_like(products)
    for number in range(folds):
        test, train = np.flatnonzero(part == number), np.flatnonzero(part != number)
        if not len(test) or not len(train):
            continue
        inner, across = products[np.ix_(train, train)], products[np.ix_(test, train)]
        column = inner.mean(axis=0)
        across = across - across.mean(axis=1, keepdims=True) - column + column.mean()
        inner = inner - column - column[:, None] + column.mean()
        penalty = max(np.trace(inner) / len(train), 1e-9)
        inner.flat[:: len(train) + 1] += penalty
        solved = np.linalg.solve(inner, across.T).T
        # Labels are centred on the training rows as well: without this a fold with many cases would seem to have few.
        influence[np.ix_(test, train)] = solved - solved.mean(axis=1, keepdims=True)
    return influence


def _one_column_each(labels: NDArray[Any]) -> NDArray[np.float64]:
    """``image column`` of 1, 0 and NaN; for two classes one column, since both have the same AUROC."""
    if labels.ndim == 2:
        return labels.astype(np.float64)
    names = np.unique(labels)
    return np.asarray(labels[:, None] == (names[1:] if len(names) == 2 else names), dtype=np.float64)


def _exchanges(
    groups: Ints, part: Ints, permutations: int, random: np.random.Generator, truth: NDArray[np.float64]
) -> Iterator[Ints]:
    """``permutation image``: from which image each takes its labels, some permutations at a time."""
    order = np.argsort(groups, kind="stable")
    size = np.bincount(groups)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    place = np.empty(len(groups), dtype=np.int64)
    place[order] = np.arange(len(groups)) - start[groups[order]]
    kinds = _exchangeable(size, part[order[start]])
    step = max(1, _AT_ONCE // truth.shape[1])
    for first in range(0, permutations, step):
        donor = np.tile(np.arange(len(size)), (min(step, permutations - first), 1))
        for kind in kinds:
            donor[:, kind] = random.permuted(donor[:, kind], axis=1)
        donors = donor[:, groups]
        yield order[start[donors] + place % size[donors]]


def _exchangeable(size: Ints, part: Ints) -> list[Ints]:
    """Groups that may exchange their labels: of one part, and of one size or, where that is rare, of neighbours."""
    kinds: list[Ints] = []
    for number in np.unique(part):
        own = np.flatnonzero(part == number)
        waiting: list[Ints] = []
        first = len(kinds)
        for one in np.unique(size[own]):
            waiting.append(own[size[own] == one])
            if sum(map(len, waiting)) >= ENOUGH:
                kinds.append(np.concatenate(waiting))
                waiting = []
        if waiting and len(kinds) > first:
            kinds[-1] = np.concatenate([kinds[-1], *waiting])
        elif waiting:
            kinds.append(np.concatenate(waiting))
    return kinds


def _mean_auroc(influence: NDArray[np.float64], truth: NDArray[np.float64], tested: Bools) -> NDArray[np.float64]:
    """One AUROC per permutation, averaged over the columns that have both sides among the tested images.

    Args:
        influence: ``tested image``.
        truth: ``permutation image column`` of 1, 0 and NaN.
        tested: Which images are tested.
    """
    known = ~np.isnan(truth)
    filled = np.where(known, truth, 0.0)
    count = known.sum(axis=1, keepdims=True)
    centred = np.where(known, filled - filled.sum(axis=1, keepdims=True) / np.maximum(count, 1), 0.0)
    permutations, images, columns = truth.shape
    scores = influence @ centred.transpose(1, 0, 2).reshape(images, permutations * columns)
    seen = known[:, tested].transpose(1, 0, 2).reshape(len(scores), -1)
    present = filled[:, tested].transpose(1, 0, 2).reshape(len(scores), -1)
    # What is not known ranks last, so it stands above no other image and shifts no rank.
    ranks = rankdata(np.where(seen, np.round(scores, 12), np.inf), axis=0)
    positive, total = present.sum(axis=0), seen.sum(axis=0)
    pairs = positive * (total - positive)
    wins = (ranks * present).sum(axis=0) - positive * (positive + 1) / 2
    areas = np.divide(wins, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0).reshape(permutations, columns)
    defined = np.isfinite(areas)
    total_area = np.where(defined, areas, 0.0).sum(axis=1)
    mean = np.divide(total_area, defined.sum(axis=1), out=np.full(permutations, np.nan), where=defined.any(axis=1))
    return np.asarray(mean)
