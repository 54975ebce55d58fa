"""What a model said of the images that readers read: the held-out predictions of its run, at its stored threshold.

predictions.csv holds only images that the model predicting them was not fitted on: the test set, the outer folds, or
images without a label. An image that is not in it was trained on or never seen, and takes no part.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wetread.dataset.columns import IMAGE_NAME
from wetread.dataset.readings import image_key
from wetread.errors import InputError
from wetread.evaluation.finding_predictions import read_finding_predictions
from wetread.evaluation.predictions import UNLABELLED, read_predictions
from wetread.readers.vocabulary import same_name
from wetread.run_folder import RunFolder
from wetread.shapes import Floats

#: What the splits of predictions.csv are called for people.
SPLITS = {"cv": "predicted in the fold that held them out", "test": "of the test set", UNLABELLED: "without a label"}


@dataclass(frozen=True)
class HeldOut:
    """The held-out predictions of a run.

    Attributes:
        run: Name of the run folder.
        classes: Of the model.
        positive: The positive class of two, else None.
        several: An image can have several findings.
        images: Paths, as in the data set.
        groups: What is resampled together.
        splits: cv, test or unlabelled.
        present: ``image class``: 1 called, 0 not.
        probabilities: ``image class``.
        rule: By which its thresholds were chosen.
        patients_known: The run knew who is on an image; else only copies of a picture are joined.
    """

    run: str
    classes: tuple[str, ...]
    positive: str | None
    several: bool
    images: list[str]
    groups: list[str]
    splits: list[str]
    present: Floats
    probabilities: Floats
    rule: str
    patients_known: bool


@dataclass(frozen=True)
class Matched:
    """The model beside the readers.

    Attributes:
        marks: ``image finding``: 1 called, 0 not, NaN where there is no held-out prediction.
        scores: ``image finding``: probabilities, NaN likewise.
        groups: Of each image, where the run knows it; None elsewhere.
        without: Images that readers read and the run did not predict.
        findings: Those of the readers that the model knows.
        patients_known: From `HeldOut`.
        facts: For readers.json.
    """

    marks: Floats
    scores: Floats
    groups: list[str | None]
    without: list[str]
    findings: list[str]
    patients_known: bool
    facts: dict[str, Any]


def read_held_out(path: Path) -> HeldOut:
    """Reads the predictions of a finished run.

    Raises:
        InputError: There is no run, or it made no predictions.
    """
    folder = RunFolder.open(path)
    numbers = folder.read_json("numbers.json")
    if not isinstance(numbers, dict) or not {"classes", "task"} <= numbers.keys():
        raise InputError(
            f"numbers.json of {path} is damaged.", remedy="Repeat the run.", file=path / "numbers.json", code="no-run"
        )
    classes, place = tuple(numbers["classes"]), path / "predictions.csv"
    rule = str((numbers.get("operating_point") or {}).get("rule", "the most probable class"))
    several_findings = numbers["task"] == "multilabel"
    if several_findings:
        several = read_finding_predictions(place, classes)
        several = several.take(~np.isnan(several.probabilities[:, 0]))  # the others it refuses to judge
        tables = several.called.astype(np.float64), several.probabilities.astype(np.float64)
        where, patients = (several.images, several.groups, several.splits), several.patients
    else:
        single = read_predictions(place, classes, numbers.get("positive"))
        single = single.take(single.predicted >= 0)  # the others it refuses to judge
        tables = np.eye(len(classes))[single.predicted], single.probabilities.astype(np.float64)
        where = single.images, single.groups, single.splits
        patients = single.patients
    if not where[0]:
        raise InputError(f"{path} holds no predictions.", remedy="Repeat the run.", file=path, code="predictions")
    known = any(patients)
    return HeldOut(
        path.resolve().name, classes, numbers.get("positive"), several_findings, *where, *tables, rule, known
    )


def match(model: HeldOut, images: Sequence[str], findings: Sequence[str]) -> Matched:
    """Joins the model to the readers' images: by path, then by name of the file, then by that name without its ending.

    Args:
        model: From `read_held_out`.
        images: As the readers' table names them.
        findings: Of the readers.

    Raises:
        InputError: Not one image, or not one finding, is known to the run.
    """
    rows = _join(model.images, images)
    columns = [_column(model, finding) for finding in findings]
    known = [finding for finding, column in zip(findings, columns, strict=True) if column is not None]
    if not known:
        ours, theirs = ", ".join(findings[:8]), ", ".join(model.classes[:8])
        raise InputError(
            f"The readers' findings ({ours}) are none of the model's ({theirs}).",
            remedy="Write the readers' labels as the model's classes are called, or use --positive or --cut.",
            code="other-findings",
        )
    if all(row is None for row in rows):
        raise InputError(
            f"No image of the table is among the held-out predictions of {model.run}, for instance {images[0]}.",
            remedy="Readers and model must see the same images; the model must not have been trained on them.",
            code="other-images",
        )
    shape = (len(images), len(findings))
    marks, scores = np.full(shape, np.nan), np.full(shape, np.nan)
    for number, row in enumerate(rows):
        for place, column in enumerate(columns):
            if row is not None and column is not None:
                marks[number, place] = model.present[row, column]
                scores[number, place] = model.probabilities[row, column]
    without = [image for image, row in zip(images, rows, strict=True) if row is None]
    splits = Counter(model.splits[row] for row in rows if row is not None)
    facts = {
        "run": model.run,
        "matched": len(images) - len(without),
        "without": without,
        "splits": {SPLITS.get(split, split): count for split, count in splits.items()},
        "threshold": model.rule,
        "findings": known,
        "not_compared": [finding for finding in findings if finding not in known],
    }
    groups = [None if row is None else model.groups[row] or model.images[row] for row in rows]
    return Matched(marks, scores, groups, without, known, model.patients_known, facts)


def _column(model: HeldOut, finding: str) -> int | None:
    """The model's class of that name."""
    names = [same_name(name) for name in model.classes]
    return names.index(same_name(finding)) if same_name(finding) in names else None


def _join(theirs: Sequence[str], ours: Sequence[str]) -> list[int | None]:
    """Row of the model per image; a name that several images share joins nothing."""
    rows: list[int | None] = [None] * len(ours)
    for shorten in (image_key, _file_name, _bare_name):
        found = defaultdict(list)
        for number, image in enumerate(theirs):
            found[shorten(image)].append(number)
        asked = Counter(shorten(image) for image in ours)
        for number, image in enumerate(ours):
            candidates = found.get(shorten(image), [])
            if rows[number] is None and len(candidates) == 1 and asked[shorten(image)] == 1:
                rows[number] = candidates[0]
    return rows


def _file_name(image: str) -> str:
    return image_key(image).rsplit("/", 1)[-1]


def _bare_name(image: str) -> str:
    return IMAGE_NAME.sub("", _file_name(image))
