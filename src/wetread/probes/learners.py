"""The two models of the probes: small, quick, the same for the same data.

- ``ridge``: for many numbers of one kind (brightness). Its penalty is chosen by leave-one-out in closed form (Golub,
  Heath & Wahba 1979, 10.1080/00401706.1979.10489751), inside the training rows.
- ``forest``: for tables of mixed kinds, where a value matters and not its size (a width of 512, a KVP of 0).
"""

from __future__ import annotations

import numpy as np

from wetread.shapes import Floats, Ints

TREES = 60
#: Rows a forest is fitted on at most: more make it slower, not better.
FOREST_ROWS = 5000
#: Penalties of the ridge, as parts of the sum of squares of all features.
PENALTIES = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)


def forest(table: Floats, labels: Ints, classes: int, new: Floats) -> Floats:
    """Fits a random forest and predicts.

    Args:
        table: ``image feature`` to fit on.
        labels: Their class numbers.
        classes: How many classes there are.
        new: ``image feature`` to predict.

    Returns:
        ``image class`` probabilities.
    """
    # Imported here: scikit-learn costs half a second that --help need not pay.
    from sklearn.ensemble import RandomForestClassifier

    if len(table) > FOREST_ROWS:
        chosen = np.sort(np.random.default_rng(0).permutation(len(table))[:FOREST_ROWS])
        table, labels = table[chosen], labels[chosen]
    model = RandomForestClassifier(TREES, min_samples_leaf=3, random_state=0, n_jobs=1).fit(table, labels)
    probabilities = np.zeros((len(new), classes))
    probabilities[:, model.classes_] = model.predict_proba(new)
    return probabilities


def ridge(table: Floats, labels: Ints, classes: int, new: Floats) -> Floats:
    """Fits a ridge regression of each class against the rest and predicts; used as `forest`."""
    scores = ridge_scores(table, np.eye(classes)[labels], new)
    # Only the order of the scores within a class counts; this keeps it and makes shares of them.
    powers: Floats = np.exp(4 * (scores - scores.max(axis=1, keepdims=True)))
    shares: Floats = powers / powers.sum(axis=1, keepdims=True)
    return shares


def ridge_scores(table: Floats, truth: Floats, new: Floats) -> Floats:
    """Fits a ridge regression of each column of the truth and predicts.

    Args:
        table: ``image feature`` to fit on.
        truth: ``image class`` of zeros and ones, or shares where it is not known.
        new: ``image feature`` to predict.

    Returns:
        ``image class``, about 0 to 1.
    """
    centre, deviation = table.mean(axis=0), table.std(axis=0)
    scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0.0)
    standard = (table - centre) * scale
    share = truth.mean(axis=0)
    basis, spread = _principal(standard)
    rotated = standard @ basis
    moments = rotated.T @ (truth - share)
    penalty = _choose(rotated, spread, truth - share, moments)
    weights = basis @ (moments / (spread + penalty)[:, None])
    scores: Floats = (new - centre) * scale @ weights + share
    return scores


def _principal(standard: Floats) -> tuple[Floats, Floats]:
    """Directions in which the rows vary, ``feature direction``, and their sums of squares."""
    n, features = standard.shape
    if features <= n:
        spread, basis = np.linalg.eigh(standard.T @ standard)
        kept = spread > 1e-9 * max(float(spread[-1]), 1e-9)
        return basis[:, kept], spread[kept]
    # Fewer rows than features: the same directions from the smaller matrix of inner products.
    spread, sides = np.linalg.eigh(standard @ standard.T)
    kept = spread > 1e-9 * max(float(spread[-1]), 1e-9)
    directions: Floats = standard.T @ (sides[:, kept] / np.sqrt(spread[kept]))
    return directions, spread[kept]


def _choose(rotated: Floats, spread: Floats, truth: Floats, moments: Floats) -> float:
    """The penalty with the smallest leave-one-out error."""
    total = float(spread.sum()) or 1.0
    best, chosen = np.inf, total
    for part in reversed(PENALTIES):
        penalty = part * total
        shrunk = 1 / (spread + penalty)
        fitted = rotated @ (moments * shrunk[:, None])
        leverage = (rotated**2) @ shrunk + 1 / len(rotated)
        error = float(np.mean(((truth - fitted) / np.maximum(1 - leverage, 1e-6)[:, None]) ** 2))
        if error < best:
            best, chosen = error, penalty
    return chosen
