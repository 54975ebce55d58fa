"""The same data trained anew gives other numbers; the same model on the same test set never does."""

from __future__ import annotations

from typing import Any

import numpy as np

from wetread.labs.division import divide_by_patient
from wetread.labs.parts import chart, say, table
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench, read_labels
from wetread.outcome import say_percent

SOURCES = (
    "RSNA Spotlight Course 2021, github.com/kitamura-felipe/RSNASpotlight2021: each of its five numbers is that of one "
    "training.",
    "Bouthillier X et al. Accounting for variance in machine learning benchmarks. MLSys 2021, arXiv 2103.03098.",
)


def repeat(bench: Workbench) -> dict[str, Any]:
    """Trains a small network with several seeds, once more with the first one, and uses one model twice."""
    seeds = bench.pick(5, 2)
    bench.stages = 4 + seeds
    folder = bench.phantoms("chest-effusion", "chests", bench.pick(200, 44))
    rows = divide_by_patient(read_labels(folder), bench.pick(0.4, 0.5), bench.seed)
    options = {
        "labels": bench.table("one-test-set", rows),
        "preset": "quick",
        "backbone": "none",
        "settings": (
            "rungs=classical,network",
            "choice=network",
            "inner_folds=1",
            f"epochs={bench.pick(10, 1)}",
            "cases=0",
        ),
    }
    runs = [
        bench.run(f"seed-{seed}", f"seed {seed}", folder, **{**options, "seed": seed})
        for seed in range(bench.seed, bench.seed + seeds)
    ]
    again = bench.run("again", f"seed {bench.seed} again", folder, **{**options, "seed": bench.seed})
    twice = [bench.predict(name, runs[0], folder / "images") for name in ("used-once", "used-twice")]
    same_training = _answers(runs[0]) == _answers(again)
    same_model = twice[0] == twice[1]
    areas = [run.auroc for run in runs]
    values = [one["value"] for one in areas if one]
    changed = float(np.mean([len({run.rows[at]["predicted"] for run in runs}) > 1 for at in range(runs[0].images)]))
    return {
        "learnt": "A small network, trained from nothing on the same images and tested on the same others.",
        "parts": [
            table(
                "The runs",
                ["run", "images tested", "AUROC", "accuracy", "report"],
                [
                    [run.about, run.images, run.auroc, run.accuracy(True), {"link": f"{run.name}/report.html"}]
                    for run in [*runs, again]
                ],
                about="One test set for all. Only the seed differs: first weights, order of the images, what is set "
                "aside inside the training part.",
                drawn=(2,),
                scale=(0.3, 1.0),
                chance=0.5,
            ),
            chart(
                "One test set, several trainings",
                "training",
                "AUROC",
                (0.0, len(runs) + 1.0),
                (0.3, 1.0),
                intervals=[(at, area, runs[at - 1].about) for at, area in enumerate(areas, start=1) if area],
                guide=0.5,
                about="Bars: which patients were tested. Distance between dots: nothing but the seed.",
            ),
            table(
                "The same or not",
                ["what was done again", "answers"],
                [
                    ["one model, the same images", "the same to the last digit" if same_model else "NOT THE SAME"],
                    [
                        "training with the same seed",
                        "the same to the last digit" if same_training else "not the same",
                    ],
                    ["training with another seed", f"{say_percent(changed)} of the test images change their class"],
                ],
            ),
        ],
        "see": [
            f"Other seeds: AUROC {min(values):.2f} to {max(values):.2f} on the very same {runs[0].images} images; "
            f"{say_percent(changed)} of them were called differently by at least one model.",
            "The same model gave the same answers twice: a trained model is a fixed calculation."
            if same_model
            else "The same model gave two different answers, which must not be: please report it.",
            f"The interval of one run, such as {say(areas[0])}, says how much depends on the patients who were tested. "
            "It does not hold what the seed does; for that, train several times and show all of them.",
        ],
        "not": [
            "That the best seed is the best model: on other patients the order of the seeds will be another one.",
            "That a repeated number is a right one. Repeating a mistake gives the same mistake.",
        ],
        "sources": SOURCES,
        "same_model": same_model,
        "same_training": same_training,
    }


def _answers(run: RunResult) -> list[tuple[str, str, str]]:
    probability = f"p_{run.classes[0]}"
    return [(row["image"], row["predicted"], row[probability]) for row in run.rows]
