"""The rules: from a fingerprint to decisions, each with its reason. One group of decisions per function.

A rule reads what was measured, what the user asked for, and what was decided before it; nothing else. The evidence
stands beside it as a comment, so that whoever disagrees knows what to argue with. Figures marked "measured" are in
docs/measured.md, docs/performance.md and docs/accuracy.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wetread.dataset.split import LOCKED_TEST_GROUPS, MIN_GIVEN_TEST
from wetread.dataset.table import WORKING_SIDE
from wetread.images.view import View
from wetread.outcome import say_percent
from wetread.training.fingerprint import Fingerprint, KnownWeights

#: name of a decision -> (value, reason)
Decisions = dict[str, tuple[Any, str]]

#: Each file shown as it says itself.
AS_STORED = View()

#: Class names that mean "without the finding"; the other class of two is then the positive one.
NEGATIVE_NAMES = frozenset([
    "0", "no", "none", "normal", "negative", "neg", "neg.", "healthy", "control", "controls", "absent", "benign",
    "clear", "no_finding", "no finding", "nofinding", "without", "-", "\N{MINUS SIGN}",
])  # fmt: skip

#: Seconds of training that a preset may plan for.
SECONDS = {"quick": 60.0, "standard": 600.0, "best": 3600.0}

#: Fewest images for fine-tuning a pretrained network: below, frozen features are as good and far more stable.
#: Davila 2024 (arXiv 2406.10050), MedMNIST+ (Doerrich 2025, s41598-025-92156-9).
TUNING_IMAGES = 300

#: Networks that are trained for each division of the data: one for each inner fold.
FITS_OF_NETWORK = 3

#: Inner folds of linear rungs at least. Their fits take seconds, and the strength that a single held-out part of a few
#: pictures chooses is luck: a recipe's network would be compared with a poor model.
LINEAR_FOLDS = 3


@dataclass(frozen=True)
class Asked:
    """What the user asked for.

    Attributes:
        preset: quick, standard or best.
        seed: Of splits, weights, augmentation and resampling.
        positive: The positive class of two.
        view: How stored values become grey, already chosen.
        view_reason: Why.
        backbone: Name of the weights to use; None for the best that are there.
    """

    preset: str = "standard"
    seed: int = 0
    positive: str | None = None
    view: View = AS_STORED
    view_reason: str = "as each file says"
    backbone: str | None = None


def decide_question(data: Fingerprint, asked: Asked) -> Decisions:
    """What is asked of the pictures, and how they are shown."""
    known = data.grouping != "none"
    kind = "findings, each present or absent" if data.several else "classes, one per image"
    found = f"{kind}; {data.images} images of {data.groups} {'patients' if known else 'different pictures'}"
    return {
        "task": (data.task, kind),
        "classes": (data.classes, found + ("" if known else "; patients are not known")),
        "positive": (
            None if data.several else choose_positive_class(data.classes, asked.positive),
            "sensitivity speaks of this class" if data.task == "binary" else "there are not just two classes",
        ),
        "recipe": ("", "no published recipe was asked for"),
        "preset": (asked.preset, "asked for" if asked.preset != "standard" else "the default"),
        "time_limit": (
            data.time_limit or SECONDS[asked.preset],
            "seconds of training to plan for: " + ("asked for" if data.time_limit else f"preset {asked.preset}"),
        ),
        "seed": (asked.seed, "the same seed repeats the run"),
        "view": (str(asked.view), asked.view_reason),
        "frame": (asked.view.frame, "one picture per file" if asked.view.frame == "middle" else "asked for"),
        "modality": (data.modality, "from the file headers" if data.modality != "unknown" else "the files do not say"),
        "laterality": (
            data.laterality,
            "asked for"
            if data.laterality != "unknown"
            else "does it matter which side is left? --laterality matters or free answers; unknown counts as matters",
        ),
        "uncertain": (
            "leave out",
            f"{say_percent(data.unknown)} of the labels are missing or uncertain; they teach nothing and are not tested"
            if data.unknown
            else "every label is known",
        ),
    }


def decide_division(data: Fingerprint, asked: Asked, so_far: Mapping[str, Any]) -> Decisions:
    """How cases are kept apart: the unit is the patient, or the picture where patients are not known."""
    del so_far
    unit = "patients" if data.grouping != "none" else "different pictures"
    # An AUROC of 0.80 needs about 310 balanced cases for +-0.05 (Hanley & McNeil 1982): a fifth of 1,000 is near that.
    small = data.groups < LOCKED_TEST_GROUPS
    estimate = data.estimate or ("cross-validation" if small else "locked test")
    crossed = estimate == "cross-validation"
    unused = f"{data.split_unused}; " if data.split_unused else ""
    # Several divisions reduce the part of the variance that comes from the division (Eve 2026, arXiv 2606.12552).
    repeats = {"quick": 1, "standard": 2, "best": 5}[asked.preset] if crossed else 1
    return {
        "estimate": (
            estimate,
            {
                "cross-validation": (
                    f"{unused}{data.groups} {unit}: below {LOCKED_TEST_GROUPS} a single test set is too small to be "
                    "precise"
                ),
                "locked test": f"{unused}{data.groups} {unit}: one fifth set aside is precise, and is opened once",
                "given test": (
                    f"the data came with a test set of at least {MIN_GIVEN_TEST} separate cases "
                    f"{'with and without half of the findings' if data.several else 'of each class'}: enough for a "
                    "number, if not for a precise one"
                ),
            }[estimate],
        ),
        "folds": (
            min(5, data.smallest_class) if crossed else 1,
            f"the rarest class has {data.smallest_class} {unit}" if crossed else "one division",
        ),
        "repeats": (
            repeats,
            "a further division shows how much chance is in the first" if repeats > 1 else "one division",
        ),
        "holdout": (0.2, "share of the training part that networks hold out where inner_folds is 1"),
    }


def decide_rungs(data: Fingerprint, asked: Asked, so_far: Mapping[str, Any]) -> Decisions:
    """Which models compete. Simple before complex; each must beat those before it."""
    backbone, why = choose_backbone(data, asked.backbone)
    trained, trained_why = _worth_training(data, asked, so_far, backbone)
    rungs = ["classical"]
    if backbone is not None:
        rungs += ["frozen", "combined"]
    if trained:
        rungs.append("network")
    if asked.preset != "quick" and len(rungs) > 1:
        rungs.append("ensemble")
    return {
        "rungs": (tuple(rungs), f"each must beat those before it; {trained_why}"),
        # With five instead of three, inner models see 80 % of a training part, and the rule below finds gains that are
        # there (measured, docs/accuracy.md). Linear fits take seconds; each network would take minutes more.
        "inner_folds": (
            3 if "network" in rungs or asked.preset == "quick" else 5,
            "strength, calibration, threshold and choice of model happen inside the training part",
        ),
        "choice": ("by gain", "a higher rung is used where the 95 % interval of its gain over patients excludes zero"),
        "backbone": (backbone.name if backbone else "", why),
        # On a processor a converted graph took a fifth to an eighth of the time of torch (docs/performance.md).
        "engine": (
            "graph" if data.graphs and data.device == "cpu" else "torch",
            "what the backbone sees is computed by OpenVINO, several times as fast here"
            if data.graphs and data.device == "cpu"
            else "OpenVINO is not installed"
            if data.device == "cpu"
            else "the accelerator computes what the backbone sees",
        ),
        "test_time_shifts": (
            4 if "network" in rungs and "ensemble" in rungs else 0,
            "the ensemble's networks see each picture again, moved by a few pixels; never mirrored",
        ),
    }


def choose_backbone(data: Fingerprint, wanted: str | None = None) -> tuple[KnownWeights | None, str]:
    """Which of the weights at hand reads the pictures, and why."""
    if wanted == "none":
        return None, "asked for: none"
    if wanted is not None:
        return data.find(wanted), "asked for"
    if not data.weights:
        return None, "no pretrained weights are in the weights home (wetread weights list tells how to get some)"
    # Encoders of the same kind of picture first: better than everyday photographs in linear probing (arXiv 2505.10823,
    # 2511.09742). Then the largest that this machine can embed with in a minute; weights on disk stand for work.
    limit = 1000.0 if data.device != "cpu" else 120.0 if data.images <= 2000 else 60.0
    suited = [
        known for known in data.weights if known.medical in ("", None, data.modality) and known.megabytes <= limit
    ]
    if not suited:
        return None, "no weights at hand suit these pictures and this machine"
    best = max(suited, key=lambda known: (known.medical == data.modality, known.megabytes, known.name))
    of = f"trained on {best.medical} pictures" if best.medical else "trained on everyday photographs"
    of = "origin not stated" if best.medical is None else of
    return best, f"the best suited of {len(data.weights)} in the weights home: {best.network}, {of}"


def _worth_training(
    data: Fingerprint, asked: Asked, so_far: Mapping[str, Any], backbone: KnownWeights | None
) -> tuple[bool, str]:
    """Whether a network is trained on these pictures, and why."""
    if backbone is None:
        return _worth_training_small(data, asked, so_far)
    if asked.preset == "quick":
        return False, "the backbone stays frozen: quick"
    if data.images < TUNING_IMAGES and asked.preset != "best":
        return False, f"the backbone stays frozen: {data.images} images are too few to gain from tuning it"
    if data.device == "cpu" and asked.preset != "best":
        return False, "the backbone stays frozen: tuning it takes an accelerator, or --preset best --time-limit"
    minutes = _least_minutes(data, so_far, tuned=True)
    if minutes is not None and minutes * 60 > so_far["time_limit"][0]:
        return False, f"the backbone stays frozen: tuning it takes {minutes:.0f} minutes or more here"
    return True, "and tuning the backbone comes last"


def _worth_training_small(data: Fingerprint, asked: Asked, so_far: Mapping[str, Any]) -> tuple[bool, str]:
    # A small network from scratch loses to frozen features wherever both were tried (measured; trust 5.1), but it sees
    # colours, which classical features do not: it stays where there are no pretrained weights.
    nothing = "without pretrained weights there is nothing to fine-tune"
    if asked.preset == "quick":
        return False, nothing
    minutes = _least_minutes(data, so_far, tuned=False)
    if minutes is not None and minutes * 60 > so_far["time_limit"][0]:
        return False, f"{nothing}, and a small network takes {minutes:.0f} minutes or more here"
    return True, nothing


#: Fewest passes that a network needs to settle, and those before them that only its head learns from.
LEAST_EPOCHS, HEAD_EPOCHS = 6, 3
#: What a look at a picture costs beside a step: forward is a third of forward and backward.
LOOK = 1 / 3


def _least_minutes(data: Fingerprint, so_far: Mapping[str, Any], tuned: bool) -> float | None:
    """Of what a run cannot do without: the first division and the model to ship. Further divisions may be left out."""
    seconds = _seconds_of_network(data, so_far, tuned, repeats=1)
    return None if seconds is None else (seconds[0] + seconds[1] * LEAST_EPOCHS) / 60


def _seconds_of_network(
    data: Fingerprint, so_far: Mapping[str, Any], tuned: bool, repeats: int
) -> tuple[float, float] | None:
    """Seconds of all fits of a network together, before its epochs and in each; None where the step was not timed.

    A picture that is only looked at, as those of the inner validation part are after every epoch, goes forward without
    going back; so do all of them while only the head is trained.
    """
    if data.rate is None:
        return None
    folds = so_far["folds"][0]
    fits = FITS_OF_NETWORK * (repeats * folds + (1 if folds > 1 else 0))
    trained = _pictures_of_fit(data, folds)
    looked = trained / (FITS_OF_NETWORK - 1)
    head = (HEAD_EPOCHS if tuned else 0) * (trained + looked) * LOOK
    return fits * head / data.rate, fits * (trained + looked * LOOK) / data.rate


def _pictures_of_fit(data: Fingerprint, folds: int) -> float:
    return data.images * (1 - 1 / folds if folds > 1 else 0.8) * (FITS_OF_NETWORK - 1) / FITS_OF_NETWORK


def network_to_time(data: Fingerprint, asked: Asked) -> KnownWeights | None:
    """The network whose speed decides something: the one that would be trained, where the time limit may be too short.

    That is where the user named a limit, and with the preset ``best``, which spends what there is.
    """
    if asked.preset == "quick" or (asked.preset == "standard" and data.time_limit is None):
        return None
    backbone, _ = choose_backbone(data, asked.backbone)
    if backbone is None:
        return KnownWeights("", "small", _small_side(data, asked), _channels(data), 0.0)
    frozen = asked.preset == "standard" and (data.device == "cpu" or data.images < TUNING_IMAGES)
    return None if frozen else backbone


def _small_side(data: Fingerprint, asked: Asked) -> int:
    return 64 if data.device == "cpu" and asked.preset != "best" else 128


def _channels(data: Fingerprint) -> int:
    return 3 if data.colour > 0.5 else 1


def decide_network(data: Fingerprint, asked: Asked, so_far: Mapping[str, Any]) -> Decisions:
    """The network of the rung that is trained on these pictures."""
    rungs, backbone = so_far["rungs"][0], so_far["backbone"][0]
    known = data.find(backbone) if "network" in rungs and backbone else None
    small_side = _small_side(data, asked)
    return {
        "network": (known.network if known else "small", "that of the backbone" if known else _SMALL),
        "weights": (known.name if known else "", "it starts where the backbone ends" if known else "it starts fresh"),
        "network_side": (
            known.side if known else small_side,
            "as its weights were trained"
            if known
            else f"files are {data.side} pixels long in the median"
            + ("; 64 is what a processor can train on in minutes" if small_side == 64 else ""),
        ),
        "channels": (
            known.channels if known else _channels(data),
            "as its weights were trained" if known else f"{say_percent(data.colour)} of the pictures are coloured",
        ),
        "scaling": ("weights" if known else "measured", "as its weights were trained" if known else _MEASURED),
        "hidden": (0, "one linear layer: a hidden one adds weights that a small set cannot fill"),
        "dropout": (0.0, "weight decay and augmentation do this work"),
        "head_bias": (True, "classes are not equally frequent"),
        "initial": ("torch", "fresh layers of the head start as torch draws them"),
        "output": (
            "sigmoid" if data.several else "softmax",
            "findings do not exclude each other" if data.several else "exactly one class is true",
        ),
    }


_SMALL = "no pretrained weights are used; small enough for a few hundred images"
_MEASURED = "mean and deviation of the training pictures"


def decide_training(data: Fingerprint, asked: Asked, so_far: Mapping[str, Any]) -> Decisions:
    """How that network is trained."""
    tuned = bool(so_far["weights"][0])
    epochs, epochs_why = _epochs(data, asked, so_far, tuned)
    few = data.images < 1000
    return {
        # Linear probing first, then all layers: the features are not torn before the head points somewhere (Kumar
        # 2022, arXiv 2202.10054); better in more than half of the medical cases tried (Davila 2024).
        "tuning": ("head first", "the head first, then all layers at lower rates") if tuned else ("whole", "all fresh"),
        "head_epochs": (
            HEAD_EPOCHS if tuned else 0,
            "until the head points somewhere" if tuned else "no weights to protect",
        ),
        "layer_decay": (0.75 if tuned else 1.0, "early layers learn less: they see edges" if tuned else "all fresh"),
        "freeze_statistics": (
            tuned and few,
            f"{data.images} images are too few to measure them anew" if tuned and few else "measured on the pictures",
        ),
        "batch_norm_momentum": (0.0, "0: that of the network itself"),
        "optimiser": ("adamw", "decoupled weight decay"),
        "epsilon": (1e-8, "of the optimiser"),
        "learning_rate": (3e-4 if tuned else 3e-3, "top of a warm-up and cosine schedule"),
        "weight_decay": (0.05, "not on biases and batch norm"),
        "schedule": ("cosine", "ends at zero, so the last epochs agree"),
        "patience": (0, "no early stopping: the schedule ends by itself"),
        "clip": (5.0, "a single odd batch must not throw the weights away"),
        "epochs": (epochs, epochs_why),
        "batch": (16, "small sets learn better from many small steps"),
        # Weighting brings no AUROC and wrecks calibration; the threshold does its work (van den Goorbergh 2022,
        # 10.1093/jamia/ocac093; arXiv 2606.08966).
        "loss": ("plain", _imbalance(data) + "; the threshold is moved instead of the loss"),
        "sampling": ("as is", "each image once per epoch, for the same reason"),
        "keep": ("average", "the mean of the last five epochs; none is picked by its score"),
        "precision": (
            "bfloat16" if data.bf16 and (tuned or data.device != "cpu") else "float32",
            "this device has units for it" if data.bf16 else "no units for bfloat16 here: it would be slower",
        ),
        "device": (data.device, "the only one here" if data.device == "cpu" else "an accelerator was found"),
    }


def _epochs(data: Fingerprint, asked: Asked, so_far: Mapping[str, Any], tuned: bool) -> tuple[int, str]:
    if tuned:
        wanted, why = 20, "enough for pretrained weights"
    else:
        # A network sees about as many pictures in each fit whatever the size of the set, within bounds: with 100
        # pictures fewer passes underfit, with 10,000 more passes add hours and no AUROC (measured).
        budget = {"quick": 800, "standard": 1200, "best": 8000}[asked.preset]
        fitted = _pictures_of_fit(data, so_far["folds"][0])
        wanted = int(min(max(budget / max(fitted, 1), LEAST_EPOCHS), 40))
        why = f"about {budget} pictures per fit"
    seconds = _seconds_of_network(data, so_far, tuned, so_far["repeats"][0])
    if seconds is None or "network" not in so_far["rungs"][0]:
        return wanted, why
    allowed = int((so_far["time_limit"][0] - seconds[0]) / seconds[1])
    if allowed >= wanted:
        return wanted, why
    if allowed >= LEAST_EPOCHS:
        return allowed, f"as many as the time limit allows, at most {wanted}"
    return LEAST_EPOCHS, "the fewest that settle; the time limit may leave further divisions out"


def _imbalance(data: Fingerprint) -> str:
    if data.several:
        sides = "its two sides, images with and without it"
        return f"the most uneven finding has {data.imbalance:.1f} to 1 between {sides}"
    return f"the commonest class has {data.imbalance:.1f} times the images of the rarest"


def decide_pictures(data: Fingerprint, asked: Asked, so_far: Mapping[str, Any]) -> Decisions:
    """How large pictures are kept."""
    del asked
    return {"working_side": choose_working_side(data, {name: value for name, (value, _) in so_far.items()})}


def choose_working_side(data: Fingerprint, decided: Mapping[str, Any]) -> tuple[int, str]:
    """The longest side of the pictures that are kept, in pixels, and why: the usual one, or that of a larger network.

    Args:
        data: What was measured.
        decided: Decision -> value, those about networks among them.
    """
    known = data.find(looked_through(decided))
    side = max(known.side if known else 0, decided["network_side"] if "network" in decided["rungs"] else 0)
    if side > WORKING_SIDE:
        return side, f"the largest network here sees {side} pixels"
    return WORKING_SIDE, "the longest side in pixels: no network here sees more"


def looked_through(decided: Mapping[str, Any]) -> str:
    """Name of the weights that are looked through: by a linear rung, or by a head that is all there is to train."""
    if {"frozen", "combined"} & set(decided["rungs"]):
        return str(decided["backbone"])
    return str(decided["weights"]) if "network" in decided["rungs"] and decided["tuning"] == "head" else ""


def decide_evaluation(data: Fingerprint, asked: Asked, so_far: Mapping[str, Any]) -> Decisions:
    """What is done with the predictions."""
    del data
    averaged = "network" in so_far["rungs"][0]
    return {
        "operating_point": (
            "youden",
            "Youden's J on predictions from inside the training part, never on the cases it is tested on",
        ),
        "calibration": (
            "temperature",
            "one temperature, fitted on predictions from inside the training part where there are 50 or more (Guo 2017)"
            + (
                "; there single networks predict, and their mean, which is tested and used, may be less sure than right"
                if averaged
                else ""
            ),
        ),
        "resamples": (2000, "bootstrap resamples of patients"),
        "cases": (6 if asked.preset == "quick" else 12, "worst errors and random cases that are explained"),
    }


def choose_positive_class(classes: tuple[str, ...], wanted: str | None = None) -> str | None:
    """The class that sensitivity speaks of; None unless there are two classes."""
    if len(classes) != 2:
        return None
    if wanted is not None:
        return wanted
    for name, other in (classes, classes[::-1]):
        if _is_negative(name) and not _is_negative(other):
            return other
    return classes[1]


def _is_negative(name: str) -> bool:
    plain = name.strip().lower().replace("-", "_").strip("_")
    stripped = plain.lstrip("0123456789_")
    return (
        plain in NEGATIVE_NAMES
        or name.strip() in NEGATIVE_NAMES  # a minus sign, of which nothing is left above
        or stripped in NEGATIVE_NAMES
        or stripped.startswith(("no_", "no ", "non_", "not_", "without_"))
    )
