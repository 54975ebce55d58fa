"""plan.yaml and --set: what a person changes in a plan, and which changes are refused. No torch here."""

from __future__ import annotations

import contextlib
import dataclasses
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
from wetread.training.modality import augment_for
from wetread.training.plan import RUNGS, Plan, say_value
from wetread.training.ranges import Augment
from wetread.training.rules import Asked, choose_working_side
from wetread.weights.catalogue import CATALOGUE

#: Networks that exist for certain: the weights of the catalogue belong to them.
_COMMON = frozenset(known.network for known in CATALOGUE.values())

#: What may stand in an edited plan, where not every text makes sense.
CHOICES: dict[str, tuple[str, ...]] = {
    "estimate": ("cross-validation", "locked test", "given test"),
    "uncertain": ("leave out", "positive", "negative"),
    "laterality": ("matters", "free", "unknown"),
    "choice": ("by gain", *RUNGS),
    "engine": ("graph", "torch"),
    "scaling": ("measured", "weights", "each picture", "0..1", "-1..1", "imagenet"),
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
    "epsilon": 0.0,
    "weight_decay": 0.0,
    "patience": 0,
    "clip": 0.0,
    "epochs": 1,
    "batch": 2,
    "resamples": 100,
    "cases": 0,
    "time_limit": 1.0,
    "saturation": 0.0,
    "hue": 0.0,
    "stain": 0.0,
}

#: Numbers that must be larger than this.
ABOVE: dict[str, float] = {"learning_rate": 0.0}

#: And the largest ones.
MOST: dict[str, float] = {
    "holdout": 0.5,
    "test_time_shifts": 8,
    "network_side": 1024,
    "working_side": 4096,
    "channels": 3,
    "dropout": 0.95,
    "layer_decay": 1.0,
    "learning_rate": 10.0,
    "weight_decay": 1.0,
    "epochs": 100_000,
    "batch": 4096,
    # Beyond these, colours turn into their opposites and stains into light.
    "saturation": 1.0,
    "hue": 180.0,
    "stain": 1.0,
}

#: Decisions with bounds.
_BOUNDED = LEAST.keys() | ABOVE.keys() | MOST.keys()


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


def read_plan(path: Path, base: Plan) -> Plan:
    """Takes the values of a plan.yaml over the planned ones.

    Args:
        path: An edited plan.yaml, or a recipe; decisions that it leaves out stay as planned.
        base: The plan for this data set.

    Returns:
        The plan to use.

    Raises:
        InputError: The file is no plan, names an unknown decision, gives a value of another type, or contradicts the
            data.
    """
    stored = _load(path)
    reasons = {
        name: str(entry["reason"]) for name, entry in stored.items() if isinstance(entry, dict) and entry.get("reason")
    }
    given = _check_values({str(name): _value_of(entry) for name, entry in stored.items()}, base, path.name, path)
    own = path.parent == Path(__file__).with_name("recipes")
    if own and base.laterality == "matters":
        mirroring = [name for name in ("mirror", "flip") if given.get(name)]
        given |= dict.fromkeys(mirroring, 0.0)
        reasons |= dict.fromkeys(
            mirroring, "never: you said that sides matter (--laterality matters); here the recipe is not followed"
        )
    moved = _with_ranges_of(given, base, follows=bool(base.recipe))
    planned = moved.values()
    plan = moved.replace(
        # All that a recipe says is said of it, also where the rules would have decided the same.
        given if own else _differing(given, planned),
        lambda name: (
            reasons[name] if own and name in reasons else f"set in {path.name} (planned: {say_value(planned[name])})"
        ),
    )
    return _settled(plan, base, path.name, path)


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


