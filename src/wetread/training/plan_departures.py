"""What was changed of a published recipe that a plan names: whoever cites the recipe has to say it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from wetread.training.plan_text import load_plan, value_of
from wetread.training.plan_values import take_value
from wetread.training.recipes import FOLDER

#: The reason of a value that came with a project of the kind that the recipe is of: it is the recipe there.
OF_PROJECT = "as the project file says"

#: Decisions of a recipe that do not say how its network is trained.
_BESIDE_RECIPE = frozenset(["recipe", "rungs", "choice"])


def departures(plan: Mapping[str, Any], reasons: Mapping[str, str] | None = None) -> list[str]:
    """Which decisions about its network a plan has otherwise than the published recipe that it names.

    Args:
        plan: Decision -> value, as in a plan.yaml.
        reasons: Decision -> reason, which tells the values that a project brought; none where it is not known.

    Returns:
        Their names, in the order of the recipe; none where the plan names no recipe that there is.
    """
    recipe = _values_of_recipe(str(plan.get("recipe") or ""))
    brought = [name for name, reason in (reasons or {}).items() if reason == OF_PROJECT]
    return [
        name
        for name, value in recipe.items()
        if name in plan and name not in brought and _differs(name, plan[name], value)
    ]


def _differs(name: str, given: Any, value: Any) -> bool:
    try:
        return bool(take_value(name, given) != value)
    except (ValueError, OverflowError):
        return True  # a plan that was damaged


@functools.cache
def _values_of_recipe(recipe: str) -> dict[str, Any]:
    """What a published recipe says about its network; nothing where there is none of that name."""
    path = next((path for path in FOLDER.glob("*.yaml") if path.stem == recipe), None)
    stored = load_plan(path) if path else {}
    return {name: take_value(name, value_of(entry)) for name, entry in stored.items() if name not in _BESIDE_RECIPE}


def say_departures(plan: Mapping[str, Any], reasons: Mapping[str, str] | None = None, most: int = 8) -> str:
    """What `departures` finds, in words such as ``changed: output, epochs``; empty where there is nothing."""
    names = [name.replace("_", " ") for name in departures(plan, reasons)]
    if len(names) > most:
        names[most:] = [f"and {len(names) - most} more"]
    return f"changed: {', '.join(names)}" if names else ""
