"""Everything that the Results page shows of a run, straight from its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wetread.errors import InputError
from wetread.outcome import DISCLAIMER, alone, headline, in_words, name_measure
from wetread.report.external_part import read_external
from wetread.report.not_shown import not_shown
from wetread.report.plan_part import group_plan, plan_reasons, plan_values, read_measured, read_notices, read_plan
from wetread.report.refusal_part import read_refusal
from wetread.report.rungs import explain_rule, explain_rungs, name_rungs
from wetread.run_folder import HISTORY_COLUMNS, RunFolder
from wetread.studio.cases import read_cases
from wetread.studio.fixes import REMEDIES
from wetread.studio.run_state import is_of_project

#: Pictures that a finding of the checks names here; all of them stand in findings.json.
MOST_PICTURES = 400
#: Of run.json: what tells how to repeat it.
_RUN_FACTS = (
    "status", "command", "data", "seed", "preset", "error", "notes", "grouping", "ledger", "multi", "device", "started",
    "written", "seconds", "versions", "platform", "fingerprint", "view",
)  # fmt: skip


def describe_results(run: Path) -> dict[str, Any]:
    """The Results page.

    Args:
        run: A run folder; it may still be running.

    Returns:
        ``run``, ``headline`` and ``numbers`` (None before there are any), ``measure`` (what the headline is: of which
        mean), ``alone`` (what one of the averaged models reaches), ``plain`` (what they mean, in sentences),
        ``trust`` (each with ``here``: what to do on the pages, empty where only a command does it), ``findings`` (each
        with ``cases``: ids of the pictures it names), ``refusal``, ``explanations``,
        ``plan``, ``plan_groups``, ``rungs`` and ``rule`` (what each model is, and why it was used or not),
        ``measured``, ``notices``, ``learning_curve``, ``external``, ``not_shown`` and ``use``.

    Raises:
        InputError: It is no run folder, or a file of it is damaged.
    """
    folder = RunFolder.open(run)
    facts = folder.read_json("run.json")
    numbers = folder.find_json("numbers.json")
    findings = folder.find_json("findings.json") or []
    refusal, here = read_refusal(folder), is_of_project(run)
    external = read_external(folder)
    plan = read_plan(folder)
    return {
        "run": {name: facts[name] for name in _RUN_FACTS if name in facts},
        "headline": headline(numbers) if numbers else None,
        "measure": name_measure(numbers) if numbers else "",
        "alone": alone(numbers) if numbers else "",
        "numbers": numbers,
        "plain": plain_words(numbers) if numbers else [],
        "trust": [_light(one, here) for one in folder.find_json("trust.json") or []],
        "findings": [_remedied(one) if here else one for one in _with_cases(run, findings)],
        "refusal": refusal,
        "explanations": _explanations(folder),
        "plan": [
            {"name": name, "value": entry["value"], "reason": str(entry.get("reason", ""))}
            for name, entry in plan.items()
        ],
        "plan_groups": [
            {"title": one.title, "digest": one.digest, "used": one.used, "decisions": one.decisions}
            for one in group_plan(plan)
        ],
        "rungs": _rungs(numbers, plan) if numbers else {},
        "rule": explain_rule(numbers) if numbers else "",
        "measured": read_measured(folder),
        "notices": read_notices(folder),
        "learning_curve": folder.find_json("learning_curve.json"),
        "external": external["tests"],
        "not_shown": (
            [
                " ".join(one)
                for one in not_shown(numbers, findings, refusal, external["test"], facts.get("left_out") or ())
            ]
            if numbers
            else []
        ),
        "use": DISCLAIMER,
    }


#: What an advice that stands for a terminal looks like -> what to do on the pages of the studio instead.
HERE = {
    r"wetread check\b": "See on the page Audit what was found, and what can be mended.",
    r"wetread run .*--preset standard$": "Train again on the page Build, with the preset Standard.",
    r"wetread run .*--set (\S+)$": "Train again on the page Build, with the setting {} under Advanced.",
    r"wetread run .*--resume$": "Train again on the page Build.",
    "Repeat the run": "Train again on the page Build.",
    "Add a column patient": REMEDIES["WR105"],
}


def _light(light: dict[str, Any], here: bool) -> dict[str, Any]:
    """A light with ``here``: what improves it on the pages."""
    advice = str(light.get("improve") or "")
    told = ((text, re.match(pattern, advice)) for pattern, text in HERE.items())
    return light | {"here": next((text.format(*found.groups()) for text, found in told if here and found), "")}


def _remedied(finding: dict[str, Any]) -> dict[str, Any]:
    """A finding with the way out that the page Audit shows too."""
    return finding | {"remedy": REMEDIES.get(str(finding.get("code")), finding.get("remedy", ""))}


def _rungs(numbers: dict[str, Any], plan: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """What the models of the ladder are called, what they are, and why each was used or not; as the report says it."""
    names = name_rungs(plan_values(plan), plan_reasons(plan))
    reasons = explain_rungs(numbers)
    return {
        name: dict(zip(("title", "about", "why"), (*names[name], reasons.get(name, "")), strict=True))
        for name in numbers["models"]
        if name in names
    }


def _with_cases(run: Path, findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Findings with ids of cases in the place of names: these may be patients', and the page has no use for them."""
    try:
        of_image = read_cases(run).of_image
    except InputError:
        of_image = {}
    told = []
    for finding in findings:
        images = finding.get("images") or []
        cases = [of_image[image] for image in images if image in of_image]
        rest = {name: value for name, value in finding.items() if name not in ("images", "numbers")}
        told.append(rest | {"cases": cases[:MOST_PICTURES], "count": len(images)})
    return told


