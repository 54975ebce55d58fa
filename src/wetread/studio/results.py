"""Everything that the Results page shows of a run, straight from its files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wetread.errors import InputError
from wetread.outcome import DISCLAIMER, headline, is_external
from wetread.report.external_part import read_external
from wetread.report.given_away_part import say_given_away
from wetread.report.plan_part import group_plan, read_measured, read_notices, read_plan
from wetread.report.refusal_part import read_refusal
from wetread.report.rungs import explain_rule, explain_rungs, name_rungs
from wetread.run_folder import HISTORY_COLUMNS, RunFolder
from wetread.studio.cases import read_cases

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
        ``run``, ``headline`` and ``numbers`` (None before there are any), ``plain`` (what they mean, in sentences),
        ``trust``, ``findings`` (each with ``cases``: ids of the pictures it names), ``refusal``, ``explanations``,
        ``plan``, ``plan_groups``, ``rungs`` and ``rule`` (what each model is, and why it was used or not),
        ``measured``, ``notices``, ``learning_curve``, ``external``, ``not_shown`` and ``use``.

    Raises:
        InputError: It is no run folder, or a file of it is damaged.
    """
    folder = RunFolder.open(run)
    facts = folder.read_json("run.json")
    numbers = folder.find_json("numbers.json")
    findings = folder.find_json("findings.json") or []
    refusal = read_refusal(folder)
    external = read_external(folder)
    plan = read_plan(folder)
    return {
        "run": {name: facts[name] for name in _RUN_FACTS if name in facts},
        "headline": headline(numbers) if numbers else None,
        "numbers": numbers,
        "plain": plain_words(numbers) if numbers else [],
        "trust": folder.find_json("trust.json") or [],
        "findings": _with_cases(run, findings),
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
        "not_shown": not_shown(numbers, findings, refusal) if numbers else [],
        "use": DISCLAIMER,
    }


def _rungs(numbers: dict[str, Any], plan: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """What the models of the ladder are called, what they are, and why each was used or not; as the report says it."""
    names = name_rungs({name: entry["value"] for name, entry in plan.items()})
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
        return [_of_hundred(f"pictures with {_words(name)}", "finds", row["sensitivity"])
                for name, row in ranked.items() if row.get("sensitivity")]  # fmt: skip
    positive = numbers.get("positive")
    if positive is None:
        return [_of_hundred(f"pictures of {_words(name)}", "names as such", row["sensitivity"])
                for name, row in numbers["per_class"].items() if row.get("sensitivity")]  # fmt: skip
    metrics, said = numbers["metrics"], []
    if metrics.get("sensitivity"):
        said.append(_of_hundred(f"pictures with {_words(positive)}", "finds", metrics["sensitivity"]))
    if metrics.get("specificity"):
        said.append(_of_hundred("pictures without it", "rightly clears", metrics["specificity"]))
    return said


def _of_hundred(whom: str, does: str, rate: Mapping[str, float]) -> str:
    # 99.6 % is not all of them.
    value, low, high = (
        min(round(100 * rate[name]), 100 if rate[name] >= 1 else 99) for name in ("value", "low", "high")
    )
    return f"Out of 100 {whom}, it {does} {value} ({low} to {high})."


def _words(name: str) -> str:
    return name.replace("_", " ")


def not_shown(numbers: dict[str, Any], findings: list[dict[str, Any]], refusal: Mapping[str, Any]) -> list[str]:
    """What the numbers do not show, as the report says it too (``report.html.j2``; a test holds them together).

    Args:
        numbers: Of numbers.json.
        findings: Of findings.json.
        refusal: Of `wetread.report.refusal_part.read_refusal`.

    Returns:
        Sentences; the first of each entry names what is not shown.
    """
    elsewhere = is_external(numbers)
    only = (
        "This is one other collection; the next may be different again."
        if elsewhere
        else "All images come from one collection."
    )
    said = [
        f"That it works elsewhere. {only} At another hospital, with another device, numbers usually fall, often a lot. "
        "Only a test there can tell.",
        "That it saw the disease. A number says that classes can be told apart, not by what. "
        f"{say_given_away(numbers, findings)}",
        "That the labels are right. The model was judged by the labels it was given.",
    ]
    if not numbers["n"].get("patients"):
        said.append("That patients were kept apart. Nothing in the data says which images belong to one patient.")
    if numbers["estimate"] == "cross-validation":
        said.append(
            "The performance of one fixed model. Cross-validation tests the procedure; the model in the folder was "
            f"made by the same procedure from all {numbers['n']['trained_on']} images, and has not been tested itself."
        )
    return [
        *said,
        f"What it does with other pictures. {_knows(numbers, refusal)}",
        f"Any benefit to a patient. {DISCLAIMER}",
    ]


def _knows(numbers: Mapping[str, Any], refusal: Mapping[str, Any]) -> str:
    names = ", ".join(map(_words, numbers["classes"]))
    refuses = "Pictures unlike its own it refuses, as far as that was tried above."
    if numbers["task"] == "multilabel":
        told = f"It looks for {names}, and passes over everything else."
        return f"{told} {refuses}" if refusal["fitted"] else told
    return (
        f"It knows only {names}. {refuses}"
        if refusal["fitted"]
        else f"It knows only {names}, and calls anything one of these."
    )


def read_history(run: Path) -> list[dict[str, float | None]]:
    """The rows of history.csv as numbers; empty before the first epoch."""
    return [{name: _number(row.get(name, "")) for name in HISTORY_COLUMNS} for row in RunFolder(run).read_history()]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None
