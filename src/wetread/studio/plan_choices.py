"""What can be chosen before training, and how long it will take: presets, weights, recipes, questions to answer.

Minutes are those of earlier runs on this machine, scaled to the number of images; without one, a rule of thumb that was
measured on two cores (docs/performance.md). The plan itself is made by the run, from what it measures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wetread.dataset.findings import MIN_PER_FINDING, count_findings
from wetread.dataset.groups import assign_groups
from wetread.dataset.other_columns import tells_source
from wetread.dataset.scan import MIN_PER_CLASS
from wetread.dataset.table import Row
from wetread.errors import InputError
from wetread.hardware import cores, may_have_cuda
from wetread.outcome import counted
from wetread.run_folder import FINISHED
from wetread.studio.run_state import run_folders, run_summary
from wetread.studio.run_status import read_json
from wetread.training.recipes import list_recipes
from wetread.training.rules import SECONDS, choose_positive_class
from wetread.weights.stored import StoredWeights, list_stored

if TYPE_CHECKING:
    from wetread.studio.places import Home
    from wetread.studio.project import Project

TITLES = {
    "quick": ("Quick", "A first look: simple models only, one division of the cases."),
    "standard": ("Standard", "What to report: several models compete, and the division is repeated."),
    "best": ("Best", "Fine-tuning where it pays, five divisions. For when you go home."),
}
#: What a published recipe is called in a list; what it does stands in its file.
RECIPES = {
    "carpentries": "Carpentries: effusion or normal",
    "chexnet": "CheXNet: 14 findings",
    "chexnet-pneumonia": "CheXNet: pneumonia or not",
    "fashion-mnist": "Fashion-MNIST: a first network",
    "lakhani": "Lakhani 2018: chest or abdomen",
    "teachable-machine": "Teachable Machine",
}
#: Seconds on two cores: a fixed part, and so much per image. Networks see a fixed number of pictures per fit whatever
#: the size of the set (`wetread.training.rules`), so most of it is fixed. Measured: quick, 1,000 images, 40 s, with
#: pretrained weights 58 s; standard, 200 images, 137 s while others worked.
RULE = {"quick": (25.0, 0.03), "standard": (95.0, 0.06), "best": (SECONDS["best"] / 2, 0.3)}
#: The same with pretrained weights: no small network is trained, and each image is looked through.
RULE_WITH_WEIGHTS = {"quick": (25.0, 0.05), "standard": (60.0, 0.12), "best": (SECONDS["best"] / 2, 0.5)}
#: How far a guess may be off, and how far a measured time.
GUESSED, MEASURED = (0.6, 2.0), (0.8, 1.3)
#: Runs that are looked at for their time, the newest first.
MOST_RUNS = 30


def plan_choices(project: Project, home: Home) -> dict[str, Any]:
    """What a person decides before training a project.

    Args:
        project: Its images and classes.
        home: Where earlier runs may have been timed.

    Returns:
        can_train and why_not; images; classes (none of a project of findings, of which none can be left out alone);
        findings that a run would learn; presets (name, title, sentence, minutes, low, high, basis); weights;
        recipes (name, title, about); subgroups and together (see `column_choices`); questions (name, question, why,
        answers, answer); cores; accelerator.
    """
    summary, trainable = project.summary(), project.trainable()
    rows = project.rows() if summary["columns"] or trainable else []
    classes = [] if trainable else [one["name"] for one in summary["classes"] if one["count"]]
    images = len(rows) if trainable else sum(one["count"] for one in summary["classes"])
    why_not = None
    if trainable is not None and trainable.why_not is not None:
        why_not = {"message": trainable.why_not.message, "remedy": trainable.why_not.remedy}
    elif trainable is None and len(classes) < 2:
        remedy = "Drop images of a second class." if classes else "Drop images, a folder for each class."
        why_not = {"message": "Telling classes apart needs images of at least two.", "remedy": remedy}
    weights = list_stored()
    timed = timed_runs([project.folder / "runs", home.terminal, *(place / "runs" for place in home.projects())])
    return {
        "can_train": why_not is None,
        "why_not": why_not,
        "images": images,
        "classes": classes,
        "presets": [
            {"name": name, "title": title, "sentence": text, **estimate(name, images, timed, bool(weights))}
            for name, (title, text) in TITLES.items()
        ],
        "weights": [_describe(one) for one in weights],
        "recipes": [
            {"name": one.name, "title": RECIPES.get(one.name, one.name), "about": one.about} for one in list_recipes()
        ],
        "findings": list(trainable.kept) if trainable else [],
        **column_choices(rows if summary["columns"] else []),
        "questions": questions(classes),
        "cores": cores(),
        "accelerator": may_have_cuda(),
    }


def column_choices(rows: list[Row]) -> dict[str, list[dict[str, Any]]]:
    """What the further columns are good for.

    Args:
        rows: As a run would read them.

    Returns:
        subgroups: columns whose groups can be compared, each with ``name``, its ``groups``, and ``default``: a run
        compares it without being asked. together: sources such as a site of which enough are left when each is kept
        on one side; ``name`` and the number of its ``values``.
    """
    if not rows:
        return {"subgroups": [], "together": []}
    from wetread.evaluation.subgroup_columns import divide, find_columns

    usual = [column.name for column in find_columns(rows)]
    cells = {name: [row.extra.get(name, "") for row in rows] for name in sorted({n for r in rows for n in r.extra})}
    found = {name: column for name, filled in cells.items() if (column := divide(name, filled)) is not None}
    return {
        "subgroups": [
            {"name": name, "groups": list(found[name].groups), "default": name in usual}
            for name in sorted(found, key=lambda name: (usual.index(name) if name in usual else len(usual), name))
        ],
        "together": [
            {"name": name, "values": len({*filled} - {""})}
            for name, filled in cells.items()
            if tells_source(name) and _can_be_held_out(rows, name)
        ],
    }


def _can_be_held_out(images: list[Row], column: str) -> bool:
    """Whether each class has cases enough to be tested when images with one value of a column are one case."""
    try:
        assign_groups(images, [], column)
    except InputError:  # all have one value
        return False
    if any(row.findings for row in images):
        counts = count_findings(images, sorted({name for row in images for name in row.findings}))
        return sum(one.fewest >= MIN_PER_FINDING for one in counts.values()) > 1
    cases = Counter(label for label, _ in {(row.label, row.group) for row in images})
    return min(cases.values()) >= MIN_PER_CLASS


def estimate(
    preset: str, images: int, timed: Mapping[str, tuple[float, int]], weights: bool, processors: int | None = None
) -> dict[str, Any]:
    """How long a preset will take.

    Args:
        preset: quick, standard or best.
        images: In the classes.
        timed: preset -> seconds and images of a run that was timed here.
        weights: Whether pretrained weights are there.
        processors: Cores; None: those of this machine.

    Returns:
        minutes, low and high; basis: a sentence that says where they come from.
    """
    rules = RULE_WITH_WEIGHTS if weights else RULE
    fixed, each = rules[preset]
    rule = fixed + each * images
    if preset in timed:
        seconds, then = timed[preset]
        found, (low, high) = seconds * rule / (fixed + each * then), MEASURED
        basis = f"The last {preset} run here took {_say(seconds)} for {counted(then, 'image')}."
    elif preset != "best" and (other := next((name for name in ("quick", "standard") if name in timed), None)):
        # A machine that is slow at one of them is as slow at the other; best is planned by a limit of its own.
        seconds, then = timed[other]
        found, (low, high) = rule * seconds / (rules[other][0] + rules[other][1] * then), GUESSED
        basis = f"A guess from the last {other} run here, which took {_say(seconds)} for {counted(then, 'image')}."
    else:
        found, (low, high) = rule * (2 / max(2, processors or cores())) ** 0.7, GUESSED
        basis = "A rule of thumb; after the first run its real time is used."
    if preset == "best":
        basis += f" Training is planned for {SECONDS['best'] / 60:.0f} minutes at most."
    minutes = {"minutes": found / 60, "low": low * found / 60, "high": high * found / 60}
    return {**{name: round(value, 1) for name, value in minutes.items()}, "basis": basis}


def timed_runs(places: Iterable[Path]) -> dict[str, tuple[float, int]]:
    """Preset -> seconds and images of the newest finished run of it in some folders of runs, in their order."""
    found: dict[str, tuple[float, int]] = {}
    for place in places:
        for folder in run_folders(place)[:MOST_RUNS]:
            run = run_summary(folder)
            # A recipe, a resumed run and one with a limit say nothing about a preset.
            words = {word.partition("=")[0] for word in read_json(folder / "run.json").get("command") or ()}
            odd = words & {"--resume", "--recipe", "--plan", "--set", "--time-limit"}
            if run["status"] == FINISHED and run["n"] and run["seconds"] and not odd:
                found.setdefault(run["preset"], (float(run["seconds"]), int(run["n"]["images"])))
    return found


def questions(classes: list[str]) -> list[dict[str, Any]]:
    """What only a person knows: whether sides matter, and of two classes which one is looked for."""
    asked: list[dict[str, Any]] = [
        {
            "name": "laterality",
            "question": "Does it matter which side of a picture is left?",
            "why": "If not, training may also see mirrored pictures. Heart, liver and most findings have a side.",
            "answers": [
                {"value": "", "label": "Not sure: treat it as if it does"},
                {"value": "matters", "label": "It matters"},
                {"value": "free", "label": "It does not matter"},
            ],
            "answer": "",
        }
    ]
    if len(classes) == 2:
        asked.append(
            {
                "name": "positive",
                "question": "Which class are you looking for?",
                "why": "Sensitivity is the share of this class that is found.",
                "answers": [{"value": name, "label": name} for name in classes],
                "answer": choose_positive_class((*sorted(classes),)),
            }
        )
    return asked


def _describe(stored: StoredWeights) -> dict[str, Any]:
    return {
        "name": stored.name,
        "network": stored.network,
        "side": stored.side,
        "megabytes": round(stored.size / 1e6),
        "licence": stored.licence,
    }


def _say(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 90 else f"{seconds / 60:.1f} minutes"
