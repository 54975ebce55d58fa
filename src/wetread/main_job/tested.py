"""Held-out and unlabelled predictions as tables: one row per image, with what is known of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from wetread.main_job.preparation import Prepared
from wetread.shapes import Floats, Ints

if TYPE_CHECKING:
    from wetread.dataset.table import Row
    from wetread.evaluation.finding_predictions import FindingPredictions
    from wetread.evaluation.predictions import Predictions
    from wetread.model.classifier import Classifier

Kind = TypeVar("Kind", "Predictions", "FindingPredictions")


def finding_predictions(
    prepared: Prepared, tested: Ints, probabilities: Floats, thresholds: Floats | None
) -> FindingPredictions:
    """Predictions of several findings for some of the prepared rows."""
    rows = [prepared.rows[number] for number in tested]
    truth = prepared.labels[tested].astype(np.float64)
    return _finding_table(prepared.plan.classes, rows, truth, probabilities, thresholds)


def _finding_table(
    findings: tuple[str, ...], rows: list[Row], truth: Floats, probabilities: Floats, thresholds: Floats | None
) -> FindingPredictions:
    from wetread.evaluation.finding_predictions import FindingPredictions

    return FindingPredictions(
        findings,
        [row.image for row in rows],
        [row.patient for row in rows],
        [row.group for row in rows],
        [row.split for row in rows],
        [str(row.folds[0]) if row.folds else "" for row in rows],
        truth,
        probabilities,
        thresholds,
    )


def class_predictions(
    prepared: Prepared, tested: Ints, probabilities: Floats, thresholds: Floats | None
) -> Predictions:
    """Predictions of one class per image for some of the prepared rows; at the thresholds where there are any."""
    from wetread.evaluation.predictions import Predictions

    plan = prepared.plan
    rows = [prepared.rows[number] for number in tested]
    predicted = probabilities.argmax(axis=1)
    if thresholds is not None and plan.positive is not None:
        positive = plan.classes.index(plan.positive)
        predicted = np.where(probabilities[:, positive] >= thresholds, positive, 1 - positive)
    return Predictions(
        classes=plan.classes,
        positive=plan.positive,
        images=[row.image for row in rows],
        patients=[row.patient for row in rows],
        groups=[row.group for row in rows],
        splits=[row.split for row in rows],
        folds=[str(row.folds[0]) if row.folds else "" for row in rows],
        truth=prepared.labels[tested],
        predicted=predicted,
        probabilities=probabilities,
        thresholds=thresholds,
    )


def judge_unlabelled(final: Classifier, rows: list[Row]) -> tuple[Floats, list[str]]:
    """What the final model says about pictures without a label, as `wetread predict` would: of what is out nothing.

    Args:
        final: With its refusal, where it has one.
        rows: With pictures.

    Returns:
        ``image class`` probabilities, NaN for pictures that are out; and in, edge or out for each picture, empty where
        the model cannot refuse.
    """
    inputs = final.inputs_of([row.picture for row in rows if row.picture is not None])
    probabilities = final.probabilities(inputs)
    if final.refusal is None:
        return probabilities, []
    statuses = [answer.status for answer in final.refusal.answers(inputs, [row.facts for row in rows])]
    probabilities[[status == "out" for status in statuses]] = np.nan
    return probabilities, statuses


def with_unlabelled(prepared: Prepared, final: Classifier, predictions: Predictions) -> Predictions:
    """Adds what the final model says about images without a label."""
    from wetread.evaluation.predictions import UNLABELLED, Predictions

    rows = [row for row in prepared.table.unlabelled if row.picture is not None]
    if not rows:
        return predictions
    probabilities, statuses = judge_unlabelled(final, rows)
    return predictions.followed_by(
        Predictions(
            predictions.classes,
            predictions.positive,
            [row.image for row in rows],
            [row.patient for row in rows],
            [row.group for row in rows],
            [UNLABELLED] * len(rows),
            [""] * len(rows),
            np.full(len(rows), -1),
            np.where(np.isnan(probabilities).any(axis=1), -1, final.decide(probabilities)),
            probabilities,
            None if final.threshold is None else np.full(len(rows), final.threshold),
            statuses,
        )
    )


def with_unlabelled_findings(
    prepared: Prepared, final: Classifier, predictions: FindingPredictions
) -> FindingPredictions:
    """Adds what the final model says about images without a label."""
    rows = [row for row in prepared.table.unlabelled if row.picture is not None]
    if not rows:
        return predictions
    table, statuses = judge_unlabelled(final, rows)
    unknown = np.full(table.shape, np.nan)
    cuts = np.tile(final.thresholds, (len(rows), 1))
    made = _finding_table(prepared.plan.classes, rows, unknown, table, cuts)
    return predictions.followed_by(replace(made, statuses=statuses))


def with_statuses(predictions: Kind, statuses: dict[str, str]) -> Kind:
    """The same, with what the models of the folds would have refused: image -> in, edge or out."""
    if not statuses:
        return predictions
    return replace(predictions, statuses=[statuses.get(image, "") for image in predictions.images])
