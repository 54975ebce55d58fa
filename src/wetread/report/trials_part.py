"""What a report shows of the tests of its heatmaps: a lamp and a sentence for each test and method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wetread.explanation.methods import TITLES
from wetread.explanation.trials.outcome import FAIL, NOT_RUN, PASS
from wetread.explanation.trials.run_trials import QUESTIONS, TRIALS
from wetread.run_folder import RunFolder

LAMPS = {PASS: "green", FAIL: "red", NOT_RUN: "none"}
#: Methods whose sentences stand beside their lamps; of more, lamps stand in the table and sentences below it.
MOST_IN_WORDS = 2


def read_trials(folder: RunFolder) -> dict[str, Any]:
    """What `trials_part` shows of a run; empty where its heatmaps were not tested."""
    return describe_trials(folder.find_json("explanations.json") or {})


def describe_trials(found: Mapping[str, Any]) -> dict[str, Any]:
    """The contents of explanations.json as a table.

    Args:
        found: As `wetread.explanation.trials.run_trials.Trials.as_dict` gives it, perhaps with what a run adds.

    Returns:
        ``methods`` with title, badge and lamp; ``rows``, one per test, with a cell per method; ``agreement`` in
        sentences; empty where nothing was tested, or the file is damaged.
    """
    try:
        return _describe(found) if found.get("methods") else {}
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def verdict_of(method: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Badge of a method, and whether its maps are shown in grey, with the reason.

    Grey is a method that does not change with the weights, or that passes less than half of its tests. A verdict on
    another model than the one on the page does not count.
    """
    try:
        one = found["methods"][method]
        if not _is_of_this_model(one, found):
            why = f"The run tested it on its {one['rung']} model, and this is the {found['model']} model."
            return {"badge": "not tested", "grey": False, "why": why}
        trials = one["trials"]
        failed = [name for name in TRIALS if trials[name]["verdict"] == FAIL]
        grey = "weights" in failed or one["passed"] * 2 < one["tests"]
        why = trials[failed[0]]["sentence"] if grey and failed else ""
        return {"badge": str(one["badge"]), "grey": bool(grey and failed), "why": why}
    except (KeyError, TypeError):
        return {"badge": "not tested", "grey": False, "why": ""}


def _describe(found: Mapping[str, Any]) -> dict[str, Any]:
    methods = [
        {
            "name": name,
            "title": TITLES.get(name, name),
            "badge": one["badge"],
            "rung": one.get("rung", ""),
            "counts": name in found.get("counts", list(found["methods"])) and _is_of_this_model(one, found),
            "outside": one["heat outside the body"],
            **{key: value for key, value in verdict_of(name, found).items() if key == "grey"},
        }
        for name, one in found["methods"].items()
    ]
    rows = [
        {
            "question": QUESTIONS[trial],
            "cells": [
                {
                    "lamp": LAMPS[cell["verdict"]],
                    "verdict": cell["verdict"],
                    "sentence": cell["sentence"],
                    "source": cell["source"],
                }
                for cell in (one["trials"][trial] for one in found["methods"].values())
            ],
        }
        for trial in TRIALS
    ]
    return {
        "methods": methods,
        "rows": rows,
        "in_words": len(methods) <= MOST_IN_WORDS,
        "agreement": [_say_agreement(pair) for pair in found["agreement"] if pair["rank correlation"] is not None],
        "sample": found["sample"],
        "here": bool(found.get("here")),
        "masks": found.get("masks", 0),
        "patients": found.get("patients"),
        "known": found.get("known", ""),
    }


def _is_of_this_model(one: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Whether what was tested is what stands under ``model``; a file that does not say is believed."""
    return not one.get("rung") or not found.get("model") or bool(one["rung"] == found["model"])


def _say_agreement(pair: Mapping[str, Any]) -> str:
    one, other = (TITLES.get(name, name) for name in pair["methods"])
    return f"{one} and {other}: {pair['rank correlation']:z.2f}"
