"""Finished run folders put together by hand: truth, probabilities and thresholds as asked, numbers.json computed."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from wetread.evaluation.evaluate import evaluate
from wetread.evaluation.finding_predictions import FindingPredictions
from wetread.evaluation.findings import evaluate_findings
from wetread.evaluation.operating_points import operating_points
from wetread.evaluation.predictions import Predictions

OPTIONS = {"resamples": 200, "seed": 3}


def two_classes(truth, p, cuts, *, patients=None, folds=None, split="cv"):
    """Predictions of ``ill`` (truth 1) against ``well``; `p` is the probability of ``ill``."""
    truth, p, n = np.asarray(truth), np.asarray(p, dtype=float), len(truth)
    cuts = np.broadcast_to(np.asarray(cuts, dtype=float), n).copy()
    patients = patients or [f"P{number}" for number in range(n)]
    return Predictions(
        ("ill", "well"), "ill", [f"{number:03d}.png" for number in range(n)], list(patients), list(patients),
        [split] * n, list(folds or ["1"] * n), np.where(truth == 1, 0, 1), np.where(p >= cuts, 0, 1),
        np.stack([p, 1 - p], axis=1), cuts,
    )  # fmt: skip


def many(n=120, per_patient=2, seed=0):
    """Two classes in five folds, each with a threshold of its own, two images per patient."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, 2, n)
    p = 1 / (1 + np.exp(-random.normal(size=n) - 2 * (truth - 0.5)))
    folds = [str(number // per_patient % 5 + 1) for number in range(n)]
    cuts = np.array([0.35, 0.42, 0.5, 0.55, 0.61])[[int(fold) - 1 for fold in folds]]
    return two_classes(truth, p, cuts, patients=[f"P{number // per_patient}" for number in range(n)], folds=folds)


def three_classes(n=90, seed=0):
    """Three classes, called by the highest probability."""
    random = np.random.default_rng(seed)
    truth = np.arange(n) % 3
    scores = random.normal(size=(n, 3)) + 2 * np.eye(3)[truth]
    table = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    people = [f"P{number // 2}" for number in range(n)]
    return Predictions(
        ("a", "b", "c"), None, [f"{number:03d}.png" for number in range(n)], people, people, ["cv"] * n, ["1"] * n,
        truth, table.argmax(axis=1), table, None,
    )  # fmt: skip


def findings(n=100, seed=0):
    """Two findings with thresholds by fold; the truth of some is not known."""
    random = np.random.default_rng(seed)
    truth = (random.random((n, 2)) < [0.4, 0.3]).astype(float)
    p = 1 / (1 + np.exp(-random.normal(size=(n, 2)) - 2 * (truth - 0.5)))
    truth[random.random((n, 2)) < 0.1] = np.nan
    people, cuts = [f"P{number // 2}" for number in range(n)], np.where(np.arange(n)[:, None] % 2, 0.4, 0.55)
    return FindingPredictions(
        ("edema", "mass"), [f"{number:03d}.png" for number in range(n)], people, people, ["cv"] * n, ["1"] * n, truth,
        p, np.broadcast_to(cuts, (n, 2)).copy(),
    )  # fmt: skip


def numbers_of(made, *, stored=0.5, estimate="cross-validation"):
    """numbers.json, by the functions that a run uses."""
    several = isinstance(made, FindingPredictions)
    labelled = made.labelled
    found = (evaluate_findings if several else evaluate)(labelled, **OPTIONS)
    columns = len(made.findings) if several else 1
    points = {} if not several and made.positive is None else {"youden": labelled.thresholds}
    by_rule = operating_points(labelled, points, {rule: [stored] * columns for rule in points}, **OPTIONS)
    return {
        "task": "multilabel" if several else "binary" if made.positive else "multiclass",
        "classes": list(made.findings if several else made.classes),
        "positive": None if several else made.positive,
        "unit": "patient",
        "grouping": "column",
        "estimate": estimate,
        "n": {"images": len(labelled.images), "patients": len(set(labelled.patients)), "trained_on": 77},
        "headline": {"name": "auroc", **found["metrics"]["auroc"], "mean_over": ["x"]},
        "models": {"selected": {}, "borders": {"sees": "edges"}},
        "operating_points": by_rule,
        "gate": "green",
        **found,
    }


def write_result(path, made, *, numbers=None, trained=(), unlabelled=(), command=(), contents=None, plan=None):
    """A finished run folder.

    Args:
        path: Where.
        made: Predictions.
        numbers: numbers.json; computed if None.
        trained: Image -> label of pictures it was trained on.
        unlabelled: Images without a label that were not predicted either.
        command: Of run.json.
        contents: Image -> its bytes, for the hashes; by default its name.
        plan: Decision -> value.
    """
    path = Path(path)
    path.mkdir(parents=True)
    (path / "numbers.json").write_text(json.dumps(numbers or numbers_of(made)))
    (path / "run.json").write_text(
        json.dumps({"status": "finished", "command": list(command), "data": "data", "seed": 3, "preset": "quick",
                    "multi": isinstance(made, FindingPredictions)})
    )  # fmt: skip
    (path / "findings.json").write_text("[]")
    (path / "predictions.csv").write_text(made.to_csv())
    decided = {"resamples": OPTIONS["resamples"], "seed": OPTIONS["seed"], **(plan or {})}
    (path / "plan.yaml").write_text(
        yaml.safe_dump({name: {"value": value, "reason": f"because of {name}"} for name, value in decided.items()})
    )
    contents = contents or {}
    with open(path / "images.csv", "w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["image", "label", "patient", "group", "split", "fold", "sha256", "status", "reason", "site"])
        # As in real runs, a file that is no image comes first: a case is known by its row, not by its place.
        writer.writerow(["README.txt", "", "", "", "", "", "", "skipped", "companion: no image by its content", ""])
        labels = _labels(made)
        for number, image in enumerate(made.images):
            writer.writerow([image, labels[number], made.patients[number], made.groups[number], made.splits[number],
                             made.folds[number], _digest(image, contents), "used", "", "east"])  # fmt: skip
        for image, label in dict(trained).items():
            writer.writerow([image, label, "T", "T", "train", "", _digest(image, contents), "used", "", "west"])
        for image in unlabelled:
            writer.writerow([image, "", "", "", "unlabelled", "", _digest(image, contents), "used", "", ""])
    return path


def _labels(made):
    if isinstance(made, FindingPredictions):
        names = [[name for name, here in zip(made.findings, row, strict=True) if here == 1] for row in made.truth]
        return ["|".join(row) or "no finding" for row in names]
    return [made.classes[number] if number >= 0 else "" for number in made.truth]


def _digest(image, contents):
    return hashlib.sha256(contents.get(image, image.encode())).hexdigest()


def write_pictures(folder, names, size=(24, 20)):
    """Grey PNG files, no two alike; returns name -> bytes."""
    found = {}
    for number, name in enumerate(names):
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shade = np.add.outer(np.arange(size[1]), np.arange(size[0]) * (number % 9 + 1)) % 256
        Image.fromarray(shade.astype(np.uint8)).save(path)
        found[name] = path.read_bytes()
    return found
