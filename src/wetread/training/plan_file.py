"""plan.yaml and --set: what a person changes in a plan, and which changes are refused. No torch here."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from wetread.dataset.table import WORKING_SIDE
from wetread.errors import InputError
from wetread.metrics.point_rule import DEFAULT_RULES, read_rule
from wetread.model.network_names import OURS, check_network
from wetread.training.fingerprint import Fingerprint
from wetread.training.modality import CODES, RANGES, WORDS, augment_for
from wetread.training.plan import RUNGS, Plan, how_to_get, say_value
from wetread.training.ranges import Augment
from wetread.training.recipes import FOLDER, recipe_path
from wetread.training.rules import SECONDS, Asked, choose_working_side
from wetread.weights.catalogue import CATALOGUE

#: Networks that exist for certain: the weights of the catalogue belong to them.
_COMMON = frozenset(known.network for known in CATALOGUE.values())

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
_KINDS = {
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

#: Labels of what was asked for; written over a plan that was made otherwise, they would be untrue.
_LABELS = {"recipe": "--recipe NAME", "preset": "--preset NAME"}

#: What only a network reads that is trained here: in the plan it stands from its name to its precision.
_OF_TRAINING = frozenset(
    [entry.name for entry in dataclasses.fields(Augment)]
    + list(_KINDS)[list(_KINDS).index("network") : list(_KINDS).index("device")]
    + ["test_time_shifts"]
)

#: Decisions of a recipe that do not say how its network is trained.
_BESIDE_RECIPE = frozenset(["recipe", "rungs", "choice"])


class _Texts(yaml.SafeLoader):
    """YAML in which 1, no and 40/80 stay the texts that they are, as a class may be called; nothing stays nothing."""


_Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag.endswith(":null")]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def planned_view(path: Path) -> tuple[str | None, str | None]:
    """What a plan.yaml says about view and frame: needed before any picture is read, long before the rest of it.

    Returns:
        The two texts; None where the plan says nothing.

    Raises:
        InputError: The file is no plan.
    """
    stored = _load(path)
    view, frame = (
        None if value is None else str(value) for value in map(_value_of, map(stored.get, ("view", "frame")))
    )
    return view, frame


def read_plan(path: Path, base: Plan, *, settle: bool = True, resumed: bool = False) -> Plan:
    """Takes the values of a plan.yaml over the planned ones.

    Args:
        path: An edited plan.yaml, or a recipe; decisions that it leaves out stay as planned.
        base: The plan for this data set.
        settle: Refuse contradictions now; else `set_decisions` does, which may mend them.
        resumed: It is the plan of this very run, whose reasons stand.

    Returns:
        The plan to use.

    Raises:
        InputError: The file is no plan, names an unknown decision, gives a value of another kind or out of its range,
            or contradicts the data.
    """
    stored = _load(path)
    reasons = {
        name: str(entry["reason"]) for name, entry in stored.items() if isinstance(entry, dict) and entry.get("reason")
    }
    given = _check_values({str(name): _value_of(entry) for name, entry in stored.items()}, base, path.name, path)
    own = path.parent == FOLDER
    if own and base.laterality == "matters":
        mirroring = [name for name in ("mirror", "flip") if given.get(name)]
        given |= dict.fromkeys(mirroring, 0.0)
        reasons |= dict.fromkeys(
            mirroring, "never: you said that sides matter (--laterality matters); here the recipe is not followed"
        )
    moved = _with_first_weights(given, _with_ranges_of(given, base, follows=bool(base.recipe)))
    planned = moved.values()
    if resumed:  # a value that somebody edited since has the reason of another one, as the rules give it
        edited = [name for name in _differing(given, planned) if reasons.get(name) == moved.reasons.get(name)]
        reasons = {name: reason for name, reason in reasons.items() if name not in edited}
    plan = moved.replace(
        # All that a recipe says is said of it, also where the rules would have decided the same.
        given if own or resumed else _differing(given, planned),
        lambda name: (
            reasons[name]
            if (own or resumed) and name in reasons
            else f"set in {path.name} (planned: {say_value(planned[name])})"
        ),
    )
    return _settled(plan, base, path.name, path) if settle else plan


def _differing(given: Mapping[str, Any], planned: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value != planned[name]}


def _with_ranges_of(given: Mapping[str, Any], plan: Plan, *, follows: bool) -> Plan:
    """The plan with the ranges of another modality, answer about sides or sight of colours, where one of these changes.

    Args:
        given: Decisions to be made next; their own ranges come after these.
        plan: So far.
        follows: The plan has the ranges of a recipe or a file, of which an answer about sides changes mirror and flip.
    """
    modality, laterality = given.get("modality", plan.modality), given.get("laterality", plan.laterality)
    if follows:
        return _with_sides(plan, laterality)
    channels = given.get("channels", plan.channels)
    if (modality, laterality, channels) == (plan.modality, plan.laterality, plan.channels):
        return plan
    ranges, why = augment_for(modality, laterality, coloured=plan.coloured and channels == 3)
    return dataclasses.replace(plan, augment=ranges, reasons=plan.reasons | why)


def _with_first_weights(given: Mapping[str, Any], plan: Plan) -> Plan:
    """The plan with the first weights of a head that gets a hidden layer and does not say how these are drawn.

    They are those of Keras, as in all plans that were stored before there was a choice.
    """
    if not given.get("hidden") or "initial" in given or plan.initial != "torch":
        return plan
    return plan.replace({"initial": "glorot uniform"}, lambda _: "there is a hidden layer, drawn as in Keras")


def _with_sides(plan: Plan, laterality: str) -> Plan:
    """The plan with mirror and flip as another answer about sides has them; all other ranges stay."""
    if laterality == plan.laterality:
        return plan
    ranges, why = augment_for(plan.modality, laterality)
    return plan.replace({"mirror": ranges.mirror, "flip": ranges.flip}, why.__getitem__)


def with_options(plan: Plan, planned: Plan, names: Sequence[str]) -> Plan:
    """A plan of a file with what was asked for on the same command line: there it is said last.

    Args:
        plan: Of the file.
        planned: By the rules, which obeyed the options.
        names: Decisions that the options name.
    """
    if "laterality" in names:
        plan = _with_sides(plan, planned.laterality)
    wanted = {name: value for name, value in planned.values().items() if name in names}
    return plan.replace(_differing(wanted, plan.values()), planned.reasons.__getitem__)


def with_working_side(plan: Plan, data: Fingerprint) -> Plan:
    """The plan with pictures as large as its networks see them.

    Args:
        plan: Settled in all else.
        data: Knows the weights.
    """
    side, reason = choose_working_side(data, plan.values())
    return plan.replace(_differing({"working_side": side}, plan.values()), lambda _: reason)


def says_working_side(file: Path, followed: Plan, data: Fingerprint) -> bool:
    """Whether a person wrote into a plan.yaml how large pictures are: no more than its own networks ask for is no wish.

    Args:
        file: The plan.yaml.
        followed: The plan as it says, before options of the command line.
        data: Knows the weights.
    """
    return "working_side" in _load(file) and followed.working_side != choose_working_side(data, followed.values())[0]


def begun_before_working_sides(file: Path) -> bool:
    """Whether the plan of a run is one of an earlier version, in which all pictures were read at one side."""
    return "working_side" not in _load(file)


def require_preset(path: Path, preset: str) -> None:
    """Refuses another preset beside a plan: all that a preset decides stands in the plan already.

    Args:
        path: The plan.
        preset: As asked for; the default one asks for nothing.

    Raises:
        InputError: The two differ.
    """
    made = _value_of(_load(path).get("preset"))
    if preset != Asked().preset and made not in (None, preset):
        raise InputError(
            f"The plan was made with the preset {made}, and {preset} is asked for.",
            remedy="Leave --preset out to follow the plan, or begin anew without the plan.",
            file=path,
            code="plan",
        )


def set_decisions(plan: Plan, settings: Sequence[str], base: Plan, *, follows: Path | None = None) -> Plan:
    """Changes single decisions, as ``--set name=value`` does, and settles the whole.

    Args:
        plan: So far.
        settings: Such as ``epochs=40`` or ``rungs=classical,frozen``.
        base: The plan for this data set, whose given test set cannot be wished away.
        follows: The recipe or file that `plan` comes from, whose ranges stay where another modality is set.

    Returns:
        The plan with these values.

    Raises:
        InputError: A setting is no ``name=value``, its name is unknown, its value is of another kind or out of its
            range, or the plan contradicts itself or the data.
    """
    given = _check_values(dict(map(_split_setting, settings)), plan, "--set", None)
    moved = _with_first_weights(given, _with_ranges_of(given, plan, follows=follows is not None))
    before = moved.values()
    changed = moved.replace(_differing(given, before), lambda name: f"asked for (planned: {say_value(before[name])})")
    if follows is not None and (not settings or _find_nonsense(plan, base)):
        return _settled(changed, base, follows.name, follows)
    return _settled(changed, base, "--set" if settings else "The plan", None)


def _split_setting(setting: str) -> tuple[str, str]:
    """``name=value`` -> the two; a label of what was asked for cannot be set."""
    name, equals, text = (part.strip() for part in setting.partition("="))
    if not equals:
        raise InputError(f"--set {setting} is not understood.", remedy="Write it as --set epochs=40.", code="usage")
    if name in _LABELS:
        raise InputError(
            f"{name} cannot be set: it only says how the plan was made.",
            remedy=f"Use {_LABELS[name]}, which plans anew.",
            code="plan",
        )
    return name, text


def check_setting(setting: str) -> None:
    """Refuses a setting that `set_decisions` would refuse whatever the data are, before they are read.

    Args:
        setting: Such as ``epochs=40``.

    Raises:
        InputError: There is no such decision, or its value is of another kind, none of its choices, or out of range.
    """
    _read_value(*_split_setting(setting), "", None)


def check_plan(path: Path) -> None:
    """Refuses a plan.yaml that `read_plan` would refuse whatever the data are, before they are read.

    Raises:
        InputError: The file is no plan, names an unknown decision, or a value is of another kind, none of its choices,
            or out of its range.
    """
    for name, entry in _load(path).items():
        _read_value(str(name), _value_of(entry), "", path)


def settings_without_effect(plan: Plan, settings: Sequence[str]) -> list[str]:
    """The settings that only a network reads that is trained, where none is."""
    if "network" in plan.rungs:
        return []
    return [setting for setting in settings if _split_setting(setting)[0] in _OF_TRAINING]


def departures(plan: Mapping[str, Any]) -> list[str]:
    """Which decisions about its network a plan has otherwise than the published recipe that it names.

    Args:
        plan: Decision -> value, as in a plan.yaml.

    Returns:
        Their names, in the order of the recipe; none where the plan names no recipe that there is.
    """
    recipe = _values_of_recipe(str(plan.get("recipe") or ""))
    return [name for name, value in recipe.items() if name in plan and _differs(name, plan[name], value)]


def _differs(name: str, given: Any, value: Any) -> bool:
    try:
        return bool(_take(name, given) != value)
    except (ValueError, OverflowError):
        return True  # a plan that was damaged


@functools.cache
def _values_of_recipe(recipe: str) -> dict[str, Any]:
    """What a published recipe says about its network; nothing where there is none of that name."""
    path = next((path for path in FOLDER.glob("*.yaml") if path.stem == recipe), None)
    stored = _load(path) if path else {}
    return {name: _take(name, _value_of(entry)) for name, entry in stored.items() if name not in _BESIDE_RECIPE}


def say_departures(plan: Mapping[str, Any], most: int = 8) -> str:
    """What `departures` finds, in words such as ``changed: output, epochs``; empty where there is nothing."""
    names = [name.replace("_", " ") for name in departures(plan)]
    if len(names) > most:
        names[most:] = [f"and {len(names) - most} more"]
    return f"changed: {', '.join(names)}" if names else ""


def require_folds(plan: Plan, base: Plan, data: Fingerprint) -> None:
    """Refuses more folds than the rarest class has patients, where somebody asked for them.

    Raises:
        InputError: Says how many there can be.
    """
    if plan.folds != base.folds and plan.estimate == "cross-validation" and plan.folds > data.smallest_class:
        what = "rarest side of a finding" if data.several else "rarest class"
        unit = "patients" if data.grouping != "none" else "different pictures"
        raise InputError(
            f"{plan.folds} folds cannot be made: the {what} has {data.smallest_class} {unit}.",
            remedy=f"Choose folds of at most {data.smallest_class}, or leave them out of the plan.",
            code="plan",
        )


def _misfit(name: str, value: Any) -> str:
    """Why a value is none of its choices or out of its range, in words; empty where it fits."""
    if name in CHOICES and value not in CHOICES[name]:
        return f"{name} is {value}, where one of {', '.join(CHOICES[name])} is needed"
    if name in _BOUNDED:
        least, above, most = LEAST.get(name, -math.inf), ABOVE.get(name, -math.inf), MOST.get(name, math.inf)
        if not isinstance(value, int | float) or not least <= value <= most or value <= above:
            bounds = [f"at least {least:.10g}"] * (name in LEAST) + [f"more than {above:g}"] * (name in ABOVE)
            bounds += [f"at most {most:.10g}"] * (name in MOST)
            said = f"{value:.10g}" if isinstance(value, float) else value
            kind = f"{_CALLED[_KINDS[name]]} of {' and '.join(bounds)}"
            return f"{name} is {said}, where {kind} is needed{_of_per_cent(name, value)}"
    return ""


def _of_per_cent(name: str, value: Any) -> str:
    """What somebody meant who wrote a part in per cent."""
    meant = name in _PARTS and isinstance(value, int | float) and 1 < value <= 100 * MOST[name]
    return f"; {value:g} % is {value / 100:g}" if meant else ""


def without_missing_weights(plan: Plan, data: Fingerprint) -> Plan:
    """A recipe on a machine that lacks its weights: others of the same network, else it starts fresh; the plan says so.

    Raises:
        InputError: The recipe keeps the body frozen, so fresh weights would stay noise.
    """
    if not plan.weights or data.find(plan.weights) is not None:
        return plan
    others = [known for known in data.weights if (known.network, known.channels) == (plan.network, plan.channels)]
    if not others and plan.tuning == "head":
        require_weights(plan, data)
    # The roots start from everyday photographs, so such weights come first, then those that do not say.
    other = min(others, key=lambda known: (known.medical != "", bool(known.medical), known.name)).name if others else ""
    instead = f"{other}, weights of the same network, take their place" if other else "the network starts fresh"
    return plan.replace(
        {"weights": other},
        lambda _: (
            f"{plan.weights} are not in the weights home, so {instead}, unlike the recipe; "
            f"fetch them with: wetread weights get {plan.weights}"
        ),
    )


def require_weights(plan: Plan, data: Fingerprint) -> None:
    """Refuses a plan whose weights are not here, or are those of another network.

    Raises:
        InputError: Names them, and how to get them.
    """
    wanted = [plan.weights] if "network" in plan.rungs else []
    wanted += [plan.backbone] if {"frozen", "combined"} & set(plan.rungs) else []
    for name in wanted:
        if name and data.find(name) is None:
            raise InputError(
                f"The plan asks for the weights {name}, which are not in the weights home.",
                remedy=how_to_get(name, data),
                code="no-weights",
            )
    known = data.find(plan.weights) if "network" in plan.rungs else None
    if known is not None and known.network != plan.network:
        raise InputError(
            f"The weights {known.name} belong to the network {known.network}, and network is {plan.network}.",
            remedy=f"Set network={known.network}, or other weights; weights= starts without any.",
            code="plan",
        )


def _check_values(values: Mapping[str, Any], base: Plan, place: str, file: Path | None) -> dict[str, Any]:
    """What stands there, each value in the kind of its decision; refused where it cannot be, or is of other data."""
    checked = {name: _read_value(name, given, f"{place}: ", file) for name, given in values.items()}
    if checked.get("classes", base.classes) != base.classes:
        raise InputError(
            f"{place} was made for the classes {', '.join(checked['classes'])}.",
            remedy="Choose classes with --classes, not in the plan.",
            file=file,
            code="plan",
        )
    if checked.get("task", base.task) != base.task:
        raise InputError(
            f"{place} was made for another question ({checked['task']}; these data are {base.task}).",
            remedy="Use a plan made for such data, or remove the line task.",
            file=file,
            code="plan",
        )
    return checked


def _read_value(name: str, given: Any, place: str, file: Path | None) -> Any:
    """What was written, in the kind of the decision.

    Raises:
        InputError: There is no such decision, or its value is of another kind, none of its choices, or out of range.
    """
    if name not in _KINDS:
        raise InputError(
            f"{place}there is no decision {name}." if place else f"There is no decision {name}.",
            remedy=f"Remove it{_nearest(name, _KINDS)}.",
            file=file,
            code="plan",
        )
    try:
        value = _take(name, given)
    except (ValueError, OverflowError):
        said = "empty" if _is_nothing(given) else str(given)
        wrong = _misfit(name, said) or f"{name} is {said}, where {_CALLED.get(_KINDS[name], 'a text')} is needed"
    else:
        if not (wrong := _misfit(name, value)):
            return value
    raise InputError(f"{place}{wrong}.", remedy="Correct the value.", file=file, code="plan")


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), 1)
    return f", or write {close[0]}" if close else ""


def _take(name: str, given: Any) -> Any:
    """What was written -> a value of the kind of the decision, where nothing is lost by that.

    Args:
        name: Of the decision.
        given: A text, a list of texts, nothing, or what YAML or a recipe made of them already.

    Raises:
        ValueError: It is no such value.
        InputError: It names a recipe that there is not.
    """
    kind = _KINDS[name]
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
        with contextlib.suppress(yaml.YAMLError):
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


def _value_of(entry: Any) -> Any:
    return entry["value"] if isinstance(entry, dict) and "value" in entry else entry


def _load(path: Path) -> dict[str, Any]:
    try:
        stored = yaml.load(path.read_text(encoding="utf-8"), _Texts)  # noqa: S506 - a safe loader
    except FileNotFoundError as error:
        raise InputError(
            f"There is no plan {path}.",
            remedy="Check the path, or start from a run's plan.yaml.",
            file=path,
            code="plan",
        ) from error
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise InputError(
            f"The plan {path} cannot be read{line}: {getattr(error, 'problem', None) or 'it cannot be parsed'}.",
            remedy="Write one NAME: VALUE a line, entries below a name indented alike.",
            file=path,
            code="plan",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The plan {path} cannot be read.", remedy="Start from a run's plan.yaml.", file=path, code="plan"
        ) from error
    if not isinstance(stored, dict):
        raise InputError(f"{path} is not a plan.", remedy="Start from a run's plan.yaml.", file=path, code="plan")
    return stored


def _settled(plan: Plan, base: Plan, place: str, file: Path | None) -> Plan:
    """The plan with its network by the name that can be built, and nothing decided that cannot matter.

    Raises:
        InputError: The plan cannot be followed.
    """
    wrong = _find_nonsense(plan, base)
    if wrong:
        packaged = file is not None and file.parent == FOLDER
        raise InputError(
            f"{'Recipe ' if packaged else ''}{place.removesuffix('.yaml') if packaged else place}: {wrong}.",
            remedy="Correct the value"
            + (" with --set NAME=VALUE." if packaged else ", there or with --set NAME=VALUE." if file else "."),
            file=file,
            code="plan",
        )
    plan = _without_idle(plan)
    if plan.network in OURS or plan.network in _COMMON or plan.network == base.network:
        return plan
    # Loads timm, which takes seconds, so only names that nobody here knows are looked up.
    return dataclasses.replace(plan, network=check_network(plan.network))


def _without_idle(plan: Plan) -> Plan:
    """The plan without decisions that its others leave nothing to do: more divisions than one test set has, colours."""
    values = plan.values()
    if plan.estimate != "cross-validation":
        once = {name: 1 for name in ("folds", "repeats") if values[name] != 1}
        plan = plan.replace(once, lambda name: f"one division, as estimate is {plan.estimate} ({values[name]} before)")
    if plan.channels == 1:
        off = {name: 0.0 for name in ("saturation", "hue", "stain") if values[name]}
        plan = plan.replace(off, lambda name: f"off: the network sees no colours ({values[name]} before)")
    return plan


def _find_nonsense(plan: Plan, base: Plan) -> str:
    """The first value that cannot be followed, in words; empty where all can."""
    values = plan.values()
    for name in CHOICES:
        if wrong := _misfit(name, values[name]):
            return wrong
    for name, value in values.items():
        if isinstance(value, float) and not -1e6 < value < 1e6:
            return f"{name} is {value}, which is no number to work with"
        if wrong := _misfit(name, value):
            return wrong
    try:
        read_rule(plan.operating_point)
    except ValueError:
        menu = f"one of {', '.join(DEFAULT_RULES)} is needed, or such as sensitivity>=0.9, cost=5 or cost=5@0.02"
        return f"operating_point is {plan.operating_point}, where {menu}"
    return _find_contradiction(plan, base)


def _find_contradiction(plan: Plan, base: Plan) -> str:
    if not plan.rungs or not set(plan.rungs) <= set(RUNGS):
        return f"rungs are {', '.join(plan.rungs) or 'none'}, where some of {', '.join(RUNGS)} are needed"
    if plan.rungs != tuple(sorted(set(plan.rungs), key=RUNGS.index)):
        return f"rungs are {', '.join(plan.rungs)}, where each stands once, in the order {', '.join(RUNGS)}"
    if plan.rungs == ("ensemble",):
        return "rungs are ensemble alone, which has nothing to put together"
    if plan.choice != "by gain" and plan.choice not in plan.rungs:
        return f"choice is {plan.choice}, which is not among the rungs"
    if {"frozen", "combined"} & set(plan.rungs) and not plan.backbone:
        return "rungs ask for a backbone, and there is none; see `wetread weights list`"
    if plan.estimate == "given test" != base.estimate:
        return "estimate is given test, but the data came with no test set that can be used"
    if plan.estimate == "cross-validation" and plan.folds < 2:
        return f"folds is {plan.folds}, where at least 2 are needed"
    if plan.task != "binary" and plan.positive is not None:
        kind = "several findings" if plan.task == "multilabel" else f"{len(plan.classes)} classes"
        return f"positive is {plan.positive}, but there are {kind}; only one of two classes can be the positive one"
    if plan.positive != base.positive and plan.positive not in plan.classes:
        return f"positive is {plan.positive}, which is no class"
    if plan.calibration == "platt" and plan.task == "multiclass":
        return "calibration is platt, a line through one logit; several classes take temperature"
    if plan.channels == 2:
        return "channels is 2, where 1 (grey) or 3 (colour) is needed"
    if plan.task == "multilabel" and plan.output != "sigmoid":
        return "output is softmax, but several findings can be present at once, which takes sigmoid"
    if plan.task == "multiclass" and plan.output != "softmax":
        return "output is sigmoid, but exactly one of several classes is true, which takes softmax"
    if plan.scaling == "weights" and not plan.weights:
        return "scaling is weights, but the network starts without any"
    if plan.freeze_statistics and not plan.weights:
        return "freeze_statistics keeps the statistics of weights, but the network starts without any"
    if plan.task == "multilabel" and len(plan.classes) > 1 and plan.sampling == "balanced":
        return "sampling is balanced, which cannot be done for several findings at once; loss class weights can"
    if plan.laterality == "matters" and (plan.augment.mirror or plan.augment.flip):
        return "laterality is matters, but mirror or flip shows the network mirror images; set both to 0"
    if plan.tuning == "head" and not plan.weights:
        return "tuning is head, but the body starts without weights and would stay noise"
    return ""
