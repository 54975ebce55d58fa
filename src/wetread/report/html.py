"""One self-contained page: no request leaves it, no script is needed, light, dark and print.

Everything on it comes from the files of the run folder, so it can be written anew at any time.
"""

from __future__ import annotations

import base64
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

from markupsafe import Markup

from wetread.dataset.table import NO_FINDING
from wetread.evaluation.by_division import first_alone
from wetread.evaluation.predictions import is_withheld, refuse_lost_probabilities
from wetread.evaluation.shuffled_labels import say_test
from wetread.evaluation.training_again import is_too_sure
from wetread.explanation.methods import TITLES, UNITS
from wetread.outcome import DISCLAIMER, alone, counted, headline, is_external
from wetread.report.augmented import read_augmented
from wetread.report.charts import (
    Chart,
    interval_bar,
    precision_recall_chart,
    reliability_chart,
    roc_chart,
    training_chart,
)
from wetread.report.external_part import read_external
from wetread.report.finding_rows import (
    ERRORS_SHOWN,
    find_errors,
    finding_charts,
    list_findings,
    list_means,
    list_unlabelled,
)
from wetread.report.judgement_part import SCRIPT_HASH, judgement
from wetread.report.learning_curve_part import read_learning_curve
from wetread.report.ledger import Ledger, make_ledger
from wetread.report.not_shown import not_shown
from wetread.report.page import page_environment
from wetread.report.plan_part import (
    group_plan,
    plan_reasons,
    plan_values,
    read_measured,
    read_notices,
    read_plan,
    run_commands,
)
from wetread.report.refusal_part import read_refusal
from wetread.report.rungs import MODELS, SHORT, explain_rule, explain_rungs, name_network, name_rungs
from wetread.report.subgroup_part import subgroup_tables
from wetread.report.trials_part import read_trials
from wetread.run_folder import RunFolder
from wetread.training.ranges import Augment

METRIC_TITLES = {
    "auroc": "AUROC",
    "auprc": "AUPRC (average precision)",
    "auroc_micro": "AUROC, all pairs of image and class pooled (micro)",
    "auprc_micro": "AUPRC, all pairs of image and class pooled (micro)",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
    "macro_f1": "Macro F1",
    "kappa": "Cohen's kappa",
    "brier": "Brier score (0 is best)",
    "ece": "Calibration error (0 is best)",
}

#: Of several classes, so that it is not taken for the Brier score of the call, which stands under calibration.
SUMMED = {"brier": "Brier score, summed over the classes (0 is best, 2 worst)"}

#: Which weights of a fit count, by the decision `keep`.
KEPT = {
    "last": "The last epoch is used; none was picked by its score.",
    "average": "The mean of the weights of the last five epochs is used; none was picked by its score.",
    "ema": "A running mean of the weights is used; no epoch was picked by its score.",
    "best": "The epoch with the least loss on the held-out inner fold is used, so that loss flatters.",
}

GATE_SENTENCES = {
    "green": "No known pitfall was found. That is not a proof that there is none.",
    "amber": "Read the number with care: something about the data may make it look better than it is.",
    "red": "Do not believe the number yet: the reasons stand below.",
}

NAMES_SHOWN = 400
PICTURES_SHOWN = 24


def write_page(folder: RunFolder) -> Path:
    """Writes report.html and the figures beside it.

    Args:
        folder: Of a run whose numbers are there.

    Returns:
        The path of the page.

    Raises:
        InputError: A file of the run is missing or damaged.
        OutputError: The page cannot be written.
    """
    numbers = folder.read_json("numbers.json")
    predictions = folder.read_table("predictions.csv")
    refuse_lost_probabilities(folder.path / "predictions.csv", predictions, numbers["classes"])
    several = numbers["task"] == "multilabel"
    plan = read_plan(folder)
    values = plan_values(plan)
    parts = _of_findings if several else _of_classes
    template = "report_findings.html.j2" if several else "report.html.j2"
    found, run = folder.read_json("findings.json"), folder.read_json("run.json")
    external, refusal = read_external(folder), read_refusal(folder)
    page = (
        page_environment()
        .get_template(template)
        .render(
            parts(folder, numbers, predictions),
            numbers=numbers,
            run=run,
            headline=headline(numbers),
            alone=alone(numbers),
            first_alone=first_alone(numbers),
            again_too_sure=_again_is_too_sure(numbers),
            shuffled=say_test(numbers["chance"]) if numbers.get("chance") else "",
            gate_sentence=GATE_SENTENCES[numbers["gate"]],
            findings=found,
            not_shown=not_shown(numbers, found, refusal, external["test"], run.get("left_out") or ()),
            lights=folder.find_json("trust.json") or [],
            ladder=_ladder(numbers, values, plan_reasons(plan)),
            rule=explain_rule(numbers),
            notices=read_notices(folder),
            kept=_say_training(values),
            weights=_weights(numbers),
            judgement=judgement(numbers, lambda name, chart: _keep(folder, name, chart)),
            subgroups=subgroup_tables(numbers),
            script_hash=SCRIPT_HASH,
            cases=_cases(folder),
            augmented=read_augmented(folder),
            learning=read_learning_curve(folder),
            external=external,
            refusal=refusal,
            trials=read_trials(folder),
            ledger=_ledger(folder),
            withheld=[row["image"] for row in predictions if is_withheld(row)],
            plan=group_plan(plan),
            measured=read_measured(folder),
            picture=_Pictures(folder),
            bar=lambda *values, **options: Markup(interval_bar(*values, **options)),  # noqa: S704
            disclaimer=DISCLAIMER,
            names_shown=NAMES_SHOWN,
            pictures_shown=PICTURES_SHOWN,
        )
    )
    return folder.write_text("report.html", page)


