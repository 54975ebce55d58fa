"""Thresholds of a run and what they give: sensitivity, specificity, PPV and NPV, each with its interval.

The intervals come from the functions that wrote numbers.json. These need SciPy, which the server never loads, so a
child process computes the table once (``threshold_table.py``); it is kept as a file of the run until the predictions
change.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from statistics import NormalDist
from typing import Any

from wetread.errors import InputError, OutputError
from wetread.run_folder import RunFolder
from wetread.studio.answers import Refusal
from wetread.studio.cases import Cases, read_cases
from wetread.writing import atomic_write

#: Counted up when the child computes something else.
FORMAT = 1
#: Seconds after which the child is given up.
PATIENCE = 300.0
METHOD = "logit method (Mercaldo 2007) at the given prevalence"

# One at a time for each table: whoever asks for one that is being computed waits for it.
_TURNS: dict[Path, threading.Lock] = {}


def stored_threshold(numbers: Mapping[str, Any], name: str) -> float | None:
    """The threshold of the shipped model for a class or finding, as numbers.json tells it; None where there is none."""
    main = next((point for point in numbers.get("operating_points") or () if point["main"]), None)
    found = main["by"].get(name, {}).get("threshold") if main else None
    if found is None and numbers["task"] == "multilabel":
        found = numbers["per_class"].get(name, {}).get("threshold")
    if found is None and name == numbers.get("positive"):
        found = (numbers.get("operating_point") or {}).get("threshold")
    return None if found is None else float(found)


def read_table(run: Path, name: str) -> dict[str, Any]:
    """The table of one class or finding, computed where it is not there yet.

    Args:
        run: A finished run folder.
        name: A class that can be tested.

    Returns:
        ``n``, ``positive``, ``stored``, ``chosen`` and ``rows``; see `wetread.studio.threshold_table`.

    Raises:
        InputError: There is no result yet, or its files are damaged.
    """
    fingerprint, one = _fingerprint(run), hashlib.sha256(name.encode("utf-8")).hexdigest()[:8]
    place = run / "studio" / f"operating-{fingerprint}-{one}.json"
    with _TURNS.setdefault(place, threading.Lock()):
        try:
            kept: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            kept = _compute(run, name)
            if not (run / "numbers.json").is_file():
                return kept  # removed meanwhile: to write would bring its folder back
            try:
                atomic_write(place, json.dumps(kept))
            except OutputError:
                return kept  # a run on a disk that must not be written is computed each time
            for old in place.parent.glob("operating-*.json"):
                if fingerprint not in old.name:
                    old.unlink(missing_ok=True)
    return kept


def prepare_soon(run: Path) -> None:
    """Begins to compute the table that the page of results asks for first; returns at once."""
    threading.Thread(target=prepare_table, args=(run,), name="wetread-table", daemon=True).start()


def prepare_table(run: Path) -> None:
    """Computes the table that the page of results asks for first, where it is not there yet.

    What stands in the way is not told here: the page meets it too, and has somebody to tell.
    """
    with contextlib.suppress(InputError, OutputError, Refusal):
        testable = classes_to_test(read_cases(run))
        read_table(run, _choose(testable, RunFolder(run).read_json("numbers.json"), None))


def _fingerprint(run: Path) -> str:
    digest = hashlib.sha256(f"{FORMAT}".encode("ascii"))
    for name in ("predictions.csv", "numbers.json", "plan.yaml"):
        with contextlib.suppress(OSError):  # an external test has no plan
            digest.update((run / name).read_bytes())
    return digest.hexdigest()[:16]


def _compute(run: Path, name: str) -> dict[str, Any]:
    # -P: a file called wetread.py beside the data must not be taken for this package.
    command = [sys.executable, "-P", "-m", "wetread.studio.threshold_table", str(run), name]
    try:
        child = subprocess.run(  # noqa: S603 - our own module, and a path that was checked
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=True
        )
        found: dict[str, Any] = json.loads(child.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise InputError(
            "The thresholds of this run could not be counted.",
            remedy="Its predictions may be damaged or from an older version; repeat the run.",
            code="no-table",
        ) from error
    return found


def describe_operating(run: Path, name: str | None) -> dict[str, Any]:
    """The thresholds of one class or finding.

    Args:
        run: A finished run folder.
        name: The class or finding; None for the positive class, or the first.

    Returns:
        ``class``, ``classes`` (all that can be tested), ``n``, ``unit``, ``chosen`` (the row of numbers.json),
        ``points`` (every rule of the menu, as numbers.json reports it), ``rows`` and ``note``.

    Raises:
        InputError: There is no result yet.
        Refusal: The class cannot be tested (404).
    """
    testable = classes_to_test(read_cases(run))
    numbers = RunFolder(run).read_json("numbers.json")
    chosen = _choose(testable, numbers, name)
    table = read_table(run, chosen)
    points = [
        {"rule": point["rule"], "name": point["title"], "main": point["main"], **point["by"][chosen]}
        for point in numbers.get("operating_points") or ()
        if chosen in point["by"]
    ]
    return {
        "class": chosen,
        "classes": testable,
        "n": table["n"],
        "positive": table["positive"],
        "unit": numbers["unit"],
        "estimate": numbers["estimate"],
        "chosen": table["chosen"] | {"name": next((point["name"] for point in points if point["main"]), "")},
        "points": points,
        "rows": [_without_terms(row) for row in table["rows"]],
        "note": _note(numbers, table["stored"]),
    }


def classes_to_test(cases: Cases) -> list[str]:
    """The classes or findings that some held-out case has and some has not; of two classes the positive one alone.

    As `wetread.evaluation.questions.ask` finds them.
    """
    truth = cases.truth[cases.held_out]
    asked = cases.classes if cases.positive is None else (cases.positive,)
    columns = {name: truth[:, cases.classes.index(name)] for name in asked}
    return [name for name, column in columns.items() if (column == 1).any() and (column == 0).any()]


def _choose(testable: list[str], numbers: Mapping[str, Any], name: str | None) -> str:
    if not testable:
        raise Refusal(404, "Nothing can be counted: the tested cases are all of one kind.", "", "no-operating-point")
    wanted = name or numbers.get("positive") or testable[0]
    if wanted in testable:
        return str(wanted)
    why = (numbers["per_class"].get(wanted) or {}).get("undefined")
    if why:
        raise Refusal(404, f"This finding cannot be tested: {why}.", "Choose another one.", "no-operating-point")
    raise Refusal(404, "No thresholds are known for this class.", f"Choose {', '.join(testable)}.", "no-class")


def _note(numbers: Mapping[str, Any], stored: float | None) -> str:
    looking = "A threshold that was chosen by looking at these cases flatters: confirm it on others."
    if stored is None:
        alone = "The run calls the most probable class; this is what one threshold for this class alone would give."
        return f"{alone} {looking}"
    if numbers["estimate"] == "cross-validation":
        folds = (
            "The rates come from the folds, each called at a threshold of its own, chosen inside its training part; "
            "the number shown is that of the final model, and the slider moves all of them alike."
        )
        return f"{folds} {looking}"
    return looking


def predictive_at(run: Path, name: str | None, threshold: float | None, prevalence: float) -> dict[str, Any]:
    """PPV and NPV where the finding is as common as the reader says.

    Args:
        run: A finished run folder.
        name: As for `describe_operating`.
        threshold: The nearest row is taken; None for the row that numbers.json reports.
        prevalence: Share of cases among those who will be examined, in (0, 1).

    Returns:
        ``class``, ``threshold`` (of the row), ``prevalence``, ``sensitivity``, ``specificity``, ``ppv`` and ``npv``,
        the latter None where nobody would be called, or nobody cleared.

    Raises:
        InputError: There is no result yet.
        Refusal: The class cannot be tested (404), or the prevalence is no share (400).
    """
    if not 0 < prevalence < 1:
        raise Refusal(400, "The share of cases lies between 0 and 1.", "Type 0.05 for 5 %.", "prevalence")
    testable = classes_to_test(read_cases(run))
    numbers = RunFolder(run).read_json("numbers.json")
    chosen = _choose(testable, numbers, name)
    table = read_table(run, chosen)
    row = table["chosen"]
    if threshold is not None:
        row = min(table["rows"], key=lambda one: abs(one["threshold"] - threshold))
    found = {"class": chosen, "threshold": row["threshold"], "prevalence": prevalence}
    for rate in ("sensitivity", "specificity"):
        found[rate] = row.get(rate)
    return found | from_terms(row.get("terms"), prevalence)


def from_terms(terms: Mapping[str, float] | None, prevalence: float) -> dict[str, dict[str, Any] | None]:
    """PPV and NPV at a prevalence, from the terms of a row.

    `wetread.metrics.predictive_values` has the formulas and their sources; this is the part of them that depends on the
    prevalence, as the script of the report computes it too. A test holds it to that function.

    Args:
        terms: Sensitivity, specificity, middle and variance of both logits at even odds, n and level; None where one of
            the two is not known.
        prevalence: In (0, 1).
    """
    if terms is None:
        return {"ppv": None, "npv": None}
    odds = math.log(prevalence / (1 - prevalence))
    found, cleared = terms["sensitivity"], terms["specificity"]
    ppv = _around(found * prevalence, (1 - cleared) * (1 - prevalence), terms, "ppv", odds)
    npv = _around(cleared * (1 - prevalence), (1 - found) * prevalence, terms, "npv", -odds)
    return {"ppv": ppv, "npv": npv}


def _around(right: float, wrong: float, terms: Mapping[str, float], name: str, odds: float) -> dict[str, Any] | None:
    if right + wrong <= 0:
        return None
    value = right / (right + wrong)
    reach = NormalDist().inv_cdf((1 + terms["level"]) / 2) * math.sqrt(terms[f"{name}_variance"])
    low, high = (1 / (1 + math.exp(-(terms[name] + odds + side))) for side in (-reach, reach))
    return {
        "value": round(value, 6),
        "low": round(min(low, value), 6),
        "high": round(max(high, value), 6),
        "method": METHOD,
        "n": int(terms["n"]),
        "level": terms["level"],
    }


def _without_terms(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the browser needs it: methods and n are the same in all of them, and stand with the chosen one."""
    told = {name: value for name, value in row.items() if name != "terms"}
    for rate in ("sensitivity", "specificity"):
        if told.get(rate):
            told[rate] = {end: told[rate][end] for end in ("value", "low", "high")}
    return told
