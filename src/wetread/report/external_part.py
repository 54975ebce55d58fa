"""What a page says of tests elsewhere: on that of such a test the change of every number, on that of a run a list."""

from __future__ import annotations

from typing import Any

from wetread.outcome import say_share
from wetread.run_folder import RunFolder

TITLES = {
    "auroc": "AUROC",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "balanced_accuracy": "Balanced accuracy",
    "brier": "Brier score (lower is better)",
    "calibration_slope": "Calibration slope (1 is right)",
    "calibration_intercept": "Calibration intercept (0 is right)",
    "accuracy": "Accuracy",
    "auprc": "AUPRC (average precision)",
    "ppv": "PPV",
    "npv": "NPV",
    "ece": "Calibration error (lower is better)",
    "log_loss": "Log loss (lower is better)",
    "right_decisions": "Right decisions, finding by finding",
}

#: Ends of the scale on which changes are drawn.
REACHES = (0.1, 0.2, 0.5, 1.0)


def read_external(folder: RunFolder) -> dict[str, Any]:
    """What is known of tests elsewhere.

    Args:
        folder: Of a run, or of an external test.

    Returns:
        ``test``: of an external test its external.json, with titles and a scale, else None; ``tests``: of a run its
        external tests by name, newest last, with headline, verdict and the place of the page.
    """
    found = folder.find_json("external.json")
    return {"test": _describe(found) if found else None, "tests": [] if found else _list_tests(folder)}


def _describe(found: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {
            **row,
            "title": TITLES.get(row["name"], row["name"]),
            "told": _tell(row),
            "drawn": not row["name"].startswith("calibration_"),  # on scales of their own
        }
        for row in found["rows"]
    ]
    drawn = [row["difference"] for row in rows if row["difference"] and row["drawn"]]
    widest = max((abs(one[end]) for one in drawn for end in ("low", "high")), default=0.0)
    reach = next((end for end in REACHES if widest <= end), REACHES[-1])
    return {**found, "rows": rows, "reach": reach, "known": any(row["inside"] for row in rows)}


def _tell(row: dict[str, Any]) -> str:
    """``worse``, ``better``, or that it cannot be told."""
    if row["difference"] is None:
        return ""
    if row["worse"] is None:
        includes = row["difference"]["low"] <= 0 <= row["difference"]["high"]
        return "no change shown" if includes else "changed"
    return "worse" if row["worse"] else "better"


def _list_tests(folder: RunFolder) -> list[dict[str, Any]]:
    tests = []
    for path in sorted(folder.path.glob("external/*/external.json"), key=lambda path: path.stat().st_mtime):
        one = RunFolder(path.parent)
        numbers, found = one.find_json("numbers.json"), one.find_json("external.json")
        if not numbers or not found:
            continue
        shown = numbers["headline"]
        tests.append({
            "name": path.parent.name,
            "auroc": shown,
            "told": say_share(shown["value"]),
            "images": numbers["n"]["images"],
            "patients": numbers["n"].get("patients"),
            "estimate": numbers["estimate"],
            "gate": numbers["gate"],
            "verdict": found["verdict"],
            "page": f"external/{path.parent.name}/report.html",
        })  # fmt: skip
    return tests
