"""Nested evaluation: in every outer fold the rungs compete inside the training part; the winner is tested outside.

What is reported is therefore the whole procedure, choice included, and the final model comes from the same procedure
run on all development rows. Each finished fold is stored at once, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from threadpoolctl import threadpool_limits

from wetread.dataset.split import Fold
from wetread.errors import ModelRejected, Stopped
from wetread.metrics.operating_point import (
    f1_threshold,
    sensitivity_threshold,
    specificity_threshold,
    youden_threshold,
)
from wetread.model.classifier import Classifier, load_classifier, pack_arrays, unpack_arrays
from wetread.progress import Event, FoldDone, FoldLoaded, Listener
from wetread.shapes import Floats, Ints
from wetread.training.plan import Plan
from wetread.training.rungs import FITS, Place, TrainingSet, choose_rung, predict_rows
from wetread.writing import atomic_write

#: Most folds fitted at once: each holds its own networks.
MOST_AT_ONCE = 8


@dataclass
class FoldResult:
    """What one outer fold found.

    Attributes:
        fold: Which rows were fitted on and which predicted.
        probabilities: rung -> ``image class`` for the test rows.
        thresholds: rung -> threshold chosen inside the training part; None for more than two classes.
        chosen: The rung that won inside.
        seconds: rung -> seconds of its fit and predictions.
        classifiers: rung -> fitted classifier, with its threshold.
    """

    fold: Fold
    probabilities: dict[str, Floats]
    thresholds: dict[str, float | None]
    chosen: str
    seconds: dict[str, float]
    classifiers: dict[str, Classifier]


@dataclass
class Pooled:
    """Held-out predictions of one rung, one row per tested image, repeats averaged.

    Attributes:
        rows: Row numbers, ascending.
        probabilities: ``image class``: geometric mean over the repeats, rows add up to 1.
        thresholds: Per image, the (geometric) mean of the thresholds of its folds; None for more than two classes.
        by_repeat: For each repeat its own ``image class`` table, in the same order of rows.
    """

    rows: Ints
    probabilities: Floats
    thresholds: Floats | None
    by_repeat: list[Floats]


def run_fold(data: TrainingSet, fold: Fold, listen: Listener) -> FoldResult:
    """Fits every rung on the training rows of a fold, lets them compete inside, and predicts the test rows."""
    started = time.perf_counter()
    classifiers, inner, seconds = _fit_all(data, fold.train, Place(fold.repeat, fold.number), listen)
    probabilities = {}
    for name, classifier in classifiers.items():
        before = time.perf_counter()
        probabilities[name] = predict_rows(data, classifier, fold.test)
        seconds[name] += time.perf_counter() - before
    chosen = choose_rung(inner, data.labels[fold.train], data.groups[fold.train])
    listen(FoldDone(fold.repeat, fold.number, chosen, time.perf_counter() - started))
    thresholds = {name: classifier.threshold for name, classifier in classifiers.items()}
    return FoldResult(fold, probabilities, thresholds, chosen, seconds, classifiers)


def run_folds(
    data: TrainingSet, folds: list[Fold], place: Path, listen: Listener, final: bool
) -> tuple[list[FoldResult], Classifier | None]:
    """Runs all folds that are not stored yet, several at once, and the final fit.

    Fits share nothing but the data, and a small network uses one core, so folds are given to threads: what a fold finds
    does not depend on how many there are.

    Args:
        data: All rows.
        folds: Of all repeats.
        place: Folder that holds one folder per fold.
        listen: Is told about progress, from several threads.
        final: Fit the model to ship on all rows as well.

    Returns:
        One result per fold in their order, and the final classifier if asked for.

    Raises:
        KeyboardInterrupt: Passed on once every thread has stopped; finished folds are stored.
    """
    stop = threading.Event()
    key = data.key()

    def listen_or_stop(event: Event) -> None:
        if stop.is_set():
            raise Stopped("Stopped.")
        listen(event)

    def one(fold: Fold) -> FoldResult:
        where = place / f"r{fold.repeat}f{fold.number}"
        result = load_fold(fold, where, data.plan.rungs, key)
        if result is None:
            result = run_fold(data, fold, listen_or_stop)
            save_fold(result, where, key)
        else:
            listen_or_stop(FoldLoaded(fold.repeat, fold.number))
        return result

    def last() -> Classifier:
        return fit_final(data, np.arange(len(data.labels)), listen_or_stop)

    workers = 1 if data.plan.device != "cpu" else max(1, min(os.cpu_count() or 1, MOST_AT_ONCE))
    # One BLAS thread per fit, for the same reason as one torch thread.
    with threadpool_limits(1), _quick_turns(), ThreadPoolExecutor(workers, thread_name_prefix="fold") as pool_:
        jobs = [pool_.submit(one, fold) for fold in folds]
        ending = pool_.submit(last) if final else None
        try:
            results = [job.result() for job in jobs]
            return results, ending.result() if ending else None
        except BaseException:
            stop.set()
            pool_.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def _quick_turns() -> Iterator[None]:
    """Lets threads change turns every half millisecond: with Python's five, two fits took turns instead of two cores.

    Measured on two cores: two fits side by side 5.5 s before, 3.1 s after, one alone 3.0 s.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def fit_final(data: TrainingSet, rows: Ints, listen: Listener) -> Classifier:
    """The model to ship: the same procedure on all given rows."""
    classifiers, inner, _ = _fit_all(data, rows, Place(0, 0), listen)
    return classifiers[choose_rung(inner, data.labels[rows], data.groups[rows])]


