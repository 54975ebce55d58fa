"""Which explanations pass which test: docs/explanations.md is made by this.

    [WETREAD_REAL_DATA=path] WETREAD_WEIGHTS=home python bench/explanations.py [--only NAME ...] [--pictures 24] \
        --out FOLDER

For each set the pictures are divided by patient; a linear head is fitted on what a frozen backbone sees of four fifths,
and all methods are tested on a sample of the rest. Of simulated effusions the small network that `wetread run` trains
is tested too, and the pictures are imaged again without the fluid, so that the counterfactual is exact. Results go to
FOLDER/NAME.json, one at a time: what is there is not done again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tasks import TASKS, _read

import wetread
from wetread.dataset.split import group_folds
from wetread.dataset.table import Row
from wetread.explanation.methods import METHODS, PIXEL_GRADIENTS, methods_for
from wetread.explanation.trials.run_trials import TRIALS, run_trials
from wetread.images.decoder import Decoder
from wetread.main_job.explaining import read_masks
from wetread.metrics.discrimination import auroc
from wetread.model.backbone import Backbone
from wetread.model.classifier import Classifier, load_classifier
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearFit
from wetread.phantoms.chest import DEFAULT_SIZE
from wetread.phantoms.dataset import _make_image, make_chest_effusion, plan_images
from wetread.phantoms.head_dataset import make_head_ct
from wetread.phantoms.knobs import ChestKnobs
from wetread.shapes import Ints, Picture
from wetread.training.fingerprint import Fingerprint, KnownWeights
from wetread.training.plan import make_plan
from wetread.training.plan_file import read_plan
from wetread.training.rungs import fit_network_to
from wetread.training.training_set import Place, TrainingSet
from wetread.weights.stored import find_stored, list_stored
from wetread.writing import atomic_write

SEED, STRENGTH = 0, 1e-2
CHEST = {"images": 200, "patients": 120, "seed": 2026}
HEAD = {"images": 120, "patients": 30, "seed": 2026, "size": 160}
#: Left out for the head on a backbone, where each takes five to ten minutes a set on two cores: every step runs all of
#: it backwards. They are tested on the network.
TOO_SLOW = PIXEL_GRADIENTS
REAL = {"NIH effusion": "effusion, 2 classes", "head CT, experiment 4": "head CT, experiment 4"}


@dataclass
class Set:
    """Pictures with labels, by patient.

    Attributes:
        rows: All that can be used.
        positive: Whether each has the finding.
        finding: Its name.
        counterpart: Row -> the same picture without the finding; None where there is none.
    """

    rows: list[Row]
    positive: np.ndarray
    finding: str
    counterpart: Callable[[Row], Picture | None] = lambda row: None


def main() -> None:
    """Runs what is asked for, and prints a table of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--pictures", type=int, default=24)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    jobs = {
        "simulated effusion, network": lambda: try_network(chest_set(asked.out), asked.pictures, asked.out),
        "simulated effusion": lambda: try_head(chest_set(asked.out), asked.pictures),
        "simulated hemorrhage": lambda: try_head(head_set(asked.out), asked.pictures),
    }
    place = os.environ.get("WETREAD_REAL_DATA")
    if place:
        for name, task in REAL.items():
            jobs[name] = lambda task=task: try_head(real_set(Path(place), task), asked.pictures)
    for name, job in jobs.items():
        file = asked.out / f"{name}.json"
        if asked.only and name not in asked.only:
            continue
        if not file.exists():
            started = time.monotonic()
            found = job()
            atomic_write(file, json.dumps(found | {"minutes": round((time.monotonic() - started) / 60, 1)}, indent=1))
        print_table(name, json.loads(file.read_text()))


