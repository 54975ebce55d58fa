"""AUROC of every draw and size, for many resamples of the groups at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wetread.learning_curve.cases import Cases
from wetread.learning_curve.refits import Draw
from wetread.metrics import counted
from wetread.shapes import Floats


def areas(cases: Cases, draws: Sequence[Draw], counts: Floats) -> Floats:
    """The AUROC of each class or finding.

    Args:
        cases: All of them.
        draws: What was said of their test parts.
        counts: ``resample group``: how often each group counts; ones for the data as they are.

    Returns:
        ``resample draw size class``; NaN where a test part lacks a side. For two classes one column, the second class:
        both have the same AUROC.
    """
    columns = [1] if cases.task == "binary" else range(len(cases.classes))
    found = np.full((len(counts), len(draws), len(draws[0].scores), len(columns)), np.nan)
    for number, draw in enumerate(draws):
        groups, labels = cases.groups[draw.test], cases.labels[draw.test]
        for place, column in enumerate(columns):
            truth = labels == column if labels.ndim == 1 else labels[:, column] == 1
            known = np.ones(len(labels), dtype=bool) if labels.ndim == 1 else ~np.isnan(labels[:, column])
            for size, scores in enumerate(draw.scores):
                area = counted.auroc(truth[known], scores[known, column], groups[known])
                found[:, number, size, place] = area(np.asarray(counts, dtype=np.float64))
    return found


def mean_curve(table: Floats, weights: Floats | None = None) -> Floats:
    """Mean over draws, then over classes.

    Args:
        table: ``resample draw size class`` from `areas`.
        weights: ``resample draw``: how often each draw counts; None for once.

    Returns:
        ``resample size``. A test part that lacks a side says nothing; a class of which no draw says anything makes its
        resample NaN, since a mean over fewer classes would be another number.
    """
    each = np.ones(table.shape[:2]) if weights is None else weights
    known = np.isfinite(table) * each[:, :, None, None]
    total = (np.nan_to_num(table) * known).sum(axis=1)
    by_class = counted.quotient(total, known.sum(axis=1))
    mean: Floats = by_class.mean(axis=2)
    return mean
