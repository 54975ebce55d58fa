"""Every number of a run, from held-out predictions: numbers.json and predictions.csv."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from wetread.main_job.fitting import Trained
from wetread.main_job.preparation import Prepared
from wetread.main_job.refusing import read_statuses
from wetread.main_job.session import step
from wetread.main_job.tested import (
    class_predictions,
    finding_predictions,
    with_statuses,
    with_unlabelled,
    with_unlabelled_findings,
)
from wetread.outcome import say_share
from wetread.progress import Listener
from wetread.run_folder import RunFolder
from wetread.shapes import Floats, Ints

if TYPE_CHECKING:
    from wetread.evaluation.finding_predictions import FindingPredictions
    from wetread.evaluation.predictions import Predictions
    from wetread.metrics.interval import Interval
    from wetread.model.classifier import Classifier
    from wetread.training.plan import Plan
    from wetread.training.pooling import Pooled


def evaluate_run(
    prepared: Prepared, trained: Trained, folder: RunFolder, tell: Listener, *, subgroups: Sequence[str] = ()
) -> tuple[dict[str, Any], Predictions | FindingPredictions]:
    """Computes every number from held-out predictions; writes numbers.json and predictions.csv.

    Args:
        prepared: The data.
        trained: What was fitted on them.
        folder: Of the run.
        tell: Is told about progress.
        subgroups: Columns to compare groups of; empty to choose plausible ones.

    Raises:
        InputError: A column is not there, or does not divide the images; nothing can be tested.
    """
    from wetread.evaluation.judgement import judge
    from wetread.training.pooling import pool

    plan = prepared.plan
    with step(tell, "evaluate", "Computing numbers and intervals") as done:
        pooled = {name: pool(trained.results, name, plan) for name in (*plan.rungs, "selected")}
        statuses = read_statuses(folder)
        predictions: Predictions | FindingPredictions
        if plan.task == "multilabel":
            numbers, predictions, text = _evaluate_findings(prepared, trained, pooled, statuses)
        else:
            numbers, predictions, text = _evaluate_classes(prepared, trained, pooled, statuses)
        selected = pooled["selected"]
        numbers |= judge(
            predictions,
            [prepared.rows[number] for number in selected.rows],
            selected.points,
            trained.final.points,
            subgroups,
            resamples=plan.resamples,
            seed=plan.seed,
        )
        numbers |= {
            "chance": _chance(prepared, trained),
            "procedure": _training_again(prepared, trained, numbers["headline"]),
            "choices": _choices(trained, plan),
            "weights": _weights(trained),
            "recalibration": _recalibration(trained, plan),
            **_test_set(prepared, folder, selected.rows),
        }
        folder.write_json("numbers.json", numbers)
        folder.write_text("predictions.csv", text)
        shown = numbers["headline"]
        done(f"AUROC {say_share(shown['value'])} ({say_share(shown['low'])} to {say_share(shown['high'])})")
    return numbers, predictions


def _chance(prepared: Prepared, trained: Trained) -> dict[str, Any] | None:
    """Whether the pictures tell the label at all: a ridge classifier, fitted anew to shuffled labels.

    It is another model than the one reported: ``sees`` says on which features.
    """
    from wetread.training.chance import permutation_test

    plan, inputs = prepared.plan, trained.data.inputs
    sees = next((rung for rung in ("combined", "frozen") if rung in plan.rungs), "classical")
    found = permutation_test(
        inputs.features(sees),
        prepared.labels,
        prepared.groups,
        [fold for fold in prepared.folds if fold.repeat == 1],
        embedded=inputs.embedding().shape[1] if sees != "classical" else 0,
        seed=plan.seed,
    )
    return {**found.as_dict(), "sees": sees} if found else None


def _training_again(prepared: Prepared, trained: Trained, headline: Mapping[str, Any]) -> dict[str, Any]:
    """The AUROC of training again, and whether its interval is ``too_sure`` to be shown; empty where there is none."""
    from wetread.evaluation.evaluate import as_dicts
    from wetread.evaluation.training_again import is_too_sure

    found = as_dicts({"auroc": _procedure(prepared, trained)})
    return {name: {**one, "too_sure": is_too_sure(one, headline)} for name, one in found.items()}


def _procedure(prepared: Prepared, trained: Trained) -> Interval | None:
    """The AUROC of training again in this way: one value per fold, of the rung chosen in it."""
    from wetread.evaluation.findings import macro_auroc_of_findings
    from wetread.metrics.discrimination import macro_auroc
    from wetread.metrics.intervals import procedure_interval

    results, plan = trained.results, prepared.plan
    if plan.estimate != "cross-validation":
        return None
    area = macro_auroc_of_findings if plan.task == "multilabel" else macro_auroc
    values = [area(prepared.labels[one.fold.test], one.probabilities[one.chosen]) for one in results]
    n_train, n_test = (
        float(np.mean([len(set(prepared.groups[rows].tolist())) for rows in parts]))
        for parts in ([one.fold.train for one in results], [one.fold.test for one in results])
    )
    repeats = len({one.fold.repeat for one in results})
    return procedure_interval(values, repeats, len(results) // repeats, n_train, n_test)


def _evaluate_classes(
    prepared: Prepared, trained: Trained, pooled: dict[str, Pooled], statuses: dict[str, str]
) -> tuple[dict[str, Any], Predictions, str]:
    """Numbers where each image has one class; the predictions behind them, and the text of predictions.csv."""
    from wetread.evaluation.by_division import by_division
    from wetread.evaluation.counts import count_cases
    from wetread.evaluation.evaluate import evaluate
    from wetread.metrics.discrimination import macro_auroc

    plan, probes, tested = prepared.plan, prepared.probes, pooled["selected"].rows
    options = {"resamples": plan.resamples, "seed": plan.seed}
    made = {
        name: class_predictions(prepared, one.rows, one.probabilities, one.thresholds) for name, one in pooled.items()
    }
    share = np.bincount(prepared.labels, minlength=len(plan.classes)) / len(prepared.labels)
    made["prevalence"] = class_predictions(prepared, tested, np.tile(share, (len(tested), 1)), None)
    for name, one in probes.items():
        inside = np.isin(one.tested, tested)  # the same images as the models, as far as the probe looked at them
        made[name] = class_predictions(prepared, one.tested[inside], one.probabilities[inside], None)
    predictions = with_statuses(made["selected"], statuses)
    found = evaluate(predictions, pooled["selected"].uncalibrated, resamples=plan.resamples, seed=plan.seed)
    repeats = [macro_auroc(prepared.labels[tested], table) for table in pooled["selected"].by_repeat]
    numbers = {
        "task": plan.task,
        "classes": list(plan.classes),
        "positive": plan.positive,
        "unit": "image" if prepared.table.grouping == "none" else "patient",
        "grouping": prepared.table.grouping,
        "estimate": plan.estimate,
        "n": count_cases(predictions, prepared.table, _trained_on(prepared, tested)),
        "headline": {"name": "auroc", **found["metrics"]["auroc"]},
        "metrics": found["metrics"],
        "per_class": found["per_class"],
        "models": _ladder(prepared, trained, made),
        "chosen": _wins(trained, plan),
        "shipped": trained.final.rung,
        "gain_over_file_properties": _gain(predictions, made["file properties"], pooled["selected"].by_repeat, options),
        "repeats": by_division(repeats),
        "operating_point": _operating_point(plan, trained.final, found["metrics"]),
        "calibration": found["calibration"],
        "confusion": found["confusion"],
        "curves": found["curves"],
        "gate": prepared.gate,
    }
    return numbers, predictions, with_unlabelled(prepared, trained.final, predictions).to_csv()


def _gain(
    predictions: Predictions, files: Predictions, by_repeat: Sequence[Floats], options: dict[str, int]
) -> dict[str, Any] | None:
    """Of several divisions by the predictions of the first, the only one in which the file properties were tried."""
    from wetread.evaluation.by_division import of_first_division
    from wetread.evaluation.evaluate import paired_gain

    if len(by_repeat) < 2:
        return paired_gain(predictions, files, **options)
    return of_first_division(paired_gain(replace(predictions, probabilities=by_repeat[0]), files, **options))


def _ladder(prepared: Prepared, trained: Trained, made: dict[str, Predictions]) -> dict[str, Any]:
    """AUROC and accuracy of every model and probe, in the order of the ladder."""
    from wetread.evaluation.evaluate import ladder_row

    plan, seconds = prepared.plan, _seconds(prepared, trained)
    names = ("prevalence", *prepared.probes, *plan.rungs, "selected")
    models = {name: ladder_row(made[name], seconds[name], resamples=plan.resamples, seed=plan.seed) for name in names}
    for name, one in prepared.probes.items():
        models[name]["sees"] = one.looks_at
    models["prevalence"]["auroc"] = {"value": 0.5, "low": 0.5, "high": 0.5, "method": "by definition"}
    return models


def _evaluate_findings(
    prepared: Prepared, trained: Trained, pooled: dict[str, Pooled], statuses: dict[str, str]
) -> tuple[dict[str, Any], FindingPredictions, str]:
    """The same where an image can have several findings."""
    from wetread.evaluation.finding_numbers import numbers_of_findings, prevalence_predictions

    plan, tested = prepared.plan, pooled["selected"].rows
    made = {
        name: finding_predictions(prepared, tested, pooled[name].probabilities, pooled[name].thresholds)
        for name in (*plan.rungs, "selected")
    }
    share = np.nan_to_num(np.nanmean(prepared.labels, axis=0), nan=0.5)
    predictions = with_statuses(made["selected"], statuses)
    probed = {}
    for name, one in prepared.probes.items():
        inside = np.isin(one.tested, tested)
        probed[name] = finding_predictions(prepared, one.tested[inside], one.probabilities[inside], None)
    numbers = numbers_of_findings(
        {"prevalence": prevalence_predictions(predictions, share), **probed, **made},
        table=prepared.table,
        estimate=plan.estimate,
        trained_on=len(trained.development),
        gate=prepared.gate,
        rule=plan.operating_point,
        thresholds=trained.final.thresholds,
        chosen=_wins(trained, plan),
        shipped=trained.final.rung,
        seconds=_seconds(prepared, trained),
        sees={name: one.looks_at for name, one in prepared.probes.items()},
        by_repeat=pooled["selected"].by_repeat,
        uncalibrated=pooled["selected"].uncalibrated,
        set_aside=[name for name in prepared.table.findings if name not in plan.classes],
        uncertain=plan.uncertain,
        resamples=plan.resamples,
        seed=plan.seed,
    )
    return numbers, predictions, with_unlabelled_findings(prepared, trained.final, predictions).to_csv()


def _seconds(prepared: Prepared, trained: Trained) -> dict[str, float | None]:
    """Model -> seconds of all its fits and predictions."""
    rungs = prepared.plan.rungs
    seconds: dict[str, float | None] = {"prevalence": 0.0}
    seconds |= {name: one.seconds for name, one in prepared.probes.items()}
    seconds |= {name: sum(result.seconds[name] for result in trained.results) for name in rungs}
    seconds["selected"] = sum(seconds[name] or 0.0 for name in rungs)
    return seconds


def _wins(trained: Trained, plan: Plan) -> dict[str, int]:
    """Rung -> in how many folds it was chosen."""
    chosen = [result.chosen for result in trained.results]
    return {name: chosen.count(name) for name in plan.rungs}


def _choices(trained: Trained, plan: Plan) -> dict[str, Any]:
    """Why each rung was used or not, from what was measured inside the training parts; and the share of waiting."""
    waiting = max((result.waiting for result in trained.results), default=0.0)
    gains = sum_up_gains([result.gains for result in trained.results], plan.rungs)
    return {"rule": plan.choice, "gains": gains, "waiting": round(waiting, 4)}


def sum_up_gains(folds: Sequence[Sequence[Mapping[str, Any]]], rungs: Sequence[str]) -> list[dict[str, Any]]:
    """The gains of all folds, pair by pair: a fold's opponent is the rung in use there, which differs between folds.

    Args:
        folds: For each the gains as `wetread.training.gain.Gain` tells them.
        rungs: Of the plan, the simplest first.

    Returns:
        For each rung and each opponent that it met, the commonest first: ``rung``, ``over``, the medians ``gain``,
        ``low`` and ``high`` in nats, ``worth_it`` (folds whose interval excluded zero) and ``compared`` (folds in which
        they met).
    """
    pairs: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for gain in (gain for fold in folds for gain in fold):
        pairs.setdefault((gain["rung"], gain["over"]), []).append(gain)
    order = {rung: place for place, rung in enumerate(rungs)}
    met = sorted(pairs, key=lambda pair: (order[pair[0]], -len(pairs[pair]), order[pair[1]]))
    return [
        {
            "rung": rung,
            "over": over,
            "gain": _median(pairs[rung, over], "value"),
            "low": _median(pairs[rung, over], "low"),
            "high": _median(pairs[rung, over], "high"),
            "worth_it": sum(gain["worth_it"] for gain in pairs[rung, over]),
            "compared": len(pairs[rung, over]),
        }
        for rung, over in met
    ]


def _median(gains: Sequence[Mapping[str, Any]], name: str) -> float:
    return round(float(np.median([gain[name] for gain in gains])), 6)


def _recalibration(trained: Trained, plan: Plan) -> dict[str, Any] | None:
    """What the models that were tested, and the one that is handed over, got as a correction of their probabilities."""
    from wetread.evaluation.recalibration import describe_recalibration
    from wetread.training.fitted import FEWEST_TO_CALIBRATE

    folds = [
        {
            "repeat": one.fold.repeat,
            "fold": one.fold.number,
            "temperature": one.temperature[one.chosen],
            "offset": one.offset[one.chosen],
            "cases": one.cases[one.chosen],
        }
        for one in trained.results
    ]
    final = {"temperature": trained.final.temperature, "offset": list(trained.final.offset)}
    return describe_recalibration(plan.calibration, folds, final, FEWEST_TO_CALIBRATE)


def _weights(trained: Trained) -> list[dict[str, Any]]:
    """The weights that were not made here: what they are, who may use them, what to cite, which rungs use them."""
    used: dict[str, dict[str, Any]] = {}
    for one, rungs in ((trained.data.backbone, ("frozen", "combined")), (trained.data.start, ("network",))):
        if one is not None:
            facts = {name: getattr(one, name) for name in ("name", "network", "licence", "source", "cite", "sha256")}
            entry = used.setdefault(one.name, {**facts, "used_by": []})
            entry["used_by"] += [rung for rung in rungs if rung in trained.data.plan.rungs]
    return list(used.values())


def _trained_on(prepared: Prepared, tested: Ints) -> int:
    """Images behind the model in the folder: all of them where it was tested by cross-validation."""
    return len(prepared.rows) - (0 if prepared.plan.estimate == "cross-validation" else len(tested))


def _test_set(prepared: Prepared, folder: RunFolder, tested: Ints) -> dict[str, Any]:
    """How often the test set was opened, and whether training images of tested patients were left in."""
    from wetread.dataset.openings import count_openings, fingerprint_of

    if prepared.plan.estimate == "cross-validation":
        return {}
    fingerprint = fingerprint_of(prepared.rows[number] for number in tested)
    known = {"fingerprint": fingerprint, "opened": count_openings(folder.path, fingerprint)}
    return {"test_set": known, "leak_allowed": prepared.leak_allowed or None}


def _operating_point(plan: Plan, final: Classifier, metrics: dict[str, Any]) -> dict[str, Any] | None:
    from wetread.metrics.point_rule import read_rule

    if plan.positive is None:
        return None
    return {
        "rule": plan.operating_point,
        "title": read_rule(plan.operating_point).title,
        "threshold": None if final.threshold is None else round(final.threshold, 6),
        "chosen_on": "predictions from inside the training part",
        "sensitivity": metrics.get("sensitivity"),
        "specificity": metrics.get("specificity"),
    }