def chest_set(out: Path) -> Set:
    """Simulated radiographs, and the means to image each again without fluid."""
    folder, bare = out / "chest", out / "chest-bare"
    if not (folder / "labels.csv").exists():
        make_chest_effusion(folder, **CHEST)
    _, rows = _read(folder / "labels.csv", None)
    plan = {
        f"images/{one.name}.dcm": one for one in plan_images(CHEST["images"], CHEST["patients"], 2026, ChestKnobs())
    }

    def without(row: Row) -> Picture | None:
        item = plan[row.image]
        if not item.positive:
            return None
        # The same random numbers: the same patient, pose, exposure and noise, but for the fluid.
        _make_image(bare, dataclasses.replace(item, positive=False), CHEST["seed"], DEFAULT_SIZE, ChestKnobs())
        with Decoder(workers=1) as decoder:
            return decoder.decode(bare / row.image, max_side=320).pixels

    return Set(rows, np.array([row.label == "effusion" for row in rows]), "effusion", without)


def head_set(out: Path) -> Set:
    """Simulated head CT, blood of any kind or none."""
    folder = out / "head"
    if not (folder / "labels.csv").exists():
        make_head_ct(folder, **HEAD)
    _, rows = _read(folder / "labels.csv", None)
    return Set(rows, np.array([row.extra["any_hemorrhage"] == "1" for row in rows]), "hemorrhage")


def real_set(data: Path, name: str) -> Set:
    """A public set; nobody drew masks for it."""
    task = next(one for one in TASKS if one.name == name)
    _, rows = _read(data / task.data, list(task.classes) or None)
    classes = sorted({row.label for row in rows})
    finding = next((one for one in classes if not one.lower().startswith(("no", "healthy"))), classes[0])
    return Set(rows, np.array([row.label == finding for row in rows]), finding)


