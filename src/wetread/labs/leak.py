"""Slices of one patient on both sides of the split: even a coin can be predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetread.labs.division import KEPT, divide_by_picture
from wetread.labs.parts import apart, as_cell, say, say_apart, table
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench, read_labels
from wetread.metrics.choice import interval_for_auroc, interval_for_proportion

SOURCES = (
    "The Carpentries Incubator, Introduction to artificial neural networks in Python, episode 03: images are divided "
    "one by one, though their names tell the patient.",
    "Yagis E et al. Effect of data leakage in brain MRI classification using 2D convolutional neural networks. "
    "Sci Rep 2021;11:22544. doi 10.1038/s41598-021-01681-w.",
    "Kapoor S, Narayanan A. Leakage and the reproducibility crisis in machine-learning-based science. Patterns "
    "2023;4:100804. doi 10.1016/j.patter.2023.100804.",
)


#: By what the pictures are divided -> how a row says it.
PATIENT, PICTURE, KEPT_INSIDE = "patient", "picture", "picture, but inside by patient"


def leak(bench: Workbench) -> dict[str, Any]:
    """A coin tossed for each patient, and the true label, each with the patients told and with every picture alone."""
    bench.stages = bench.pick(6, 3)
    patients, slices = bench.pick((40, 8), (20, 6))
    folder = bench.phantoms("head-ct", "heads", patients * slices, slices=slices)
    truth = [{**row, "label": "normal" if row["label"] == "normal" else "hemorrhage"} for row in read_labels(folder)]
    coin = _toss(truth, bench.seed)
    asked = {("coin", PATIENT): _told(coin), ("coin", PICTURE): _told(_alone(coin))}
    if not bench.small:
        asked |= {("bleeding", PATIENT): _told(truth), ("bleeding", PICTURE): _told(_alone(truth))}
        asked["coin", KEPT_INSIDE] = divide_by_picture(coin, 0.25, bench.seed)
    runs = {}
    for (label, unit), rows in asked.items():
        name = f"{label}-by-{unit.replace(', but', '').replace(' ', '-')}"
        runs[label, unit] = bench.run(
            name,
            f"{label}, by {unit}",
            folder,
            labels=bench.table(name, rows),
            preset="quick",
            backbone="none",
            allow_leak=unit == KEPT_INSIDE,
            settings=("cases=0",),
        )
    owner = {row["image"]: row["patient"] for row in truth}
    areas = {asked: _area(run, owner) for asked, run in runs.items()}
    return {
        "learnt": "Classical features with a logistic regression, the same for all.",
        "parts": [
            table(
                "The runs",
                ["label, divided by", "images tested", "AUROC", "accuracy", "tested by", "gate", "report"],
                [
                    [
                        run.about,
                        run.images,
                        areas[asked],
                        _accuracy(run, owner),
                        run.numbers["estimate"],
                        run.gate,
                        {"link": f"{run.name}/report.html"},
                    ]
                    for asked, run in runs.items()
                ],
                about="The coin is tossed once for each patient: all slices of a patient carry its side. By picture, "
                "the table says that each picture is of a patient of its own, as if nobody had kept the names. "
                f"Intervals here count the {patients} patients, whatever the table said; the reports cannot.",
                drawn=(2,),
                scale=(0.2, 1.0),
                chance=0.5,
            )
        ],
        "see": [
            _say_coin(areas["coin", PATIENT], areas["coin", PICTURE]),
            *_with_truth(areas),
            *_kept_inside(areas),
        ],
        "not": [
            "That a leak can be told from a number: with a true label the inflated one is just as believable.",
            "That every model remembers as much: many features and several slices of a head make it easy.",
            "That one patient number per image is enough: copies and near copies leak too.",
        ],
        "sources": SOURCES,
    }


#: An AUROC with its bounds, as a table of a lab holds it.
Cell = Mapping[str, float] | None


def _say_coin(luck: Cell, memory: Cell) -> str:
    found = (
        f"A coin cannot be seen on a CT. Divided by patient the AUROC is {say(luck)}; divided by picture it is "
        f"{say(memory)}, and {say_apart(luck, memory)}. "
    )
    if memory is not None and memory["low"] > 0.5 and apart(luck, memory):
        found += "There is nothing to learn but whose head it is: the model recognises heads, and looks their side up."
    elif memory is not None and memory["low"] > 0.5:
        found += "The second is better than guessing, which a coin cannot be: the model has recognised heads."
    else:
        found += "The interval includes 0.5, so that here the leak did not show."
    if luck is not None and luck["high"] < 0.5:
        found += (
            " That the first lies below one half is no skill either: among few patients, those who are left out "
            "have a little more of what the others have less of."
        )
    return found


def _with_truth(areas: Mapping[tuple[str, str], Cell]) -> list[str]:
    if ("bleeding", PATIENT) not in areas:
        return []
    honest, inflated = areas["bleeding", PATIENT], areas["bleeding", PICTURE]
    return [
        f"With the true label the same two tables give {say(honest)} by patient and {say(inflated)} by picture; "
        f"{say_apart(honest, inflated)}. Nobody would notice from the second number alone."
    ]


def _kept_inside(areas: Mapping[tuple[str, str], Cell]) -> list[str]:
    if ("coin", KEPT_INSIDE) not in areas:
        return []
    guarded = areas["coin", KEPT_INSIDE]
    inside = "Inner folds that keep patients whole, by which it chooses how much a model may trust its features, "
    if guarded is not None and guarded["low"] > 0.5:
        inside += "are no remedy for a test that leaks. "
    else:
        inside += "held the memory back so far that chance cannot be ruled out. "
    return [
        "Where wetread is told the patients, it sets training images of tested ones aside, unless --allow-leak "
        "forbids that. The last run does: the coin, divided by picture, with the patients told, gives "
        f"{say(guarded)}. {inside}Its gate is red, and its headline says why. A table that calls each picture a "
        "patient has no such guard. Here the DICOM headers contradict it, so that the gate is red (WR107); pictures "
        "without headers would leave it silent about that.",
    ]


def _area(run: RunResult, owner: Mapping[str, str]) -> dict[str, float] | None:
    """The AUROC with an interval for patients, whom not every table named."""
    column = run.classes.index(str(run.positive))
    return as_cell(interval_for_auroc(run.truth == column, run.probabilities[:, column], _people(run, owner)))


def _accuracy(run: RunResult, owner: Mapping[str, str]) -> dict[str, float] | None:
    """Share called right at the threshold that was chosen inside the training part, in the same way."""
    right = run.called(True) == run.truth
    return as_cell(interval_for_proportion(right, np.ones(len(right), dtype=bool), _people(run, owner)))


def _people(run: RunResult, owner: Mapping[str, str]) -> NDArray[np.str_]:
    return np.array([owner[row["image"]] for row in run.rows])


def _told(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Image, label and patient: every picture is tested once, while its patient is held out."""
    return [{name: row[name] for name in KEPT} for row in rows]


def _alone(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Every picture as if it were of a patient of its own."""
    return [{**row, "patient": f"picture {number}"} for number, row in enumerate(rows, start=1)]


def _toss(rows: Sequence[Mapping[str, str]], seed: int) -> list[dict[str, str]]:
    """Heads for half of the patients and tails for the others, by chance."""
    patients = sorted({row["patient"] for row in rows})
    order = np.random.default_rng([seed, 63]).permutation(len(patients))
    heads = {patients[at] for at in order[: len(patients) // 2]}
    return [{**row, "label": "heads" if row["patient"] in heads else "tails"} for row in rows]
