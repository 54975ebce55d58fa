"""WR308: text, letters or marks stand in the pictures of one class more often than in those of another."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.checks.finding import AMBER, RED, Audit, Finding
from wetread.checks.given_away import chance_of
from wetread.outcome import say_percent
from wetread.probes.markers import KINDS
from wetread.probes.probe import ProbeResult

#: How unlikely by chance, over all comparisons made.
CHANCE = 0.01
#: Differences of rates, in parts of the cases.
DIFFERENT = 0.20
VERY_DIFFERENT = 0.40


def check(audit: Audit) -> Finding | None:
    """Amber where rates differ by 20 points (Fisher's exact test, p < 0.01 over all comparisons), red by 40."""
    questions = audit.probe_by_question("text and marks")
    told = [
        (one, result, classes)
        for result, classes, _ in questions
        for kind in KINDS
        for one in _compare(result, kind, classes)
    ]
    tests = len(KINDS) * len(questions) * (len(audit.classes) if len(audit.classes) > 2 and len(questions) == 1 else 1)
    found = [one for one in told if one[0]["p"] * tests < CHANCE and abs(one[0]["difference"]) >= DIFFERENT]
    if not found:
        return None
    worst, result, classes = max(found, key=lambda one: abs(one[0]["difference"]))
    rates = ", ".join(f"{name} {say_percent(rate)}" for name, rate in list(worst["rates"].items())[:6])
    more = worst["difference"] > 0
    column = result.features.values[:, result.features.names.index(worst["kind"])] > 0
    number = classes.index(worst["class"])
    shown = np.flatnonzero(column & ((result.labels == number) == more))
    return Finding(
        "WR308",
        "Writing in the pictures gives the label away",
        RED if abs(worst["difference"]) >= VERY_DIFFERENT else AMBER,
        f"Pictures of {worst['class']} show {worst['kind']} {'more' if more else 'less'} often than the others (cases "
        f"with at least one: {rates}). A network can learn the writing instead of the disease. The search for writing "
        "misses some; where it finds none, the pictures need not be clean.",
        "Look at the images below. Take pictures without writing, or cover it in all classes alike.",
        tuple(result.rows[place].image for place in shown),
        {"compared": [one for one, _, _ in found]},
    )


def _compare(result: ProbeResult, kind: str, classes: list[str]) -> list[dict[str, Any]]:
    """Each class against the rest (of two classes, the second against the first), cases as units."""
    column = result.features.values[:, result.features.names.index(kind)] > 0
    cases: dict[tuple[int, str], bool] = {}
    for place, row in enumerate(result.rows):
        key = int(result.labels[place]), row.group or row.image
        cases[key] = cases.get(key, False) or bool(column[place])
    counts = [[0, 0] for _ in classes]
    for (label, _), shows in cases.items():
        counts[label][0] += shows
        counts[label][1] += 1
    rates = {name: round(has / of, 4) for name, (has, of) in zip(classes, counts, strict=True) if of}
    compared = []
    for number in range(len(classes)) if len(classes) > 2 else (1,):
        has, of = counts[number]
        others = [sum(count[part] for other, count in enumerate(counts) if other != number) for part in (0, 1)]
        if of and others[1]:
            difference = has / of - others[0] / others[1]
            p = chance_of(has, of, others[0], others[1])
            compared.append({"kind": kind, "class": classes[number], "difference": difference, "p": p, "rates": rates})
    return compared
