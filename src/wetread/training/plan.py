"""Every decision of a run, frozen, each with its reason; plan.yaml in and out. No torch here.

The rules are plain functions of a fingerprint of the data set. Whoever disagrees edits plan.yaml and passes it back
with --plan.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from wetread.dataset.split import LOCKED_TEST_GROUPS
from wetread.errors import InputError
from wetread.images.view import View

#: Each file shown as it says itself.
AS_STORED = View()

#: Class names that mean "without the finding"; the other class of two is then the positive one.
NEGATIVE_NAMES = frozenset([
    "0", "no", "none", "normal", "negative", "neg", "healthy", "control", "controls", "absent", "benign", "clear",
    "no_finding", "no finding", "nofinding", "without",
])  # fmt: skip


#: What may stand in an edited plan, where not every text or number makes sense.
CHOICES: dict[str, tuple[str, ...]] = {
    "estimate": ("cross-validation", "locked test", "given test"),
    "network": ("small",),
    "precision": ("float32", "bfloat16"),
    "operating_point": ("youden", "sensitivity", "specificity", "f1"),
    "calibration": ("temperature", "none"),
}
RUNGS = ("classical", "network")
LEAST = {
    "repeats": 1,
    "inner_folds": 2,
    "network_side": 32,
    "channels": 1,
    "epochs": 1,
    "batch": 2,
    "resamples": 100,
    "cases": 0,
}


@dataclass(frozen=True)
class Fingerprint:
    """What is measured of a data set before anything is decided.

    Attributes:
        images: Labelled images in use.
        groups: Patients, or single pictures where patients are not known.
        classes: Names, in alphabetical order.
        smallest_class: Groups of the rarest class.
        colour: Part of the pictures that are coloured, in [0, 1].
        side: Median of the longer side of the files, in pixels.
        grouping: Where patients are known from.
        estimate: ``given test`` where a usable one came with the data, else empty.
    """

    images: int
    groups: int
    classes: tuple[str, ...]
    smallest_class: int
    colour: float
    side: int
    grouping: str
    estimate: str = ""


@dataclass(frozen=True)
class Plan:
    """The decisions. `reasons` says why, by name of the field."""

    classes: tuple[str, ...]
    positive: str | None
    preset: str
    seed: int
    view: str
    frame: str
    estimate: str
    folds: int
    repeats: int
    inner_folds: int
    rungs: tuple[str, ...]
    network: str
    network_side: int
    channels: int
    epochs: int
    batch: int
    learning_rate: float
    weight_decay: float
    precision: str
    device: str
    rotation: float
    zoom: float
    shift: float
    gamma: float
    contrast: float
    noise: float
    mirror: float
    operating_point: str
    calibration: str
    resamples: int
    cases: int
    reasons: dict[str, str] = field(default_factory=dict, compare=False)

    def to_yaml(self) -> str:
        """The text of plan.yaml: for each decision its value and its reason."""
        decisions = {
            entry.name: {"value": _plain(getattr(self, entry.name)), "reason": self.reasons.get(entry.name, "")}
            for entry in dataclasses.fields(self)
            if entry.name != "reasons"
        }
        head = "# Every decision of this run, with its reason. Edit a value and pass the file back with --plan.\n"
        return head + yaml.safe_dump(decisions, sort_keys=False, allow_unicode=True, width=110)

    def decisions(self) -> tuple[tuple[str, str, str], ...]:
        """(name, value, reason) in order, for people."""
        named = [entry.name for entry in dataclasses.fields(self) if entry.name != "reasons"]
        return tuple((name, _say(getattr(self, name)), self.reasons.get(name, "")) for name in named)


def choose_positive(classes: tuple[str, ...], wanted: str | None = None) -> str | None:
    """The class that sensitivity speaks of; None for more than two classes.

    Raises:
        InputError: The wanted class does not exist.
    """
    if wanted is not None and wanted not in classes:
        raise InputError(
            f"There is no class {wanted}; the classes are: {', '.join(classes)}.",
            remedy="Name the class as it stands in the data.",
            code="unknown-class",
        )
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
        or stripped in NEGATIVE_NAMES
        or stripped.startswith(("no_", "no ", "non_", "not_", "without_"))
    )


def make_plan(
    data: Fingerprint,
    *,
    preset: str = "standard",
    seed: int = 0,
    device: str = "cpu",
    positive: str | None = None,
    view: View = AS_STORED,
    view_reason: str = "as each file says",
) -> Plan:
    """Decides everything from a fingerprint.

    Args:
        data: What was measured.
        preset: quick, standard or best.
        seed: Of splits, weights, augmentation and resampling.
        device: cpu or cuda:N, already chosen.
        positive: The positive class of two, where the user names it.
        view: How stored values become grey, already chosen.
        view_reason: Why.

    Returns:
        The plan with a reason for each decision.
    """
    small = data.groups < LOCKED_TEST_GROUPS
    estimate = data.estimate or ("cross-validation" if small else "locked test")
    known = data.grouping != "none"
    patients = "patients" if known else "different pictures"
    folds = min(5, data.smallest_class) if estimate == "cross-validation" else 1
    repeats = {"quick": 1, "standard": 2, "best": 5}[preset] if estimate == "cross-validation" else 1
    # A network sees about as many pictures in each fit whatever the size of the set, within bounds: with 100 pictures
    # fewer passes underfit, with 10,000 more passes add hours and no AUROC.
    fitted = data.images * (1 - 1 / folds if folds > 1 else 0.8) * 2 / 3
    budget = {"quick": 800, "standard": 1200, "best": 8000}[preset]
    epochs = int(min(max(budget / max(fitted, 1), 6), 40))
    side = 64 if device == "cpu" and preset != "best" else 128
    reasons = {
        "classes": f"as found: {data.images} images of {data.groups} {patients}"
        + ("" if known else "; patients are not known"),
        "positive": "sensitivity speaks of this class" if len(data.classes) == 2 else "more than two classes",
        "preset": "asked for" if preset != "standard" else "the default",
        "seed": "the same seed repeats the run",
        "view": view_reason,
        "frame": "one picture per file" if view.frame == "middle" else "asked for",
        "estimate": {
            "cross-validation": (
                f"{data.groups} {patients}: below {LOCKED_TEST_GROUPS} a single test set is too small to be precise"
            ),
            "locked test": f"{data.groups} {patients}: one fifth set aside is precise, and is opened once",
            "given test": "the data came with a test set that is large enough",
        }[estimate],
        "folds": f"the rarest class has {data.smallest_class} {patients}",
        "repeats": "a second division shows how much chance is in the first" if repeats > 1 else "one division",
        "inner_folds": "choice of model, strength, calibration and threshold happen inside the training part",
        "rungs": (
            "simple before complex: a network must beat classical features, and both must beat the file properties"
        ),
        "network": "no pretrained weights are used; small enough for a few hundred images",
        "network_side": f"files are {data.side} pixels long in the median"
        + ("; 64 is what a processor can train on in minutes" if side == 64 else ""),
        "channels": f"{data.colour:.0%} of the pictures are coloured",
        "epochs": f"about {budget} pictures per fit; the last epoch counts, none is picked by its score",
        "batch": "small sets learn better from many small steps",
        "learning_rate": "top of a warm-up and cosine schedule (AdamW)",
        "weight_decay": "AdamW, not on biases and batch norm",
        "precision": "float32 is as fast as bfloat16 for this network on a processor"
        if device == "cpu"
        else "tensor cores",
        "device": "the only one here" if device == "cpu" else "an accelerator was found",
        "rotation": "degrees: patients stand a little tilted",
        "zoom": "part of the size: distance and body size vary",
        "shift": "part of the side: centring varies",
        "gamma": "exposure and look-up tables vary between devices",
        "contrast": "exposure and look-up tables vary between devices",
        "noise": "dose varies",
        "mirror": "never: heart, liver and an effusion have a side",
        "operating_point": (
            "Youden's J on predictions from inside the training part, never on the cases it is tested on"
        ),
        "calibration": "one temperature, fitted on predictions from inside the training part (Guo 2017)",
        "resamples": "bootstrap resamples of patients",
        "cases": "worst errors and random cases that are explained",
    }
    return Plan(
        classes=data.classes,
        positive=choose_positive(data.classes, positive),
        preset=preset,
        seed=seed,
        view=str(view),
        frame=view.frame,
        estimate=estimate,
        folds=folds,
        repeats=repeats,
        inner_folds=3,
        rungs=("classical", "network"),
        network="small",
        network_side=side,
        channels=3 if data.colour > 0.5 else 1,
        epochs=epochs,
        batch=16,
        learning_rate=3e-3,
        weight_decay=0.05,
        precision="float32" if device == "cpu" else "bfloat16",
        device=device,
        rotation=7.0,
        zoom=0.10,
        shift=0.04,
        gamma=0.25,
        contrast=0.15,
        noise=0.02,
        mirror=0.0,
        operating_point="youden",
        calibration="temperature",
        resamples=2000,
        cases=12,
        reasons=reasons,
    )


def planned_view(path: Path) -> tuple[str | None, str | None]:
    """What a plan.yaml says about view and frame: needed before any picture is read, long before the rest of it.

    Returns:
        The two texts; None where the plan says nothing.

    Raises:
        InputError: The file is no plan.
    """
    stored = _load(path)
    values = [
        entry["value"] if isinstance(entry, dict) and "value" in entry else entry
        for entry in map(stored.get, ("view", "frame"))
    ]
    view, frame = (None if value is None else str(value) for value in values)
    return view, frame


def read_plan(path: Path, base: Plan) -> Plan:
    """Takes the values of a plan.yaml over the planned ones.

    Args:
        path: An edited plan.yaml; decisions that it leaves out stay as planned.
        base: The plan for this data set.

    Returns:
        The plan to use.

    Raises:
        InputError: The file is no plan, names an unknown decision, or gives a value of another type.
    """
    stored = _load(path)
    values: dict[str, Any] = {}
    reasons = dict(base.reasons)
    for name, entry in stored.items():
        planned = getattr(base, str(name), None)
        if name == "reasons" or not hasattr(base, str(name)):
            raise InputError(
                f"{path.name}: there is no decision {name}.", remedy="Remove the line.", file=path, code="plan"
            )
        value = entry["value"] if isinstance(entry, dict) and "value" in entry else entry
        value = tuple(value) if isinstance(value, list) else str(value) if name in ("view", "frame") else value
        if planned is not None and value is not None and not _same_type(planned, value):
            raise InputError(
                f"{path.name}: {name} is {value!r}, where {type(planned).__name__} such as {planned!r} is needed.",
                remedy="Correct the value.",
                file=path,
                code="plan",
            )
        if value != planned:
            values[str(name)] = float(value) if isinstance(planned, float) and isinstance(value, int | float) else value
            reasons[str(name)] = f"set in {path.name} (planned: {_say(planned)})"
    if values.get("classes", base.classes) != base.classes:
        raise InputError(
            f"{path.name} was made for the classes {', '.join(values['classes'])}.",
            remedy="Choose classes with --classes, not in the plan.",
            file=path,
            code="plan",
        )
    plan = dataclasses.replace(base, **values, reasons=reasons)
    wrong = _find_nonsense(plan, base)
    if wrong:
        raise InputError(f"{path.name}: {wrong}.", remedy="Correct the value.", file=path, code="plan")
    return plan


def _load(path: Path) -> dict[str, Any]:
    try:
        stored = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(
            f"The plan {path} cannot be read.", remedy="Start from a run's plan.yaml.", file=path, code="plan"
        ) from error
    if not isinstance(stored, dict):
        raise InputError(f"{path} is not a plan.", remedy="Start from a run's plan.yaml.", file=path, code="plan")
    return stored


def _find_nonsense(plan: Plan, base: Plan) -> str:
    """The first value that cannot be followed, in words; empty where all can."""
    for name, allowed in CHOICES.items():
        if getattr(plan, name) not in allowed:
            return f"{name} is {getattr(plan, name)}, where one of {', '.join(allowed)} is needed"
    for name, least in LEAST.items():
        if getattr(plan, name) < least:
            return f"{name} is {getattr(plan, name)}, where at least {least} is needed"
    if not plan.rungs or not set(plan.rungs) <= set(RUNGS):
        return f"rungs are {', '.join(plan.rungs) or 'none'}, where some of {', '.join(RUNGS)} are needed"
    if plan.estimate == "given test" != base.estimate:
        return "estimate is given test, but the data came with no test set that can be used"
    if plan.estimate == "cross-validation" and plan.folds < 2:
        return f"folds is {plan.folds}, where at least 2 are needed"
    if plan.positive != base.positive and plan.positive not in plan.classes:
        return f"positive is {plan.positive}, which is no class"
    return ""


def _same_type(planned: Any, value: Any) -> bool:
    if isinstance(planned, bool) or isinstance(value, bool):
        return type(planned) is type(value)
    if isinstance(planned, float):
        return isinstance(value, int | float)
    return isinstance(value, type(planned))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _say(value: Any) -> str:
    if value is None:
        return "none"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
