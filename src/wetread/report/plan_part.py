"""What the page says of the plan: what was measured, what was decided from it and why, what happened on the way."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
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

#: Rungs that look through the backbone.
OF_A_BACKBONE = ("frozen", "combined")

#: Networks of our own, which no weights belong to; see ``wetread.model.network_names``.
OURS = ("small", "carpentries", "dense")

#: What is said of a network that starts without weights.
FRESH = "none: starts fresh"

#: How notices begin that tell how a start ended: those of a start before the last have been made up for.
OF_ONE_START = ("Interrupted: ", "Further divisions were interrupted: ", "The time limit leaves no room for more: ")

#: And one that matters only while somebody watches.
OF_THE_MOMENT = "Stopping: "

#: Options of a dry run or a check that a run does not know, or that speak of the folder or the screen of that one.
_ASIDE = ("--dry-run", "--resume", "--overwrite", "--fix", "--json", "--quiet", "-q")
_ASIDE_WITH_VALUE = ("--out", "--review")

#: Values that decide nothing, and are not in the digest.
NOTHING = ("", None, 0, False, "unknown", "none")

#: What the balance of findings is between: several of them can all be rare.
_BETWEEN_SIDES = "images on the two sides of the most uneven finding, with and without it"

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


def plan_reasons(plan: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Decision -> why."""
    return {name: str(entry.get("reason", "")) for name, entry in plan.items()}


def group_plan(plan: Mapping[str, Mapping[str, Any]]) -> list[Group]:
    """The decisions in groups, those of a network marked where none was trained.

    Args:
        plan: From `read_plan`.
    """
    groups: list[Group] = []
    values = plan_values(plan)
    trains = "network" in values.get("rungs", ())
    for name, entry in plan.items():
        if name in GROUPS or not groups:
            title, shown = GROUPS.get(name, ("Plan", ()))
            groups.append(Group(title, _digest(plan, shown), used=trains or title not in OF_A_NETWORK))
        told = say_decision(name, entry["value"], values) or _say(entry["value"])
        groups[-1].decisions.append((in_words(name), told, str(entry.get("reason", ""))))
    return groups


def _digest(plan: Mapping[str, Mapping[str, Any]], names: tuple[str, ...]) -> str:
    """``folds 5 · repeats 1``: those that decide something."""
    values = plan_values(plan)
    shown = {name: say_decision(name, values[name], values) for name in names if name in values}
    return " · ".join(f"{in_words(name)} {told}" for name, told in shown.items() if told)


def say_decision(name: str, value: Any, values: Mapping[str, Any]) -> str:
    """A value as a summary has it: empty where it decides nothing in this plan.

    Args:
        name: Of the decision.
        value: Its value, as in plan.yaml.
        values: Of the decisions on rungs and network, which others hang on.
    """
    rungs = values.get("rungs") or ()
    if name == "backbone" and not any(rung in rungs for rung in OF_A_BACKBONE):
        return ""
    if name == "weights" and not value and values.get("network", OURS[0]) not in OURS:
        return FRESH
    return "" if value in NOTHING else _say(value)


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
        "Balance": f"{facts['imbalance']:.1f} to 1, {_BETWEEN_SIDES if facts['several'] else 'commonest to rarest'}",
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
    """What the run had to tell on its way (a time limit, a smaller batch), each once, in order.

    How a start before the last one ended is left out, since the starts after it made up for that.
    """
    try:
        lines = (folder.path / "events.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    found: dict[str, None] = {}
    for line in lines:
        # A long run has a hundred thousand events, and few are notices, or the first step of a start.
        if '"kind": "notice"' not in line and '"step": "read"' not in line:
            continue
        try:
            event = json.loads(line)
            if event["kind"] == "notice":
                found[str(event["text"])] = None
            elif event["kind"] == "step_started":
                found = {text: None for text in found if not text.startswith(OF_ONE_START)}
        except (ValueError, KeyError, TypeError):
            continue  # the last line of a run that was killed
    told = [text for text in found if not text.startswith(OF_THE_MOMENT)]
    return [text.replace("Ctrl-C again stops it; ", "") if text.startswith(OF_ONE_START) else text for text in told]


def run_commands(typed: Sequence[str], question: str = "") -> list[str]:
    """The commands that do what a dry run or a check has planned.

    Args:
        typed: The command of the dry run or the check, as run.json has it; from Python it is none of ours.
        question: A finding that may be asked about alone; empty where there is no choice.
    """
    program, *words = [*typed] or [""]
    if not words or words[0] not in ("run", "check") or Path(program).stem not in ("wetread", "__main__"):
        return ["wetread run …", *([f"wetread run … --finding {shlex.quote(question)}"] if question else [])]
    kept, skip = ["wetread", "run"], False
    for word in words[1:]:
        if not skip and word not in _ASIDE and word.partition("=")[0] not in _ASIDE_WITH_VALUE:
            kept.append(word)
        skip = not skip and word in _ASIDE_WITH_VALUE
    return [shlex.join(kept), *([shlex.join([*kept, "--finding", question])] if question else [])]


def _say(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else "" if value is None else f"{value}"
