"""Every number with its interval and method: metrics, classes, ladder, calibration, subgroups, external tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from wetread.outcome import in_units
from wetread.paper.document import Table
from wetread.paper.facts import Facts
from wetread.paper.methods_statistics import METRICS
from wetread.paper.wording import count, interval, join, say_name, say_value

#: Models of the ladder as a table names them; probes keep their name.
LADDER = {
    "prevalence": "Class frequencies only",
    "file properties": "Only file properties",
    "classical": "Classical features",
    "frozen": "Frozen network",
    "combined": "Frozen network and classical features",
    "network": "Trained network",
    "ensemble": "Ensemble",
    "selected": "Model chosen inside the folds",
}

#: How a block of Table 3 begins -> what the caption calls all of its kind.
BLOCKS = {
    "Operating point": "operating points",
    "By class": "single classes",
    "By finding": "single findings",
    "AUROC of models": "models and baselines",
    "Calibration": "calibration",
    "AUROC in subgroups": "subgroups",
    "External test": "external tests",
}

CALIBRATION = {
    "slope": "Calibration slope (1 is perfect)",
    "intercept": "Calibration intercept (0 is perfect)",
    "brier": "Brier score",
    "brier_skill": "Brier skill (above 0 is better than the class frequencies)",
    "ece": "Expected calibration error",
    "ece_if_perfect": "The same if calibration were perfect",
}


@dataclass(frozen=True)
class Number:
    """One row: where it belongs, what it is, and the number with its interval where it has one."""

    group: str
    name: str
    value: Mapping[str, Any]


def list_numbers(facts: Facts) -> list[Number]:
    """Every number of a run, in the order of a results section."""
    found = [
        *_overall(facts),
        *_operating_points(facts),
        *_per_class(facts),
        *_ladder(facts),
        *_calibration(facts.numbers.get("calibration") or {}, "Calibration"),
        *_subgroups(facts),
        *_external(facts),
    ]
    return [replace(one, value=_in_units(one.value, facts)) for one in found]


def _in_units(value: Mapping[str, Any], facts: Facts) -> Mapping[str, Any]:
    """The number with its method in different pictures where patients are not known."""
    method = str(value.get("method") or "")
    return {**value, "method": in_units(method, facts.knows_patients)} if method else value


def results_tables(facts: Facts) -> list[Table]:
    """The results as tables of a paper: one per group that has any number."""
    numbers = list_numbers(facts)
    groups = list(dict.fromkeys(number.group for number in numbers))
    tables = [_table(facts, groups[0], numbers)] if groups else []
    rest = [number for number in numbers if number.group != groups[0]] if groups else []
    if rest:
        tables.append(_rest(rest))
    matrix = facts.numbers.get("confusion")
    if matrix:
        tables.append(_confusion(matrix))
    return tables


def _table(facts: Facts, group: str, numbers: list[Number]) -> Table:
    rows = tuple((one.name, *_cells(one.value)) for one in numbers if one.group == group)
    n = facts.numbers["n"]
    unit = next((name for name in ("patient", "picture") if n.get(f"{name}s")), "")
    of = f" of {count(n[unit + 's'], unit if unit == 'patient' else f'different {unit}')}" if unit else ""
    return Table(
        f"Table 2. Performance on {count(n['images'], 'image')}{of} ({facts.numbers['estimate']}).",
        ("Metric", "Value", "95 % CI", "Method of the interval"),
        rows,
        (2.6, 0.8, 1.4, 2.8),
        note="CI: confidence interval. AUROC: area under the receiver operating characteristic curve.",
    )


def _rest(numbers: list[Number]) -> Table:
    rows: list[tuple[str, ...]] = []
    heads: set[int] = set()
    group = ""
    for one in numbers:
        if one.group != group:
            group = one.group
            heads.add(len(rows))
            rows.append((group, "", "", ""))
        rows.append((f"\N{EM SPACE}{one.name}", *_cells(one.value)))
    kinds = [title for begins, title in BLOCKS.items() if any(one.group.startswith(begins) for one in numbers)]
    return Table(
        f"Table 3. Further results: {join(kinds)}.",
        ("Number", "Value", "95 % CI", "Method of the interval"),
        tuple(rows),
        (2.8, 0.8, 1.4, 2.6),
        strong=frozenset(heads),
    )


def _confusion(matrix: Mapping[str, Any]) -> Table:
    names = [say_name(name) for name in matrix["classes"]]
    rows = tuple((name, *(str(cell) for cell in row)) for name, row in zip(names, matrix["matrix"], strict=True))
    return Table(
        "Table 4. Result of the model (columns) by reference standard (rows), number of images.",
        ("Reference standard", *names),
        rows,
        (1.6, *(1.0 for _ in names)),
    )


def results_csv(facts: Facts) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The same for a spreadsheet, unrounded as numbers.json has them."""
    columns = ("group", "number", "value", "low", "high", "level", "method", "n")
    rows = []
    for one in list_numbers(facts):
        rest = tuple("" if one.value.get(key) is None else str(one.value[key]) for key in columns[2:])
        rows.append((one.group, one.name, *rest))
    return columns, rows


