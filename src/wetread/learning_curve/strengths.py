"""The penalty, by the rule of the run: least log loss on inner folds, for each finding its own.

The run chooses inside every training set. Here one choice is made for all sizes, on the inner folds of several of the
largest training sets together. On three public sets, 12 to 14 hidden halves each, the forecasts were on average the
same to 0.001 as with a choice for each size, which takes longer; and a strength that jumps between two sizes puts a
kink into the curve that no case has caused.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wetread.dataset.split import group_folds
from wetread.errors import InputError
from wetread.learning_curve.cases import Cases
from wetread.model.linear import STRENGTHS, LinearFit
from wetread.shapes import Floats, Ints
from wetread.training.fitted import to_probabilities_or_nan
from wetread.training.gain import mean_loss

#: Draws whose inner folds choose together.
ASKED_DRAWS = 3


def choose_strengths(cases: Cases, trains: Sequence[Ints]) -> tuple[float, ...]:
    """The strength of the penalty.

    Args:
        cases: All of them.
        trains: Row numbers of some training sets.

    Returns:
        One strength for each finding; for classes, which are fitted together, the same for all.
    """
    columns = 1 if cases.labels.ndim == 1 else len(cases.classes)
    losses = np.zeros((columns, len(STRENGTHS)))
    for number, train in enumerate(trains):
        losses += _inner_losses(cases, train, cases.seed + number)
    best = [STRENGTHS[place] for place in losses.argmin(axis=1)]
    return tuple(best * len(cases.classes) if columns == 1 else best)


def _inner_losses(cases: Cases, train: Ints, seed: int) -> Floats:
    """``finding strength`` mean inner log loss; one row for classes. Zeros where there are no inner folds."""
    labels, features = cases.labels[train], cases.take(train)
    try:
        parts = group_folds(labels, cases.groups[train], cases.inner_folds, seed)
    except InputError:  # a class of one patient
        return np.zeros((1 if labels.ndim == 1 else labels.shape[1], len(STRENGTHS)))
    inner = np.full((len(STRENGTHS), len(train), len(cases.classes)), np.nan)
    for part in parts:
        rest = np.setdiff1d(np.arange(len(train)), part)
        fit = LinearFit(cases.sees, features[rest], labels[rest], len(cases.classes), embedded=cases.embedded)
        for number, strength in enumerate(STRENGTHS):
            inner[number, part] = fit.at(strength).logits_of_features(features[part])
    tables = [to_probabilities_or_nan(logits, cases.task) for logits in inner]
    if labels.ndim == 1:
        return np.array([[mean_loss(table, labels) for table in tables]])
    return np.array(
        [[mean_loss(table[:, [one]], labels[:, [one]]) for table in tables] for one in range(labels.shape[1])]
    )
