"""What the sets of findings really reach: of the images with a finding, and of those without, how many sets hold that.

The sets promise nine in ten on either side of each finding (``metrics.conformal``). Whether they keep it is seen only
on images they were not made from: here each fold is judged by quantiles of the other folds. With a single test set
there are no other folds; its own images made the quantiles, cover themselves nine times in ten by construction, and
nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.evaluation.rates import as_dicts
from wetread.metrics.conformal import ALPHA, class_quantiles, prediction_sets, rank_needed
from wetread.metrics.intervals import wilson_by_patient
from wetread.shapes import Bools, Floats, Ints

#: Why nothing is said.
SAME_IMAGES = "the sets were made from the tested images, so what they cover there says nothing"
FEWEST = next(n for n in range(1, 100) if rank_needed(n) <= n)
TOO_FEW = f"fewer than {FEWEST} images on a side, so nothing can be promised and no sets are given"


def describe_finding_sets(
    truth: Floats, probabilities: Floats, folds: Ints, groups: NDArray[Any], findings: Sequence[str]
) -> list[dict[str, Any]]:
    """Coverage of the sets of every finding, each fold judged by quantiles of the others.

    Args:
        truth: ``image finding`` of 1, 0 and NaN (not known: neither made from nor judged).
        probabilities: ``image finding``, given while each image was held out.
        folds: In which fold each image was held out.
        groups: Whose each image is.
        findings: Names.

    Returns:
        For each finding ``class``, ``promised`` and either ``why`` (nothing can be said) or: ``with`` and ``without``,
        the share of images on that side whose set holds it, with its Wilson interval (patients counted by what their
        images are worth), the number of ``images`` and whether it is ``short`` of the promise by more than chance; and
        the shares of sets that are ``unsure`` (hold both) and ``empty``. A fold whose other folds have too few images
        is not judged.
    """
    found = []
    for column, name in enumerate(findings):
        known = np.isfinite(truth[:, column])
        present, p = truth[known, column] == 1, probabilities[known, column]
        row: dict[str, Any] = {"class": name, "promised": 1 - ALPHA}
        found.append(row | _of_finding(present, p, folds[known], groups[known], several=len(set(folds.tolist())) > 1))
    return found


def _of_finding(
    present: Bools, probability: Floats, folds: Ints, groups: NDArray[Any], *, several: bool
) -> dict[str, Any]:
    if min(present.sum(), (~present).sum()) < FEWEST:
        return {"why": TOO_FEW}
    if not several:
        return {"why": SAME_IMAGES}
    table = np.stack([1 - probability, probability], axis=1)
    sets, judged = np.zeros(table.shape, dtype=bool), np.zeros(len(present), dtype=bool)
    for number in np.unique(folds):
        held = folds == number
        if held.all():
            continue
        quantiles = class_quantiles(present[~held].astype(np.int64), table[~held])
        if None not in quantiles:
            sets[held], judged[held] = prediction_sets(table[held], quantiles), True
    if not judged.any():
        return {"why": TOO_FEW}
    sizes = sets[judged].sum(axis=1)
    return {
        "with": _side(sets[:, 1], judged & present, groups),
        "without": _side(sets[:, 0], judged & ~present, groups),
        "unsure": round(float((sizes == 2).mean()), 6),
        "empty": round(float((sizes == 0).mean()), 6),
    }


def _side(holds: Bools, rows: Bools, groups: NDArray[Any]) -> dict[str, Any] | None:
    """One side of a finding; None where none of its images was judged."""
    if not rows.any():
        return None
    covered = wilson_by_patient(holds[rows], groups[rows])
    assert covered is not None
    return {**as_dicts({"it": covered})["it"], "images": int(rows.sum()), "short": covered.high < 1 - ALPHA}