def divide(given: Set, pictures: int) -> tuple[Ints, Ints, Ints]:
    """Training rows, tested rows, and the sample of these: two thirds with the finding, one picture of each patient."""
    _, groups = np.unique([row.group for row in given.rows], return_inverse=True)
    labels = given.positive.astype(np.int64)
    tested = group_folds(labels, groups, 4, SEED)[0]
    train = np.setdiff1d(np.arange(len(labels)), tested)
    order = np.random.default_rng(SEED).permutation(tested)
    _, first = np.unique(groups[order], return_index=True)
    order = order[np.concatenate([np.sort(first), np.setdiff1d(np.arange(len(order)), first)])]
    with_, without = order[given.positive[order]], order[~given.positive[order]]
    return train, tested, np.concatenate([with_[: 2 * pictures // 3], without[: pictures - 2 * pictures // 3]])


def try_head(given: Set, pictures: int) -> dict:
    """A linear head on a frozen backbone."""
    backbone = Backbone.load(find_stored(list_stored()[0].name))
    inputs = Inputs([row.picture for row in given.rows], backbone, keep=True)
    train, tested, sample = divide(given, pictures)
    labels, features = given.positive.astype(np.int64), inputs.embedding()
    classes = (f"no {given.finding}", given.finding)

    def fit(truth: Ints) -> Classifier:
        part = LinearFit("frozen", features[train], truth, 2, embedded=features.shape[1]).at(STRENGTH)
        return Classifier(classes, given.finding, "frozen", [part], backbone=backbone)

    def refit(seed: int) -> Classifier:
        return fit(np.random.default_rng(seed).permutation(labels[train]))

    classifier = fit(labels[train])
    area = auroc(labels[tested], classifier.probabilities(inputs.take(tested))[:, 1])
    found = _try(given, classifier, sample, 1, refit, TOO_SLOW)
    return found | {"model": f"linear head on {backbone.name}", "auroc": area, "tested": len(tested)}


def try_network(given: Set, pictures: int, out: Path) -> dict:
    """The small network of the first fold of a run on the same pictures."""
    run = out / "run"
    if not (run / "model" / "golden.json").exists():
        wetread.run(out / "chest", out=run, device="cpu", backbone="none", settings=["repeats=1"])
    classifier = load_classifier(run / "folds" / "r1f1" / "network")
    table = {line.split(",")[0]: line.split(",") for line in (run / "images.csv").read_text().splitlines()}
    column = table["image"].index("fold")
    tested = np.array([n for n, row in enumerate(given.rows) if table[row.image][column] == "1"])
    target = classifier.classes.index(given.finding)
    scores = classifier.probabilities([given.rows[n].picture for n in tested])[:, target]
    with_, without = tested[given.positive[tested]], tested[~given.positive[tested]]
    sample = np.concatenate([with_[: 2 * pictures // 3], without[: pictures - 2 * pictures // 3]])
    refit = retrain_network(given, classifier, run, tested)
    found = _try(given, classifier, sample, target, refit, ())
    area = auroc(given.positive[tested], scores)
    return found | {"model": "small network, trained", "auroc": area, "tested": len(tested)}


def retrain_network(given: Set, classifier: Classifier, run: Path, tested: Ints) -> Callable[[int], Classifier]:
    """Seed -> the network trained by the plan of the run on the same pictures with labels in another order."""
    facts = json.loads((run / "fingerprint.json").read_text())
    facts |= {"classes": tuple(facts["classes"]), "weights": tuple(KnownWeights(**one) for one in facts["weights"])}
    del facts["task"]
    plan = read_plan(run / "plan.yaml", make_plan(Fingerprint(**facts)))
    _, groups = np.unique([row.group for row in given.rows], return_inverse=True)
    truth = np.array([classifier.classes.index(row.label) for row in given.rows])
    data = TrainingSet([row.picture for row in given.rows], truth, groups, plan)
    train = np.setdiff1d(np.arange(len(truth)), tested)

    def refit(seed: int) -> Classifier:
        labels = np.random.default_rng(seed).permutation(truth[train])
        network = fit_network_to(labels, data, train, Place(0, seed))  # one stands for those of the inner folds
        return dataclasses.replace(classifier, parts=[network.with_shifts(classifier.parts[0].shifts)])

    return refit


def _try(given: Set, classifier: Classifier, sample: Ints, target: int, refit, leave_out: tuple[str, ...]) -> dict:
    rows = [given.rows[n] for n in sample]
    possible = [method for method in methods_for(classifier) if method not in leave_out]
    return run_trials(
        classifier,
        [row.picture for row in rows],
        [target] * len(rows),
        read_masks(rows, [given.finding] * len(rows)),
        methods=[method for method in METHODS if method in possible],
        retrain=refit,
        patients=[row.group for row in rows],
        counterparts=[given.counterpart(row) for row in rows],
        seed=SEED,
        quick=True,
        listen=lambda event: print(f"{event.done}/{event.total} {event.detail}", flush=True),
    ).as_dict()


def print_table(name: str, found: dict) -> None:
    """One row per method: verdict and value of each test."""
    print(f"\n### {name}: {found['model']}, AUROC {found['auroc']:.2f} on {found['tested']} pictures", end="")
    print(f"; sample {found['sample']}, {found['masks']} with masks; {found['minutes']} min\n")
    print("| method | passes | " + " | ".join(TRIALS) + " | outside the body |")
    print("|---" * (len(TRIALS) + 3) + "|")
    for one in found["methods"].values():
        cells = [_cell(one["trials"][trial]) for trial in TRIALS]
        outside = one["heat outside the body"]
        tail = "" if outside is None else f"{100 * outside:.0f} %"
        print(f"| {one['title']} | {one['passed']} of {one['tests']} | {' | '.join(cells)} | {tail} |")


def _cell(trial: dict) -> str:
    if trial["value"] is None:
        return "–"
    value, low, high = (trial["value"][key] for key in ("value", "low", "high"))
    text = f"{value:.2f} ({low:.2f} to {high:.2f})"
    return f"**{text}**" if trial["verdict"] == "pass" else text


if __name__ == "__main__":
    main()
