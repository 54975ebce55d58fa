"""Operating points, predictive values, calibration before and after, decision curves: numbers.json -> page."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from markupsafe import Markup

from wetread.evaluation.operating_points import MOST_PROBABLE
from wetread.evaluation.recalibration import say_uncorrected
from wetread.report.charts import Chart
from wetread.report.judgement_charts import decision_chart, small_decision_chart, small_stage_chart, stage_chart

#: Comfort only: computes a row of the table at the prevalence that the reader types. The page reads without it.
SCRIPT = (Path(__file__).with_name("templates") / "prevalence.js").read_text(encoding="utf-8")
#: For the page's Content-Security-Policy, which lets nothing else run.
SCRIPT_HASH = "sha256-" + base64.b64encode(hashlib.sha256(SCRIPT.encode("utf-8")).digest()).decode("ascii")

#: Writes a figure under a name, and gives what the page shows.
Keep = Callable[[str, Chart], Markup]

ROWS = (
    ("slope", "Slope (1 is right, below 1 overconfident)"),
    ("intercept", "Intercept (0 is right)"),
    ("brier", "Brier score (0 is best)"),
    ("brier_skill", "Brier skill (above 0 is better than the prevalence)"),
    ("ece", "Calibration error (0 is best)"),
    ("ece_if_perfect", "… that luck alone would give"),
)
#: Curves that are drawn large; more of them become small charts.
FEW = 2


def judgement(numbers: dict[str, Any], keep: Keep) -> dict[str, Any]:
    """What `judgement_part` shows.

    Args:
        numbers: The contents of numbers.json.
        keep: Stores a figure beside the page.

    Returns:
        ``points``, ``predictive``, ``calibration``, ``uncorrected`` (what the plan's calibration did not do) and
        ``decision``; each empty where the run has none of it.
    """
    several = numbers.get("positive") is None
    return {
        "several": several,
        "folds": numbers.get("estimate") == "cross-validation",
        "patients": (numbers.get("n") or {}).get("patients"),
        "points": _points(numbers),
        "predictive": _predictive(numbers),
        "calibration": _calibration(numbers, keep),
        "uncorrected": say_uncorrected(numbers.get("recalibration")),
        "decision": _decision(numbers, keep),
        "script": Markup(SCRIPT),  # noqa: S704 - our own file
    }


def _points(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """Per class or finding its rules; nothing where there is but one way of calling, which the page shows anyway."""
    points = numbers.get("operating_points") or []
    if len(points) < 2:
        return []
    facts = ("title", "main")
    return [
        {"name": name, "rules": [{**point["by"][name], **{fact: point[fact] for fact in facts}} for point in points]}
        for name in points[0]["by"]
    ]


def _predictive(numbers: dict[str, Any]) -> dict[str, Any]:
    found = numbers.get("predictive_values") or {}
    if not found:
        return {}
    rows = [{"name": name, "rows": one["rows"], "terms": json.dumps(one["terms"])} for name, one in found["by"].items()]
    how = found["title"] if found["rule"] == MOST_PROBABLE else f"the threshold for {found['title']}"
    return {"how": how, "by": rows, "prevalences": [row["prevalence"] for row in rows[0]["rows"]]}


def _calibration(numbers: dict[str, Any], keep: Keep) -> dict[str, Any]:
    stored = numbers.get("calibration") or {}
    if "after" in stored:
        one = _large(stored, keep, numbers.get("positive") is None)
        return {**one, "small": _small(stored.get("per_class", {}), keep)}
    small = {name: one for name, one in stored.items() if isinstance(one, dict) and "after" in one}
    return {"small": _small(small, keep)} if small else {}


def _large(entry: dict[str, Any], keep: Keep, calls: bool) -> dict[str, Any]:
    """One calibration; `calls`: of several classes, where it is asked how often the call was right."""
    untouched = _is_untouched(entry)
    stages = [stage for stage in ("before", "after") if stage in entry and not (untouched and stage == "before")]
    charts = {
        stage: keep(f"calibration-{stage}", stage_chart(entry[stage]["curve"], f"Calibration plot, {stage}"))
        for stage in stages
    }
    titles = dict(ROWS) | ({"brier": "Brier score of the call (0 is best)"} if calls else {})
    rows = [
        {"title": title, **{stage: _as_row(entry[stage].get(name)) for stage in stages}}
        for name, title in titles.items()
        if any(name in entry[stage] for stage in stages)
    ]
    return {"stages": stages, "charts": charts, "rows": rows, "n": entry["n"], "untouched": untouched}


def _is_untouched(entry: dict[str, Any]) -> bool:
    """Whether nothing was corrected, so that before and after would be the same plot twice."""
    return "before" in entry and bool(entry["before"]["curve"] == entry["after"]["curve"])


def _as_row(number: Any) -> dict[str, Any] | None:
    """A number with or without an interval, for the table."""
    if number is None:
        return None
    return number if isinstance(number, dict) else {"value": number}


def _small(entries: dict[str, Any], keep: Keep) -> list[dict[str, Any]]:
    found = []
    for place, (name, entry) in enumerate(entries.items(), start=1):
        before = {} if _is_untouched(entry) else entry.get("before", {})
        chart = small_stage_chart(before.get("curve"), entry["after"]["curve"], f"Calibration plot of {name}")
        found.append({
            "name": name,
            "before": {key: before.get(key) for key, _ in ROWS},
            "after": {key: entry["after"].get(key) for key, _ in ROWS},
            "chart": keep(f"calibrated-{place:02d}", chart),
        })  # fmt: skip
    return found


def _decision(numbers: dict[str, Any], keep: Keep) -> list[dict[str, Any]]:
    curves = numbers.get("decision_curves") or []
    few = len(curves) <= FEW
    return [
        {
            "name": curve["class"],
            "large": few,
            "chart": keep(f"decision-{place:02d}", (decision_chart if few else small_decision_chart)(curve)),
            "sentence": say_decision(curve),
            "short": _say_range(_longest(curve["surely"])) or "no clear gain",
        }
        for place, curve in enumerate(curves, start=1)
    ]


def say_decision(curve: dict[str, Any]) -> str:
    """One sentence: at which thresholds the model beats treating everybody and treating nobody.

    Where that is sure, nothing is bridged: at a threshold left out of it, it is not sure.
    """
    surely = _longest(curve["surely"])
    perhaps = _longest(_bridge(curve["better"], curve.get("thresholds", [])))
    if surely:
        return (
            f"Whoever would act from a probability {_among(surely)} on does better by the model than by treating "
            "everybody or nobody, and by more than chance would bring (95 % interval)."
        )
    if perhaps:
        return (
            f"Whoever would act from a probability {_among(perhaps)} on may do better by the model than by treating "
            "everybody or nobody, but with so few cases that could be chance."
        )
    return "At no threshold does the model bring more than treating everybody or nobody."


def _bridge(ranges: list[list[float]], thresholds: list[float]) -> list[list[float]]:
    """Joins stretches between which a single threshold is missing. Steps differ in size, so places are counted."""
    place = {threshold: number for number, threshold in enumerate(thresholds)}
    joined: list[list[float]] = []
    for low, high in ranges:
        if joined and low in place and joined[-1][1] in place and place[low] - place[joined[-1][1]] <= 2:
            joined[-1][1] = high
        else:
            joined.append([low, high])
    return joined


def _longest(ranges: list[list[float]]) -> list[float]:
    """The longest stretch; empty where there is none."""
    return max(ranges, key=lambda one: one[1] - one[0], default=[])


def _among(ends: list[float]) -> str:
    low, high = ends
    return f"of {100 * low:g} %" if low == high else f"between {100 * low:g} % and {100 * high:g} %"


def _say_range(ends: list[float]) -> str:
    if not ends:
        return ""
    low, high = ends
    return f"{100 * low:g} %" if low == high else f"{100 * low:g} % to {100 * high:g} %"
