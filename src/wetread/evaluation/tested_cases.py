"""What a run was tested on, read from its folder, and the cases that several runs share.

A case is known by the content of its file (SHA-256), so that another name or place does not matter; frames of one file
are told apart by their number, copies of one file by how many came before. Two runs have the same test cases where
these keys and the labels agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wetread.errors import InputError
from wetread.evaluation.finding_predictions import FindingPredictions, read_finding_predictions
from wetread.evaluation.predictions import Predictions, read_predictions
from wetread.run_folder import RunFolder

#: (SHA-256 of the file, frame, how many copies came before).
Key = tuple[str, str, int]


@dataclass(frozen=True)
class Tested:
    """The tested images of one run.

    Attributes:
        name: What the run is called in the comparison.
        folder: Its folder.
        numbers: Contents of its numbers.json.
        predictions: Labelled ones.
        keys: Which case each of them is.
    """

    name: str
    folder: RunFolder
    numbers: dict[str, Any]
    predictions: Predictions | FindingPredictions
    keys: list[Key]

    def truths(self) -> dict[Key, Any]:
        """Case -> its label: a name, or of findings a tuple of 1, 0 and None."""
        if isinstance(self.predictions, FindingPredictions):
            rows = [tuple(None if np.isnan(one) else int(one) for one in row) for row in self.predictions.truth]
            return dict(zip(self.keys, rows, strict=True))
        names = [self.predictions.classes[number] for number in self.predictions.truth]
        return dict(zip(self.keys, names, strict=True))


def read_tested(folder: RunFolder, name: str) -> Tested:
    """Reads what a run was tested on, and what it predicted.

    Raises:
        InputError: The folder holds no finished run, or its files do not fit together.
    """
    numbers = folder.read_json("numbers.json")
    path = folder.path / "predictions.csv"
    predictions: Predictions | FindingPredictions
    try:
        classes = tuple(numbers["classes"])
        if numbers["task"] == "multilabel":
            predictions = read_finding_predictions(path, classes).labelled
        else:
            predictions = read_predictions(path, classes, numbers["positive"]).labelled
        content = {row["image"]: row["sha256"] for row in folder.read_table("images.csv")}
        keys = _number_copies([_content(image, content) for image in predictions.images])
    except KeyError as error:
        raise InputError(
            f"The files of {folder.path} do not fit together.",
            remedy="Repeat the run.",
            file=folder.path,
            code="no-run",
        ) from error
    return Tested(name, folder, numbers, predictions, keys)


def _content(image: str, known: dict[str, str]) -> tuple[str, str]:
    name, mark, frame = image.rpartition("#")
    return known[image], frame if mark and name and frame.isdigit() else ""


def _number_copies(contents: list[tuple[str, str]]) -> list[Key]:
    met: Counter[tuple[str, str]] = Counter()
    keys = []
    for sha256, frame in contents:
        keys.append((sha256, frame, met[sha256, frame]))
        met[sha256, frame] += 1
    return keys


@dataclass(frozen=True)
class Shared:
    """The cases that all runs were tested on with the same label.

    Attributes:
        runs: The runs, cut down to these cases, in one order, with common groups and patients.
        left_out: Run -> images of it that are not compared.
        relabelled: Cases that all were tested on, under different labels.
    """

    runs: list[Tested]
    left_out: dict[str, int]
    relabelled: int

    @property
    def all_the_same(self) -> bool:
        """Whether every run was tested on exactly these cases."""
        return not any(self.left_out.values())


def find_shared(runs: Sequence[Tested]) -> Shared:
    """Cuts runs down to the cases that they share.

    Args:
        runs: Two or more.

    Raises:
        InputError: They answer different questions.
    """
    runs = [_in_order_of(run, runs[0]) for run in runs]
    truths = [run.truths() for run in runs]
    common = [key for key in sorted(truths[0]) if all(key in truth for truth in truths)]
    agreed = [key for key in common if all(truth[key] == truths[0][key] for truth in truths)]
    groups, patients = _join_groups(runs, agreed)
    cut = []
    for run in runs:
        place = {key: number for number, key in enumerate(run.keys)}
        order = [place[key] for key in agreed]
        taken = _reorder(run.predictions, order)
        taken = replace(taken, groups=groups, patients=patients, images=[key_name(key) for key in agreed])
        cut.append(replace(run, predictions=taken, keys=agreed))
    return Shared(cut, {run.name: len(run.keys) - len(agreed) for run in runs}, len(common) - len(agreed))


def key_name(key: Key) -> str:
    """A case in one word, whatever its file is called."""
    return f"{key[0]}#{key[1]}+{key[2]}"


def _in_order_of(run: Tested, first: Tested) -> Tested:
    """The run with its classes in the order of the first one."""
    one, other = run.predictions, first.predictions
    if isinstance(one, FindingPredictions) and isinstance(other, FindingPredictions):
        if sorted(one.findings) == sorted(other.findings):
            columns = [one.findings.index(name) for name in other.findings]
            cuts = None if one.thresholds is None else one.thresholds[:, columns]
            ordered = replace(
                one,
                findings=other.findings,
                truth=one.truth[:, columns],
                probabilities=one.probabilities[:, columns],
                thresholds=cuts,
            )
            return replace(run, predictions=ordered)
        raise _different_questions(run, first, one.findings, other.findings)
    if isinstance(one, Predictions) and isinstance(other, Predictions):
        if sorted(one.classes) == sorted(other.classes):
            columns = [one.classes.index(name) for name in other.classes]
            number = np.argsort(columns)
            return replace(
                run,
                predictions=replace(
                    one,
                    classes=other.classes,
                    positive=other.positive,
                    truth=number[one.truth],
                    predicted=number[one.predicted],
                    probabilities=one.probabilities[:, columns],
                ),
            )
        raise _different_questions(run, first, one.classes, other.classes)
    raise InputError(
        f"{first.name} and {run.name} answer different questions: one tells classes apart, the other finds findings.",
        remedy="Compare runs of one question.",
        code="different-questions",
    )


def _different_questions(run: Tested, first: Tested, ours: Sequence[str], theirs: Sequence[str]) -> InputError:
    return InputError(
        f"{first.name} and {run.name} answer different questions: {first.name} knows {', '.join(theirs)}; {run.name} "
        f"knows {', '.join(ours)}.",
        remedy="Compare runs with the same classes.",
        code="different-questions",
    )


def _reorder(predictions: Predictions | FindingPredictions, order: list[int]) -> Predictions | FindingPredictions:
    lists = {
        name: [getattr(predictions, name)[n] for n in order]
        for name in ("images", "patients", "groups", "splits", "folds")
    }
    cuts = None if predictions.thresholds is None else predictions.thresholds[order]
    tables = {"truth": predictions.truth[order], "probabilities": predictions.probabilities[order], "thresholds": cuts}
    if isinstance(predictions, Predictions):
        tables["predicted"] = predictions.predicted[order]
    return replace(predictions, **lists, **tables)  # type: ignore[arg-type]


def _join_groups(runs: Sequence[Tested], keys: list[Key]) -> tuple[list[str], list[str]]:
    """Groups and patients of the shared cases: what any run knows to belong together is drawn together."""
    parent = list(range(len(keys)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    patients = [""] * len(keys)
    for run in runs:
        place = {key: number for number, key in enumerate(run.keys)}
        first: dict[str, int] = {}
        known = all(run.predictions.patients)
        for number, key in enumerate(keys):
            row = place[key]
            group = run.predictions.groups[row] or run.predictions.images[row]
            a, b = sorted((root(first.setdefault(group, number)), root(number)))
            parent[b] = a
            if known and not patients[number]:
                patients[number] = run.predictions.patients[row]
    return [f"G{root(number):06d}" for number in range(len(keys))], patients
