"""Methods of another kind say the same: rank correlation and overlap of the hottest tenth, for every pair.

Methods that share their arithmetic agree by construction (Grad-CAM and HiResCAM are the same map behind mean pooling),
so a method is judged against those of another kind only.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

from wetread.explanation.agreement import agree
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.methods import CLASS_MAPS, PIXEL_GRADIENTS, TITLES
from wetread.explanation.trials.outcome import FEWEST, Outcome, judge, not_run, say
from wetread.explanation.trials.sample import Maps, Sample
from wetread.explanation.trials.spread import mean_over_pictures
from wetread.shapes import Floats

SOURCE = "after Krishna 2024, arXiv 2202.01602 (the disagreement problem)"
#: Mean rank correlation from which two methods tell a reader the same; our choice.
AGREED = 0.5


def kind_of(method: str) -> str:
    """Class maps, pixel gradients, or questions put to the model."""
    return "class maps" if method in CLASS_MAPS else "gradients" if method in PIXEL_GRADIENTS else "questions"


def try_agreement(sample: Sample, method: str, methods: tuple[str, ...]) -> Outcome:
    """Compares the maps of a method with those of all methods of another kind.

    Args:
        sample: Pictures and model.
        method: To test.
        methods: All that are tested.

    Returns:
        Passed where the best of the mean rank correlations is at least `AGREED`: one independent witness is enough.
    """
    if len(sample.pictures) < FEWEST:
        return not_run(f"needs {FEWEST} pictures")
    others = [one for one in methods if kind_of(one) != kind_of(method)] or [
        # Where a model can only be asked, hiding one place and hiding half at random are as different as it gets.
        one
        for one in methods
        if (one == "rise") != (method == "rise")
    ]
    if not others:
        return not_run("needs a method of another kind")
    settings = {"resamples": sample.resamples, "seed": sample.seed}
    found = {
        other: mean_over_pictures(alike(sample.maps(method), sample.maps(other))[0], sample.patients, **settings)
        for other in others
    }
    known = {other: one for other, one in found.items() if one is not None}
    if not known:
        return not_run("every map is empty")
    best = max(known, key=lambda other: known[other].value)
    passed = known[best].value >= AGREED
    told = "show much the same" if passed else "show different things, so one of them at least is wrong"
    return Outcome(
        judge(passed),
        f"It and {TITLES[best]} {told} (rank correlation {say(known[best])}, {AGREED} is asked for).",
        known[best],
        f"at least {AGREED}",
        SOURCE,
        {other: round(one.value, 4) for other, one in known.items()},
    )


def alike(maps: Maps, others: Maps) -> tuple[Floats, Floats]:
    """Rank correlation and overlap of the hottest tenth per picture, sign kept; NaN where either map is empty."""
    found = [
        {"spearman": None, "top10_iou": None} if a is None or b is None else agree(_as_heatmap(a), _as_heatmap(b))
        for a, b in zip(maps, others, strict=True)
    ]
    ranks, overlaps = (
        np.array([one[key] for one in found], dtype=np.float64)  # None becomes NaN
        for key in ("spearman", "top10_iou")
    )
    return ranks, overlaps


def agreement_of(sample: Sample, methods: tuple[str, ...]) -> list[dict[str, Any]]:
    """Mean rank correlation and overlap of the hottest tenth of every pair of methods."""
    found = []
    for one, other in combinations(methods, 2):
        ranks, overlaps = alike(sample.maps(one), sample.maps(other))
        known = np.isfinite(ranks)
        found.append(
            {
                "methods": [one, other],
                "rank correlation": round(float(ranks[known].mean()), 4) if known.any() else None,
                "hottest tenth, overlap": round(float(overlaps[known].mean()), 4) if known.any() else None,
            }
        )
    return found


def _as_heatmap(values: Floats) -> Heatmap:
    return Heatmap(values, "", "", "")
