"""The ladder over all folds, and the model to ship."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wetread.main_job.preparation import Prepared
from wetread.main_job.session import leave_out, step
from wetread.progress import EpochDone, Event, FoldDone, FoldLeftOut, FoldLoaded, Listener, StepAdvanced
from wetread.run_folder import DIVISIONS, RunFolder
from wetread.shapes import Ints

if TYPE_CHECKING:
    from wetread.model.classifier import Classifier
    from wetread.training.fold_result import FoldResult
    from wetread.training.plan import Plan
    from wetread.training.training_set import TrainingSet


@dataclass
class Trained:
    """What the ladder found.

    Attributes:
        data: What it saw.
        results: Of each fold.
        final: The model to ship.
        development: Rows that it was fitted on.
    """

    data: TrainingSet
    results: list[FoldResult]
    final: Classifier
    development: Ints


def train(prepared: Prepared, folder: RunFolder, tell: Listener) -> Trained:
    """Runs the ladder over all folds, and fits the model to ship."""
    from wetread.training.ladder import run_folds

    plan, folds = prepared.plan, prepared.folds
    data = _see(prepared, folder, tell)
    # The tested model itself is shipped where there is a locked or given test; after cross-validation the same
    # procedure is run once more on everything.
    fit_again = plan.estimate == "cross-validation"
    fits = _epochs_per_fold(plan)
    total = (len(folds) + fit_again) * fits
    with step(tell, "train", "Training and testing", total) as done:
        results, final = run_folds(
            data,
            folds,
            folder.path / "folds",
            _TrainingProgress(tell, total, fits),
            fit_again,
            lambda: leave_out(folder, DIVISIONS),
        )
        wins = [result.chosen for result in results]
        counts = [f"{name} in {wins.count(name)} of {len(wins)} folds" for name in dict.fromkeys(wins)]
        done(f"chosen: {', '.join(counts) if len(wins) > 1 else wins[0]}")
    if final is None:
        final = results[0].classifiers[results[0].chosen]
    return Trained(data, results, final, np.arange(len(prepared.rows)) if fit_again else folds[0].train)


def _see(prepared: Prepared, folder: RunFolder, tell: Listener) -> TrainingSet:
    """Computes what the rungs look at: features, embeddings, squares; and shows what a network will be shown."""
    from wetread.training.preview import preview_for_run
    from wetread.training.refusal_probes import probes_see
    from wetread.training.rules import looked_through
    from wetread.training.training_set import TrainingSet
    from wetread.weights.stored import find_stored

    plan = prepared.plan
    backbone, name = None, looked_through(plan.values())
    if name:
        from wetread.model.backbone import Backbone

        backbone = Backbone.load(find_stored(name), plan.device, plan.engine)
    with step(tell, "features", "Measuring the pictures") as done:
        started = time.perf_counter()
        data = TrainingSet(
            [row.picture for row in prepared.rows if row.picture is not None],
            prepared.labels,
            prepared.groups,
            plan,
            [row.image for row in prepared.rows],
            backbone,
            find_stored(plan.weights) if plan.weights and "network" in plan.rungs else None,
            with_places=probes_see(backbone) == "frozen",
        )
        preview_for_run(folder, prepared.rows, plan)
        seen = " and ".join(["classical features"] + ([f"embedding by {backbone.name}"] if backbone else []))
        done(f"{seen}, {len(data.pictures) / max(time.perf_counter() - started, 1e-3):.0f} images a second")
    return data


def _epochs_per_fold(plan: Plan) -> int:
    if "network" not in plan.rungs:
        return 1
    return plan.inner_folds * (plan.epochs + (plan.head_epochs if plan.tuning == "head first" else 0))


class _TrainingProgress:
    """Counts epochs, so that the bar moves evenly and its estimate is good. Told by several threads."""

    def __init__(self, tell: Listener, total: int, per_fold: int) -> None:
        self._tell, self._total, self._per_fold = tell, total, per_fold
        self._done: dict[tuple[int, int], int] = {}
        self._skipped = 0
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        with self._lock:
            self._tell(event)
            if isinstance(event, EpochDone):
                self._advance(event.repeat, event.fold, self._done.get((event.repeat, event.fold), 0) + 1)
            elif isinstance(event, FoldLoaded | FoldDone | FoldLeftOut):
                if not isinstance(event, FoldDone):
                    self._skipped += self._per_fold
                # Early stopping, and epochs that were done before an interruption, leave no gap.
                self._advance(event.repeat, event.fold, self._per_fold)

    def _advance(self, repeat: int, fold: int, done: int) -> None:
        self._done[repeat, fold] = min(done, self._per_fold)
        where = f"repeat {repeat}, fold {fold}" if fold else "final model"
        done = min(sum(self._done.values()), self._total)
        self._tell(StepAdvanced("train", done, self._total, where, self._skipped))
