"""Classifier and files -> one row per file. A file that cannot be read gets its reason, and the others go on.

Pictures are looked at many at once, and a picture that the model should not judge gets no label and no probability.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wetread.dataset.table import unquote_formula
from wetread.errors import ImageRejected
from wetread.images.decoder import Decoder
from wetread.images.facts import DecodedImage
from wetread.images.source import Source
from wetread.model.classifier import Classifier
from wetread.shapes import Floats

#: Pictures looked at at once: enough for all cores, few enough that decoding goes on beside.
AT_ONCE = 8


def predict_files(
    classifier: Classifier,
    sources: Sequence[Source],
    decoder: Decoder,
    done: Callable[[int], None] = lambda _: None,
    *,
    cases: Mapping[int, str] | None = None,
) -> list[dict[str, Any]]:
    """Classifies files; their values become grey as in training, whatever their own headers say.

    Args:
        classifier: Any.
        sources: Image files.
        decoder: Running.
        done: Is told how many files are finished.
        cases: Names of the training cases by row number, from `case_names`; without it they are named by number.

    Returns:
        In order of `sources`, one per frame where the classifier was trained on all frames:

        - image;
        - predicted: the class, or several findings joined by ``|``; empty where the file cannot be read, where the
          picture is refused, and where none of several findings is called;
        - ``p_<class>``: probabilities, empty where the file cannot be read or the picture is refused;
        - status: in, edge or out; empty where the file cannot be read, or where the model cannot refuse;
        - unsure: the classes that the picture may belong to, joined by ``|``, where they are several; of several
          findings those that are unsure; ``none`` where no class fits;
        - nearest: the nearest training cases, joined by ``; ``;
        - reason: why the file cannot be read, why the picture is refused or on the edge, or what to look at.
    """
    if classifier.view.frame == "all":
        sources = _all_frames(sources, decoder)
    rows: list[dict[str, Any]] = [{} for _ in sources]
    outcomes = decoder.decode_many(sources, max_side=classifier.working_side, view=classifier.view)
    batch, count = _Batch(classifier, cases or {}), 0
    for number, outcome in outcomes:
        if isinstance(outcome, ImageRejected):
            rows[number] = _row(classifier, sources[number], reason=outcome.reason)
            count += 1
            done(count)
        else:
            batch.add(number, sources[number], outcome)
        if len(batch.numbers) == AT_ONCE:
            count = _finish(batch, rows, count, done)
    _finish(batch, rows, count, done)
    return rows


def case_names(folder: Path) -> dict[int, str]:
    """Names of the training cases by row number, from the run folder that a model lies in; empty elsewhere.

    Args:
        folder: A run folder, or the model folder in it.
    """
    for place in (folder / "refusal.csv", folder.parent / "refusal.csv"):
        try:
            table = csv.DictReader(io.StringIO(place.read_text(encoding="utf-8")))
            return {int(line["row"]): unquote_formula(line["image"]) for line in table}
        except (OSError, KeyError, ValueError, TypeError):
            continue
    return {}


@dataclass
class _Batch:
    """Pictures that were decoded and wait to be looked at."""

    classifier: Classifier
    cases: Mapping[int, str]
    numbers: list[int] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    images: list[DecodedImage] = field(default_factory=list)

    def add(self, number: int, source: Source, image: DecodedImage) -> None:
        self.numbers.append(number)
        self.sources.append(source)
        self.images.append(image)

    def rows(self) -> list[dict[str, Any]]:
        """One row for each picture, in order."""
        classifier, refusal = self.classifier, self.classifier.refusal
        inputs = classifier.inputs_of([image.pixels for image in self.images])
        probabilities = classifier.probabilities(inputs)
        if refusal is None:
            answered = zip(self.sources, probabilities, strict=True)
            return [_row(classifier, source, row) for source, row in answered]
        answers = refusal.answers(inputs, [image.facts for image in self.images])
        sets = refusal.sets(probabilities)
        rows = []
        for number, (source, answer) in enumerate(zip(self.sources, answers, strict=True)):
            out = answer.status == "out"
            row = _row(classifier, source, None if out else probabilities[number])
            if sets is not None and not out:
                row["unsure"] = _say_set(classifier, sets[number])
            nearest = [self.cases.get(case, f"case {case}") for case in answer.nearest]
            said = "; ".join(part for part in (answer.reason, answer.note) if part)
            rows.append(row | {"status": answer.status, "nearest": "; ".join(nearest), "reason": said})
        return rows


def _finish(batch: _Batch, rows: list[dict[str, Any]], count: int, done: Callable[[int], None]) -> int:
    """Looks at what waits, and empties the batch; returns how many files are finished."""
    if batch.numbers:
        for number, row in zip(batch.numbers, batch.rows(), strict=True):
            rows[number] = row
            count += 1
            done(count)
        batch.numbers, batch.sources, batch.images = [], [], []
    return count


def _row(
    classifier: Classifier, source: Source, probabilities: Floats | None = None, reason: str = ""
) -> dict[str, Any]:
    """A row with its columns in their order; without probabilities nothing is called."""
    numbers: list[Any] = [""] * len(classifier.classes)
    if probabilities is not None:
        numbers = [round(float(p), 6) for p in probabilities]
    columns = {f"p_{name}": number for name, number in zip(classifier.classes, numbers, strict=True)}
    predicted = "" if probabilities is None else _say(classifier, probabilities[None])
    told = {"status": "", "unsure": "", "nearest": "", "reason": reason}
    return {"image": str(source), "predicted": predicted, **columns, **told}


def _say(classifier: Classifier, probabilities: Floats) -> str:
    """The class that is called; of several findings all that are, joined by ``|``."""
    decided = classifier.decide(probabilities)[0]
    if classifier.task == "multilabel":
        return "|".join(name for name, called in zip(classifier.classes, decided, strict=True) if called)
    return classifier.classes[int(decided)]


def _say_set(classifier: Classifier, members: tuple[int, ...]) -> str:
    """What is unsure: several classes, or none; of several findings those that are."""
    if classifier.task != "multilabel" and len(members) == 1:
        return ""
    if classifier.task != "multilabel" and not members:
        return "none"
    return "|".join(classifier.classes[number] for number in members)


def _all_frames(sources: Sequence[Source], decoder: Decoder) -> list[Source]:
    frames = {number: getattr(found, "frames", 1) for number, found in decoder.survey(sources)}
    return [
        replace(source, frame=frame) if frames[number] > 1 else source
        for number, source in enumerate(sources)
        for frame in range(1, frames[number] + 1)
    ]
