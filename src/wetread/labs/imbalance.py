"""The rarer the disease, the better the accuracy: the same model, other proportions."""

from __future__ import annotations

from typing import Any

from wetread.labs.head_slices import commonest_share
from wetread.labs.parts import as_cell, say, table
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench, read_labels

SOURCES = (
    "van den Goorbergh R et al. The harm of class imbalance corrections for risk prediction models. J Am Med Inform "
    "Assoc 2022;29:1525-1534. doi 10.1093/jamia/ocac093.",
    "Reinke A et al. Understanding metric-related pitfalls in image analysis validation. Nat Methods 2024;21:182-194. "
    "doi 10.1038/s41592-023-02150-0.",
)


def imbalance(bench: Workbench) -> dict[str, Any]:
    """One set of films, of which fewer and fewer with effusion are kept."""
    negatives = bench.pick(140, 22)
    kept = bench.pick((140, 42, 14), (22, 8))
    bench.stages = 1 + len(kept)
    folder = bench.phantoms("chest-effusion", "chests", 2 * negatives, lesion_size=0.6)
    films = read_labels(folder)
    runs: list[tuple[RunResult, float]] = []
    for count in kept:
        rows = []
        for label, most in (("no_effusion", negatives), ("effusion", count)):
            of_class = [row for row in films if row["label"] == label]
            rows += [{name: row[name] for name in ("image", "label", "patient")} for row in of_class[:most]]
        name = f"{count}-with-effusion"
        run = bench.run(
            name,
            f"{count} with, {negatives} without effusion",
            folder,
            labels=bench.table(name, rows),
            preset="quick",
            backbone="none",
            settings=("cases=0",),
        )
        runs.append((run, commonest_share(rows)))
    rarest, always = runs[-1]
    plain, chosen = rarest.rates(), rarest.rates(True)
    first = runs[0][0]
    return {
        "learnt": "Classical features with a logistic regression.",
        "parts": [
            table(
                "Rarer and rarer",
                ["films", "always no", "accuracy", "sensitivity", "AUROC", "PPV", "report"],
                [
                    [
                        run.about,
                        f"{share:.3f}",
                        run.accuracy(),
                        as_cell(run.rates()["sensitivity"]),
                        run.auroc,
                        as_cell(run.numbers["metrics"].get("ppv")),
                        {"link": f"{run.name}/report.html"},
                    ]
                    for run, share in runs
                ],
                about="Accuracy and sensitivity with the likelier class called, as most tutorials do. Always no: what "
                "a program is right in that looks at nothing. PPV at the threshold chosen in the training part.",
                drawn=(4,),
                scale=(0.3, 1.0),
                chance=0.5,
            ),
            table(
                "The rarest, at two thresholds",
                ["threshold", "sensitivity", "specificity", "accuracy"],
                [
                    [name, as_cell(rates["sensitivity"]), as_cell(rates["specificity"]), as_cell(rates["accuracy"])]
                    for name, rates in (("one half", plain), ("chosen in the training part", chosen))
                ],
                drawn=(1,),
            ),
        ],
        "see": [
            f"Accuracy went from {say(first.accuracy())} to {say(rarest.accuracy())} as effusions became rarer, and "
            f"always saying no reaches {always:.3f} by then.",
            f"With the likelier class called, the sensitivity went from {say(first.rates()['sensitivity'])} to "
            f"{say(plain['sensitivity'])}. Moving the threshold brings it to {say(chosen['sensitivity'])}, at a "
            f"specificity of {say(chosen['specificity'])}: nothing was trained anew.",
            f"The AUROC, {say(first.auroc)} and {say(rarest.auroc)}, does not depend on how common the disease is; its "
            "interval does, since few effusions were tested.",
        ],
        "not": [
            "That rare classes must be copied, weighted or invented before training.",
            "That a sensitivity and specificity promise something for a screening: the predictive values fall with "
            "the prevalence.",
        ],
        "sources": SOURCES,
    }