def _cells(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return say_value(float(one["value"])), interval(one), str(one.get("method") or "")


def _is_number(one: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(one, Mapping) and isinstance(one.get("value"), int | float) and one["value"] == one["value"]


def _overall(facts: Facts) -> Iterator[Number]:
    metrics = facts.numbers["metrics"]
    for name in [*METRICS, *(other for other in metrics if other not in METRICS)]:
        if _is_number(metrics.get(name)):
            title = METRICS.get(name, (say_name(name), ""))[0]
            yield Number("Overall", title[:1].upper() + title[1:], metrics[name])
    gain = facts.numbers.get("gain_over_file_properties")
    if _is_number(gain):
        yield Number("Overall", "Gain in AUROC over file properties", gain)


def _per_class(facts: Facts) -> Iterator[Number]:
    # Of two classes the second only mirrors the first.
    kind = "finding" if facts.several else "class"
    for name in facts.classes if facts.positive is None else ():
        row = (facts.numbers.get("per_class") or {}).get(name) or {}
        for key, one in row.items():
            if _is_number(one):
                yield Number(f"By {kind}: {say_name(name)}", METRICS.get(key, (say_name(key), ""))[0], one)


def _ladder(facts: Facts) -> Iterator[Number]:
    for name, row in facts.numbers["models"].items():
        if isinstance(row, Mapping) and _is_number(row.get("auroc")):
            blind = "" if name in LADDER else "Only "
            yield Number("AUROC of models and baselines", f"{LADDER.get(name, blind + say_name(name))}", row["auroc"])


def _calibration(stored: Mapping[str, Any], group: str) -> Iterator[Number]:
    """Slope, intercept and errors of one model, before and after its correction; of each class or finding."""
    used = stored["after"] if isinstance(stored.get("after"), Mapping) else stored
    yield from _calibration_numbers(used, group)
    if isinstance(stored.get("before"), Mapping):
        yield from _calibration_numbers(stored["before"], f"{group}, before correction")
    inside = stored.get("per_class") if "per_class" in stored else stored if "n" not in stored else {}
    for name, one in (inside or {}).items():
        if isinstance(one, Mapping) and name not in ("before", "after", *CALIBRATION):
            yield from _calibration(one, f"Calibration: {say_name(name)}")


def _calibration_numbers(stored: Mapping[str, Any], group: str) -> Iterator[Number]:
    for key, title in CALIBRATION.items():
        one = stored.get(key)
        if _is_number(one):
            yield Number(group, title, one)
        elif isinstance(one, int | float) and one == one:
            yield Number(group, title, {"value": one})


def _operating_points(facts: Facts) -> Iterator[Number]:
    """What calling by every rule of the menu gives."""
    for point in facts.numbers.get("operating_points") or ():
        for name, rates in point["by"].items():
            own = f", {say_name(name)}" if len(point["by"]) > 1 else ""
            for key in ("sensitivity", "specificity", "ppv", "npv"):
                if _is_number(rates.get(key)):
                    title = METRICS[key][0]
                    yield Number(f"Operating point by {say_name(point['title'])}{own}", title, rates[key])


def _subgroups(facts: Facts) -> Iterator[Number]:
    for column in facts.numbers.get("subgroups") or ():
        group = f"AUROC in subgroups: {say_name(str(column.get('column')))}"
        for one in column.get("groups") or ():
            level = say_name(str(one.get("group")))
            if _is_number(one.get("auroc")):
                yield Number(group, f"{level} ({count(one['n'], 'image')})", one["auroc"])
            gap = (one.get("gap") or {}).get("auroc")
            if _is_number(gap):
                p = gap.get("p_holm")
                adjusted = f", P = {p:.3f} after Holm" if isinstance(p, int | float) else ""
                yield Number(group, f"{level} minus all others{adjusted}", gap)


def _external(facts: Facts) -> Iterator[Number]:
    """Tests on data of another place; their folders are not named."""
    for number, test in enumerate(facts.external, start=1):
        group = f"External test {number}" if len(facts.external) > 1 else "External test"
        for name, one in test["metrics"].items():
            if _is_number(one):
                yield Number(group, METRICS.get(name, (say_name(name), ""))[0], one)
        if _is_number(test.get("change")):
            yield Number(group, "Change in AUROC against the internal test", test["change"])
