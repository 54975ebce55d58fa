"""Held-out AUROC of wetread and its peers on the public sets, on identical patient-grouped folds, as a Markdown table.

    WETREAD_REAL_DATA=path python bench/accuracy.py --place FOLDER --peers FOLDER [--only wetread fastai] [--quick]

One JSON file per set and competitor lies in ``--place``; those that are there are not computed again, so a stopped
run goes on, and a new competitor costs itself only. ``--table`` only writes the table. ``--peers`` holds the
environments of ``bench/peers/README.md``; competitors without theirs are left out, and the table says so. All images
have one prediction each, from the fold in which they were held out; intervals and differences draw patients.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tasks import FOLDS, SEED, TASKS, folder_name, write_task

from wetread.metrics import counted
from wetread.metrics.bootstrap import patient_bootstrap_many
from wetread.metrics.counted import CountedStatistic
from wetread.metrics.interval import Interval
from wetread.metrics.table_auroc import auroc_of_table
from wetread.writing import atomic_write, make_folder

sys.path.insert(0, str(Path(__file__).parent / "peers"))
from task import Task, read_task, write_result

PEERS = Path(__file__).parent / "peers"
EXPORT = "teachable-machine-export-melanoma"
REFERENCE = "wetread standard"


@dataclass(frozen=True)
class Competitor:
    """Attributes: name; environment below ``--peers`` (wetread's own if empty); script; its options."""

    name: str
    environment: str
    script: str
    options: tuple[str, ...] = ()


COMPETITORS = (
    Competitor("wetread standard", "", "", ("standard",)),
    Competitor("wetread quick", "", "", ("quick",)),
    Competitor("wetread standard, no weights", "", "", ("standard", "no weights")),
    Competitor("Teachable Machine", "keras", "teachable_machine", ("--export", "{export}", "--variant", "page")),
    Competitor("Teachable Machine, its project", "keras", "teachable_machine", ("--export", "{export}")),
    Competitor("its head, all images", "keras", "teachable_machine", ("--export", "{export}", "--variant", "all")),
    Competitor("Lakhani's recipe, same backbone", "keras", "finetune", ("--export", "{export}")),
    Competitor("Carpentries", "keras", "carpentries"),
    Competitor("fastai, same backbone", "fastai", "fastai", ("--weights", "{weights}")),
    Competitor("fastai ResNet-18, no weights", "fastai", "fastai", ("--epochs", "20")),
    Competitor("AutoGluon, same backbone", "autogluon", "autogluon", ("--weights", "{weights}")),
)


def import_backbone(home: Path, export: Path) -> Path:
    """The frozen backbone of the Teachable Machine export in a weights home of its own, for every competitor."""
    from wetread.model.timm_body import explain_mismatch
    from wetread.weights.importing import import_file
    from wetread.weights.stored import find_stored, list_stored

    os.environ["WETREAD_WEIGHTS"] = str(home)
    if not list_stored():
        import_file(export, check=explain_mismatch)
    return find_stored("teachable-machine").path


def run_peer(one: Competitor, task: Path, out: Path, known: dict[str, Path], peers: Path, quick: bool) -> str:
    """Runs a peer's script; returns what went wrong, in its own words."""
    python = peers / one.environment / "bin" / "python"
    options = [option.format(**known) for option in one.options]
    command = [str(python), str(PEERS / f"accuracy_{one.script}.py"), str(task), "--out", str(out), *options]
    done = subprocess.run([*command, "--quick"] if quick else command, capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr.strip()[-2000:]


def run_wetread(one: Competitor, task: Path, out: Path, quick: bool) -> str:
    """`wetread run` on the table of the task, held to its folds: the run divides once, and what it did is compared."""
    told = read_task(task)
    place = out.with_suffix("")
    atomic_write(out.with_suffix(".yaml"), f"repeats: 1\nfolds: {FOLDS}\n")
    command = [sys.executable, "-m", "wetread", "run", str(task / "labels.csv"), "--out", str(place), "--overwrite"]
    command += ["--preset", "quick" if quick else one.options[0], "--seed", str(SEED), "--json", "--quiet"]
    empty = make_folder_of(out.parent / "no-weights")
    home = {"WETREAD_WEIGHTS": str(empty)} if "no weights" in one.options else {}
    started = time.perf_counter()
    done = subprocess.run(
        [*command, "--plan", str(out.with_suffix(".yaml"))], capture_output=True, text=True, env={**os.environ, **home}
    )
    seconds = time.perf_counter() - started
    if done.returncode > 1:  # 1: the gate is red, which these sets deserve; there are predictions all the same
        return done.stderr.strip()[-2000:]
    table = read_predictions(place / "predictions.csv", told)
    write_result(out, told, one.name, table, seconds, quick=quick)
    return ""


def make_folder_of(path: Path) -> Path:
    make_folder(path)
    return path


def read_predictions(path: Path, task: Task) -> np.ndarray:
    """``image class``; refuses a run that divided the images in another way."""
    rows = {row["image"]: row for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines())}
    images = [path.relative_to(path.parents[1]).as_posix() for path in task.images]
    number = {row: fold.number for fold in task.folds for row in fold.test.tolist()}
    other = [image for row, image in enumerate(images) if rows[image]["fold"] != str(number[row])]
    if other:
        raise SystemExit(f"{path}: {len(other)} of {len(images)} images stand in another fold than in the task.")
    return np.array([[float(rows[image][f"p_{name}"]) for name in task.classes] for image in images])


def statistic(task: Task, table: np.ndarray, kept: np.ndarray) -> CountedStatistic:
    labels = task.labels[kept]
    if len(task.classes) == 2:
        return counted.auroc(labels == 1, table[kept, 1])
    return counted.macro_auroc(labels, table[kept])


def compare(task: Task, found: dict[str, dict]) -> list[str]:
    """The rows of one set: AUROC, and its difference from the reference with a paired interval."""
    tables = {name: np.array(result["probabilities"], dtype=float) for name, result in found.items()}
    kept = np.flatnonzero(np.all([np.isfinite(table).all(axis=1) for table in tables.values()], axis=0))
    groups = np.array(task.groups)[kept]
    alone = {name: statistic(task, table, kept) for name, table in tables.items()}
    reference = alone.get(REFERENCE)
    paired = {
        name: lambda counts, one=one: one(counts) - reference(counts)
        for name, one in alone.items()
        if reference is not None and name != REFERENCE
    }
    differences = patient_bootstrap_many(paired, groups, task.labels[kept]) if paired else {}
    lines = []
    for name, table in tables.items():
        one = auroc_of_table(task.labels[kept], _as_probabilities(table[kept]), groups)
        cells = [task.name if not lines else "", name, _say(one), _say(differences.get(name), "+.3f")]
        lines.append("| " + " | ".join([*cells, f"{found[name]['seconds']:.0f}"]) + " |")
    return lines


def _as_probabilities(table: np.ndarray) -> np.ndarray:
    """Rows that add up to 1 in double precision too; peers compute in single."""
    return table / table.sum(axis=1, keepdims=True)


def _say(interval: Interval | None, form: str = ".3f") -> str:
    if interval is None:
        return ""
    return f"{interval.value:{form}} ({interval.low:{form}} to {interval.high:{form}})"


def write_table(place: Path, tasks: list[Path], failed: dict[str, str]) -> str:
    head = ["set", "competitor", "AUROC (95 %)", f"less {REFERENCE}", "seconds, 5 folds"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for folder in tasks:
        task = read_task(folder)
        found = {}
        for one in COMPETITORS:
            path = result_path(place, folder, one)
            if path.exists() and (result := json.loads(path.read_text()))["key"] == task.key:
                found[one.name] = result
        if found:
            lines += compare(task, found)
    lines += ["", *(f"Not there: {name}: {reason.splitlines()[-1]}" for name, reason in sorted(failed.items()))]
    return "\n".join(lines).rstrip() + "\n"


def result_path(place: Path, task: Path, one: Competitor) -> Path:
    plain = "".join(letter if letter.isalnum() else "-" for letter in one.name)
    return place / f"{task.name}--{plain}.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, required=True, help="tasks, results and the weights home")
    parser.add_argument("--peers", type=Path, required=True, help="folder of environments")
    parser.add_argument("--only", nargs="*", default=[""], help="competitors whose names begin so")
    parser.add_argument("--sets", nargs="*", default=[""], help="sets whose names begin so")
    parser.add_argument("--quick", action="store_true", help="a smoke test: few images, one epoch, two folds of peers")
    parser.add_argument("--table", action="store_true", help="only write the table")
    parser.add_argument("--out", type=Path, help="where the table goes; else it is printed")
    options = parser.parse_args()
    place = options.place.resolve() / ("quick" if options.quick else "full")
    make_folder(place)
    data = Path(os.environ["WETREAD_REAL_DATA"])
    known = {"export": data / EXPORT}
    tasks, failed = [], {}
    if not options.table:
        known["weights"] = import_backbone(place / "weights", data / EXPORT)
    for task in TASKS:
        folder = place / "tasks" / folder_name(task)
        if not task.name.startswith(tuple(options.sets)):
            continue
        write_task(task, data, folder, most=15 if options.quick else 0)
        tasks.append(folder)
        for one in COMPETITORS:
            out = result_path(place, folder, one)
            if options.table or not one.name.startswith(tuple(options.only)) or is_done(out, folder):
                continue
            if one.environment and not (options.peers / one.environment).exists():
                failed[one.name] = "no environment for it"
                continue
            if one.name.endswith("its project") and not read_task(folder).settings:
                continue
            wrong = (
                run_peer(one, folder, out, known, options.peers, options.quick)
                if one.script
                else run_wetread(one, folder, out, options.quick)
            )
            print(f"{task.name}, {one.name}: {wrong or 'done'}", file=sys.stderr, flush=True)
            if wrong:
                failed[f"{one.name} on {task.name}"] = wrong
    text = write_table(place, tasks, failed)
    print(text) if options.out is None else atomic_write(options.out, text)


def is_done(out: Path, folder: Path) -> bool:
    return out.exists() and json.loads(out.read_text())["key"] == read_task(folder).key


if __name__ == "__main__":
    main()
