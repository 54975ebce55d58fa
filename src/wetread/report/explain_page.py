"""explain.html: the user's images with their maps, the badge of every method, and what is not explained and why."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wetread.explanation.heatmap import Heatmap, colour_bar, common_scale, draw_over, encode_png
from wetread.explanation.methods import MEANINGS, TITLES, UNITS
from wetread.explanation.on_files import ExplainedImage
from wetread.model.classifier import Classifier
from wetread.outcome import DISCLAIMER
from wetread.report.page import page_environment
from wetread.report.trials_part import describe_trials, verdict_of
from wetread.run_folder import RunFolder
from wetread.shapes import Picture

#: Longest side of what is drawn: small pictures are enlarged, so that cells can be told from each other.
SIDE = 480
#: Images on the page; all of them are in the folder.
MOST_SHOWN = 60
#: In a notebook.
MOST_IN_NOTEBOOK = 8
SCALE = "overlays/scale.png"


def describe(
    classifier: Classifier, images: Sequence[ExplainedImage], methods: Sequence[str], tests: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Draws the overlays, on one colour scale per method.

    Args:
        classifier: That was explained.
        images: With their maps.
        methods: In the order in which they are shown.
        tests: As `wetread.explanation.trials.run_trials.Trials.as_dict` gives them; empty where there were none.

    Returns:
        The contents of explanations.json, and PNG files by name.
    """
    scales = {name: common_scale([one.maps[name] for one in images if name in one.maps]) for name in methods}
    files = {SCALE: encode_png(colour_bar())}
    entries = []
    for number, one in enumerate(images, start=1):
        entry: dict[str, Any] = {
            "image": one.image,
            "status": one.status,
            "reason": one.reason,
            "predicted": one.predicted,
            "probabilities": {name: round(p, 4) for name, p in one.probabilities.items()},
            "explained": one.target,
            "agreement": None if one.agreement is None else round(one.agreement, 4),
            "raw": "",
            "maps": [],
            "nearest": [
                {"case": case.name, "class": case.label, "likeness": round(case.likeness, 4), "file": ""}
                for case in one.nearest
            ],
        }
        if one.is_explained and one.picture is not None:
            enlarged = enlarge(one.picture)
            entry["raw"] = f"overlays/{number:04d}-picture.png"
            files[entry["raw"]] = encode_png(enlarged)
            for method, heatmap in one.maps.items():
                name = f"overlays/{number:04d}-{method}.png"
                files[name] = encode_png(draw_over(heatmap, enlarged, scales[method]))
                entry["maps"].append(_map_entry(number, heatmap, name, scales[method]))
        for told, case in zip(entry["nearest"], one.nearest, strict=True):
            if case.thumbnail:
                told["file"] = f"overlays/case-{hashlib.sha256(case.name.encode()).hexdigest()[:12]}.jpg"
                files[told["file"]] = case.thumbnail
        entries.append(entry)
    verdicts = {
        name: {
            "title": TITLES[name],
            "meaning": MEANINGS[name],
            "scale": round(scales[name], 6),
            "unit": UNITS[name],
            **verdict_of(name, tests),
        }
        for name in methods
    }
    return {
        "use": DISCLAIMER,
        "task": classifier.task,
        "classes": list(classifier.classes),
        "positive": classifier.positive,
        "rung": classifier.rung,
        "methods": verdicts,
        "images": entries,
        "tests": dict(tests),
    }, files


def enlarge(picture: Picture) -> Picture:
    """A picture whose longest side is at least `SIDE`, in its own proportions."""
    longest = max(picture.shape[:2])
    if longest >= SIDE:
        return picture
    size = tuple(max(1, round(side * SIDE / longest)) for side in picture.shape[1::-1])
    return np.asarray(Image.fromarray(picture).resize((size[0], size[1]), Image.Resampling.BICUBIC))


def raw_file(number: int, method: str) -> str:
    """Where the raw map of an image goes, in the folder."""
    return f"raw/{number:04d}-{method}.npy"


def write_explain_page(folder: RunFolder, content: Mapping[str, Any], files: Mapping[str, bytes]) -> Path:
    """Writes explain.html.

    Args:
        folder: Where.
        content: From `describe`.
        files: From `describe`.

    Returns:
        Its path.

    Raises:
        OutputError: It cannot be written.
    """
    return folder.write_text("explain.html", _render(content, files, MOST_SHOWN, alone=True))


def fragment(content: Mapping[str, Any], files: Mapping[str, bytes]) -> str:
    """The same for a notebook: the first images, without the head of a page."""
    return _render(content, files, MOST_IN_NOTEBOOK, alone=False)


def _render(content: Mapping[str, Any], files: Mapping[str, bytes], most: int, *, alone: bool) -> str:
    shown = [one for one in content["images"] if one["explained"]]
    return (
        page_environment()
        .get_template("explain.html.j2")
        .render(
            found=content,
            alone=alone,
            shown=shown[:most],
            more=max(0, len(shown) - most),
            refused=[one for one in content["images"] if one["status"] == "out"],
            unreadable=[one for one in content["images"] if not one["explained"] and one["status"] != "out"],
            settings={name: _settings(name, shown) for name in content["methods"]},
            trials=describe_trials(content["tests"]),
            called=lambda names: _called(names, content["task"]),
            png=lambda name: "data:image/png;base64," + base64.b64encode(files[name]).decode(),
            scale=SCALE,
            disclaimer=DISCLAIMER,
        )
    )


def _settings(method: str, images: Sequence[Mapping[str, Any]]) -> list[str]:
    """How the maps of a method were made: one sentence where that is the same for all images."""
    return list(
        dict.fromkeys(found["settings"] for one in images for found in one["maps"] if found["method"] == method)
    )


def _called(predicted: str, task: str) -> str:
    """``nodule|cardiomegaly`` -> ``nodule and cardiomegaly``, where several findings may be called."""
    *first, last = predicted.split("|") if task == "multilabel" else [predicted]
    return " and ".join(filter(None, (", ".join(first), last)))


def _map_entry(number: int, heatmap: Heatmap, name: str, scale: float) -> dict[str, Any]:
    return {
        "method": heatmap.method,
        "file": name,
        "raw": raw_file(number, heatmap.method),
        "class": heatmap.target,
        "cells": heatmap.cells,
        "settings": heatmap.settings,
        "strongest": round(heatmap.strongest, 6),
        "scale": round(scale, 6),
        "empty": heatmap.is_empty,
    }