def _again_is_too_sure(numbers: dict[str, Any]) -> bool:
    again = (numbers.get("procedure") or {}).get("auroc")
    return again is not None and is_too_sure(again, numbers["headline"])


def _of_classes(folder: RunFolder, numbers: dict[str, Any], predictions: list[dict[str, str]]) -> dict[str, Any]:
    """What the page shows where an image has one class; writes the figures."""
    charts = _charts(numbers, folder.read_history())
    return {
        "metrics": _metrics(numbers),
        "charts": {name: _keep(folder, name, chart) for name, chart in charts.items()},
        "confusion": _confusion(numbers, predictions),
        "unlabelled": [row for row in predictions if row["split"] == "unlabelled" and not is_withheld(row)],
    }


def _of_findings(folder: RunFolder, numbers: dict[str, Any], predictions: list[dict[str, str]]) -> dict[str, Any]:
    """What the page shows where an image can have several findings; writes the figures."""
    training = training_chart(folder.read_history())
    # Numbered, since the name of a finding may be no name of a file.
    number = {name: place for place, name in enumerate(numbers["classes"], start=1)}
    return {
        "metrics": list_means(numbers),
        "rows": list_findings(numbers),
        "small": {
            kind: {name: _keep(folder, f"{kind}-{number[name]:02d}", chart) for name, chart in charts.items()}
            for kind, charts in finding_charts(numbers).items()
        },
        "charts": {"training": _keep(folder, "training", training)} if training else {},
        "errors": find_errors([row for row in predictions if row["split"] != "unlabelled"], numbers["classes"]),
        "unlabelled": list_unlabelled(predictions, numbers["classes"]),
        "errors_shown": ERRORS_SHOWN,
        "mean": numbers["headline"],
    }


def _keep(folder: RunFolder, name: str, chart: Chart) -> Markup:
    """Writes a figure and gives it to the page."""
    folder.write_text(f"figures/{name}.svg", chart.svg(standalone=True))
    return Markup(chart.svg())  # noqa: S704 - escaped in charts.py


def write_check_page(folder: RunFolder, gate: str) -> Path:
    """Writes report.html of a check: the gate, the findings and the plan, without numbers.

    Args:
        folder: Of a run that stopped after its plan.
        gate: green, amber or red.

    Raises:
        OutputError: The page cannot be written.
    """
    images = folder.read_table("images.csv")
    used = [row for row in images if row["status"] == "used"]
    run = folder.read_json("run.json")
    several = bool(run.get("multi"))
    labels = [row["label"] for row in used if row["label"]]
    names = Counter(name for label in labels for name in (label.split("|") if several else [label]))
    counts = {
        "images": sum(bool(row["label"]) for row in used),
        "patients": _count_patients(used) if run.get("grouping", "none") != "none" else 0,
        "per_class": dict(sorted(names.items())),
        "unlabelled": sum(not row["label"] for row in used),
    }
    question = next((name for name, _ in names.most_common() if name != NO_FINDING), "") if several else ""
    page = (
        page_environment()
        .get_template("check.html.j2")
        .render(
            run=run,
            question=question,
            commands=run_commands(run.get("command") or [], question),
            gate=gate,
            gate_sentence=GATE_SENTENCES[gate],
            findings=folder.read_json("findings.json"),
            counts=counts,
            ledger=_ledger(folder),
            plan=group_plan(read_plan(folder)),
            measured=read_measured(folder),
            picture=_Pictures(folder),
            disclaimer=DISCLAIMER,
            names_shown=NAMES_SHOWN,
        )
    )
    return folder.write_text("report.html", page)


def _count_patients(used: list[dict[str, str]]) -> int:
    """Patients with a labelled image; an image that names none is one of its own, with its copies."""
    labelled = [row for row in used if row["label"]]
    return len({(row["patient"], "" if row["patient"] else row["group"] or row["image"]) for row in labelled})


