"""Whether a plan can be followed on these data: contradictions are refused, idle decisions are switched off."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from wetread.errors import InputError
from wetread.metrics.point_rule import DEFAULT_RULES, read_rule
from wetread.model.network_names import OURS, check_network
from wetread.training.fingerprint import Fingerprint
from wetread.training.plan import RUNGS, Plan
from wetread.training.plan_values import CHOICES, MOST, misfit
from wetread.training.recipes import FOLDER
from wetread.weights.catalogue import CATALOGUE

#: Networks that exist for certain: the weights of the catalogue belong to them.
_COMMON = frozenset(known.network for known in CATALOGUE.values())


def settled(plan: Plan, base: Plan, place: str, file: Path | None) -> Plan:
    """The plan with its network by the name that can be built, and nothing decided that cannot matter.

    Args:
        plan: To follow.
        base: As the rules planned it for these data.
        place: Begins the message: what is at fault.
        file: Where that is a file.

    Raises:
        InputError: The plan cannot be followed.
    """
    wrong = find_nonsense(plan, base)
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


def find_nonsense(plan: Plan, base: Plan) -> str:
    """The first value that cannot be followed, in words; empty where all can."""
    values = plan.values()
    for name in CHOICES:
        if wrong := misfit(name, values[name]):
            return wrong
    for name, value in values.items():
        if isinstance(value, float) and name not in MOST and not -1e6 < value < 1e6:
            return f"{name} is {value}, which is no number to work with"
        if wrong := misfit(name, value):
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
