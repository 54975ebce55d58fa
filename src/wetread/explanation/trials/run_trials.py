"""All tests of several methods on one sample: which of them may be believed, for this model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wetread.explanation.methods import TITLES, check_method
from wetread.explanation.trials.agreement import agreement_of, try_agreement
from wetread.explanation.trials.counterfactual import try_counterfactual
from wetread.explanation.trials.deletion import try_deletion
from wetread.explanation.trials.labels import Retrain, try_labels
from wetread.explanation.trials.outcome import PASS, Outcome, not_run
from wetread.explanation.trials.outside import heat_outside
from wetread.explanation.trials.pointing import try_pointing
from wetread.explanation.trials.remember import Memory, Remembering, remember
from wetread.explanation.trials.repeat import try_repeat
from wetread.explanation.trials.sample import Sample
from wetread.explanation.trials.weights import try_weights
from wetread.explanation.trials.work import seconds_of_a_question
from wetread.model.classifier import Classifier
from wetread.progress import Listener, StepAdvanced, silent
from wetread.shapes import Bools, Picture

#: In the order in which they are shown.
TRIALS = ("weights", "labels", "deletion", "pointing", "repeat", "agreement", "counterfactual")

#: What each test asks.
QUESTIONS = {
    "weights": "Other weights, other map?",
    "labels": "Other labels, other map?",
    "deletion": "Do the hot places matter?",
    "pointing": "Does the heat lie on the lesion?",
    "repeat": "Same question, same map?",
    "agreement": "Do other methods agree?",
    "counterfactual": "Without the lesion, no heat?",
}

#: Cheapest and most telling first: where time is short, these were made.
_ORDER = ("weights", "pointing", "agreement", "labels", "deletion", "repeat", "counterfactual")
#: These look at maps that are there.
_FREE = {"pointing", "agreement"}
#: Said of a test for which the budget of a run was not enough.
LEFT_OUT = "left out to keep the run short: it asks the model again; wetread explain --test makes it"
#: Under which name progress is told.
STEP = "test explanations"


@dataclass(frozen=True)
class MethodTrials:
    """What the tests found of one method.

    Attributes:
        method: Its name.
        outcomes: Of each test, in the order of `TRIALS`.
        outside: Mean part of the heat outside the body; None where that cannot be said.
    """

    method: str
    outcomes: dict[str, Outcome]
    outside: float | None = None

    @property
    def passed(self) -> int:
        """Tests passed."""
        return sum(one.verdict == PASS for one in self.outcomes.values())

    @property
    def tests(self) -> int:
        """Tests that could be made."""
        return sum(one.was_run for one in self.outcomes.values())

    @property
    def badge(self) -> str:
        """``passes 4 of 7``."""
        return f"passes {self.passed} of {self.tests}" if self.tests else "not tested"

    def as_dict(self) -> dict[str, Any]:
        """What stands in explanations.json."""
        return {
            "title": TITLES[self.method],
            "passed": self.passed,
            "tests": self.tests,
            "badge": self.badge,
            "trials": {name: one.as_dict() for name, one in self.outcomes.items()},
            "heat outside the body": self.outside,
        }


@dataclass(frozen=True)
class Trials:
    """What the tests found of all methods.

    Attributes:
        methods: By name.
        agreement: Of every pair of methods.
        sample: Pictures that were used.
        masks: How many of them have a mask.
        seconds: Wall clock.
        work: Seconds of asking the model, as they are counted; 0 where there was no budget.
    """

    methods: dict[str, MethodTrials]
    agreement: list[dict[str, Any]]
    sample: int
    masks: int = 0
    seconds: float = 0.0
    work: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> MethodTrials | None:
        """The method that passes most; of two the one that was tested more."""
        return self.best_of(tuple(self.methods))

    def best_of(self, methods: Sequence[str]) -> MethodTrials | None:
        """The best of some methods; None where none of them was tested."""
        tried = [one for name, one in self.methods.items() if name in methods]
        return max(tried, key=lambda one: (one.passed, one.tests), default=None)

    def as_dict(self, shown: Sequence[str] = ()) -> dict[str, Any]:
        """What stands in explanations.json; ``passed`` and ``tests`` are those of the best method.

        Args:
            shown: Only these can be the best; by default all.
        """
        best = self.best_of(shown) if shown else self.best
        return {
            "passed": best.passed if best else 0,
            "tests": best.tests if best else 0,
            "best": best.method if best else "",
            "methods": {name: one.as_dict() for name, one in self.methods.items()},
            "agreement": self.agreement,
            "sample": self.sample,
            "masks": self.masks,
            "seconds": round(self.seconds, 2),
            **self.facts,
        }


def run_trials(
    classifier: Classifier,
    pictures: Sequence[Picture],
    targets: Sequence[int],
    masks: Sequence[Bools | None] | None = None,
    *,
    methods: Sequence[str],
    retrain: Retrain | None = None,
    patients: Sequence[str] | None = None,
    counterparts: Sequence[Picture | None] = (),
    listen: Listener = silent,
    seed: int = 0,
    resamples: int = 1000,
    quick: bool = False,
    budget: float | None = None,
    seconds: float | None = None,
    shows: Sequence[int] | None = None,
    why_no_labels: str = "needs the training data",
) -> Trials:
    """Tests the explanations of a model.

    Args:
        classifier: Did not learn from these pictures.
        pictures: Grey or colour.
        targets: Column of the class or finding to explain, per picture.
        masks: Where the finding is visible, ``row column`` in the proportions of each picture; None where not known.
        methods: Names, as `wetread.explanation.methods.methods_for` gives them.
        retrain: Seed -> the model fitted to labels in another order; None where that is not possible.
        patients: Of each picture; each picture is one of its own where they are not known.
        counterparts: The same pictures without the finding.
        listen: Is told about progress, as the step `STEP`.
        seed: The same seed repeats the tests.
        resamples: How often patients are drawn.
        quick: Cheaper settings, fewer draws.
        budget: Seconds of asking the model, as `wetread.explanation.trials.work` counts them, after which no further
            test is begun that asks it again. Those left out say so, and are the same on every machine.
        seconds: The same of the clock.
        shows: Column of the class that each mask shows; by default that of the target.
        why_no_labels: Why there is no `retrain`.

    Returns:
        The outcomes.

    Raises:
        InputError: A method is unknown or not possible with this model.
    """
    started = time.monotonic()
    for method in methods:
        check_method(method)
    memory = Memory()
    sample = Sample(
        remember(classifier, memory),
        list(pictures),
        np.asarray(targets, dtype=np.int64),
        list(patients) if patients is not None else [str(n) for n in range(len(pictures))],
        tuple(masks or ()),
        tuple(counterparts),
        seed,
        resamples,
        quick,
        shows,
        memory,
    )
    tests = _tests(sample, tuple(methods), _remembering(retrain, memory), why_no_labels)
    each = 0.0 if budget is None else seconds_of_a_question(classifier)
    found: dict[str, dict[str, Outcome]] = {method: {} for method in methods}
    # Where only the last layer changes, the features are there already.
    free = _FREE | ({"weights", "labels"} if isinstance(sample.classifier, Remembering) else set())
    total = len(methods) * len(TRIALS)
    # Test by test rather than method by method: where time runs out, all methods have had the same ones.
    for count, (name, method) in enumerate(((name, method) for name in _ORDER for method in methods), start=1):
        why = ""
        if name not in free and budget is not None and sample.asked * each >= budget:
            why = LEFT_OUT
        elif name not in free and seconds is not None and time.monotonic() - started > seconds:
            why = "the time for it was over"
        found[method][name] = not_run(why) if why else tests[name](method)
        listen(StepAdvanced(STEP, count, total, f"{TITLES[method]}: {QUESTIONS[name].lower()}"))
    return Trials(
        {
            method: MethodTrials(
                method,
                {name: found[method][name] for name in TRIALS},
                heat_outside(sample.maps(method), list(pictures)),
            )
            for method in methods
        },
        agreement_of(sample, tuple(methods)) if len(pictures) else [],
        len(pictures),
        len(sample.masked),
        time.monotonic() - started,
        sample.asked * each,
    )


def _tests(
    sample: Sample, methods: tuple[str, ...], retrain: Retrain | None, why: str
) -> dict[str, Callable[[str], Outcome]]:
    return {
        "weights": lambda method: try_weights(sample, method),
        "labels": lambda method: try_labels(sample, method, retrain, why),
        "deletion": lambda method: try_deletion(sample, method),
        "pointing": lambda method: try_pointing(sample, method),
        "repeat": lambda method: try_repeat(sample, method),
        "agreement": lambda method: try_agreement(sample, method, methods),
        "counterfactual": lambda method: try_counterfactual(sample, method),
    }


def _remembering(retrain: Retrain | None, memory: Memory) -> Retrain | None:
    """Fitted once for all methods, and with the same eyes as the model."""
    if retrain is None:
        return None
    kept: dict[int, Classifier | None] = {}

    def once(seed: int) -> Classifier | None:
        if seed not in kept:
            fitted = retrain(seed)
            kept[seed] = None if fitted is None else remember(fitted, memory)
        return kept[seed]

    return once
