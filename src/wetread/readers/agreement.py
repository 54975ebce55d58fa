"""How far the readers agree: kappa of pairs, Fleiss, Krippendorff, by finding and, for classes, over all labels.

Where few readings are positive (below `RARE`), kappa falls however rarely readers differ, so the kappa adjusted for
prevalence and bias (PABAK) stands beside it. Ordered labels also get weighted numbers: near misses count less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from wetread.evaluation.evaluate import as_dicts
from wetread.metrics.agreement import (
    counted_adjusted_kappa,
    counted_fleiss_kappa,
    counted_krippendorff_alpha,
    counted_pair_kappa,
)
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.counted import CountedStatistic
from wetread.readers.vocabulary import ORDERED, Vocabulary
from wetread.shapes import Floats, Ints

#: Share of positive readings below which the adjusted kappa is shown too.
RARE = 0.10


def agreement_of_findings(
    names: Sequence[str],
    findings: Sequence[str],
    marks: Floats,
    model: Floats | None,
    groups: Sequence[str],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, dict[str, Any]]:
    """Agreement on each finding.

    Args:
        names: Of the readers.
        findings: Names.
        marks: ``reader image finding``: 1, 0, NaN not read.
        model: ``image finding``, or None; it takes part in pairs only.
        groups: The patient of each image.
        resamples: Of patients.
        seed: Of the resamples.

    Returns:
        Finding -> ``pairs`` (a, b, n, same, kappa and, for rare findings, pabak), ``fleiss``, ``alpha``, ``prevalence``
        and, for rare findings, ``pabak``. What is not defined is absent.
    """
    found = {}
    for column, finding in enumerate(findings):
        ratings = _as_ratings(marks[:, :, column])
        extended = ratings if model is None else np.column_stack([ratings, _as_ratings(model[None, :, column])])
        everybody = [*names, *([] if model is None else ["model"])]
        said = marks[:, :, column]
        prevalence = float(np.nanmean(said)) if np.isfinite(said).any() else 0.0
        rare = prevalence < RARE
        options: dict[str, Any] = {"resamples": resamples, "seed": seed, "pabak": rare}
        together = _together(ratings, 2, groups, **options)
        found[finding] = {
            "prevalence": round(prevalence, 6),
            "pairs": _pairs(everybody, extended, 2, groups, **options),
            **together,
        }
    return found


def agreement_of_labels(
    names: Sequence[str],
    vocabulary: Vocabulary,
    levels: Ints,
    groups: Sequence[str],
    *,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Agreement on the labels themselves where there are more than two; empty elsewhere.

    Args:
        names: Of the readers.
        vocabulary: What the labels mean.
        levels: ``reader image``: number of the label, -1 not read.
        groups: The patient of each image.
        resamples: Of patients.
        seed: Of the resamples.

    Returns:
        ``classes``, ``ordered``, ``pairs`` (with quadratic weights where the labels have an order), ``fleiss``,
        ``alpha`` and, for ordered labels, ``alpha_ordinal`` (by ranks) and ``alpha_quadratic`` (squared differences).
    """
    classes = vocabulary.classes
    if len(classes) < 3:
        return {}
    ratings, ordered = levels.T.astype(np.int64), vocabulary.kind == ORDERED
    values = [float(name) for name in classes] if ordered else None
    options: dict[str, Any] = {"resamples": resamples, "seed": seed}
    together = _together(ratings, len(classes), groups, pabak=False, values=values, **options)
    pairs = _pairs(names, ratings, len(classes), groups, pabak=False, weighted=ordered, **options)
    return {"classes": list(classes), "ordered": ordered, "pairs": pairs, **together}


def within(marks: Floats, groups: Sequence[str], *, resamples: int, seed: int) -> dict[str, Any]:
    """Fleiss' kappa and Krippendorff's alpha of some readers on one finding.

    Args:
        marks: ``reader image``: 1, 0, NaN not read.
        groups: The patient of each image.
        resamples: Of patients.
        seed: Of the resamples.
    """
    return _together(_as_ratings(marks), 2, groups, resamples=resamples, seed=seed, pabak=False)


def _as_ratings(marks: Floats) -> Ints:
    """``reader image`` marks -> ``image reader`` class numbers, -1 not read."""
    return np.where(np.isfinite(marks), np.nan_to_num(marks), -1).astype(np.int64).T


def _together(
    ratings: Ints,
    n_classes: int,
    groups: Sequence[str],
    *,
    resamples: int,
    seed: int,
    pabak: bool,
    values: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Numbers over all readers at once."""
    if ratings.shape[1] < 2:
        return {}
    statistics: dict[str, CountedStatistic] = {
        "fleiss": counted_fleiss_kappa(ratings, n_classes),
        "alpha": counted_krippendorff_alpha(ratings, n_classes),
    }
    if pabak:
        statistics["pabak"] = counted_adjusted_kappa(ratings, n_classes)
    if values is not None:
        statistics["alpha_ordinal"] = counted_krippendorff_alpha(ratings, n_classes, "ordinal")
        statistics["alpha_quadratic"] = counted_krippendorff_alpha(ratings, n_classes, "interval", values)
    shared = int((ratings >= 0).all(axis=1).sum())
    return {**_with_intervals(statistics, groups, resamples, seed), "read_by_all": shared}


def _pairs(
    names: Sequence[str],
    ratings: Ints,
    n_classes: int,
    groups: Sequence[str],
    *,
    resamples: int,
    seed: int,
    pabak: bool,
    weighted: bool = False,
) -> list[dict[str, Any]]:
    rows, statistics = [], {}
    for a, b in combinations(range(len(names)), 2):
        pair = ratings[:, [a, b]]
        both = (pair >= 0).all(axis=1)
        same = float((pair[both, 0] == pair[both, 1]).mean()) if both.any() else None
        rows.append({"a": names[a], "b": names[b], "n": int(both.sum()), "same": same and round(same, 6)})
        statistics[f"{len(rows)} kappa"] = counted_pair_kappa(pair, n_classes, "quadratic" if weighted else "none")
        if pabak:
            statistics[f"{len(rows)} pabak"] = counted_adjusted_kappa(pair, n_classes)
    found = _with_intervals(statistics, groups, resamples, seed)
    for number, row in enumerate(rows, start=1):
        row |= {name: found[f"{number} {name}"] for name in ("kappa", "pabak") if f"{number} {name}" in found}
    return rows


def _with_intervals(
    statistics: Mapping[str, CountedStatistic], groups: Sequence[str], resamples: int, seed: int
) -> dict[str, Any]:
    if not statistics:
        return {}
    return as_dicts(patient_bootstrap_many(statistics, np.asarray(groups), resamples=resamples, seed=seed))
