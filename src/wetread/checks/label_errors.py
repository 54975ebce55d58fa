"""Which labels deserve a second look: what a small model and the nearest other pictures say, out of fold.

Confident learning (Northcutt 2021, arXiv 1911.00068): an image counts as one of another class where the model, which
never saw it, gives that class at least the probability that images of that class get on average. Probabilities come
from a logistic regression on shapes and edges, which takes seconds and needs no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from wetread.dataset.review import Doubt
from wetread.dataset.split import group_folds
from wetread.dataset.table import Row
from wetread.outcome import say_percent
from wetread.shapes import Floats, Ints, Picture

#: Side of the picture that edges are taken from, of the cells they are counted in, and of the thumbnail.
SIDE, CELL, THUMBNAIL = 96, 16, 24
DIRECTIONS = 8
#: Directions of greatest variance that are kept, and pictures they are found on at most.
KEPT, LEARNT_FROM = 100, 4000
NEIGHBOURS = 10
#: Pictures among which neighbours are sought at most, and comparisons that are held in memory at a time.
COMPARED, HELD = 20_000, 1 << 22
#: Part of all images that is shown at most.
SHOWN = 0.03
#: From this probability of another class on, out of fold, a label is contradicted surely.
SURE = 0.9
#: Parts of wrong labels that are tried; with 0 labels are right and the model merely has its limits.
ERRORS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.075, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35)


def out_of_fold(
    rows: list[Row], labels: Ints, groups: Ints, classes: int, *, folds: int = 5, seed: int = 0
) -> tuple[Floats, Floats]:
    """Describes every picture, and predicts its class by a model fitted on pictures of other groups.

    Args:
        rows: Rows with pictures.
        labels: Class number per row.
        groups: Group number per row.
        classes: How many classes there are.
        folds: How many times a model is fitted.
        seed: Of the division.

    Returns:
        ``image feature`` and ``image class`` probabilities.

    Raises:
        InputError: A class has a single group.
    """
    # Imported here: scikit-learn costs half a second that --help need not pay.
    from sklearn.linear_model import LogisticRegression

    features = describe([row.picture for row in rows if row.picture is not None])
    probabilities = np.zeros((len(rows), classes))
    for test in group_folds(labels, groups, folds, seed):
        train = np.setdiff1d(np.arange(len(rows)), test)
        model = LogisticRegression(C=0.01, max_iter=300).fit(features[train], labels[train])
        probabilities[np.ix_(test, model.classes_)] = model.predict_proba(features[test])
    return features, probabilities


def describe(pictures: list[Picture]) -> Floats:
    """Thumbnail and edge directions of each picture, in the directions in which the set varies most.

    Args:
        pictures: ``row column`` or ``row column 3``, 0..255.

    Returns:
        ``image feature``, centred, each feature with the variance it has in the set.
    """
    table = np.stack([_describe_one(picture) for picture in pictures])
    chosen = np.random.default_rng(0).permutation(len(table))[:LEARNT_FROM]
    centre, deviation = table[chosen].mean(axis=0), table[chosen].std(axis=0)
    table = (table - centre) / np.where(deviation > 1e-6, deviation, 1)
    # Principal components by the smaller of the two matrices of inner products.
    sample = table[chosen]
    _, _, directions = np.linalg.svd(sample, full_matrices=False)
    kept: Floats = table @ directions[:KEPT].T
    return kept


def _describe_one(picture: Picture) -> Floats:
    """A thumbnail of even brightness and contrast, and a histogram of edge directions in each cell (Dalal 2005)."""
    grey = np.asarray(
        Image.fromarray(picture).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), dtype=np.float32
    )
    grey = (grey - grey.mean()) / max(float(grey.std()), 1.0)
    step = SIDE // THUMBNAIL
    thumbnail = grey.reshape(THUMBNAIL, step, THUMBNAIL, step).mean(axis=(1, 3)).ravel()
    down, across = np.gradient(grey)
    strength = np.hypot(down, across)
    direction = ((np.arctan2(down, across) % np.pi) * (DIRECTIONS / np.pi)).astype(np.int64) % DIRECTIONS
    place = np.arange(SIDE) // CELL
    cells = SIDE // CELL
    index = (place[:, None] * cells + place[None, :]) * DIRECTIONS + direction
    edges = np.bincount(index.ravel(), strength.ravel(), cells * cells * DIRECTIONS).reshape(-1, DIRECTIONS)
    edges = np.sqrt(edges / (edges.sum(axis=1, keepdims=True) + 1.0))
    return np.concatenate([thumbnail, edges.ravel()]).astype(np.float32)


def confident_class(labels: Ints, probabilities: Floats) -> Ints:
    """The class each image most likely belongs to by confident learning; -1 where the model is sure of none.

    Args:
        labels: Class number per row.
        probabilities: ``image class``, out of fold.
    """
    classes = probabilities.shape[1]
    limits = np.array(
        [
            probabilities[labels == number, number].mean() if (labels == number).any() else 2.0
            for number in range(classes)
        ]
    )
    reached = np.where(probabilities >= limits, probabilities, -1.0)
    return np.where(reached.max(axis=1) >= 0, reached.argmax(axis=1), -1)


def neighbour_shares(features: Floats, labels: Ints, groups: Ints, classes: int) -> Floats:
    """Shares of each class among the nearest pictures of other groups, by angle.

    Args:
        features: ``image feature``.
        labels: Class number per row.
        groups: Group number per row; pictures of one group do not vouch for each other.
        classes: How many classes there are.

    Returns:
        ``image class`` shares, of `NEIGHBOURS` neighbours or of all there are.
    """
    unit = features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-9)
    others = np.sort(np.random.default_rng(0).permutation(len(unit))[:COMPARED])
    shares = np.zeros((len(unit), classes))
    count = min(NEIGHBOURS, len(others))
    step = max(1, HELD // len(others))
    for start in range(0, len(unit), step):
        piece = slice(start, start + step)
        alike = unit[piece] @ unit[others].T
        alike[groups[piece, None] == groups[None, others]] = -2.0
        nearest = np.argpartition(-alike, count - 1, axis=1)[:, :count]
        valid = np.take_along_axis(alike, nearest, axis=1) > -2.0
        told = labels[others][nearest]
        for number in range(classes):
            shares[piece, number] = ((told == number) & valid).sum(axis=1) / np.maximum(valid.sum(axis=1), 1)
    return shares


@dataclass(frozen=True)
class LabelExamination:
    """What was found about the labels of a set.

    Attributes:
        doubts: Labels to look at again, the most doubtful first; at most `SHOWN` of all images.
        contrary: Images whose label model and neighbours contradict; hard cases are among them.
        sure: Those of them where the model gives the other class at least `SURE`.
        wrong: Part of all labels that are wrong, as the shape of the model's errors tells it; 0 where it does not.
        chance: How often such a shape would come about with right labels, in [0, 1].
        images: How many were examined.
    """

    doubts: list[Doubt]
    contrary: int
    sure: int
    wrong: float
    chance: float
    images: int


def examine_labels(
    rows: list[Row], labels: Ints, groups: Ints, classes: Sequence[str], *, seed: int = 0
) -> LabelExamination:
    """Looks for labels that are probably wrong.

    Args:
        rows: Rows with pictures; at least two groups of each class.
        labels: Class number per row.
        groups: Group number per row.
        classes: Names by class number.
        seed: Of the division into folds.

    Returns:
        The labels to look at again, and whether there are more than hard cases explain.

    Raises:
        InputError: A class has a single group.
    """
    features, probabilities = out_of_fold(rows, labels, groups, len(classes), seed=seed)
    shares = neighbour_shares(features, labels, groups, len(classes))
    number = np.arange(len(rows))
    likely = confident_class(labels, probabilities)
    # Two witnesses: on phantoms with a tenth of wrong labels this raised the part of right suspicions from .59 to .70.
    contrary = (likely >= 0) & (likely != labels) & (shares[number, labels] < 0.5)
    other = probabilities[number, np.maximum(likely, 0)]
    margin = np.where(contrary, other - probabilities[number, labels], -np.inf)
    order = np.argsort(-margin, kind="stable")[: min(int(contrary.sum()), max(1, round(SHOWN * len(rows))))]
    doubts = [
        Doubt(
            rows[place].image,
            rows[place].label,
            classes[likely[place]],
            round(float(other[place]), 3),
            f"looks like {classes[likely[place]]} to a small model, and so do "
            f"{say_percent(shares[place, likely[place]])} of the pictures nearest to it",
        )
        for place in order
    ]
    wrong, chance = _plateau(labels, probabilities) if len(classes) == 2 else (0.0, 1.0)
    return LabelExamination(
        doubts, int(contrary.sum()), int((contrary & (other >= SURE)).sum()), wrong, chance, len(rows)
    )


def _plateau(labels: Ints, probabilities: Floats) -> tuple[float, float]:
    """The part of wrong labels, and how often chance alone would suggest one.

    With right labels errors die out as the model gets surer; with wrong ones they stay at the part that is wrong,
    however sure it is. Both are fitted to the out-of-fold scores, p = e + (1 - 2e) logistic(az + b) (Copas 1988,
    J R Stat Soc B 50:225), and compared by their likelihoods; under the null e lies at its bound, hence the half.
    """
    # Imported here: they cost a third of a second that --help need not pay.
    from scipy.optimize import minimize
    from scipy.special import expit
    from scipy.stats import chi2

    scores = np.log(np.maximum(probabilities[:, 1], 1e-6) / np.maximum(probabilities[:, 0], 1e-6))
    scores = (scores - scores.mean()) / max(float(scores.std()), 1e-9)

    def unlikelihood(line: Floats, error: float) -> float:
        share = np.clip(error + (1 - 2 * error) * expit(line[0] * scores + line[1]), 1e-9, 1 - 1e-9)
        return -float(np.log(np.where(labels == 1, share, 1 - share)).sum())

    line, fits = np.array([1.0, 0.0]), []
    for error in ERRORS:
        fit = minimize(unlikelihood, line, args=(error,))
        line = fit.x
        fits.append(float(fit.fun))
    best = int(np.argmin(fits))
    return ERRORS[best], 0.5 * float(chi2.sf(2 * (fits[0] - fits[best]), 1)) if best else 1.0
