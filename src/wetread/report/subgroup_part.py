"""Subgroups: numbers.json -> tables of the page."""

from __future__ import annotations

from typing import Any

from wetread.outcome import in_words

#: Measures that a table may have, and what heads their column.
MEASURES = (
    ("auroc", "AUROC"),
    ("sensitivity", "Sensitivity"),
    ("specificity", "Specificity"),
    ("accuracy", "Accuracy"),
)
#: From which adjusted p value a gap is worth a sentence, and how many gaps a sentence names.
LEVEL, NAMED = 0.05, 6


def subgroup_tables(numbers: dict[str, Any]) -> dict[str, Any]:
    """What `subgroup_part` shows.

    Args:
        numbers: The contents of numbers.json.

    Returns:
        ``tables``, one per column, ``measures`` of their heads, and ``sentence``: which gaps are more than chance. With
        several findings ``findings`` has a table for each, and ``findings_sentence`` what differs among them.
    """
    columns = numbers.get("subgroups") or []
    groups = [group for column in columns for group in column["groups"]]
    measures = [(name, title) for name, title in MEASURES if any(name in group for group in groups)]
    single = {name: _of_finding(columns, name) for group in groups[:1] for name in group.get("by_finding", {})}
    return {
        "tables": columns,
        "measures": measures,
        "of_two": numbers.get("positive") is not None,
        "mean": numbers.get("positive") is None,
        "sentence": say_gaps(columns),
        "findings": [{"name": name, **_finding(own)} for name, own in single.items()],
        "findings_sentence": _say(*_told([gap for name, own in single.items() for gap in _gaps(own, name)])),
    }


def say_gaps(columns: list[dict[str, Any]]) -> str:
    """Which groups differ from the rest by more than chance, once all comparisons are counted; empty without any."""
    return _say(*_told(_gaps(columns)))


def _of_finding(columns: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """The columns with the numbers of one finding in the place of the means."""
    return [
        {
            "column": column["column"],
            "groups": [{"group": group["group"], **group["by_finding"][name]} for group in column["groups"]],
        }
        for column in columns
    ]


def _finding(columns: list[dict[str, Any]]) -> dict[str, Any]:
    """The table of a finding, and what of it can be read without opening it."""
    groups = [group for column in columns for group in column["groups"]]
    areas = [group["auroc"]["value"] for group in groups if "auroc" in group]
    gaps = _gaps(columns)
    return {
        "tables": columns,
        "areas": (min(areas), max(areas)) if areas else None,
        "groups": len(groups),
        "told": len(areas),
        "compared": len(gaps),
        "differ": len(_told(gaps)[0]),
    }


#: What is compared, in words, and its gap.
Gap = tuple[str, dict[str, Any]]


def _gaps(columns: list[dict[str, Any]], finding: str = "") -> list[Gap]:
    titles = dict(MEASURES)
    of = f"{in_words(finding)}: " if finding else ""
    return [
        (f"{of}{in_words(titles[name])} of {in_words(column['column'])} {in_words(group['group'])}", gap)
        for column in columns
        for group in column["groups"]
        for name, gap in group.get("gap", {}).items()
    ]


def _told(gaps: list[Gap]) -> tuple[list[str], int]:
    """Those that are more than chance, and how many were compared."""
    sure = [
        f"{what} is {abs(gap['value']):.2f} {'higher' if gap['value'] > 0 else 'lower'} than that of the rest"
        for what, gap in gaps
        if gap["p_holm"] < LEVEL
    ]
    return sure, len(gaps)


def _say(told: list[str], compared: int) -> str:
    if not compared:
        return ""
    if told:
        more = f"; and {len(told) - NAMED} more" if len(told) > NAMED else ""
        return f"Of {compared} comparisons these are more than chance: {'; '.join(told[:NAMED])}{more}."
    none = "The one comparison shows no more" if compared == 1 else f"None of the {compared} comparisons shows more"
    return f"{none} than chance would bring, which does not prove that there is no difference."
