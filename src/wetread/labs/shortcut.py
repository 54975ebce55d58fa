"""A harmless mark goes with the label: a good number here, a bad one elsewhere."""

from __future__ import annotations

from typing import Any

from wetread.labs.parts import say, say_apart, table
from wetread.labs.run_result import RunResult
from wetread.labs.workbench import Workbench
from wetread.run_folder import RunFolder

#: What goes with the label -> the knob, and what it is called.
SHORTCUTS: dict[str, tuple[dict[str, float], str]] = {
    "honest": ({}, "nothing goes with the label"),
    "device": ({"scanner_mix": 1.0}, "patients with effusion imaged on one device, all others on another"),
    "ring": ({"shortcut_strength": 1.0}, "a ring round the side letter of every film with effusion"),
}
#: Findings of the checks that speak of shortcuts.
OF_SHORTCUTS = "WR3"
SOURCES = (
    "Zech JR et al. Variable generalization performance of a deep learning model to detect pneumonia in chest "
    "radiographs. PLoS Med 2018;15:e1002683. doi 10.1371/journal.pmed.1002683.",
    "DeGrave AJ et al. AI for radiographic COVID-19 detection selects shortcuts over signal. Nat Mach Intell "
    "2021;3:610-619. doi 10.1038/s42256-021-00338-7.",
    "Geirhos R et al. Shortcut learning in deep neural networks. Nat Mach Intell 2020;2:665-673. "
    "doi 10.1038/s42256-020-00257-z.",
)


def shortcut(bench: Workbench) -> dict[str, Any]:
    """Three training sets that differ in what goes with the label, each model tested on honest films."""
    names = bench.pick(tuple(SHORTCUTS), ("device",))
    bench.stages = 1 + 3 * len(names)
    images, lesion = bench.pick(160, 26), 0.6
    elsewhere = bench.phantoms("chest-effusion", "elsewhere", images, seed=500, lesion_size=lesion)
    found: dict[str, tuple[RunResult, RunResult]] = {}
    for number, name in enumerate(names):
        knobs, about = SHORTCUTS[name]
        folder = bench.phantoms("chest-effusion", name, images, seed=number, lesion_size=lesion, **knobs)
        run = bench.run(f"{name}-run", about, folder, preset="quick", backbone="none", settings=("cases=0",))
        found[name] = run, bench.evaluate(f"{name}-elsewhere", f"elsewhere: {about}", run, elsewhere)
    rows = [
        [
            run.about,
            run.auroc,
            away.auroc,
            _findings(run),
            run.gate,
            {"link": f"{run.name}/report.html"},
            {"link": f"{away.name}/report.html"},
        ]
        for run, away in found.values()
    ]
    see = [_tell(name, run, away) for name, (run, away) in found.items()]
    return {
        "learnt": "Classical features with a logistic regression; small effusions, so that looking is not easy.",
        "parts": [
            table(
                "The same question, three training sets",
                ["in training", "AUROC at home", "AUROC elsewhere", "checks say", "gate", "report", "elsewhere"],
                rows,
                about="At home: cross-validation, patients apart. Elsewhere: new films on which nothing goes with the "
                "label.",
                drawn=(2,),
                scale=(0.3, 1.0),
                chance=0.5,
            )
        ],
        "see": [
            *see,
            "Keeping patients apart does not help against a shortcut: it is in the held-out films as well. Only other "
            "data, and checks that look where no disease can be, tell.",
        ],
        "not": [
            "That a check that found nothing means that there is no shortcut.",
            "That a good number elsewhere is proof: two hospitals can share the same shortcut.",
        ],
        "sources": SOURCES,
    }


def _findings(run: RunResult) -> str:
    found = RunFolder(run.folder).read_json("findings.json")
    told = [f"{one['code']} ({one['severity']})" for one in found if one["code"].startswith(OF_SHORTCUTS)]
    return ", ".join(told) or "no shortcut found"


def _tell(name: str, run: RunResult, away: RunResult) -> str:
    home, there = run.auroc, away.auroc
    assert home is not None and there is not None  # a finished run has a headline
    change = there["value"] - home["value"]
    if name == "honest":
        return f"Nothing goes with the label: {say(home)} at home, {say(there)} elsewhere ({change:+.2f})."
    fell = (
        "The number at home was about the mark, not the fluid"
        if change < 0 and home["low"] > there["high"]
        else "These films cannot show that the mark was used"
    )
    return (
        f"{run.about[0].upper()}{run.about[1:]}: {say(home)} at home, {say(there)} elsewhere ({change:+.2f}; "
        f"{say_apart(home, there)}). {fell}. Checks: {_findings(run)}; gate {run.gate}."
    )
