"""Run folders put together by hand: what a run was tested on, and what it said, without any image."""

import csv
import hashlib
import io
import json
from pathlib import Path

import numpy as np

from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.predictions import Predictions


def predictions(truth, p, *, patients=None, cut=0.5, images=None):
    """Predictions of two classes, ``ill`` where the truth is 1; `p` is the probability of it."""
    truth, p = np.asarray(truth), np.asarray(p, dtype=np.float64)
    n = len(truth)
    images = images or [f"image-{number:03d}.png" for number in range(n)]
    patients = patients or [f"P{number:03d}" for number in range(n)]
    return Predictions(
        ("ill", "well"),
        "ill",
        images,
        list(patients),
        list(patients),
        ["test"] * n,
        [""] * n,
        np.where(truth == 1, 0, 1),
        np.where(p >= cut, 0, 1),
        np.stack([p, 1 - p], axis=1),
        np.full(n, cut),
    )


def finding_predictions(truth, p, *, findings=("a", "b"), patients=None):
    """Predictions of several findings: ``image finding`` tables, NaN in `truth` where it is not known."""
    n = len(truth)
    patients = patients or [f"P{number:03d}" for number in range(n)]
    return FindingPredictions(
        tuple(findings),
        [f"image-{number:03d}.png" for number in range(n)],
        list(patients),
        list(patients),
        ["test"] * n,
        [""] * n,
        np.asarray(truth, dtype=np.float64),
        np.asarray(p, dtype=np.float64),
        np.full(np.shape(truth), 0.5),
    )


def write_run(path, made, *, contents=None, estimate="locked test", gate="green", **facts):
    """A run folder with the files that a comparison reads.

    Args:
        path: Where.
        made: Its predictions.
        contents: What stands for the bytes of each image; by default its name.
        estimate: How it was tested.
        gate: green, amber or red.
        facts: More for numbers.json.
    """
    path = Path(path)
    path.mkdir(parents=True)
    several = isinstance(made, FindingPredictions)
    area = {"value": 0.8, "low": 0.7, "high": 0.9, "level": 0.95, "n": 1}
    numbers = {
        "task": "multilabel" if several else "binary",
        "classes": list(made.findings if several else made.classes),
        "positive": None if several else made.positive,
        "estimate": estimate,
        "gate": gate,
        "grouping": "column",
        "headline": {"name": "auroc", "mean_over": list(made.findings), **area} if several else area,
        "n": {"images": len(made.images), "patients": len(set(made.patients))},
        "metrics": {"auroc": area},
        **facts,
    }
    (path / "numbers.json").write_text(json.dumps(numbers))
    (path / "run.json").write_text(json.dumps({"status": "finished"}))
    (path / "predictions.csv").write_text(made.to_csv())
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["image", "label", "patient", "sha256", "status"])
    for number, image in enumerate(made.images):
        content = contents[number] if contents else image
        digest = hashlib.sha256(content.encode()).hexdigest()
        writer.writerow([image, "x", made.patients[number], digest, "used"])
    (path / "images.csv").write_text(buffer.getvalue())
    return path


def two_models(n=120, *, seed=0, gap=1.5):
    """Truth, and probabilities of a good and a poor model: the better one is `gap` further from chance."""
    random = np.random.default_rng(seed)
    truth = np.arange(n) % 2
    poor = random.normal(size=n) + 0.4 * truth
    good = poor + gap * truth
    return truth, 1 / (1 + np.exp(-(good - gap / 2))), 1 / (1 + np.exp(-poor))
