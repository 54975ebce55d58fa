"""readers.html: the comparison of readers on one self-contained page, from readers.json."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from wetread.readers.words import VERDICTS, say_span, why_no_agreement
from wetread.report.charts import Chart, Series, interval_bar
from wetread.report.page import page_environment
from wetread.run_folder import RunFolder

#: Rows of notes and names that a page shows; the rest is in readers.json.
MOST_SHOWN = 200


def write_readers_page(folder: RunFolder) -> Path:
    """Writes readers.html beside readers.json.

    Args:
        folder: Where readers.json lies.

    Returns:
        The path of the page.

    Raises:
        InputError: readers.json is missing or damaged.
        OutputError: The page cannot be written.
    """
    found = folder.read_json("readers.json")
    page = (
        page_environment()
        .get_template("readers.html.j2")
        .render(
            found=found,
            shown=found["shown"],
            headline=say_headline(found),
            tables=[_table(found, name, found["shown"]) for name in found["protocols"]],
            by_finding=_by_finding(found),
            heat=[_heat(finding, told) for finding, told in _agreement(found).items()],
            rocs=_rocs(found),
            bar=lambda one, start, end, number=1, guide=None: _bar(one, start, end, number, guide),
            most=MOST_SHOWN,
            verdicts=VERDICTS,
        )
    )
    return folder.write_text("readers.html", page)


def say_headline(found: dict[str, Any]) -> str:
    """One sentence: the model against the readers' average, or how far readers agree."""
    paper = found["protocols"].get("paper")
    shown = paper["columns"][found["shown"]] if paper else {}
    if "difference" in shown:
        model = next(row["f1"] for row in shown["rows"] if row["kind"] == "model")
        gap, average = shown["difference"], shown["average"]
        verdict = {
            True: "a significant difference",
            False: "no significant difference",
            None: "too few patients to say whether they differ",
        }[gap["significant"]]
        return (
            f"Model {say_span(model)}, average of the readers {say_span(average)}: {verdict}, {say_span(gap, '+.3f')}."
        )
    if "average" in shown:
        return f"The readers find what the others call with a mean F1 of {say_span(shown['average'])}."
    return "One reader: there is no other to agree with."


def _table(found: dict[str, Any], name: str, column: str) -> dict[str, Any]:
    """The layout of the paper's table: readers, their average, the model, the difference."""
    told = found["protocols"][name]
    one = told["columns"][column]
    told_of = [row["f1"] for row in one["rows"] if row["f1"]]
    lowest = min([f1.get("low", f1["value"]) for f1 in told_of], default=0.0)
    highest = max([f1.get("high", f1["value"]) for f1 in told_of], default=1.0)
    return {
        "name": name,
        "title": told["title"],
        "rows": [row for row in one["rows"] if row["kind"] == "reader"],
        "model": next((row for row in one["rows"] if row["kind"] == "model"), None),
        "average": one.get("average"),
        "difference": one.get("difference"),
        "without_model": one.get("without_model", {}),
        "start": min(0.9, max(0.0, int(10 * lowest) / 10)),
        "end": min(1.0, (int(10 * highest) + 1) / 10),
    }


def _by_finding(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Average, model and difference of each finding, where there are several."""
    if len(found["columns"]) < 2:
        return []
    return (
        [_table(found, "paper", column) | {"finding": column} for column in found["columns"]]
        if found["protocols"]
        else []
    )


def _agreement(found: dict[str, Any]) -> dict[str, Any]:
    return {**({"All labels": found["labels"]} if found["labels"] else {}), **found["agreement"]}


def _heat(finding: str, told: dict[str, Any]) -> dict[str, Any]:
    """Kappa of each pair as a square table; a shade says how high it is."""
    pairs = {frozenset((pair["a"], pair["b"])): pair for pair in told["pairs"]}
    names = list(dict.fromkeys(name for pair in told["pairs"] for name in (pair["a"], pair["b"])))
    rows = [[None if a == b else pairs[frozenset((a, b))] for b in names] for a in names]
    measures = [
        (title, told[name])
        for name, title in (
            ("fleiss", "Fleiss' kappa"),
            ("alpha", "Krippendorff's alpha"),
            ("alpha_ordinal", "Krippendorff's alpha, by ranks"),
            ("alpha_quadratic", "Krippendorff's alpha, quadratic weights"),
            ("pabak", "Kappa adjusted for prevalence and bias"),
        )
        if name in told
    ]
    return {
        "finding": finding,
        "names": names,
        "rows": rows,
        "measures": measures,
        "undefined": why_no_agreement(told),
        **told,
    }


def _rocs(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The readers as points, with the curve of the model where there is one."""
    charts = []
    for finding, told in found["truth"].items():
        if "undefined" in told:
            charts.append({"finding": finding, "undefined": told["undefined"]})
            continue
        chart = Chart("1 − specificity", "sensitivity", (0, 1), (0, 1), f"Readers and model, {finding}")
        chart.guide((0, 0), (1, 1))
        if "roc" in told:
            chart.line(Series("model", [(x, y) for x, y in told["roc"]], 1))
        for number, row in enumerate(told["rows"]):
            if "sensitivity" in row and "specificity" in row:
                point = 1 - row["specificity"]["value"], row["sensitivity"]["value"]
                mine = row["kind"] == "model"
                chart.dot(*point, 1 if mine else 2 + number % 5, 6 if mine else 5, row["name"])
        charts.append({"finding": finding, "chart": Markup(chart.svg()), **told})  # noqa: S704 - escaped in charts.py
    return charts


def _bar(one: dict[str, Any], start: float, end: float, number: int, guide: float | None) -> Markup:
    low, high = one.get("low", one["value"]), one.get("high", one["value"])
    drawn = interval_bar(low, one["value"], high, start, end, number, guide)
    return Markup(drawn)  # noqa: S704 - numbers only
