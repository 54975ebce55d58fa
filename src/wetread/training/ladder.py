"""Nested evaluation: in every outer fold the rungs compete inside the training part; the winner is tested outside.

What is reported is therefore the whole procedure, choice included, and the final model comes from the same procedure
run on all development rows. Each finished fold is stored at once, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from wetread.dataset.split import Fold
from wetread.errors import AskedToStop, OutputError, Stopped
from wetread.model.classifier import Classifier, to_probabilities
from wetread.progress import EpochDone, Event, FoldDone, FoldLeftOut, FoldLoaded, Listener, Notice
from wetread.shapes import Ints
from wetread.training.fold_result import FoldResult, is_of_another, load_fold, result_of, save_fold
from wetread.training.gain import choose_rung
from wetread.training.rungs import fit_all
from wetread.training.spent import Room, Spent
from wetread.training.training_set import Place, TrainingSet
from wetread.writing import remove_folder

Result = TypeVar("Result")

#: Most folds fitted at once: each holds its own networks.
MOST_AT_ONCE = 8

#: Seconds that epochs at work get to end when a run is stopped; after them a fit ends at its next batch. An epoch of a
#: large network takes minutes, and nobody waits that long for Ctrl-C.
LAST_EPOCHS = 5.0

#: Seconds between two notes of the time spent, while epochs end: what a power cut may take from the time limit.
NOTE_EVERY = 5.0

#: What is said at Ctrl-C, once all is there that a run cannot do without, or before.
ENOUGH = (
    "Stopping: the first division and the model are finished, so the run ends with them. "
    "Ctrl-C again stops it at once; --resume then goes on with it."
)
NOT_ENOUGH = "Stopping: the epochs at work get a few seconds to end. What is finished is kept."
#: Why further divisions are missing.
INTERRUPTED = "Further divisions were interrupted"

#: What is said of folds that an earlier start stored and this one cannot use.
ANEW = "Finished folds of an earlier start belong to another plan, other data or another version: they are fitted anew."

#: Networks so small that one core is all they can use.
OF_ONE_CORE = ("small", "carpentries", "dense")


def run_fold(
    data: TrainingSet,
    fold: Fold,
    listen: Listener,
    folder: Path | None = None,
    between: Callable[[], None] = lambda: None,
) -> FoldResult:
    """Fits every rung on the training rows of a fold, lets them compete inside, and predicts the test rows.

    Args:
        data: All rows.
        fold: Which to fit on and which to predict.
        listen: Is told about progress.
        folder: Of this fold, where unfinished fits keep their checkpoints; None to keep none.
        between: Called between batches; may raise to stop there.
    """
    started = time.perf_counter()
    result = _fit_fold(data, fold, listen, folder, between)
    listen(FoldDone(fold.repeat, fold.number, result.chosen, time.perf_counter() - started))
    return result


def _fit_fold(
    data: TrainingSet, fold: Fold, listen: Listener, folder: Path | None, between: Callable[[], None]
) -> FoldResult:
    fitted = fit_all(data, fold.train, Place(fold.repeat, fold.number, folder, between), listen)
    tested = data.inputs.take(fold.test)
    probabilities, uncalibrated, seconds = {}, {}, {}
    for name, one in fitted.items():
        before = time.perf_counter()
        raw = one.classifier.raw_logits(tested)
        uncalibrated[name] = to_probabilities(raw, data.plan.task)
        probabilities[name] = to_probabilities(one.classifier.calibrate(raw), data.plan.task)
        seconds[name] = one.seconds + time.perf_counter() - before
    inner = {name: one.inner for name, one in fitted.items()}
    chosen = choose_rung(inner, data.labels[fold.train], data.groups[fold.train], data.plan.choice)
    return result_of(fold, fitted, chosen, probabilities, uncalibrated, seconds)


def run_folds(
    data: TrainingSet,
    folds: list[Fold],
    place: Path,
    listen: Listener,
    final: bool,
    on_cut_short: Callable[[], None] = lambda: None,
) -> tuple[list[FoldResult], Classifier | None]:
    """Runs all folds that are not stored yet, several at once, and the final fit.

    Fits share nothing but the data, and a small network uses one core, so folds are given to threads: what a fold finds
    does not depend on how many there are. A large network uses all cores by itself, so there folds take turns.

    Where the plan's time is not enough for a whole repeat after the first, it is left out, and that is said; what a
    run had spent before it was interrupted counts. So are those that an interruption finds unfinished when the first
    and the model to ship are finished.

    Args:
        data: All rows.
        folds: Of all repeats.
        place: Folder that holds one folder per fold.
        listen: Is told about progress, from several threads.
        final: Fit the model to ship on all rows as well.
        on_cut_short: Called where an interruption leaves repeats out.

    Returns:
        One result per fold in their order, whole repeats only, and the final classifier if asked for.

    Raises:
        KeyboardInterrupt: The first repeat or the model to ship was unfinished, or it came twice. Passed on once every
            thread has stopped; what is finished is stored.
    """
    key, stopped = data.key(), math.inf
    if any(is_of_another(_folder_of(fold, place), key) for fold in folds):
        listen(Notice(ANEW))
    spent = Spent(place / "time.json", key)
    room = Room(spent, data.plan.time_limit, sum(fold.repeat == 1 for fold in folds))

    def listen_or_stop(event: Event) -> None:
        listen(event)  # first: what it tells of is done, has its checkpoint, and will not be told again
        if isinstance(event, EpochDone):
            spent.keep(NOTE_EVERY)
        if time.monotonic() >= stopped:
            raise Stopped("Stopped.")

    def between() -> None:
        if time.monotonic() >= stopped + LAST_EPOCHS:
            raise Stopped("Stopped.")

    def one(fold: Fold) -> FoldResult | None:
        where = _folder_of(fold, place)
        result = load_fold(fold, where, data, key)
        if result is not None:
            remove_folder(where / "fits")  # a kill may have come between the two
            listen_or_stop(FoldLoaded(fold.repeat, fold.number))
            room.fill(fold.repeat)
        elif fold.repeat > 1 and not room.has(fold.repeat):
            listen_or_stop(FoldLeftOut(fold.repeat, fold.number))
            return None
        else:
            room.begin(fold.repeat)
            result = run_fold(data, fold, listen_or_stop, where, between)
            save_fold(result, where, key)
            spent.keep()
            remove_folder(where / "fits")
            if fold.repeat > 1:
                # Nobody asks them again, and five divisions of networks would fill the memory of an accelerator.
                result.classifiers = {}
            room.end(fold.repeat)
        return result

    def last() -> Classifier:
        everything, kept = np.arange(len(data.labels)), place / "final" / "model"
        fold = Fold(0, 0, everything, everything[:0])
        result = load_fold(fold, kept, data, key)
        if result is not None:
            remove_folder(place / "final" / "fits")
            listen_or_stop(FoldLoaded(0, 0))
            room.fill(0)
        else:
            room.begin(0)
            result = fit_final(data, everything, listen_or_stop, place / "final", between)
            save_fold(result, kept, key)
            spent.keep()
            remove_folder(place / "final" / "fits")
            room.end(0)
        return result.classifiers[result.chosen]

    # One BLAS thread per fit where fits run side by side, for the same reason as one torch thread.
    workers = _workers(data)
    threads = threadpool_limits(1) if workers > 1 else nullcontext()
    with threads, _quick_turns(), ThreadPoolExecutor(workers, thread_name_prefix="fold") as pool_:
        # The first repeat and the model to ship come first: they are what a run cannot do without.
        first = [pool_.submit(one, fold) for fold in folds if fold.repeat == 1]
        ending = pool_.submit(last) if final else None
        further: list[Future[FoldResult | None]] = []
        needed: list[Future[Any]] = [*first, *([ending] if ending else [])]
        try:
            results = [_result_of(job) for job in first]
            # Only now is it known what a division takes. Hardly a core waits for that: a division and the model are
            # six fits.
            further += [pool_.submit(one, fold) for fold in folds if fold.repeat > 1]
            results += [_result_of(job) for job in further]
            return _whole_repeats(results, listen), _result_of(ending) if ending else None
        except BaseException as error:
            stopped = time.monotonic()
            by_hand = isinstance(error, KeyboardInterrupt) and not isinstance(error, AskedToStop)
            enough = by_hand and all(map(_went_well, needed))
            if isinstance(error, KeyboardInterrupt):
                with suppress(BaseException):  # whoever listens may be what was interrupted
                    listen(Notice(ENOUGH if enough else NOT_ENOUGH))
            try:
                pool_.shutdown(wait=True, cancel_futures=True)
            finally:
                with suppress(OutputError):  # the first error is the one to hear of
                    spent.keep()
            if not enough:
                raise
            on_cut_short()
            results = [job.result() if _went_well(job) else None for job in (*first, *further)]
            results += [None] * (len(folds) - len(results))  # the interruption came before they were even asked for
            return _whole_repeats(results, listen, INTERRUPTED), ending.result() if ending else None


def _folder_of(fold: Fold, place: Path) -> Path:
    return place / f"r{fold.repeat}f{fold.number}"


def _went_well(job: Future[Any]) -> bool:
    """Whether it ended, and not with an error."""
    return job.done() and not job.cancelled() and job.exception() is None


def _result_of(job: Future[Result]) -> Result:
    """Waits in slices: a signal that another thread took is heard only when this one wakes."""
    while not wait([job], timeout=1.0).done:
        pass
    return job.result()


def _workers(data: TrainingSet) -> int:
    alone = data.plan.device != "cpu" or ("network" in data.plan.rungs and data.plan.network not in OF_ONE_CORE)
    return 1 if alone else max(1, min(os.cpu_count() or 1, MOST_AT_ONCE))


def _whole_repeats(
    results: list[FoldResult | None], listen: Listener, why: str = "The time limit leaves no room for more"
) -> list[FoldResult]:
    """Leaves repeats out of which a fold is missing: each image is to be predicted equally often."""
    found = [result for result in results if result is not None]
    if len(found) < len(results):
        counts = Counter(result.fold.repeat for result in found)
        found = [result for result in found if counts[result.fold.repeat] == counts[1]]
        whole = len({result.fold.repeat for result in found})
        told = "was finished and counts" if whole == 1 else "were finished and count"
        listen(Notice(f"{why}: {whole} of the planned divisions {told}."))
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


def fit_final(
    data: TrainingSet,
    rows: Ints,
    listen: Listener,
    folder: Path | None = None,
    between: Callable[[], None] = lambda: None,
) -> FoldResult:
    """The model to ship: the same procedure on all given rows, as a fold that tests none."""
    return _fit_fold(data, Fold(0, 0, rows, rows[:0]), listen, folder, between)
