"""Wrong labels: what they do to the model, and what they do to the number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wetread.labs.parts import chart, say, table
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench, read_labels
from wetread.outcome import say_percent
from wetread.run_folder import RunFolder

LABEL_ERRORS = "WR501"
SOURCES = (
    "Oakden-Rayner L. Exploring large-scale public medical image datasets. Acad Radiol 2020;27:106-112. "
    "doi 10.1016/j.acra.2019.10.006.",
    "Northcutt CG, Athalye A, Mueller J. Pervasive label errors in test sets destabilize machine learning benchmarks. "
    "NeurIPS 2021, arXiv 2103.14749.",
    "Rolnick D et al. Deep learning is robust to massive label noise. arXiv 1705.10694.",
)


def label_noise(bench: Workbench) -> dict[str, Any]:
    """Turns some labels round, trains, and judges the same predictions by the wrong and by the true labels."""
    shares = bench.pick((0.0, 0.1, 0.2, 0.4), (0.0, 0.2))
    bench.stages = 1 + len(shares)
    folder = bench.phantoms("chest-effusion", "chests", bench.pick(240, 44))
    true = read_labels(folder)
    rows, points, see = [], [], []
    for share in shares:
        turned = _turn(true, share, bench.seed)
        name = f"wrong-{round(100 * share)}"
        run = bench.run(
            name,
            f"{say_percent(share)} wrong",
            folder,
            labels=bench.table(name, turned),
            preset="quick",
            backbone="none",
            settings=("cases=0",),
        )
        wrong = {one["image"] for one, was in zip(turned, true, strict=True) if one["label"] != was["label"]}
        truth = run.auroc_against({row["image"]: row["label"] == run.positive for row in true})
        suspects = _suspects(run)
        hit = len(suspects & wrong)
        told = f"{hit} of {len(suspects)} named are wrong" if suspects else "names none"
        rows.append([run.about, len(wrong), run.auroc, truth, told, {"link": f"{run.name}/report.html"}])
        points.append((share, run.auroc, truth))
        if share:
            see.append(
                f"With {say_percent(share)} of the labels wrong ({len(wrong)} images) the report says "
                f"{say(run.auroc)}; judged by the truth the same predictions reach {say(truth)}. The check of labels "
                f"(WR501) {told}."
            )
    lines = [
        ("as the report sees it", [(100 * share, said["value"]) for share, said, _ in points if said]),
        ("judged by the truth", [(100 * share, real["value"]) for share, _, real in points if real]),
    ]
    return {
        "learnt": "Classical features with a logistic regression, always on the same films.",
        "parts": [
            table(
                "The runs",
                ["labels", "wrong", "AUROC in the report", "AUROC by the truth", "check of labels", "report"],
                rows,
                about="The same predictions, judged twice: by the labels that the run was given, and by the truth, "
                "which only phantoms have.",
                drawn=(3,),
                scale=(0.3, 1.0),
                chance=0.5,
            ),
            chart(
                "Wrong labels hurt the number more than the model"
                if _hurts_number_more(points)
                else "Wrong labels in training and in the test",
                "wrong labels (%)",
                "AUROC",
                (0.0, 100 * max(shares)),
                (0.3, 1.0),
                lines=lines,
                guide=0.5,
            ),
        ],
        "see": [
            *see,
            "A test set with wrong labels punishes a model for being right: the number fell further than the model."
            if _hurts_number_more(points)
            else "Wrong labels in the test should punish a model for being right; here chance hid it.",
            "Before collecting more cases, have those read again that the check names.",
        ],
        "not": [
            "That label noise is harmless: here it falls on every film alike. Readers err on the hard ones.",
            "That a model beats its readers because it disagrees with them.",
        ],
        "sources": SOURCES,
    }


def _turn(rows: Sequence[Mapping[str, str]], share: float, seed: int) -> list[dict[str, str]]:
    """Gives a share of the images the other label; a larger share holds the smaller one."""
    order = np.random.default_rng([seed, 64]).permutation(len(rows))
    turned = set(order[: round(share * len(rows))].tolist())
    names = sorted({row["label"] for row in rows})
    other = {names[0]: names[1], names[1]: names[0]}
    return [
        {
            "image": row["image"],
            "label": other[row["label"]] if at in turned else row["label"],
            "patient": row["patient"],
        }
        for at, row in enumerate(rows)
    ]


def _suspects(run: RunResult) -> set[str]:
    found = RunFolder(run.folder).read_json("findings.json")
    return {image for one in found if one["code"] == LABEL_ERRORS for image in one.get("images") or ()}


def _hurts_number_more(points: Sequence[tuple[float, Any, Any]]) -> bool:
    _, said, real = points[-1]
    return bool(said and real and said["value"] < real["value"])
