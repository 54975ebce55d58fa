"""compare.json -> compare.html: verdicts first, then each model on the shared cases, then every difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from wetread.outcome import DISCLAIMER, say_percent
from wetread.report.charts import interval_bar
from wetread.report.page import page_environment
from wetread.run_folder import RunFolder

TITLES = {
    "auroc": "AUROC",
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "brier": "Brier score (lower is better)",
}

#: The same where an image can have several findings.
FINDING_TITLES = {
    "auroc": "AUROC, mean over findings",
    "accuracy": "Right decisions, mean over findings",
    "brier": "Brier score, mean over findings (lower is better)",
}


def write_compare_page(folder: RunFolder) -> Path:
    """Writes compare.html beside compare.json.

    Args:
        folder: Holds compare.json.

    Raises:
        InputError: compare.json is missing or damaged.
        OutputError: The page cannot be written.
    """
    found = folder.read_json("compare.json")
    titles = FINDING_TITLES if found["task"] == "multilabel" else TITLES
    page = (
        page_environment()
        .get_template("compare.html.j2")
        .render(
            found=found,
            titles=titles,
            pairs=[_pair(pair, titles) for pair in found["pairs"]],
            why=next(
                (one["why"] for pair in found["pairs"] for one in pair["differences"].values() if "why" in one), ""
            ),
            measures=[name for name in titles if any(name in one for one in found["models"].values())],
            say_chance=say_chance,
            bar=lambda *values, **options: Markup(interval_bar(*values, **options)),  # noqa: S704
            disclaimer=DISCLAIMER,
        )
    )
    return folder.write_text("compare.html", page)


def say_chance(share: float) -> str:
    """``43 %``; a share of resamples proves nothing certain or impossible, so ``< 1 %`` and ``> 99 %`` are the ends."""
    return "< 1 %" if share < 0.01 else "> 99 %" if share > 0.99 else say_percent(share)


def _pair(pair: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
    """Differences in the order of the titles, with the end of a scale that holds all of them."""
    rows = [
        {"name": name, "title": titles[name], **pair["differences"][name]}
        for name in titles
        if name in pair["differences"]
    ]
    reach = max((abs(row[end]) for row in rows for end in ("low", "high")), default=0.0)
    return {**pair, "rows": rows, "reach": next((end for end in (0.05, 0.1, 0.2, 0.5) if reach <= end), 1.0)}
