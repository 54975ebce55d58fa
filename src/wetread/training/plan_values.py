"""One decision as a person may write it: of what kind it is, and what may stand there. No torch here."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from wetread.dataset.table import WORKING_SIDE
from wetread.errors import InputError
from wetread.request import YEAR
from wetread.training.modality import CODES, RANGES, WORDS
from wetread.training.plan import RUNGS, Plan
from wetread.training.plan_text import UNREADABLE
from wetread.training.ranges import Augment
from wetread.training.recipes import recipe_path
from wetread.training.rules import SECONDS

#: What may stand in an edited plan, where not every text makes sense.
CHOICES: dict[str, tuple[str, ...]] = {
    "preset": tuple(SECONDS),
    "modality": tuple(RANGES),
    "estimate": ("cross-validation", "locked test", "given test"),
    "uncertain": ("leave out", "positive", "negative"),
    "laterality": ("matters", "free", "unknown"),
    "choice": ("by gain", *RUNGS),
    "engine": ("graph", "torch"),
    "scaling": ("measured", "weights", "each picture", "0..1", "-1..1", "imagenet"),
    "initial": ("torch", "glorot uniform", "fan-in normal"),
    "output": ("softmax", "sigmoid"),
    "tuning": ("whole", "head", "head first"),
    "optimiser": ("adamw", "adam", "sgd"),
    "schedule": ("cosine", "constant", "plateau"),
    "loss": ("plain", "class weights", "focal", "logit adjustment"),
    "sampling": ("as is", "one order", "balanced"),
    "keep": ("last", "best", "average", "ema"),
    "precision": ("float32", "bfloat16"),
    "calibration": ("temperature", "platt", "none"),
}

#: Least values of whole numbers and fractions.
LEAST: dict[str, float] = {
    "seed": 0,
    "folds": 1,
    "repeats": 1,
    "inner_folds": 1,
    "holdout": 0.05,
    "test_time_shifts": 0,
    "network_side": 16,
    "working_side": WORKING_SIDE,
    "channels": 1,
    "hidden": 0,
    "dropout": 0.0,
    "head_epochs": 0,
    "layer_decay": 0.1,
    "batch_norm_momentum": 0.0,
    "epsilon": 0.0,
    "weight_decay": 0.0,
    "patience": 0,
    "clip": 0.0,
    "epochs": 1,
    "batch": 2,
    "resamples": 100,
    "cases": 0,
    "time_limit": 1.0,
    **{entry.name: 0.0 for entry in dataclasses.fields(Augment)},
}

#: Numbers that must be larger than this.
ABOVE: dict[str, float] = {"learning_rate": 0.0}

#: And the largest ones.
MOST: dict[str, float] = {
    "seed": 2**31 - 1,
    "holdout": 0.5,
    "test_time_shifts": 8,
    "network_side": 1024,
    "working_side": 4096,
    "channels": 3,
    "dropout": 0.95,
    "layer_decay": 1.0,
    "batch_norm_momentum": 1.0,
    "learning_rate": 10.0,
    "weight_decay": 1.0,
    "epochs": 100_000,
    "batch": 4096,
    "time_limit": YEAR,
    # A field of view of less than nothing shows a mirror image.
    "zoom": 0.9,
    "stretch": 0.9,
    # Beyond half a side the middle is out of sight; a lean of 90 degrees leaves a line.
    "shift": 0.5,
    "rotation": 180.0,
    "shear": 60.0,
    # Beyond these, dark becomes bright (the S of contrast turns round at its ends), or little is left to see.
    "contrast": 0.5,
    "gamma": 2.0,
    "brightness": 0.5,
    "noise": 0.5,
    "blur": 0.1,
    "erasing": 0.5,
    # Probabilities.
    "mirror": 1.0,
    "flip": 1.0,
    "turns": 1.0,
    # Beyond these, colours turn into their opposites and stains into light.
    "saturation": 1.0,
    "hue": 180.0,
    "stain": 1.0,
}

#: Decisions with bounds.
_BOUNDED = LEAST.keys() | ABOVE.keys() | MOST.keys()

#: Parts and probabilities, which some write in per cent.
_PARTS = frozenset([
    "holdout", "dropout", "zoom", "shift", "contrast", "mirror", "flip", "turns", "stretch", "blur", "erasing",
    "saturation", "stain",
])  # fmt: skip

#: Every decision -> its kind, as it is declared.
KINDS = {
    entry.name: str(entry.type)
    for kind in (Plan, Augment)
    for entry in dataclasses.fields(kind)
    if entry.name not in ("augment", "coloured", "reasons")
}

#: Kinds in words.
_CALLED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple[str, ...]": "a list of names",
}

#: Texts that may be empty: nothing is followed, looked through, or started from.
_MAY_BE_EMPTY = ("recipe", "backbone", "weights")

_NOTHING = ("", "null", "~", "none")


def read_value(name: str, given: Any, place: str, file: Path | None) -> Any:
    """What was written, in the kind of the decision.

    Args:
        name: Of the decision.
        given: As for `take_value`.
        place: Begins the message: where it stands.
        file: Where that is a file.

    Raises:
        InputError: There is no such decision, or its value is of another kind, none of its choices, or out of range.
    """
    if name not in KINDS:
        raise InputError(
            f"{place}there is no decision {name}." if place else f"There is no decision {name}.",
            remedy=f"Remove it{_nearest(name, KINDS)}.",
            file=file,
            code="plan",
        )
    try:
        value = take_value(name, given)
    except (ValueError, OverflowError):
        said = "empty" if _is_nothing(given) else str(given)
        wrong = misfit(name, said) or f"{name} is {said}, where {_CALLED.get(KINDS[name], 'a text')} is needed"
    else:
        if not (wrong := misfit(name, value)):
            return value
    raise InputError(f"{place}{wrong}.", remedy="Correct the value.", file=file, code="plan")


def misfit(name: str, value: Any) -> str:
    """Why a value is none of its choices or out of its range, in words; empty where it fits."""
    if name in CHOICES and value not in CHOICES[name]:
        return f"{name} is {value}, where one of {', '.join(CHOICES[name])} is needed"
    if name in _BOUNDED:
        least, above, most = LEAST.get(name, -math.inf), ABOVE.get(name, -math.inf), MOST.get(name, math.inf)
        if not isinstance(value, int | float) or not least <= value <= most or value <= above:
            bounds = [f"at least {least:.10g}"] * (name in LEAST) + [f"more than {above:g}"] * (name in ABOVE)
            bounds += [f"at most {most:.10g}"] * (name in MOST)
            said = f"{value:.10g}" if isinstance(value, float) else value
            kind = f"{_CALLED[KINDS[name]]} of {' and '.join(bounds)}"
            return f"{name} is {said}, where {kind} is needed{_of_per_cent(name, value)}"
    return ""


def _of_per_cent(name: str, value: Any) -> str:
    """What somebody meant who wrote a part in per cent."""
    meant = name in _PARTS and isinstance(value, int | float) and 1 < value <= 100 * MOST[name]
    return f"; {value:g} % is {value / 100:g}" if meant else ""


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), 1)
    return f", or write {close[0]}" if close else ""


def take_value(name: str, given: Any) -> Any:
    """What was written -> a value of the kind of the decision, where nothing is lost by that.

    Args:
        name: Of the decision.
        given: A text, a list of texts, nothing, or what YAML or a recipe made of them already.

    Raises:
        ValueError: It is no such value.
        InputError: It names a recipe that there is not.
    """
    kind = KINDS[name]
    if kind == "tuple[str, ...]":
        return _take_names(given)
    if kind not in ("str", "str | None"):
        return _take_number(kind, given)
    text = "" if given is None else str(given)
    if isinstance(given, list | dict | tuple) or (not text.strip() and name not in (*_MAY_BE_EMPTY, "positive")):
        raise ValueError
    if name in _MAY_BE_EMPTY and text.strip().lower() in _NOTHING:
        return ""
    if name == "recipe":
        return recipe_path(text).stem
    if name == "modality":
        return text.lower() if text.lower() in RANGES else CODES.get(text.upper()) or WORDS.get(text.lower(), text)
    return text or (None if name == "positive" else "")


def _take_names(given: Any) -> tuple[str, ...]:
    if isinstance(given, str):
        return tuple(part.strip() for part in given.split(",") if part.strip())
    if not isinstance(given, list | tuple) or not all(isinstance(one, str | int) for one in given):
        raise ValueError
    return tuple(map(str, given))


def _take_number(kind: str, given: Any) -> Any:
    """A number, or true or false, from what YAML made of it or a text."""
    value = given
    if isinstance(given, str):
        with contextlib.suppress(*UNREADABLE):
            value = yaml.safe_load(given)
    if kind == "float" and isinstance(value, str | int) and not isinstance(value, bool):
        return float(value)  # YAML takes 1e-4 for a text
    if kind == "int" and isinstance(value, float) and value.is_integer():
        return int(value)
    if type(value).__name__ != kind:
        raise ValueError
    return value


def _is_nothing(given: Any) -> bool:
    return given is None or str(given).strip().lower() in ("", "null", "~")
