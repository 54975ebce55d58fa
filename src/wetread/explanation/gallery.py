"""Explains the chosen cases with every method that their models allow, on one colour scale per method."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.explanation.cases import Case
from wetread.explanation.heatmap import Heatmap, colour_bar, common_scale, draw_over, encode_png
from wetread.explanation.occlusion import explain_by_occlusion
from wetread.model.classifier import Classifier
from wetread.shapes import Picture

#: case, its picture, the classifiers of the fold in which it was held out, the one chosen there.
Explained = tuple[Case, Picture, dict[str, Classifier], str]


def explain_cases(
    explained: list[Explained],
    predictions: Predictions | FindingPredictions,
    done: Callable[[int], None] = lambda _: None,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Makes the heatmaps of a run.

    Each case is explained by models that did not train on it. Of two classes the positive one is explained (its map
    with the opposite sign is that of the other); of more, the class that was called; of findings, the one that the case
    was chosen for.

    Args:
        explained: Cases with their models.
        predictions: Held-out predictions to which the cases point.
        done: Is told how many cases are finished.

    Returns:
        The contents of heatmaps/index.json, and the files beside it by name.
    """
    maps: list[list[tuple[str, Heatmap]]] = []
    targets = [_target(case, predictions) for case, *_ in explained]
    # Occlusion asks hundreds of times and shares nothing, so cases go to threads; Grad-CAM, once through each network,
    # follows one by one.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        occlusions = pool.map(
            lambda one, target: explain_by_occlusion(one[2][one[3]], one[1], target), explained, targets
        )
        for count, ((_, picture, classifiers, chosen), target, occlusion) in enumerate(
            zip(explained, targets, occlusions, strict=True), start=1
        ):
            found = [(chosen, occlusion)]
            if "network" in classifiers and _has_network(classifiers["network"]):
                # Imported here: Grad-CAM needs torch, occlusion of a linear model does not.
                from wetread.explanation.gradcam import explain_by_gradcam

                gradients = explain_by_gradcam(classifiers["network"], picture, target)
                found += [("network", gradients)] if gradients is not None else []
            maps.append(found)
            done(count)
    # Falls of the margin of different rungs are in the same unit, but of different size: a scale each.
    keys = {(rung, heatmap.method) for found in maps for rung, heatmap in found}
    scales = {
        key: common_scale([heatmap for found in maps for rung, heatmap in found if (rung, heatmap.method) == key])
        for key in keys
    }
    files = {"scale.png": encode_png(colour_bar())}
    entries = []
    for number, ((case, picture, _, _), found) in enumerate(zip(explained, maps, strict=True), start=1):
        raw = f"{number:02d}-raw.png"
        files[raw] = encode_png(picture)
        entries.append(_entry(case, raw, predictions) | {"maps": []})
        for rung, heatmap in found:
            name = f"{number:02d}-{heatmap.method}.png"
            scale = scales[rung, heatmap.method]
            files[name] = encode_png(draw_over(heatmap, picture, scale))
            entries[-1]["maps"].append(
                {
                    "file": name,
                    "method": heatmap.method,
                    "rung": rung,
                    "class": heatmap.target,
                    "cells": heatmap.cells,
                    "settings": heatmap.settings,
                    "strongest": round(heatmap.strongest, 6),
                    "scale": round(scale, 6),
                    "empty": heatmap.is_empty,
                    "values": np.round(heatmap.values, 5).tolist(),
                }
            )
    return {"scale": "scale.png", "cases": entries}, files


def _has_network(classifier: Classifier) -> bool:
    """Whether there are layers to look into; a head on a frozen backbone has none of its own."""
    return any(part.described()["kind"] == "network" for part in classifier.parts)


def _target(case: Case, predictions: Predictions | FindingPredictions) -> int:
    if isinstance(predictions, FindingPredictions):
        assert case.column is not None  # choose_cases names the finding
        return case.column
    positive = predictions.positive_column
    return int(predictions.predicted[case.number]) if positive is None else positive


def _finding_entry(case: Case, raw: str, predictions: FindingPredictions) -> dict[str, Any]:
    number, column, p = case.number, case.column or 0, predictions.probabilities
    name, truth = predictions.findings[column], predictions.truth[number, column]
    return {
        "image": predictions.images[number],
        "why": case.why,
        "raw": raw,
        "finding": name,
        "truth": "not known" if np.isnan(truth) else name if truth else f"no {name}",
        "predicted": name if predictions.called[number, column] else f"no {name}",
        "has": [one for place, one in enumerate(predictions.findings) if predictions.truth[number, place] == 1],
        "probabilities": {one: round(float(p[number, place]), 4) for place, one in enumerate(predictions.findings)},
    }


def _entry(case: Case, raw: str, predictions: Predictions | FindingPredictions) -> dict[str, Any]:
    if isinstance(predictions, FindingPredictions):
        return _finding_entry(case, raw, predictions)
    number = case.number
    return {
        "image": predictions.images[number],
        "why": case.why,
        "raw": raw,
        "truth": predictions.classes[predictions.truth[number]],
        "predicted": predictions.classes[predictions.predicted[number]],
        "probabilities": {
            name: round(float(p), 4)
            for name, p in zip(predictions.classes, predictions.probabilities[number], strict=True)
        },
    }
