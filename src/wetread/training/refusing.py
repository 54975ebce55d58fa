"""Fits a `Refusal` on the training pictures: no picture of another kind is needed.

Every training picture is judged as if its patient were new. From these deviations come the thresholds: all distances
and probes together may refuse 3 in 100 pictures of the model's own kind, and put about 8 in 100 on the edge. Each has
its own threshold, with as many training pictures beyond it as beyond every other: ranks are compared, not deviations,
for a few odd training pictures far out by one measure would blind all others (docs/refusal.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit
from threadpoolctl import threadpool_limits

from wetread.images.facts import ImageFacts
from wetread.metrics.conformal import ALPHA, class_quantiles, coverage_range, prediction_sets, rank_needed
from wetread.model.inputs import Inputs
from wetread.model.refusal import Quantiles, Refusal
from wetread.model.refusal_sights import colour_shares, kind_of, see
from wetread.shapes import Floats, Ints
from wetread.training.refusal_probes import Copies, fit_probes, refusing
from wetread.training.refusal_space import fit_space

#: Patients without whom nothing is said about new ones.
FEWEST_PATIENTS = 10
#: Share of pictures of the model's own kind that may be called out, and how many times as many edge and out together.
SHARE_OUT, EDGE = 0.03, 2.5
#: Coloured parts: none of a radiograph with coloured letters, and half of a photograph.
COLOUR_IN_GREY, FIRST_COLOUR = 0.02, 0.10
#: Numbers that tell how far out the training pictures lie.
LEVELS = 400


def fit_refusal_on(
    data: Inputs,
    rows: Ints,
    groups: Ints,
    copies: Copies,
    sees: str,
    seed: int,
    *,
    headers: Sequence[ImageFacts | None] = (),
    mirrored: bool = False,
) -> Refusal | None:
    """Fits on some rows of a data set.

    Args:
        data: All pictures.
        rows: Those to learn from.
        groups: Patient of each picture of the data set, by number.
        copies: Changed copies of some of its pictures.
        sees: What distances are taken in: frozen or classical.
        seed: Of all divisions.
        headers: What the files say; empty, or one for each picture of the data set.
        mirrored: Training pictures are shown mirrored too, so being mirrored means nothing.

    Returns:
        The refusal; None for fewer than ten patients.
    """
    rows = np.sort(rows)
    own = np.unique(groups[rows], return_inverse=True)[1]
    patients = int(own.max()) + 1 if len(rows) else 0
    if patients < FEWEST_PATIENTS:
        return None
    seen = data.take(rows)
    # One thread: the matrices are small, and on busy cores several threads wait for each other (measured: 0.1 s
    # became 10 s).
    with threadpool_limits(1):
        space, distances, kept = fit_space(see(seen, sees), rows, own, seed)
        probes, deviations = fit_probes(copies, rows, own, seen, seed)
    if mirrored:
        chosen = refusing(probes)
        probes, deviations = [probes[number] for number in chosen], deviations[:, chosen]
    scores = np.hstack([distances, deviations[kept][:, refusing(probes)]])
    out, extrapolated = cut_together(scores, SHARE_OUT, patients)
    edge, _ = cut_together(scores, EDGE * SHARE_OUT, patients)
    beyond = np.sort((scores - out).max(axis=1))
    levels = np.quantile(beyond, np.linspace(0, 1, min(LEVELS, len(beyond))))
    facts = {
        "cases": len(kept),
        "patients": patients,
        "left_out": round(float((beyond > 0).mean()), 6),
        "aimed_at": SHARE_OUT,
        "extrapolated": extrapolated,
    }
    return Refusal(
        sees,
        copies.sees,
        space,
        tuple(probes),
        edge,
        out,
        levels,
        _colour_rule(colour_shares(seen.pictures)),
        _kinds([headers[row] for row in rows] if len(headers) else []),
        facts=facts,
    )


def cut_together(scores: Floats, share: float, patients: int) -> tuple[Floats, bool]:
    """From which deviations on a new picture is refused by any of the scores, with a chance of about ``share`` in all.

    A picture stands somewhere among all by each score; how near to the end by the one where it stands nearest is one
    score again, and that one is cut. Scores that overlap, as distances and probes do, so leave each other more than
    equal parts would; and a picture far out by one of them counts as one picture, however far.

    Args:
        scores: ``case score`` of training pictures, each judged without its patient; standard deviation 1.
        share: In (0, 1).
        patients: To whom they belong; as many as there are cases, or fewer.

    Returns:
        For each score how far is too far, the same number of training pictures lying beyond each; and whether there
        were too few patients for that, so that the cuts lie beyond all training pictures.
    """
    count, ordered = len(scores), np.sort(scores, axis=0)
    # Copies of a picture stand together: the last of them counts.
    from_the_end = [count - np.searchsorted(one, own) for one, own in zip(ordered.T, scores.T, strict=True)]
    nearest = np.sort(np.min(from_the_end, axis=0))
    may = count - rank_needed(count, share) if rank_needed(patients, share) <= patients else 0
    beyond_each = int(nearest[may]) - 1
    if beyond_each:
        return ordered[count - 1 - beyond_each], False
    # So few tell nothing about how far the scores overlap: counted among 50 pictures, own ones were refused too often.
    part = share / scores.shape[1]
    return cut_off(scores, part, patients), rank_needed(patients, part) > patients


def cut_off(scores: Floats, share: float, patients: int) -> Floats:
    """From which deviation on a new picture of the same kind is refused, with a chance of at most ``share``.

    Args:
        scores: ``case score`` of training pictures, each judged without its patient; standard deviation 1.
        share: In (0, 1).
        patients: To whom they belong; as many as there are cases, or fewer.

    Returns:
        For each score the ceil((n + 1)(1 - share))-th smallest. Where there are too few patients for that rank, the
        largest, and on top of it as much as Student's t distribution for so many patients would still go.
    """
    ordered = np.sort(scores, axis=0)
    if rank_needed(patients, share) <= patients:
        cut: Floats = ordered[rank_needed(len(scores), share) - 1]
        return cut
    freedom = max(1, patients - 1)
    beyond: Floats = ordered[-1] + (stdtrit(freedom, 1 - share) - stdtrit(freedom, patients / (patients + 1)))
    return beyond


def fit_sets(truth: NDArray[Any], probabilities: Floats, task: str) -> Quantiles:
    """Quantiles of the sets, from probabilities that were given while each case was held out.

    Args:
        truth: Class number per image, or ``image finding`` of 1, 0 and NaN.
        probabilities: ``image class``.
        task: binary, multiclass or multilabel.
    """
    if task != "multilabel":
        return tuple(class_quantiles(truth, probabilities))
    known = ~np.isnan(truth)
    return tuple(
        _pair(truth[known[:, number], number], probabilities[known[:, number], number])
        for number in range(truth.shape[1])
    )


def _pair(present: Floats, probability: Floats) -> tuple[float | None, float | None]:
    if not len(present):
        return None, None
    absent, found = class_quantiles(present.astype(np.int64), np.stack([1 - probability, probability], axis=1))
    return absent, found


def describe_sets(
    truth: Ints, probabilities: Floats, fold: Ints, groups: Ints, classes: Sequence[str]
) -> list[dict[str, Any]]:
    """What the sets promise and do, class by class, each fold judged by quantiles of the others.

    Args:
        truth: Class number per image.
        probabilities: ``image class``, held out.
        fold: In which fold each image was held out.
        groups: Whose each image is.
        classes: Names.

    Returns:
        For each class: n (images) and patients, the range of realised coverage at that number of patients (images of
        one patient may be worth no more than one), and the shares of covered, unsure (several) and empty sets; None
        where they are not defined.
    """
    sets = np.ones(probabilities.shape, dtype=bool)
    judged = np.zeros(len(truth), dtype=bool)
    for number in np.unique(fold):
        held = fold == number
        if held.all():
            continue
        quantiles = class_quantiles(truth[~held], probabilities[~held])
        if None not in quantiles:
            sets[held], judged[held] = prediction_sets(probabilities[held], quantiles), True
    found = []
    for number, name in enumerate(classes):
        rows, patients = judged & (truth == number), len(np.unique(groups[truth == number]))
        reach = coverage_range(patients)
        sizes = sets[rows].sum(axis=1)
        found.append({
            "class": name,
            "n": int((truth == number).sum()),
            "patients": patients,
            "promised": 1 - ALPHA,
            "range": None if reach is None else [round(reach.low, 4), round(reach.high, 4)],
            "covered": round(float(sets[rows, number].mean()), 4) if rows.any() else None,
            "unsure": round(float((sizes > 1).mean()), 4) if rows.any() else None,
            "empty": round(float((sizes == 0).mean()), 4) if rows.any() else None,
        })  # fmt: skip
    return found


def _colour_rule(shares: Floats) -> float | None:
    """The largest coloured part that is still taken; None where training pictures are coloured themselves."""
    if float(np.quantile(shares, 0.99)) > COLOUR_IN_GREY:
        return None
    return max(FIRST_COLOUR, 1.5 * float(shares.max()))


def _kinds(headers: Sequence[ImageFacts | None]) -> tuple[str, ...]:
    """The kinds of pictures that the files name; empty where one of them names none, for then nothing is known."""
    kinds = {kind_of(header.modality) if header is not None else "" for header in headers}
    return tuple(sorted(kinds)) if kinds and "" not in kinds else ()
