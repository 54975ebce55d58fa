"""plan.yaml and --set: what a person changes in a plan, and which changes are refused. No torch here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wetread.errors import InputError
from wetread.training.fingerprint import Fingerprint
from wetread.training.modality import augment_for
from wetread.training.plan import Plan, say_value
from wetread.training.plan_settled import find_nonsense, settled
from wetread.training.plan_text import load_plan, value_of
from wetread.training.plan_values import KINDS, read_value
from wetread.training.ranges import Augment
from wetread.training.recipes import FOLDER
from wetread.training.rules import Asked, choose_working_side

#: Labels of what was asked for; written over a plan that was made otherwise, they would be untrue.
_LABELS = {"recipe": "--recipe NAME", "preset": "--preset NAME"}

#: What only a network reads that is trained here: in the plan it stands from its name to its precision.
_OF_TRAINING = frozenset(
    [entry.name for entry in dataclasses.fields(Augment)]
    + list(KINDS)[list(KINDS).index("network") : list(KINDS).index("device")]
    + ["test_time_shifts"]
)


def planned_view(path: Path) -> tuple[str | None, str | None]:
    """What a plan.yaml says about view and frame: needed before any picture is read, long before the rest of it.

    Returns:
        The two texts; None where the plan says nothing.

    Raises:
        InputError: The file is no plan.
    """
    stored = load_plan(path)
    view, frame = (None if value is None else str(value) for value in map(value_of, map(stored.get, ("view", "frame"))))
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
    stored = load_plan(path)
    reasons = {
        name: str(entry["reason"]) for name, entry in stored.items() if isinstance(entry, dict) and entry.get("reason")
    }
    given = _check_values({str(name): value_of(entry) for name, entry in stored.items()}, base, path.name, path)
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
    return settled(plan, base, path.name, path) if settle else plan


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
    return (
        "working_side" in load_plan(file) and followed.working_side != choose_working_side(data, followed.values())[0]
    )


def begun_before_working_sides(file: Path) -> bool:
    """Whether the plan of a run is one of an earlier version, in which all pictures were read at one side."""
    return "working_side" not in load_plan(file)


def require_preset(path: Path, preset: str) -> None:
    """Refuses another preset beside a plan: all that a preset decides stands in the plan already.

    Args:
        path: The plan.
        preset: As asked for; the default one asks for nothing.

    Raises:
        InputError: The two differ.
    """
    made = value_of(load_plan(path).get("preset"))
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
    # A contradiction of the file itself, which the settings did not mend.
    if follows is not None and (not settings or find_nonsense(plan, base) == find_nonsense(changed, base)):
        return settled(changed, base, follows.name, follows)
    return settled(changed, base, "--set" if settings else "The plan", None)


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
    read_value(*_split_setting(setting), "", None)


def check_plan(path: Path) -> None:
    """Refuses a plan.yaml that `read_plan` would refuse whatever the data are, before they are read.

    Raises:
        InputError: The file is no plan, names an unknown decision, or a value is of another kind, none of its choices,
            or out of its range.
    """
    for name, entry in load_plan(path).items():
        read_value(str(name), value_of(entry), "", path)


def settings_without_effect(plan: Plan, settings: Sequence[str]) -> list[str]:
    """The settings that only a network reads that is trained, where none is."""
    if "network" in plan.rungs:
        return []
    return [setting for setting in settings if _split_setting(setting)[0] in _OF_TRAINING]


def _check_values(values: Mapping[str, Any], base: Plan, place: str, file: Path | None) -> dict[str, Any]:
    """What stands there, each value in the kind of its decision; refused where it cannot be, or is of other data."""
    checked = {name: read_value(name, given, f"{place}: ", file) for name, given in values.items()}
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
