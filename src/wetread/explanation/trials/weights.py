"""Other weights, other map: cascading randomisation (Adebayo 2018, arXiv 1810.03292).

A map that stays while the weights are shuffled shows the picture, not the model. Rank correlation of absolute maps is
the verdict; similarity measures are known to be biased by the entropy of the maps (Hedstrom 2024, arXiv 2405.02383),
so the change of the entropy is reported beside it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wetread.explanation.trials.likeness import rank_correlation, structural_similarity
from wetread.explanation.trials.outcome import FEWEST, Outcome, judge, not_run, say
from wetread.explanation.trials.randomise import depths_of, randomise
from wetread.explanation.trials.sample import Maps, Sample
from wetread.explanation.trials.spread import mean_over_pictures
from wetread.shapes import Floats

SOURCE = "Adebayo 2018, arXiv 1810.03292"
#: Above this rank correlation a map has not changed enough.
ALIKE = 0.2
#: Shuffles of everything; further up one each.
DRAWS, QUICK_DRAWS = 4, 2


def try_weights(sample: Sample, method: str) -> Outcome:
    """Compares the maps of the model with those of models whose weights are shuffled.

    Args:
        sample: Pictures and model.
        method: To test.

    Returns:
        Passed where the mean rank correlation of absolute values is below `ALIKE` with all weights shuffled. The sign
        says nothing here: half of all shuffles turn it round.
    """
    if len(sample.pictures) < FEWEST:
        return not_run(f"needs {FEWEST} pictures")
    maps = sample.maps(method)
    depths = depths_of(sample.classifier)
    course, alike, structure, busier = [], [], [], []
    for depth in depths[-1:] if sample.quick else depths:
        draws = (QUICK_DRAWS if sample.quick else DRAWS) if depth == 1.0 else 1
        found = [
            sample.explain(
                randomise(sample.classifier, depth, sample.seed + draw, sample.pictures), sample.pictures, method
            )
            for draw in range(draws)
        ]
        ranks = [compare(maps, others) for others in found]
        course.append({"shuffled": round(depth, 2), "rank correlation": _mean(ranks)})
        if depth == 1.0:
            alike = ranks
            structure = [_each(maps, others, structural_similarity) for others in found]
            busier = [_each(maps, others, _gain_of_entropy) for others in found]
    value = mean_over_pictures(alike, sample.patients, resamples=sample.resamples, seed=sample.seed)
    if value is None:
        return not_run("every map is empty")
    what = "coefficients" if len(depths) == 1 else "weights"
    passed = value.value < ALIKE
    told = "changes with the model" if passed else "hardly changes: it shows the picture more than the model"
    return Outcome(
        judge(passed),
        f"With shuffled {what} the map {told} (rank correlation {say(value)}, below {ALIKE} is asked for).",
        value,
        f"below {ALIKE}",
        SOURCE,
        {"structural similarity": _mean(structure), "gain of entropy": _mean(busier), "course": course},
    )


def compare(maps: Maps, others: Maps) -> Floats:
    """Rank correlation of absolute values, per picture."""
    return _each(maps, others, lambda one, other: rank_correlation(np.abs(one), np.abs(other)))


def _each(maps: Maps, others: Maps, measure: Callable[[Floats, Floats], float]) -> Floats:
    nothing = float("nan")
    return np.array(
        [
            nothing if one is None else 0.0 if other is None else measure(one, other)
            for one, other in zip(maps, others, strict=True)
        ]
    )


def _gain_of_entropy(one: Floats, other: Floats) -> float:
    """How much busier a map has become, as a part of what it was (eMPRT, Hedstrom 2024)."""
    before = _entropy(one)
    return (_entropy(other) - before) / before if before > 0 else float("nan")


def _entropy(values: Floats) -> float:
    counts, _ = np.histogram(values, bins=min(64, max(8, values.size // 8)))
    share = counts[counts > 0] / values.size
    return float(-(share * np.log(share)).sum())


def _mean(values: list[Floats]) -> float | None:
    known = np.concatenate(values)
    known = known[np.isfinite(known)]
    return round(float(known.mean()), 4) if len(known) else None
