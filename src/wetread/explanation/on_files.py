"""A classifier and image files -> maps: what `wetread explain` does, without its page.

A picture that the model refuses gets the reason and no map: a map of an answer that is not given would suggest one.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wetread.errors import ImageRejected, InputError
from wetread.explanation.agreement import agree
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.methods import check_method, explain_many, find_target, methods_for, not_possible
from wetread.explanation.nearest import nearest_training_cases
from wetread.images.decoder import Decoder
from wetread.images.facts import ImageFacts
from wetread.images.source import Source
from wetread.model.classifier import Classifier
from wetread.run_folder import RunFolder
from wetread.shapes import Floats, Picture

#: As many names of classes are listed where one is not known.
MOST_NAMED = 10
#: Shown first, where the model allows them; the two come from different kinds of arithmetic.
USUAL = ("grad-cam", "occlusion", "integrated-gradients", "occlusion-blur")


@dataclass(frozen=True)
class TrainingCase:
    """A training case that is much like an image.

    Attributes:
        name: Of its image; its number where the run is not at hand.
        label: Its class, several findings joined by ``|``; empty where that is not known.
        likeness: Cosine similarity of their features, -1 to 1.
        thumbnail: JPEG; empty where the run keeps none of it.
    """

    name: str
    label: str
    likeness: float
    thumbnail: bytes = b""


@dataclass
class ExplainedImage:
    """One image, and where the model looked.

    Attributes:
        image: Its name.
        picture: None where it cannot be read.
        facts: Of its file; None for a picture that came without one.
        predicted: What is called; empty where nothing is.
        probabilities: Of each class or finding; empty where nothing is called.
        target: The class that is explained; empty where nothing is.
        status: in, edge or out; empty where the model cannot refuse.
        reason: Why it cannot be read, is refused, or lies on the edge.
        maps: Method -> map.
        agreement: Rank correlation of the first two methods, -1 to 1; None where there is only one.
        nearest: The most alike training cases; empty where the model keeps no features of them.
        sha256: Of the file; empty for a picture that came without one.
        pixel_sha256: Of its pixels, likewise.
    """

    image: str
    picture: Picture | None = None
    facts: ImageFacts | None = None
    predicted: str = ""
    probabilities: dict[str, float] = field(default_factory=dict)
    target: str = ""
    status: str = ""
    reason: str = ""
    maps: dict[str, Heatmap] = field(default_factory=dict)
    agreement: float | None = None
    nearest: list[TrainingCase] = field(default_factory=list)
    sha256: str = ""
    pixel_sha256: str = ""

    @property
    def is_explained(self) -> bool:
        """Whether the model gave an answer that can be explained."""
        return bool(self.target)


def choose_methods(classifier: Classifier, asked: Sequence[str]) -> tuple[str, ...]:
    """Names of methods: two of different kinds by default, everything that is possible for ``all``.

    Raises:
        InputError: A method is unknown, or not possible with this model.
    """
    possible = methods_for(classifier)
    if not asked:
        return tuple(name for name in USUAL if name in possible)[:2]
    chosen: list[str] = []
    for name in asked:
        if name == "all":
            chosen += possible
            continue
        check_method(name)  # a slip of the pen is not a model that cannot
        if name not in possible:
            raise not_possible(name, possible)
        chosen.append(name)
    return tuple(dict.fromkeys(chosen))


def find_class(classifier: Classifier, name: str | int) -> int:
    """The column of a class, given by its name or by its number, counted from 0.

    Where classes are called by numbers, a number is a name.

    Raises:
        InputError: There is none of that name; the nearest names are offered. Code ``unknown-class``.
    """
    is_number = isinstance(name, int | np.integer) and not isinstance(name, bool)
    if is_number and not any(one.strip().isdigit() for one in classifier.classes):
        return find_target(classifier, int(name))
    name = str(name)
    by_folded = {one.casefold(): number for number, one in enumerate(classifier.classes)}
    if name.casefold() in by_folded:
        return by_folded[name.casefold()]
    near = [classifier.classes[by_folded[one]] for one in difflib.get_close_matches(name.casefold(), by_folded, 4, 0.4)]
    told = [f"Nearest names: {', '.join(near)}."] if near else []
    if len(classifier.classes) <= MOST_NAMED:
        told.append(f"All names: {', '.join(classifier.classes)}.")
    elif not near:
        told.append(f"It has {len(classifier.classes)}, such as {', '.join(classifier.classes[:MOST_NAMED])}.")
    raise InputError(
        f"The model has no class {name}.",
        remedy=" ".join(told),
        code="unknown-class",
    )


def read_files(classifier: Classifier, sources: Sequence[Source], decoder: Decoder) -> list[ExplainedImage]:
    """Reads images as the model saw those it learnt from; files that cannot be read get their reason."""
    images = [ExplainedImage(str(source)) for source in sources]
    for number, outcome in decoder.decode_many(sources, max_side=classifier.working_side, view=classifier.view):
        if isinstance(outcome, ImageRejected):
            images[number].reason = outcome.reason
        else:
            images[number].picture, images[number].facts = outcome.pixels, outcome.facts
            images[number].sha256, images[number].pixel_sha256 = outcome.file_sha256, outcome.pixel_sha256
    return images


def refuse_unread(images: Sequence[ExplainedImage]) -> None:
    """Ends where not one image can be read: a page without a picture helps nobody.

    Raises:
        InputError: It is so. Code ``no-readable-images``, as of `predict`.
    """
    if any(one.picture is not None for one in images):
        return
    count = "The image could not" if len(images) == 1 else f"None of the {len(images)} images could"
    raise InputError(
        f"{count} be read; {images[0].image}: {images[0].reason}.",
        remedy="Check the path, or export the images as PNG, JPEG, TIFF, BMP or DICOM.",
        file=images[0].image,
        code="no-readable-images",
    )


def answer(classifier: Classifier, images: Sequence[ExplainedImage], target: str | int | None) -> None:
    """Fills in what the model says of each picture, and what is to be explained.

    That is the class asked for; else the positive class of two, the class that is called, or of several findings the
    one nearest to being called or farthest beyond.
    """
    column = None if target is None else find_class(classifier, target)
    readable = [one for one in images if one.picture is not None]
    if not readable:
        return
    inputs = classifier.inputs_of([one.picture for one in readable if one.picture is not None])
    probabilities = classifier.probabilities(inputs)
    decided = classifier.decide(probabilities)
    answers: Sequence[Any] = [None] * len(readable)
    if classifier.refusal is not None:
        answers = classifier.refusal.answers(inputs, [one.facts for one in readable])
    for one, row, called, said in zip(readable, probabilities, decided, answers, strict=True):
        if said is not None:
            one.status, one.reason = said.status, "; ".join(part for part in (said.reason, said.note) if part)
        if one.status == "out":
            continue
        one.probabilities = {name: float(p) for name, p in zip(classifier.classes, row, strict=True)}
        several = classifier.task == "multilabel"
        names = [name for name, yes in zip(classifier.classes, called, strict=True) if yes] if several else []
        one.predicted = "|".join(names) if several else classifier.classes[int(called)]
        one.target = classifier.classes[_usual_target(classifier, row, called) if column is None else column]


def explain_images(
    classifier: Classifier,
    images: Sequence[ExplainedImage],
    methods: Sequence[str],
    *,
    seed: int = 0,
    done: Callable[[int, str], None] = lambda *_: None,
) -> None:
    """Fills in the maps, and how far the first two methods agree."""
    chosen = [one for one in images if one.is_explained]
    pictures = [one.picture for one in chosen if one.picture is not None]
    for count, method in enumerate(methods, start=1):
        found = explain_many(classifier, pictures, [one.target for one in chosen], method, seed=seed)
        for one, heatmap in zip(chosen, found, strict=True):
            if heatmap is not None:
                one.maps[method] = heatmap
        done(count, method)
    for one in chosen:
        if len(one.maps) > 1:
            one.agreement = agree(*list(one.maps.values())[:2])["spearman"]


def find_training_cases(classifier: Classifier, images: Sequence[ExplainedImage], run: RunFolder | None) -> None:
    """Fills in the nearest training cases, where the model keeps features of them to refuse other pictures.

    Args:
        classifier: Any.
        images: Answered.
        run: That made the model; without it cases have no names and no classes.
    """
    chosen = [one for one in images if one.is_explained]
    space = getattr(classifier.refusal, "space", None)
    if space is None or not chosen:
        return
    rows, likeness = nearest_training_cases(classifier, [one.picture for one in chosen if one.picture is not None])
    names = {} if run is None else {int(row["row"]): row["image"] for row in run.read_table("refusal.csv")}
    labels = {} if run is None else {row["image"]: row["label"] for row in run.read_table("images.csv")}
    thumbnails = (run.find_json("thumbnails/index.json") if run is not None else None) or {}

    def case(row: int, alike: float) -> TrainingCase:
        name = names.get(row, "")
        place = run.path / "thumbnails" / str(thumbnails[name]) if run is not None and name in thumbnails else None
        small = place.read_bytes() if place is not None and place.is_file() else b""
        return TrainingCase(name or f"case {row}", labels.get(name, ""), alike, small)

    for one, mine, alike in zip(chosen, rows.tolist(), likeness.tolist(), strict=True):
        one.nearest = [case(*pair) for pair in zip(mine, alike, strict=True)]


def _usual_target(classifier: Classifier, probabilities: Floats, called: Any) -> int:
    if classifier.task == "multilabel":
        return int((probabilities - np.array(classifier.thresholds or (0.5,) * len(probabilities))).argmax())
    return int(called) if classifier.positive is None else classifier.classes.index(classifier.positive)
