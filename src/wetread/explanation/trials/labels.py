"""Other labels, other map: the same model fitted to permuted labels (Adebayo 2018, arXiv 1810.03292)."""

from __future__ import annotations

from collections.abc import Callable

from wetread.explanation.trials.outcome import FEWEST, Outcome, judge, not_run, say
from wetread.explanation.trials.sample import Sample
from wetread.explanation.trials.spread import mean_over_pictures
from wetread.explanation.trials.weights import ALIKE, SOURCE, compare
from wetread.model.classifier import Classifier

#: Seed -> the model fitted to labels in another order; None where that would take too long.
Retrain = Callable[[int], Classifier | None]

DRAWS, QUICK_DRAWS = 4, 2
#: Rank correlation from which on two maps are called much the same.
MUCH_ALIKE = 0.5


def try_labels(sample: Sample, method: str, retrain: Retrain | None, why: str = "needs the training data") -> Outcome:
    """Compares the maps of the model with those of models that could learn nothing but noise.

    Args:
        sample: Pictures and model.
        method: To test.
        retrain: Fits the model anew; None where that is not possible.
        why: Then says why.

    Returns:
        Passed where the mean rank correlation of absolute values is below `ALIKE`.
    """
    if retrain is None:
        return not_run(why)
    if len(sample.pictures) < FEWEST:
        return not_run(f"needs {FEWEST} pictures")
    others = [retrain(sample.seed + draw) for draw in range(QUICK_DRAWS if sample.quick else DRAWS)]
    fitted = [one for one in others if one is not None]
    if not fitted:
        return not_run("a network would have to be trained again, which takes too long here")
    maps = sample.maps(method)
    found = [compare(maps, sample.explain(one, sample.pictures, method)) for one in fitted]
    value = mean_over_pictures(found, sample.patients, resamples=sample.resamples, seed=sample.seed)
    if value is None:
        return not_run("every map is empty")
    passed = value.value < ALIKE
    told = "is another one"
    if not passed:
        told = "keeps some of its shape, which was not learnt from the labels"
    if value.value >= MUCH_ALIKE:
        told = "stays much the same: it shows little of what was learnt"
    return Outcome(
        judge(passed),
        f"Fitted to labels in random order, the model's map {told} (rank correlation {say(value)}, below {ALIKE} is "
        "asked for).",
        value,
        f"below {ALIKE}",
        SOURCE,
    )
