"""All methods by name: which of them a model allows, and one call that explains many pictures."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from wetread.errors import InputError
from wetread.explanation.heatmap import Heatmap
from wetread.explanation.occlusion import explain_by_occlusion
from wetread.explanation.rise import MASKS, QUICK_MASKS, explain_by_rise
from wetread.model.classifier import Classifier
from wetread.shapes import Ints, Picture

if TYPE_CHECKING:
    from wetread.explanation.subject import Subject

#: Need feature maps with places in them.
CLASS_MAPS = ("grad-cam", "hirescam", "grad-cam++", "score-cam")
#: Need a network, since they follow gradients down to the pixels.
PIXEL_GRADIENTS = ("integrated-gradients", "integrated-gradients-blur", "smoothgrad")
#: Ask the model about changed pictures, so any model will do; each with how many questions it asks, usually and where
#: it must be quick.
QUESTIONS = {"occlusion": (226, 50), "occlusion-blur": (226, 50), "rise": (MASKS, QUICK_MASKS)}

METHODS = (*CLASS_MAPS, *PIXEL_GRADIENTS, *QUESTIONS)

#: How a report names them.
TITLES = {
    "grad-cam": "Grad-CAM",
    "hirescam": "HiResCAM",
    "grad-cam++": "Grad-CAM++",
    "score-cam": "Score-CAM",
    "integrated-gradients": "Integrated Gradients (black)",
    "integrated-gradients-blur": "Integrated Gradients (blurred)",
    "smoothgrad": "SmoothGrad",
    "occlusion": "Occlusion (mean)",
    "occlusion-blur": "Occlusion (blurred)",
    "rise": "RISE",
}

_ONE_SIDED = (
    "weights are never negative, so orange speaks for the class, blue is only a negative activation and does not speak "
    "against it, and the map of another class is not the opposite of this one."
)
#: What the colours of each method mean: not all of them say what speaks against a class.
MEANINGS = {
    "grad-cam": "The last feature maps, weighted by their mean gradient: orange raises the margin, blue lowers it.",
    "hirescam": "The last feature maps times their gradient, place by place: orange raises the margin, blue lowers it.",
    "grad-cam++": f"The last feature maps, weighted by their positive gradients: {_ONE_SIDED}",
    "score-cam": f"The last feature maps, weighted by the margin of what each of them lets through: {_ONE_SIDED}",
    "integrated-gradients": (
        "Each pixel's share of the change of the margin from a black picture to this one: orange raises it, blue "
        "lowers it, and what is black gets nothing."
    ),
    "integrated-gradients-blur": (
        "Each pixel's share of the change of the margin from the blurred picture to this one: orange raises it, blue "
        "lowers it, and what is smooth gets nothing."
    ),
    "smoothgrad": (
        "What a change of a pixel would do: where it is orange a brighter pixel would raise the margin, where it is "
        "blue a darker one would. It shows what the model is sensitive to, not what speaks for the class in this "
        "picture."
    ),
    "occlusion": (
        "How far the margin falls when a patch is filled with the mean grey value: orange where it falls, blue where "
        "it rises."
    ),
    "occlusion-blur": "How far the margin falls when a patch is blurred: orange where it falls, blue where it rises.",
    "rise": (
        "How much higher the margin is where a place is shown than where it is hidden, over random masks: orange where "
        "showing it raises the margin, blue where that lowers it."
    ),
}
#: In what a map is measured: the unit of the number beside its scale.
UNITS = {
    "grad-cam": "logits",
    "hirescam": "logits",
    "grad-cam++": "weighted activation, without a unit",
    "score-cam": "mean activation, without a unit",
    "integrated-gradients": "logits per pixel",
    "integrated-gradients-blur": "logits per pixel",
    "smoothgrad": "logits per standard deviation of brightness",
    "occlusion": "logits",
    "occlusion-blur": "logits",
    "rise": "logits",
}


def methods_for(classifier: Classifier) -> tuple[str, ...]:
    """The methods that a model allows, in the order of `METHODS`.

    A model of classical features has no gradients; a network of dense layers has gradients, but no places in its maps.
    """
    subject = _take_apart(classifier)
    if subject is None:
        return tuple(QUESTIONS)
    return tuple(one for one in METHODS if subject.keeps_places or one not in CLASS_MAPS)


def explain_many(
    classifier: Classifier,
    pictures: Sequence[Picture],
    targets: Sequence[int | str] | Ints,
    method: str,
    *,
    seed: int = 0,
    quick: bool = False,
) -> list[Heatmap | None]:
    """Explains pictures, many at once.

    What is explained is `Classifier.margin`: how far the class leads; of several findings the finding's own logit.

    Args:
        classifier: Any.
        pictures: Grey or colour, of any size.
        targets: Class or finding per picture, by number or by name.
        method: One of `methods_for`.
        seed: Of what is drawn; the same for all pictures, so none depends on its company.
        quick: Fewer draws, steps or patches: for tests on many pictures.

    Returns:
        A map per picture; None where the method has nothing to say of it.

    Raises:
        InputError: The method is unknown (``unknown-method``) or not possible with this model
            (``method-not-possible``), or a class does not exist (``unknown-class``).
    """
    columns = np.array([find_target(classifier, target) for target in targets], dtype=np.int64)
    if len(columns) != len(pictures):
        raise ValueError("one target per picture")
    check_method(method)
    if method in QUESTIONS:
        ask = _question(method, seed, quick)
        classifier = _quickened(classifier, len(pictures) * QUESTIONS[method][quick])
        # Such a method asks hundreds of times and shares nothing, so pictures go to threads.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda one, column: ask(classifier, one, int(column)), pictures, columns))
    if method == "score-cam":
        from wetread.explanation.score_cam import QUICK_MAPS, USUAL_MAPS

        classifier = _quickened(classifier, len(pictures) * (QUICK_MAPS if quick else USUAL_MAPS))
    subject = _take_apart(classifier)
    if subject is None or (method in CLASS_MAPS and not subject.keeps_places):
        raise not_possible(method, methods_for(classifier))
    if not len(pictures):
        return []
    return list(_network_method(method, seed, quick)(subject, pictures, columns))


def explain(
    classifier: Classifier, picture: Picture, target: int | str, method: str, *, seed: int = 0, quick: bool = False
) -> Heatmap | None:
    """`explain_many` of one picture."""
    return explain_many(classifier, [picture], [target], method, seed=seed, quick=quick)[0]


def find_target(classifier: Classifier, target: int | str) -> int:
    """The column of a class or finding, given by number or by name.

    Raises:
        InputError: The model has no such class. Code ``unknown-class``.
    """
    if isinstance(target, str) and target in classifier.classes:
        return classifier.classes.index(target)
    if not isinstance(target, str) and 0 <= int(target) < len(classifier.classes):
        return int(target)
    raise InputError(
        f"The model has no class {target}.",
        remedy=f"Give one of: {', '.join(classifier.classes)}.",
        code="unknown-class",
    )


def check_method(method: str) -> None:
    """Raises `InputError`, code ``unknown-method``, where there is no method of that name."""
    if method not in METHODS:
        near = difflib.get_close_matches(method.casefold(), (*METHODS, "all"), 3)
        raise InputError(
            f"There is no method {method}.",
            remedy=(f"Nearest names: {', '.join(near)}. " if near else "")
            + f"All names: {', '.join(METHODS)}; all stands for every method that the model allows.",
            code="unknown-method",
        )


def not_possible(method: str, possible: Sequence[str]) -> InputError:
    """The error, with its reason, for a method that a model does not allow.

    Args:
        method: One of `METHODS`.
        possible: Those that the model allows.
    """
    why = "has no feature maps with places in them" if len(possible) > len(QUESTIONS) else "has no gradients"
    return InputError(
        f"{TITLES[method]} is not possible: the model {why}.",
        remedy=f"With this model take one of: {', '.join(possible)}.",
        code="method-not-possible",
    )


def _quickened(classifier: Classifier, questions: int) -> Classifier:
    """The model as it answers fastest; torch is not imported for one that does without."""
    if not any(part.described()["kind"] == "network" for part in classifier.parts):
        return classifier
    from wetread.explanation.quick_network import quicken

    return quicken(classifier, questions)


def _take_apart(classifier: Classifier) -> Subject | None:
    """The model as networks; None, and torch is not even imported, where it has none."""
    kinds = [part.described() for part in classifier.parts]
    if not any(one["kind"] in ("network", "head") or one.get("sees") in ("frozen", "combined") for one in kinds):
        return None
    from wetread.explanation.subject import make_subject

    return make_subject(classifier)


def _question(method: str, seed: int, quick: bool) -> Callable[[Classifier, Picture, int], Heatmap]:
    if method == "rise":
        return lambda classifier, one, column: explain_by_rise(classifier, one, column, seed=seed, quick=quick)
    blur = method == "occlusion-blur"
    return lambda classifier, one, column: explain_by_occlusion(classifier, one, column, blur=blur, coarse=quick)


def _network_method(
    method: str, seed: int, quick: bool
) -> Callable[[Subject, Sequence[Picture], Ints], Sequence[Heatmap | None]]:
    # Imported here: they need torch, questions to a linear model do not.
    from wetread.explanation.gradcam import gradcam
    from wetread.explanation.gradcam_plus import gradcam_plus
    from wetread.explanation.hirescam import hirescam
    from wetread.explanation.integrated_gradients import integrated_gradients
    from wetread.explanation.score_cam import score_cam
    from wetread.explanation.smoothgrad import smoothgrad

    return {
        "grad-cam": gradcam,
        "hirescam": hirescam,
        "grad-cam++": gradcam_plus,
        "score-cam": lambda *asked: score_cam(*asked, quick=quick),
        "integrated-gradients": lambda *asked: integrated_gradients(*asked, quick=quick),
        "integrated-gradients-blur": lambda *asked: integrated_gradients(*asked, blur=True, quick=quick),
        "smoothgrad": lambda *asked: smoothgrad(*asked, seed=seed, quick=quick),
    }[method]
