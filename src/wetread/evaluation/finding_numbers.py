"""numbers.json of a run whose images can have several findings, with the keys that every page and history look for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wetread.dataset.table import Table
from wetread.errors import InputError
from wetread.evaluation.by_division import by_division, of_first_division
from wetread.evaluation.counts import count_cases
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.findings import (
    evaluate_findings,
    ladder_row_of_findings,
    macro_auroc_of_findings,
    paired_gain_of_findings,
)
from wetread.metrics.point_rule import read_rule
from wetread.shapes import Floats

#: Name of the rung that heads the page, and of those that say nothing about an image or see only its file.
SELECTED, PREVALENCE, FILES = "selected", "prevalence", "file properties"


def prevalence_predictions(like: FindingPredictions, share: Sequence[float] | Floats) -> FindingPredictions:
    """What a model says that gives each image the share of every finding.

    Args:
        like: Predictions for the same images.
        share: Per finding, in [0, 1], from the training part or from all labels.
    """
    return like.with_probabilities(np.tile(np.asarray(share, dtype=np.float64), (len(like.images), 1)))


def numbers_of_findings(
    made: Mapping[str, FindingPredictions],
    *,
    table: Table,
    estimate: str,
    trained_on: int,
    gate: str,
    rule: str,
    thresholds: Sequence[float | None] | None,
    chosen: Mapping[str, int],
    shipped: str,
    seconds: Mapping[str, float | None] | None = None,
    sees: Mapping[str, str] | None = None,
    by_repeat: Sequence[Floats] = (),
    uncalibrated: Floats | None = None,
    set_aside: Sequence[str] = (),
    uncertain: str = "leave out",
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """Computes every number of a run.

    Args:
        made: Predictions by name of the model, in the order of the ladder; ``selected`` is the one reported. Probes may
            have looked at some of the images only.
        table: The data set.
        estimate: cross-validation, locked test or given test.
        trained_on: Images that the shipped model was fitted on.
        gate: green, amber or red.
        rule: By which thresholds were chosen.
        thresholds: Of the shipped model, one per finding; None where none could be chosen.
        chosen: Rung -> in how many folds it was chosen.
        shipped: Name of the rung in the model folder.
        seconds: Model -> seconds of all its fits.
        sees: Probe -> what it looks at.
        by_repeat: For each division of the data its own ``image finding`` table, rows as in ``made["selected"]``.
        uncalibrated: ``image finding`` probabilities before calibration, rows as in ``made["selected"]``.
        set_aside: Findings with too few cases.
        uncertain: What an uncertain finding counted as.
        resamples: Bootstrap resamples of patients.
        seed: Of the resamples.

    Returns:
        The contents of numbers.json, for a test set without how often it was opened.

    Raises:
        InputError: Not one finding can be tested.
    """
    predictions = made[SELECTED]
    options = {"resamples": resamples, "seed": seed}
    found = evaluate_findings(predictions, uncalibrated, resamples=resamples, seed=seed)
    if "auroc" not in found["metrics"]:
        raise InputError(
            "Not one finding can be tested: for each, all tested images have it, or none has.",
            remedy="Leave the given split out, or collect more cases.",
            code="finding-too-small",
        )
    models = {name: ladder_row_of_findings(one, (seconds or {}).get(name), **options) for name, one in made.items()}
    for name, what in (sees or {}).items():
        models[name]["sees"] = what
    if PREVALENCE in models:
        models[PREVALENCE]["auroc"] = {"value": 0.5, "low": 0.5, "high": 0.5, "method": "by definition"}
    repeats = [macro_auroc_of_findings(predictions.truth, one) for one in by_repeat]
    cuts = dict(zip(predictions.findings, thresholds or [None] * len(predictions.findings), strict=True))
    return {
        "task": "multilabel",
        "classes": list(predictions.findings),
        "positive": None,
        "unit": "image" if table.grouping == "none" else "patient",
        "grouping": table.grouping,
        "estimate": estimate,
        "n": count_cases(predictions, table, trained_on),
        "headline": {"name": "auroc", "mean_over": _testable_names(found), **found["metrics"]["auroc"]},
        "metrics": found["metrics"],
        "per_class": found["per_class"],
        "set_aside": list(set_aside),
        "uncertain": uncertain,
        "models": models,
        "chosen": dict(chosen),
        "shipped": shipped,
        "gain_over_file_properties": _gain(predictions, made.get(FILES), by_repeat, options),
        "repeats": by_division(repeats),
        "operating_point": {
            "rule": rule,
            "title": read_rule(rule).title,
            "thresholds": {name: None if cut is None else round(float(cut), 6) for name, cut in cuts.items()},
            "chosen_on": "predictions from inside the training part",
        },
        "calibration": found["calibration"],
        "curves": found["curves"],
        "gate": gate,
    }


def _testable_names(found: dict[str, Any]) -> list[str]:
    return [name for name, row in found["per_class"].items() if "undefined" not in row]


def _gain(
    predictions: FindingPredictions,
    files: FindingPredictions | None,
    by_repeat: Sequence[Floats],
    options: dict[str, int],
) -> dict[str, Any] | None:
    """Of several divisions by the predictions of the first, the only one in which the file properties were tried."""
    if files is None or files.images != predictions.images:
        return None
    if len(by_repeat) < 2:
        return paired_gain_of_findings(predictions, files, **options)
    first = predictions.with_probabilities(by_repeat[0])
    return of_first_division(paired_gain_of_findings(first, files, **options))
