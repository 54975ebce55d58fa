"""What the page says of the plan: what was measured, what was decided from it and why, what happened on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from wetread.outcome import counted, in_words, say_percent
from wetread.run_folder import RunFolder

#: The decision with which each group begins, in the order of plan.yaml, and those that sum it up.
GROUPS = {
    "task": ("Question", ("task", "positive", "recipe", "modality", "laterality")),
    "estimate": ("Division", ("estimate", "folds", "repeats", "inner_folds")),
    "rungs": ("Models", ("rungs", "backbone")),
    "network": ("Network", ("network", "weights", "network_side")),
    "tuning": ("Training", ("epochs", "batch", "learning_rate", "optimiser", "keep", "precision")),
    "rotation": ("Augmentation", ("rotation", "zoom", "mirror", "saturation", "stain")),
    "operating_point": ("Evaluation", ("operating_point", "calibration", "resamples")),
}

#: Groups that decide nothing where no network is trained.
OF_A_NETWORK = ("Network", "Training", "Augmentation")

#: Values that decide nothing, and are not in the digest.
NOTHING = ("", None, 0, False, "unknown", "none")

#: The answer to the question of sides, as it is said to people.
LATERALITY = {"matters": "matters", "free": "does not matter", "unknown": "not answered"}


@dataclass
class Group:
    """Decisions that belong together.

    Attributes:
        title: Question, Division ...
        digest: The most important ones in one line.
        decisions: (name, value, reason) in the order of plan.yaml.
        used: Whether they decided anything in this run.
    """

    title: str
    digest: str = ""
    decisions: list[tuple[str, str, str]] = field(default_factory=list)
    used: bool = True


def read_plan(folder: RunFolder) -> dict[str, dict[str, Any]]:
    """Decision -> value and reason; empty where the run has no plan, or one that is damaged."""
    try:
        stored = yaml.safe_load((folder.path / "plan.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    if not isinstance(stored, dict):
        return {}
    return {name: entry for name, entry in stored.items() if isinstance(entry, dict) and "value" in entry}


def plan_values(plan: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Decision -> value."""
    return {name: entry["value"] for name, entry in plan.items()}


def group_plan(plan: Mapping[str, Mapping[str, Any]]) -> list[Group]:
    """The decisions in groups, those of a network marked where none was trained.

    Args:
        plan: From `read_plan`.
    """
    groups: list[Group] = []
    trains = "network" in plan_values(plan).get("rungs", ())
    for name, entry in plan.items():
        if name in GROUPS or not groups:
            title, shown = GROUPS.get(name, ("Plan", ()))
            groups.append(Group(title, _digest(plan, shown), used=trains or title not in OF_A_NETWORK))
        groups[-1].decisions.append((in_words(name), _say(entry["value"]), str(entry.get("reason", ""))))
    return groups


def _digest(plan: Mapping[str, Mapping[str, Any]], names: tuple[str, ...]) -> str:
    """``folds 5 · repeats 1``: those that decide something."""
    values = {name: plan[name]["value"] for name in names if name in plan}
    return " · ".join(f"{in_words(name)} {_say(value)}" for name, value in values.items() if value not in NOTHING)


def read_measured(folder: RunFolder) -> list[tuple[str, str]]:
    """What fingerprint.json holds, in words; empty where it is missing or damaged."""
    try:
        facts = json.loads((folder.path / "fingerprint.json").read_text(encoding="utf-8"))
        return list(_say_measured(facts, plan_values(read_plan(folder))).items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _say_measured(facts: Mapping[str, Any], decided: Mapping[str, Any]) -> dict[str, str]:
    known = facts["grouping"] != "none"
    kind = "findings" if facts["several"] else "classes"
    rarest = counted(facts["smallest_class"], "patient" if known else "picture")
    images = f"{facts['images']} of {counted(facts['groups'], 'patient')}"
    told = {
        "Images": images if known else f"{facts['images']}, {facts['groups']} different; patients are not known",
        kind.capitalize(): f"{len(facts['classes'])}; the rarest has {rarest}",
        "Balance": f"{facts['imbalance']:.1f} to 1, commonest to rarest",
    }
    if facts["several"]:
        told["Labels not known"] = say_percent(facts["unknown"])
    told |= {
        "Size": f"{counted(facts['side'], 'pixel')}, longer side, median",
        "Colour": "all grey" if not facts["colour"] else f"{say_percent(facts['colour'])} of the pictures",
        "Modality": "not said by the files" if facts["modality"] == "unknown" else facts["modality"],
        "Side left or right": _say_sides(decided.get("laterality", facts["laterality"]), decided),
        "Near-identical pairs": str(facts["copies"]),
    }
    if facts["inverted"]:
        told["Low values bright"] = f"{say_percent(facts['inverted'])} of the files (MONOCHROME1)"
    told["Weights at hand"] = ", ".join(one["name"] for one in facts["weights"]) or "none"
    told["Machine"] = ", ".join([
        "no accelerator" if facts["device"] == "cpu" else facts["device"],
        counted(facts["cores"], "core"),
        f"{facts['memory']:.0f} GiB",
        "bfloat16" if facts["bf16"] else "no bfloat16 unit",
    ])  # fmt: skip
    if facts["rate"]:
        told["Training step"] = f"{facts['rate']:.0f} images a second"
    return told


def _say_sides(answer: str, decided: Mapping[str, Any]) -> str:
    """What was answered, and what is done: a recipe, or a range set by hand, may mirror all the same."""
    said = LATERALITY.get(answer, answer)
    if not decided or "network" not in (decided.get("rungs") or ()):
        return said
    share = decided.get("mirror")
    return f"{said}; {f'{say_percent(share)} of the training copies are' if share else 'nothing is'} mirrored"


def read_notices(folder: RunFolder) -> list[str]:
    """What the run had to tell on its way (a time limit, a smaller batch), each once, in order."""
    try:
        lines = (folder.path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    found: dict[str, None] = {}
    for line in lines:
        if '"kind": "notice"' not in line:  # a long run has a hundred thousand events, and few are notices
            continue
        try:
            found[str(json.loads(line)["text"])] = None
        except (ValueError, KeyError, TypeError):
            continue  # the last line of a run that was killed
    return list(found)


def _say(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "" if value is None else f"{value}"