class _Pictures:
    """Images of the run as data addresses; an empty one where there is no picture."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder.path
        try:
            self._thumbnails: dict[str, str] = folder.read_json("thumbnails/index.json")
        except Exception:  # a run that stopped before its thumbnails still has a report
            self._thumbnails = {}

    def thumbnail(self, image: str) -> str:
        name = self._thumbnails.get(image)
        return self._encode(f"thumbnails/{name}", "jpeg") if name else ""

    def heatmap(self, name: str) -> str:
        return self._encode(f"heatmaps/{name}", "png")

    def _encode(self, name: str, kind: str) -> str:
        try:
            data = (self._folder / name).read_bytes()
        except OSError:
            return ""
        return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _charts(numbers: dict[str, Any], history: list[dict[str, str]]) -> dict[str, Chart]:
    curves = numbers["curves"]
    point = None
    if "operating_point" in numbers and {"sensitivity", "specificity"} <= numbers["metrics"].keys():
        point = (1 - numbers["metrics"]["specificity"]["value"], numbers["metrics"]["sensitivity"]["value"])
    charts = {
        "roc": roc_chart(curves, point),
        "precision-recall": precision_recall_chart(curves),
    }
    if "before" not in numbers["calibration"]:  # else it stands beside what it was before it was corrected
        charts["calibration"] = reliability_chart(curves)
    training = training_chart(history)
    return charts | ({"training": training} if training else {})


def _ladder(numbers: dict[str, Any], plan: dict[str, Any], why: dict[str, str]) -> list[dict[str, Any]]:
    rows, names, reasons = [], name_rungs(plan, why), explain_rungs(numbers)
    if is_external(numbers):
        names |= {"selected": ("The model", "as it was made, at its own operating point")}
    for name, row in numbers["models"].items():
        title, about = names.get(name, (f"Only {name}", row.get("sees") or ""))
        if name == "prevalence" and numbers["task"] == "multilabel":
            about = "gives every image the share of each finding"
        if name == "selected" and numbers.get("chosen") and plan.get("choice", "by gain") == "by gain":
            about = f"{about}: {_say_chosen(numbers)}"
        facts = {"name": name, "title": title, "about": about, "why": reasons.get(name, "")}
        rows.append({**facts, "number": 1 if name in MODELS else 2, **row})
    return rows


def _say_chosen(numbers: dict[str, Any]) -> str:
    """What was chosen in how many folds, and what the model is that the run hands over."""
    folds = sum(numbers["chosen"].values())
    picked = [(SHORT.get(rung, rung), count) for rung, count in numbers["chosen"].items() if count]
    told = ", ".join(f"{rung} in {count}" for rung, count in picked) + f" of {counted(folds, 'fold')}"
    if folds == 1 or numbers["estimate"] != "cross-validation":
        return ", ".join(rung for rung, _ in picked)
    shipped = SHORT.get(numbers["shipped"], numbers["shipped"])
    return f"{told}. The model in the folder: {shipped}"


def _weights(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """The weights that others made, with their network and the rungs that use them in words."""
    return [
        {**one, "network": name_network(one["network"]), "used_by": [SHORT.get(rung, rung) for rung in one["used_by"]]}
        for one in numbers.get("weights") or ()
    ]


def _say_training(plan: dict[str, Any]) -> str:
    """Which weights count, and of which pictures the training loss is."""
    augmented = any(plan.get(field.name) for field in fields(Augment))
    told = "The training loss is that of the changed pictures." if augmented else ""
    return f"{KEPT.get(plan.get('keep', ''), '')} {told}".strip()


def _metrics(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    titles = METRIC_TITLES | (SUMMED if numbers["task"] == "multiclass" else {})
    return [
        {"name": name, "title": title, **numbers["metrics"][name]}
        for name, title in titles.items()
        if name in numbers["metrics"]
    ]


def _confusion(numbers: dict[str, Any], predictions: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Rows of cells, each with its count, its share of the row and its images."""
    classes = numbers["classes"]
    images: dict[tuple[str, str], list[str]] = {}
    for row in predictions:
        if row["truth"]:
            images.setdefault((row["truth"], row["predicted"]), []).append(row["image"])
    rows = []
    for truth, counts in zip(classes, numbers["confusion"]["matrix"], strict=True):
        total = sum(counts)
        cells = [
            {
                "called": called,
                "count": count,
                "share": count / total if total else 0.0,
                "right": truth == called,
                "images": images.get((truth, called), []),
            }
            for called, count in zip(classes, counts, strict=True)
        ]
        rows.append({"truth": truth, "total": total, "cells": cells})
    return rows


def _cases(folder: RunFolder) -> dict[str, Any]:
    if not (folder.path / "heatmaps" / "index.json").is_file():
        return {"cases": []}
    index: dict[str, Any] = folder.read_json("heatmaps/index.json")
    maps = {(one["method"], one["rung"]): one for case in index["cases"] for one in case["maps"]}
    limits = [
        {"title": TITLES.get(method, method), "rung": rung, "scale": one["scale"], "unit": UNITS.get(method, "")}
        for (method, rung), one in maps.items()
    ]
    return index | {"limits": limits}


def _ledger(folder: RunFolder) -> Ledger:
    rows = folder.read_table("images.csv")
    return make_ledger((row["image"], row["label"], row["status"], row["reason"]) for row in rows)
