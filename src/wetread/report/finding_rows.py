"""What the page says of each finding, where an image can have several: numbers, curves, errors."""

from __future__ import annotations

from typing import Any

from wetread.evaluation.predictions import is_withheld
from wetread.report.charts import Chart, small_reliability_chart, small_roc_chart

#: Pictures of each kind of error shown per finding.
ERRORS_SHOWN = 8

MEAN_TITLES = {
    "auroc": "AUROC",
    "auroc_micro": "AUROC, all findings pooled (micro)",
    "auprc": "AUPRC (average precision)",
    "auprc_micro": "AUPRC, all findings pooled (micro)",
    "brier": "Brier score (0 is best)",
    "log_loss": "Log loss (0 is best)",
    "right_decisions": "Right decisions, finding by finding",
    "all_right": "Images with every finding right",
}

#: What a finding may have; those that cannot be tested have none of it, and of some nothing was called.
NUMBERS = ("auroc", "auprc", "sensitivity", "specificity", "ppv", "npv", "prevalence")


def list_findings(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per finding, best ranked first, those that cannot be tested last; None for a number it does not have."""
    thresholds = numbers["operating_point"]["thresholds"]
    rows = [
        {
            **dict.fromkeys(NUMBERS),
            "name": name,
            "cut": thresholds.get(name),
            "line": numbers["calibration"].get(name, {}),
            **row,
        }
        for name, row in numbers["per_class"].items()
    ]
    return sorted(rows, key=lambda row: -row["auroc"]["value"] if row["auroc"] else 1.0)


def list_means(numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """The numbers over all findings."""
    found = numbers["metrics"]
    return [{"name": name, "title": title, **found[name]} for name, title in MEAN_TITLES.items() if name in found]


def finding_charts(numbers: dict[str, Any]) -> dict[str, dict[str, Chart]]:
    """``roc`` and ``calibration``: the small chart of each finding, in the order of `list_findings`.

    Calibration is drawn only where there are enough images to tell, as numbers.json has it, and not where it is known
    before and after a correction: the page shows that by itself, under "Do probabilities come true?".
    """
    curves = {curve["class"]: curve for curve in numbers["curves"]}
    charts: dict[str, dict[str, Chart]] = {"roc": {}, "calibration": {}}
    for row in list_findings(numbers):
        curve = curves.get(row["name"])
        if curve is None:
            continue
        point = None
        if row["sensitivity"] and row["specificity"]:
            point = (1 - row["specificity"]["value"], row["sensitivity"]["value"])
        charts["roc"][row["name"]] = small_roc_chart(curve, point)
        if row["line"] and "after" not in row["line"]:
            charts["calibration"][row["name"]] = small_reliability_chart(curve)
    return charts


def find_errors(predictions: list[dict[str, str]], findings: list[str]) -> dict[str, tuple[list[str], list[str]]]:
    """The images of each finding that were missed, and those that were false alarms, the surest mistakes first.

    Args:
        predictions: Rows of predictions.csv.
        findings: Names.
    """
    errors: dict[str, tuple[list[str], list[str]]] = {}
    for name in findings:
        wrong: dict[str, list[tuple[float, str]]] = {"1": [], "0": []}
        for row in predictions:
            truth, called = row[f"truth_{name}"], row[f"called_{name}"]
            if truth and truth != called:
                p = float(row[f"p_{name}"])
                wrong[truth].append((p if truth == "1" else -p, row["image"]))
        errors[name] = ([image for _, image in sorted(wrong["1"])], [image for _, image in sorted(wrong["0"])])
    return errors


def list_unlabelled(predictions: list[dict[str, str]], findings: list[str]) -> list[dict[str, Any]]:
    """Images without a label that the model does not refuse: what was called, and how likely each finding is."""
    return [
        {
            "image": row["image"],
            "called": [name for name in findings if row[f"called_{name}"] == "1"],
            "probabilities": {name: float(row[f"p_{name}"]) for name in findings},
        }
        for row in predictions
        if row["split"] == "unlabelled" and not is_withheld(row)
    ]