def set_decisions(plan: Plan, settings: Sequence[str], base: Plan, *, follows: bool = False) -> Plan:
    """Changes single decisions, as ``--set name=value`` does.

    Args:
        plan: So far.
        settings: Such as ``epochs=40`` or ``rungs=classical,frozen``.
        base: The plan for this data set, whose given test set cannot be wished away.
        follows: `plan` is that of a recipe or a file, whose ranges stay where another modality is set.

    Returns:
        The plan with these values.

    Raises:
        InputError: A setting is no ``name=value``, its name is unknown, or its value is of another type.
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise InputError(f"--set {setting} is not understood.", remedy="Write it as --set epochs=40.", code="usage")
        planned = plan.values().get(name.strip())
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError:
            value = text
        if isinstance(planned, tuple):
            value = [part.strip() for part in str(text).split(",") if part.strip()]
        elif isinstance(planned, str):
            value = text.strip()
        values[name.strip()] = value
    given = _check_values(values, plan, "--set", None)
    moved = _with_ranges_of(given, plan, follows=follows)
    before = moved.values()
    plan = moved.replace(_differing(given, before), lambda name: f"asked for (planned: {say_value(before[name])})")
    return _settled(plan, base, "--set" if settings else "The plan", None)


def check_setting(setting: str) -> None:
    """Refuses a setting that `set_decisions` would refuse whatever the data are, before they are read.

    Args:
        setting: Such as ``epochs=40``.

    Raises:
        InputError: There is no such decision, or its value is none of its choices or out of its range.
    """
    name, equals, text = (part.strip() for part in setting.partition("="))
    if not equals:
        raise InputError(f"--set {setting} is not understood.", remedy="Write it as --set epochs=40.", code="usage")
    value: Any = text
    if name in _BOUNDED:
        with contextlib.suppress(ValueError):
            value = float(text)
    _check_decision(name, value, None)


def check_plan(path: Path) -> None:
    """Refuses a plan.yaml that `read_plan` would refuse whatever the data are, before they are read.

    Raises:
        InputError: The file is no plan, names an unknown decision, or a value is none of its choices or out of range.
    """
    for name, entry in _load(path).items():
        value = _value_of(entry)
        if isinstance(value, str) and name in _BOUNDED:  # YAML takes 1e-4 for a text
            with contextlib.suppress(ValueError):
                value = float(value)
        _check_decision(str(name), value, path)


def _check_decision(name: str, value: Any, file: Path | None) -> None:
    fields = {entry.name for kind in (Plan, Augment) for entry in dataclasses.fields(kind)}
    fields -= {"augment", "coloured", "reasons"}
    if name not in fields:
        raise InputError(
            f"There is no decision {name}.",
            remedy=f"Remove it{_nearest(name, dict.fromkeys(fields))}.",
            file=file,
            code="plan",
        )
    if value is not None and (wrong := _misfit(name, value)):
        raise InputError(f"{wrong}.", remedy="Correct the value.", file=file, code="plan")


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
            bounds = [f"at least {least:g}"] * (name in LEAST) + [f"more than {above:g}"] * (name in ABOVE)
            bounds += [f"at most {most:g}"] * (name in MOST)
            said = f"{value:g}" if isinstance(value, float) else value
            return f"{name} is {said}, where a number of {' and '.join(bounds)} is needed"
    return ""


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
                remedy=f"Fetch them with `wetread weights get {name}`, or bring them: `wetread weights import FILE`.",
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
    """What stands there, each value in the type of the planned one; refused where it has another, or other data."""
    planned = base.values()
    checked: dict[str, Any] = {}
    for name, given in values.items():
        if name not in planned:
            raise InputError(
                f"{place}: there is no decision {name}.",
                remedy=f"Remove it{_nearest(name, planned)}.",
                file=file,
                code="plan",
            )
        value = _as_planned(given, planned[name], name)
        if planned[name] is not None and value is not None and type(value) is not type(planned[name]):
            raise InputError(
                f"{place}: {name} is {given!r}, where {type(planned[name]).__name__} such as {planned[name]!r} is "
                "needed.",
                remedy="Correct the value.",
                file=file,
                code="plan",
            )
        checked[name] = value
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


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(name, list(known), 1)
    return f", or write {close[0]}" if close else ""


def _as_planned(value: Any, planned: Any, name: str) -> Any:
    """The value in the type of the planned one, where nothing is lost by that."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(planned, float) and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(planned, float) and isinstance(value, str):
        try:
            return float(value)  # YAML takes 1e-4 for a text
        except ValueError:
            return value
    if name in ("view", "frame") and value is not None:  # YAML reads a frame number, or 40/80, as it likes
        return str(value)
    return "" if isinstance(planned, str) and value is None else value


def _value_of(entry: Any) -> Any:
    return entry["value"] if isinstance(entry, dict) and "value" in entry else entry


def _load(path: Path) -> dict[str, Any]:
    try:
        stored = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"There is no plan {path}.",
            remedy="Check the path, or start from a run's plan.yaml.",
            file=path,
            code="plan",
        ) from error
    except yaml.YAMLError as error:
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
    """The plan with its network by the name that can be built; refused where it cannot be followed."""
    wrong = _find_nonsense(plan, base)
    if wrong:
        raise InputError(
            f"{place}: {wrong}.", remedy="Correct the value, there or with --set NAME=VALUE.", file=file, code="plan"
        )
    if plan.network in OURS or plan.network in _COMMON or plan.network == base.network:
        return plan
    # Loads timm, which takes seconds, so only names that nobody here knows are looked up.
    return dataclasses.replace(plan, network=check_network(plan.network))


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