def _fit_all(
    data: TrainingSet, train: Ints, place: Place, listen: Listener
) -> tuple[dict[str, Classifier], dict[str, Floats], dict[str, float]]:
    classifiers, inner, seconds = {}, {}, {}
    for name in data.plan.rungs:
        fitted = FITS[name](data, train, place, listen)
        fitted.classifier.threshold = choose_threshold(data.plan, data.labels[train], fitted.inner)
        classifiers[name], inner[name], seconds[name] = fitted.classifier, fitted.inner, fitted.seconds
    return classifiers, inner, seconds


#: Rule of the plan -> threshold from truth and probability.
RULES: dict[str, Callable[[ArrayLike, ArrayLike], float | None]] = {
    "youden": youden_threshold,
    "sensitivity": sensitivity_threshold,
    "specificity": specificity_threshold,
    "f1": f1_threshold,
}


def choose_threshold(plan: Plan, labels: Ints, inner: Floats) -> float | None:
    """The threshold by the plan's rule, on predictions from inside the training part; None for several classes."""
    if plan.positive is None:
        return None
    positive = plan.classes.index(plan.positive)
    return RULES[plan.operating_point](labels == positive, inner[:, positive])


def pool(results: list[FoldResult], rung: str, plan: Plan) -> Pooled:
    """Puts the folds of all repeats together.

    Args:
        results: Of all folds of all repeats.
        rung: Its name, or ``selected`` for the one chosen in each fold.
        plan: Of the run.

    Returns:
        One row per tested image.
    """
    rows = np.unique(np.concatenate([result.fold.test for result in results]))
    repeats = sorted({result.fold.repeat for result in results})
    tables: list[Floats] = []
    cuts: list[Floats] = []
    for repeat in repeats:
        table = np.zeros((len(rows), len(plan.classes)))
        cut = np.full(len(rows), 0.5)
        for result in (result for result in results if result.fold.repeat == repeat):
            name = result.chosen if rung == "selected" else rung
            where = np.searchsorted(rows, result.fold.test)
            table[where] = result.probabilities[name]
            threshold = result.thresholds[name]
            cut[where] = 0.5 if threshold is None else threshold
        tables.append(table)
        cuts.append(cut)
    mean = np.exp(np.mean([np.log(np.clip(table, 1e-9, 1.0)) for table in tables], axis=0))
    thresholds = None
    if plan.positive is not None:
        # On the scale of log odds, so that averaged probabilities and averaged thresholds are compared like with like.
        odds = np.mean(
            [np.log(np.clip(cut, 1e-9, 1 - 1e-9) / (1 - np.clip(cut, 1e-9, 1 - 1e-9))) for cut in cuts], axis=0
        )
        thresholds = 1 / (1 + np.exp(-odds))
    return Pooled(rows, mean / mean.sum(axis=1, keepdims=True), thresholds, tables)


def save_fold(result: FoldResult, folder: Path, key: str) -> None:
    """Stores a finished fold; ``fold.json`` comes last, so a folder that has it is whole."""
    # Explanations use the models of the first repeat only; the others would be dead weight.
    if result.fold.repeat == 1:
        for name, classifier in result.classifiers.items():
            classifier.save(folder / name)
    arrays: dict[str, NDArray[Any]] = {f"probabilities.{name}": table for name, table in result.probabilities.items()}
    arrays |= {"train": result.fold.train, "test": result.fold.test}
    atomic_write(folder / "arrays.safetensors", pack_arrays(arrays))
    described = {"key": key, "chosen": result.chosen, "thresholds": result.thresholds, "seconds": result.seconds}
    atomic_write(folder / "fold.json", json.dumps(described, indent=2) + "\n")


def load_fold(fold: Fold, folder: Path, rungs: tuple[str, ...], key: str) -> FoldResult | None:
    """Takes up a stored fold; None where there is none, or where it is of another division, plan or data."""
    try:
        described = json.loads((folder / "fold.json").read_text(encoding="utf-8"))
        arrays = unpack_arrays((folder / "arrays.safetensors").read_bytes())
        same = (
            described["key"] == key
            and np.array_equal(arrays["train"], fold.train)
            and np.array_equal(arrays["test"], fold.test)
        )
        probabilities = {name: arrays[f"probabilities.{name}"] for name in rungs}
        classifiers = {name: load_classifier(folder / name) for name in rungs} if fold.repeat == 1 else {}
    except (OSError, ValueError, KeyError, ModelRejected):
        return None
    if not same:
        return None
    return FoldResult(
        fold, probabilities, described["thresholds"], described["chosen"], described["seconds"], classifiers
    )
