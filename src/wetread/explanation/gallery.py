"""Explains the chosen cases with every method that their models allow, on one colour scale per method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions
from wetread.explanation.agreement import agree
from wetread.explanation.cases import Case
from wetread.explanation.heatmap import Heatmap, colour_bar, common_scale, draw_over, encode_png
from wetread.explanation.methods import explain_many, methods_for
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
        The contents of heatmaps/index.json, and the files beside it by name. ``agreement`` of a case says how far its
        two maps agree (`agree`), and whether they explain the same model; it is null where there is one map only.
    """
    targets = [_target(case, predictions) for case, *_ in explained]
    gradients = _gradient_maps(explained, targets)
    occlusions = _occlusions(explained, targets, done)
    maps = [[(one[3], occlusions[number]), *gradients.get(number, [])] for number, one in enumerate(explained)]
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
        entries.append(_entry(case, raw, predictions) | {"maps": [], "agreement": _agreement(found)})
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


def _occlusions(explained: list[Explained], targets: list[int], done: Callable[[int], None]) -> dict[int, Heatmap]:
    """Case number -> the occlusion map of the chosen model."""
    found: dict[int, Heatmap] = {}
    for numbers in _by_model(explained, [one[3] for one in explained]).values():
        classifier = explained[numbers[0]][2][explained[numbers[0]][3]]
        pictures = [explained[number][1] for number in numbers]
        heatmaps = explain_many(classifier, pictures, [targets[number] for number in numbers], "occlusion")
        for number, heatmap in zip(numbers, heatmaps, strict=True):
            assert heatmap is not None  # any model can be asked
            found[number] = heatmap
            done(len(found))
    return found


def _gradient_maps(explained: list[Explained], targets: list[int]) -> dict[int, list[tuple[str, Heatmap]]]:
    """Case number -> the rung that Grad-CAM looks into, and its map.

    The chosen model is explained where it has a network or looks through one, else the network of the same fold.
    """
    rungs = [
        next((rung for rung in (chosen, "network") if rung in models and _has_network(models[rung])), None)
        for _, _, models, chosen in explained
    ]
    found: dict[int, list[tuple[str, Heatmap]]] = {}
    for (rung, _), numbers in _by_model(explained, rungs).items():
        classifier = explained[numbers[0]][2][rung]
        if "grad-cam" not in methods_for(classifier):
            continue
        pictures = [explained[number][1] for number in numbers]
        heatmaps = explain_many(classifier, pictures, [targets[number] for number in numbers], "grad-cam")
        for number, heatmap in zip(numbers, heatmaps, strict=True):
            found[number] = [(rung, heatmap)] if heatmap is not None else []
    return found


def _by_model(explained: list[Explained], rungs: Sequence[str | None]) -> dict[tuple[str, int], list[int]]:
    """Cases whose maps come from one model, which then sees them together; cases without a rung are left out."""
    together: dict[tuple[str, int], list[int]] = {}
    for number, rung in enumerate(rungs):
        if rung is not None:
            together.setdefault((rung, id(explained[number][2][rung])), []).append(number)
    return together


def _has_network(classifier: Classifier) -> bool:
    """Whether it has a network, or looks through one; asked without torch."""
    return classifier.backbone is not None or any(part.described()["kind"] == "network" for part in classifier.parts)


def _agreement(found: list[tuple[str, Heatmap]]) -> dict[str, Any] | None:
    """How far the two maps of a case agree; None where there is one only."""
    if len(found) < 2:
        return None
    (first, one), (second, other) = found[:2]
    return {"methods": [one.method, other.method], "same_model": first == second, **agree(one, other)}


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
