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
from wetread.explanation.methods import check_method, explain_many, methods_for
from wetread.images.decoder import Decoder
from wetread.images.facts import ImageFacts
from wetread.images.source import Source
from wetread.model.classifier import Classifier
from wetread.shapes import Floats, Picture

#: As in training (`wetread.dataset.table.WORKING_SIDE`): the model judges the picture that it would judge there.
SIDE = 320
#: Shown first, where the model allows them; the two come from different kinds of arithmetic.
USUAL = ("grad-cam", "occlusion", "integrated-gradients", "occlusion-blur")


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

    @property
    def is_explained(self) -> bool:
        """Whether the model gave an answer that can be explained."""
        return bool(self.target)


def choose_methods(classifier: Classifier, asked: Sequence[str]) -> tuple[str, ...]:
    """Names of methods: two of different kinds by default, everything for ``all``.

    Raises:
        InputError: A method is unknown, or not possible with this model.
    """
    possible = methods_for(classifier)
    if not asked:
        return tuple(name for name in USUAL if name in possible)[:2]
    if list(asked) == ["all"]:
        return possible
    for name in asked:
        check_method(name)  # a slip of the pen is not a model that cannot
        if name not in possible:
            raise InputError(
                f"The method {name} is not possible with this model.",
                remedy=f"Possible are: {', '.join(possible)}.",
                code="method-not-possible",
            )
    return tuple(dict.fromkeys(asked))


def find_class(classifier: Classifier, name: str) -> int:
    """The column of a class.

    Raises:
        InputError: There is none of that name; the nearest names are offered. Code ``unknown-class``.
    """
    by_folded = {one.casefold(): number for number, one in enumerate(classifier.classes)}
    if name.casefold() in by_folded:
        return by_folded[name.casefold()]
    near = difflib.get_close_matches(name.casefold(), by_folded, 4, 0.4)
    names = [classifier.classes[by_folded[one]] for one in near] or list(classifier.classes[:12])
    raise InputError(
        f"The model has no class {name}.",
        remedy=f"{'Nearest names' if near else 'It has'}: {', '.join(names)}.",
        code="unknown-class",
    )


def read_files(classifier: Classifier, sources: Sequence[Source], decoder: Decoder) -> list[ExplainedImage]:
    """Reads images as the model saw those it learnt from; files that cannot be read get their reason."""
    images = [ExplainedImage(str(source)) for source in sources]
    for number, outcome in decoder.decode_many(sources, max_side=SIDE, view=classifier.view):
        if isinstance(outcome, ImageRejected):
            images[number].reason = outcome.reason
        else:
            images[number].picture, images[number].facts = outcome.pixels, outcome.facts
    return images


def answer(classifier: Classifier, images: Sequence[ExplainedImage], target: str | None) -> None:
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


def _usual_target(classifier: Classifier, probabilities: Floats, called: Any) -> int:
    if classifier.task == "multilabel":
        return int((probabilities - np.array(classifier.thresholds or (0.5,) * len(probabilities))).argmax())
    return int(called) if classifier.positive is None else classifier.classes.index(classifier.positive)