def _explanations(folder: RunFolder) -> dict[str, Any] | None:
    """Which tests the heatmaps pass: per method its badge and, per test, verdict and sentence."""
    found = folder.find_json("explanations.json")
    if not found or not found.get("methods"):
        return None
    try:
        return {
            "best": found.get("best"),
            "passed": found.get("passed"),
            "tests": found.get("tests"),
            "methods": [_method(name, one, found) for name, one in found["methods"].items()],
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            "explanations.json of this run is damaged.", remedy="Repeat wetread explain.", code="no-run"
        ) from error


def _method(name: str, one: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "title": one["title"],
        "passed": one["passed"],
        "tests": one["tests"],
        "badge": one["badge"],
        "rung": one.get("rung", ""),
        "counts": name in (found.get("counts") or list(found["methods"])),
        "trials": [
            {"name": trial, "verdict": cell["verdict"], "sentence": cell["sentence"], "source": cell.get("source", "")}
            for trial, cell in one["trials"].items()
        ],
    }


def plain_words(numbers: Mapping[str, Any]) -> list[str]:
    """What the numbers mean, for people who do not know their names: "Out of 100 ..., it finds 86 (77 to 92)."."""
    if numbers["task"] == "multilabel":
        ranked = {name: row for name, row in numbers["per_class"].items() if row.get("auroc")}
        return [_of_hundred(f"pictures with {in_words(name)}", "finds", row["sensitivity"])
                for name, row in ranked.items() if row.get("sensitivity")]  # fmt: skip
    positive = numbers.get("positive")
    if positive is None:
        return [_of_hundred(f"pictures of {in_words(name)}", "names as such", row["sensitivity"])
                for name, row in numbers["per_class"].items() if row.get("sensitivity")]  # fmt: skip
    metrics, said = numbers["metrics"], []
    if metrics.get("sensitivity"):
        said.append(_of_hundred(f"pictures with {in_words(positive)}", "finds", metrics["sensitivity"]))
    if metrics.get("specificity"):
        said.append(_of_hundred("pictures without it", "rightly clears", metrics["specificity"]))
    return said


def _of_hundred(whom: str, does: str, rate: Mapping[str, float]) -> str:
    # 99.6 % is not all of them.
    value, low, high = (
        min(round(100 * rate[name]), 100 if rate[name] >= 1 else 99) for name in ("value", "low", "high")
    )
    return f"Out of 100 {whom}, it {does} {value} ({low} to {high})."


def read_history(run: Path) -> list[dict[str, float | None]]:
    """The rows of history.csv as numbers; empty before the first epoch."""
    return [{name: _number(row.get(name, "")) for name in HISTORY_COLUMNS} for row in RunFolder(run).read_history()]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
