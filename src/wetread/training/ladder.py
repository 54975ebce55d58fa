"""Nested evaluation: in every outer fold the rungs compete inside the training part; the winner is tested outside.

What is reported is therefore the whole procedure, choice included, and the final model comes from the same procedure
run on all development rows. Each finished fold is stored at once, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits

from wetread.dataset.split import Fold
from wetread.errors import ModelRejected, Stopped
from wetread.model.classifier import Classifier, load_classifier, pack_arrays, unpack_arrays
from wetread.progress import Event, FoldDone, FoldLeftOut, FoldLoaded, Listener, Notice
from wetread.shapes import Floats, Ints
from wetread.training.fitted import Fitted
from wetread.training.gain import Gain, choose_rung
from wetread.training.plan import Plan
from wetread.training.rungs import fit_all, members
from wetread.training.training_set import Place, TrainingSet
from wetread.writing import atomic_write, remove_folder

#: Most folds fitted at once: each holds its own networks.
MOST_AT_ONCE = 8

#: Networks so small that one core is all they can use.
OF_ONE_CORE = ("small", "carpentries", "dense")


@dataclass
class FoldResult:
    """What one outer fold found.

    Attributes:
        fold: Which rows were fitted on and which predicted.
        probabilities: rung -> ``image class`` for the test rows.
        thresholds: rung -> thresholds chosen inside the training part: one for two classes, one per finding of several,
            none for more than two classes.
        chosen: The rung that won inside.
        gains: Of each rung over the one in use before it, inside.
        seconds: rung -> seconds of its fit and predictions.
        classifiers: rung -> fitted classifier, with its threshold; empty after the first repeat of a run taken up.
        waiting: Largest part of the training time that steps waited for pictures.
    """

    fold: Fold
    probabilities: dict[str, Floats]
    thresholds: dict[str, list[float]]
    chosen: str
    gains: list[dict[str, Any]]
    seconds: dict[str, float]
    classifiers: dict[str, Classifier]
    waiting: float = 0.0


@dataclass
class Pooled:
    """Held-out predictions of one rung, one row per tested image, repeats averaged.

    Attributes:
        rows: Row numbers, ascending.
        probabilities: ``image class``: mean over the repeats, on the scale of logarithms.
        thresholds: Per image, the (geometric) mean of the thresholds of its folds; ``image finding`` of several, None
            for more than two classes.
        by_repeat: For each repeat its own ``image class`` table, in the same order of rows.
    """

    rows: Ints
    probabilities: Floats
    thresholds: Floats | None
    by_repeat: list[Floats]


def run_fold(data: TrainingSet, fold: Fold, listen: Listener, folder: Path | None = None) -> FoldResult:
    """Fits every rung on the training rows of a fold, lets them compete inside, and predicts the test rows.

    Args:
        data: All rows.
        fold: Which to fit on and which to predict.
        listen: Is told about progress.
        folder: Of this fold, where unfinished fits keep their checkpoints; None to keep none.
    """
    started = time.perf_counter()
    fitted = fit_all(data, fold.train, Place(fold.repeat, fold.number, folder), listen)
    tested = data.inputs.take(fold.test)
    probabilities, seconds = {}, {}
    for name, one in fitted.items():
        before = time.perf_counter()
        probabilities[name] = one.classifier.probabilities(tested)
        seconds[name] = one.seconds + time.perf_counter() - before
    chosen, gains = _choose(data, fold.train, fitted)
    listen(FoldDone(fold.repeat, fold.number, chosen, time.perf_counter() - started))
    return FoldResult(
        fold,
        probabilities,
        {name: _cuts(one.classifier) for name, one in fitted.items()},
        chosen,
        [gain.as_dict() for gain in gains],
        seconds,
        {name: one.classifier for name, one in fitted.items()},
        max((one.waiting or 0.0 for one in fitted.values()), default=0.0),
    )


def _choose(data: TrainingSet, train: Ints, fitted: dict[str, Fitted]) -> tuple[str, list[Gain]]:
    inner = {name: one.inner for name, one in fitted.items()}
    return choose_rung(inner, data.labels[train], data.groups[train], data.plan.choice)


def _cuts(classifier: Classifier) -> list[float]:
    return list(classifier.thresholds) or ([] if classifier.threshold is None else [classifier.threshold])


def run_folds(
    data: TrainingSet, folds: list[Fold], place: Path, listen: Listener, final: bool
) -> tuple[list[FoldResult], Classifier | None]:
    """Runs all folds that are not stored yet, several at once, and the final fit.

    Fits share nothing but the data, and a small network uses one core, so folds are given to threads: what a fold finds
    does not depend on how many there are. A large network uses all cores by itself, so there folds take turns.

    Where the plan's time is over, repeats after the first that have not begun are left out, and that is said.

    Args:
        data: All rows.
        folds: Of all repeats.
        place: Folder that holds one folder per fold.
        listen: Is told about progress, from several threads.
        final: Fit the model to ship on all rows as well.

    Returns:
        One result per fold in their order, whole repeats only, and the final classifier if asked for.

    Raises:
        KeyboardInterrupt: Passed on once every thread has stopped; finished folds are stored.
    """
    stop, key = threading.Event(), data.key()
    ends = time.monotonic() + data.plan.time_limit

    def listen_or_stop(event: Event) -> None:
        listen(event)  # first: what it tells of is done, has its checkpoint, and will not be told again
        if stop.is_set():
            raise Stopped("Stopped.")

    def one(fold: Fold) -> FoldResult | None:
        where = place / f"r{fold.repeat}f{fold.number}"
        result = load_fold(fold, where, data, key)
        if result is not None:
            listen_or_stop(FoldLoaded(fold.repeat, fold.number))
        elif fold.repeat > 1 and time.monotonic() > ends:
            listen_or_stop(FoldLeftOut(fold.repeat, fold.number))
        else:
            result = run_fold(data, fold, listen_or_stop, where)
            save_fold(result, where, key)
            remove_folder(where / "fits")
        return result

    def last() -> Classifier:
        classifier = fit_final(data, np.arange(len(data.labels)), listen_or_stop, place / "final")
        remove_folder(place / "final")
        return classifier

    # One BLAS thread per fit where fits run side by side, for the same reason as one torch thread.
    workers = _workers(data)
    threads = threadpool_limits(1) if workers > 1 else nullcontext()
    with threads, _quick_turns(), ThreadPoolExecutor(workers, thread_name_prefix="fold") as pool_:
        # The first repeat and the model to ship come first: they are what a run cannot do without.
        first = [pool_.submit(one, fold) for fold in folds if fold.repeat == 1]
        ending = pool_.submit(last) if final else None
        further = [pool_.submit(one, fold) for fold in folds if fold.repeat > 1]
        try:
            results = [job.result() for job in (*first, *further)]
            return _whole_repeats(results, listen), ending.result() if ending else None
        except BaseException as error:
            stop.set()
            if isinstance(error, KeyboardInterrupt):
                with suppress(BaseException):  # whoever listens may be what was interrupted
                    listen(Notice("Stopping when the epochs at work are done, so that nothing is lost."))
            pool_.shutdown(wait=True, cancel_futures=True)
            raise


def _workers(data: TrainingSet) -> int:
    alone = data.plan.device != "cpu" or ("network" in data.plan.rungs and data.plan.network not in OF_ONE_CORE)
    return 1 if alone else max(1, min(os.cpu_count() or 1, MOST_AT_ONCE))


def _whole_repeats(results: list[FoldResult | None], listen: Listener) -> list[FoldResult]:
    """Leaves repeats out of which a fold is missing: each image is to be predicted equally often."""
    found = [result for result in results if result is not None]
    if len(found) < len(results):
        counts = Counter(result.fold.repeat for result in found)
        found = [result for result in found if counts[result.fold.repeat] == counts[1]]
        whole = len({result.fold.repeat for result in found})
        listen(Notice(f"The time limit was reached: {whole} of the planned divisions were finished and count."))
    return found


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


def fit_final(data: TrainingSet, rows: Ints, listen: Listener, folder: Path | None = None) -> Classifier:
    """The model to ship: the same procedure on all given rows."""
    fitted = fit_all(data, rows, Place(0, 0, folder), listen)
    chosen, _ = _choose(data, rows, fitted)
    return fitted[chosen].classifier


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
    cutting = _columns_with_cuts(plan)
    tables: list[Floats] = []
    cuts: list[Floats] = []
    for repeat in repeats:
        table = np.zeros((len(rows), len(plan.classes)))
        cut = np.full((len(rows), cutting), 0.5)
        for result in (result for result in results if result.fold.repeat == repeat):
            name = result.chosen if rung == "selected" else rung
            where = np.searchsorted(rows, result.fold.test)
            table[where] = result.probabilities[name]
            cut[where] = result.thresholds[name]
        tables.append(table)
        cuts.append(cut)
    # On the scale of log odds, so that averaged probabilities and averaged thresholds are compared like with like.
    if plan.task == "multilabel":
        mean = expit(np.mean([_log_odds(table) for table in tables], axis=0))
    else:
        mean = np.exp(np.mean([np.log(np.clip(table, 1e-9, 1.0)) for table in tables], axis=0))
        mean /= mean.sum(axis=1, keepdims=True)
    thresholds = expit(np.mean([_log_odds(cut) for cut in cuts], axis=0)) if cutting else None
    return Pooled(
        rows, mean, thresholds[:, 0] if thresholds is not None and plan.task == "binary" else thresholds, tables
    )


def _columns_with_cuts(plan: Plan) -> int:
    return len(plan.classes) if plan.task == "multilabel" else 1 if plan.positive is not None else 0


def _log_odds(probabilities: Floats) -> Floats:
    safe = np.clip(probabilities, 1e-9, 1 - 1e-9)
    odds: Floats = np.log(safe / (1 - safe))
    return odds


def save_fold(result: FoldResult, folder: Path, key: str) -> None:
    """Stores a finished fold; ``fold.json`` comes last, so a folder that has it is whole."""
    # Explanations use the models of the first repeat only; the others would be dead weight. An ensemble is put
    # together again from its members, and the backbone lies in the weights home.
    if result.fold.repeat == 1:
        for name, classifier in result.classifiers.items():
            if name != "ensemble":
                classifier.save(folder / name, whole=False)
    arrays: dict[str, NDArray[Any]] = {f"probabilities.{name}": table for name, table in result.probabilities.items()}
    arrays |= {"train": result.fold.train, "test": result.fold.test}
    packed = pack_arrays(arrays)
    atomic_write(folder / "arrays.safetensors", packed)
    described = {
        "key": key,
        "arrays": hashlib.sha256(packed).hexdigest(),
        "chosen": result.chosen,
        "gains": result.gains,
        "thresholds": result.thresholds,
        "seconds": result.seconds,
        "waiting": result.waiting,
        "temperature": {name: classifier.temperature for name, classifier in result.classifiers.items()},
    }
    atomic_write(folder / "fold.json", json.dumps(described, indent=2) + "\n")


def load_fold(fold: Fold, folder: Path, data: TrainingSet, key: str) -> FoldResult | None:
    """Takes up a stored fold; None where there is none, or a damaged one, or one of another division, plan or data."""
    rungs = data.plan.rungs
    try:
        described = json.loads((folder / "fold.json").read_text(encoding="utf-8"))
        packed = (folder / "arrays.safetensors").read_bytes()
        arrays = unpack_arrays(packed)
        same = (
            described["key"] == key
            and described["arrays"] == hashlib.sha256(packed).hexdigest()
            and np.array_equal(arrays["train"], fold.train)
            and np.array_equal(arrays["test"], fold.test)
        )
        if not same:
            return None
        return FoldResult(
            fold,
            {name: arrays[f"probabilities.{name}"] for name in rungs},
            described["thresholds"],
            described["chosen"],
            described["gains"],
            described["seconds"],
            _load_classifiers(folder, data, described) if fold.repeat == 1 else {},
            float(described["waiting"]),
        )
    except (OSError, ValueError, KeyError, ModelRejected):
        return None


def _load_classifiers(folder: Path, data: TrainingSet, described: dict[str, Any]) -> dict[str, Classifier]:
    found = {
        name: load_classifier(folder / name, backbone=data.backbone, trusted=True)
        for name in data.plan.rungs
        if name != "ensemble"
    }
    if "ensemble" in data.plan.rungs:
        below = {name: found[name] for name in data.plan.rungs[: data.plan.rungs.index("ensemble")]}
        parts, shares = members(below, data.plan.test_time_shifts)
        temperature, cuts = described["temperature"]["ensemble"], described["thresholds"]["ensemble"]
        found["ensemble"] = replace(
            next(iter(below.values())),
            rung="ensemble",
            parts=parts,
            shares=shares,
            backbone=data.backbone,
            temperature=tuple(temperature) if isinstance(temperature, list) else temperature,
            threshold=cuts[0] if data.plan.positive is not None else None,
            thresholds=tuple(cuts) if data.plan.task == "multilabel" else (),
        )
    return {name: found[name] for name in data.plan.rungs}
