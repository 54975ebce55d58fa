"""wetread beside its peers, taking turns on one machine: medians and ratios as Markdown.

    WETREAD_REAL_DATA=path python bench/performance.py --place FOLDER --peers FOLDER [--rounds 5] [--rows lakhani,tm]

Rows: ``lakhani`` (seconds per epoch of the tutorial, batches of 5 and 16; whole and the bare step), ``frozen`` (frozen
features instead of 20 epochs of all layers, AUROC beside), ``tm`` (a Teachable Machine job whole), ``thousand``
(`wetread run --preset quick` on 1,000 pictures). Every engine has its default threads. Engines of ``lakhani`` start
together, warm up, and then work one after the other, an epoch each; of the other rows each round starts new processes,
since importing is part of the job. Run it on a quiet machine; a busy one makes all figures worse and ratios noisy.
``--smoke`` does as little as possible of everything.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from accuracy import EXPORT, import_backbone
from task import read_task  # peers/ is on the path since `accuracy` was imported
from tasks import TASKS, folder_name, write_task

from wetread.metrics.table_auroc import auroc_of_table
from wetread.outcome import say_percent

BENCH = Path(__file__).parent
CHEST = "chest-vs-abdomen-openi"
PROJECT = "head-ct-hemorrhage-rsna-tm/experiment4.tm"


@dataclass
class Engine:
    """One side of a race.

    Attributes:
        name: For the table.
        command: What to start.
        environment: Variables over those of this process.
        told: What it said, one entry per round.
        wall: Seconds of each round from outside, where a round is a process.
        worked: Seconds of processor of each such round, children included; other load changes them less.
    """

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    told: list[dict] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)

    def start(self) -> subprocess.Popen:
        environment = {**os.environ, **self.environment}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            self.command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, env=environment
        )

    def median(self, key: str = "seconds") -> float:
        return statistics.median(one[key] for one in self.told)


def race_in_turns(engines: list[Engine], rounds: int) -> None:
    """All are started and warmed up one after the other, then work in turns."""
    running = [(engine, engine.start()) for engine in engines]
    try:
        for engine, process in running:
            json.loads(process.stdout.readline() or _died(engine))
        for _ in range(rounds):
            for engine, process in running:
                process.stdin.write("go\n")
                process.stdin.flush()
                engine.told.append(json.loads(process.stdout.readline() or _died(engine)))
    finally:
        for _, process in running:
            process.stdin.close()
            process.kill()
            process.wait()


def processor_seconds() -> float:
    """Of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _died(engine: Engine) -> str:
    raise SystemExit(f"{engine.name} ended early; run it alone: {' '.join(engine.command)}")


def race_whole(engines: list[Engine], rounds: int) -> None:
    """New processes in every round; the time is that of the process, import included."""
    for _ in range(rounds):
        for engine in engines:
            before, worked = time.perf_counter(), processor_seconds()
            process = engine.start()
            said, _ = process.communicate()
            engine.wall.append(time.perf_counter() - before)
            engine.worked.append(processor_seconds() - worked)
            lines = [line for line in said.splitlines() if line.startswith("{")]
            engine.told.append(json.loads(lines[-1] if lines else _died(engine)))


def peer(options: argparse.Namespace, environment: str, script: str, *arguments: object) -> list[str]:
    python = options.peers / environment / "bin" / "python" if environment else sys.executable
    return [str(python), str(BENCH / "peers" / f"{script}.py"), *map(str, arguments)]


def ours(job: str, *arguments: object) -> list[str]:
    return [sys.executable, str(BENCH / "wetread_jobs.py"), job, *map(str, arguments)]


def row(name: str, mine: float, peers: dict[str, float], note: str = "") -> str:
    best = min(peers, key=peers.get) if peers else ""
    told = "; ".join(f"{one} {seconds:.2f}" for one, seconds in peers.items())
    ratio = f"{peers[best] / mine:.2f}" if peers else ""
    return f"| {name} | {mine:.2f} | {told} | {ratio} | {note} |"


def race_lakhani(options: argparse.Namespace) -> list[str]:
    lines = []
    for batch in (5,) if options.smoke else (5, 16):
        for work in options.work.split(","):
            known = [options.data / CHEST, "--batch", batch, "--work", work, "--turns", 0]
            known += ["--images", 10] if options.smoke else []
            engines = [Engine("wetread", ours("lakhani", *known))]
            engines += [
                Engine(name, peer(options, "keras", "keras_lakhani", *known, "--precision", precision))
                for name, precision in (("Keras float32", "float32"), ("Keras bfloat16", "mixed_bfloat16"))
                if precision == "float32" or not options.no_bf16
            ]
            engines.append(Engine("plain torch", peer(options, "", "torch_plain", *known)))
            race_in_turns(engines, options.rounds)
            said = {engine.name: engine.median() for engine in engines[1:]}
            waiting = max(one["waiting"] for one in engines[0].told)
            rates = ", ".join(f"{engine.name} {engine.median('images_per_s'):.1f}" for engine in engines)
            note = (
                f"{engines[0].told[0]['precision']}; waiting for the loader {say_percent(waiting)}; images/s: {rates}"
            )
            name = f"Lakhani, batch {batch}, " + ("epoch" if work == "recipe" else "epoch without augmentation")
            lines.append(row(name, engines[0].median(), said, note))
    return lines


def race_frozen(options: argparse.Namespace) -> list[str]:
    """Same backbone, same folds: a linear model on frozen features, and 20 epochs of everything."""
    lines = []
    for task in [one for one in TASKS if one.name in ("chest or abdomen", "effusion, 2 classes")]:
        folder = options.place / "tasks" / folder_name(task)
        write_task(task, options.data, folder)
        mine, theirs = options.place / f"{folder.name}-frozen.json", options.place / f"{folder.name}-tuned.json"
        tuned = peer(options, "keras", "accuracy_finetune", folder, "--export", options.data / EXPORT, "--out", theirs)
        quiet = {"WETREAD_CACHE": "off"}
        engines = [
            Engine("wetread", ours("frozen", folder, "--out", mine), quiet),
            Engine("Keras, 20 epochs", tuned + (["--quick"] if options.smoke else [])),
        ]
        race_whole(engines, 1 if options.smoke else min(options.rounds, 3))
        told = read_task(folder)
        areas = [area(told, path) for path in (mine, theirs)]
        note = f"5 folds; AUROC {areas[0]} against {areas[1]}"
        seconds = [statistics.median(engine.wall) for engine in engines]
        lines.append(row(f"Frozen features, {task.name}", seconds[0], {engines[1].name: seconds[1]}, note))
    return lines


def area(task, path: Path) -> str:
    import numpy as np

    table = np.array(json.loads(path.read_text())["probabilities"], dtype=float)
    kept = np.isfinite(table).all(axis=1)
    rows = table[kept] / table[kept].sum(axis=1, keepdims=True)
    found = auroc_of_table(task.labels[kept], rows, np.array(task.groups)[kept])
    return "not defined" if found is None else f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def race_teachable_machine(options: argparse.Namespace) -> list[str]:
    known = [options.data / PROJECT, "--export", options.data / EXPORT, *(["--epochs", 4] if options.smoke else [])]
    once = peer(options, "keras", "keras_teachable_machine", *known)
    fresh = options.place / "first-use"
    quiet = {"WETREAD_CACHE": "off"}
    job = ours("teachable-machine", options.data / PROJECT)
    jobs = {
        "convex": Engine("wetread, linear head", job, quiet),
        "same": Engine("wetread, same head", [*job, "--head", "same"], quiet),
        "cached": Engine("Keras, features once", once),
        "single": Engine("Keras, as the page", [*once, "--variant", "one at a time"]),
        "naive": Engine("Keras, naive (extrapolated)", [*once, "--variant", "naive"]),
    }
    race_whole([jobs["convex"]], 1)  # converts the graph and keeps it beside the weights
    for measured in (jobs["convex"].told, jobs["convex"].wall, jobs["convex"].worked):
        measured.clear()
    first = Engine("wetread, first use", job, quiet | {"WETREAD_WEIGHTS": str(fresh)})
    for _ in range(options.rounds):
        bring_weights_only(options.place / "weights", fresh)
        race_whole([first, jobs["convex"], jobs["same"], jobs["cached"]], 1)
    race_whole([jobs["single"], jobs["naive"]], min(options.rounds, 3))
    seconds = {name: statistics.median(engine.wall) for name, engine in jobs.items()}
    cached = {jobs["cached"].name: seconds["cached"]}
    stages = ", ".join(f"{name} {took:.2f}" for name, took in jobs["convex"].told[-1]["stages"].items())
    mine, theirs = (statistics.median(jobs[name].worked) for name in ("convex", "cached"))
    stages += f"; seconds of processor {mine:.2f} against {theirs:.2f}"
    lines = [
        row("Teachable Machine job, linear head", seconds["convex"], cached, stages),
        row("Teachable Machine job, same head", seconds["same"], cached),
        row("Teachable Machine job, first use", statistics.median(first.wall), cached, "graph converted in it"),
        row("Teachable Machine job, as the page", seconds["convex"], {jobs["single"].name: seconds["single"]}),
    ]
    slow = {jobs["naive"].name: jobs["naive"].median()}  # what it reckons from the epochs it ran
    return [*lines, row("Teachable Machine job, naive", seconds["convex"], slow, "medians of three, extrapolated")]


def bring_weights_only(home: Path, fresh: Path) -> None:
    """A weights home as it is after an import: no graph lies beside the weights yet."""
    shutil.rmtree(fresh, ignore_errors=True)
    for path in home.glob("*/weights.*"):
        (fresh / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, fresh / path.parent.name)


def race_thousand(options: argparse.Namespace) -> list[str]:
    data = options.place / "thousand"
    if not (data / "shadow").exists():
        subprocess.run(ours("thousand", data), check=True)
    run = [sys.executable, "-m", "wetread", "run", str(data), "--preset", "quick", "--overwrite", "--json", "--quiet"]
    engine = Engine("wetread", [*run, "--out", str(options.place / "thousand-run")], {"WETREAD_CACHE": "off"})
    for _ in range(1 if options.smoke else options.rounds):
        before = time.perf_counter()
        process = engine.start()
        process.communicate()
        engine.wall.append(time.perf_counter() - before)
        if process.returncode > 1:
            _died(engine)
    note = f"target: below 60; {min(engine.wall):.0f} to {max(engine.wall):.0f}"
    return [row("wetread run --preset quick, 1,000 of 512 x 512", statistics.median(engine.wall), {}, note)]


ROWS = {"lakhani": race_lakhani, "frozen": race_frozen, "tm": race_teachable_machine, "thousand": race_thousand}


def processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    name = next((line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")), "")
    units = [unit for unit in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {unit} " in text + " "]
    return f"{name}, {os.cpu_count()} cores, {' '.join(units)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--place", type=Path, required=True, help="scratch: tasks, weights home, pictures")
    parser.add_argument("--peers", type=Path, required=True, help="folder of environments")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", default=",".join(ROWS))
    parser.add_argument("--work", default="recipe,bare", help="of the Lakhani row: with and without augmentation")
    parser.add_argument("--no-bf16", action="store_true", help="without Keras in bfloat16, which a CPU may emulate")
    parser.add_argument("--smoke", action="store_true")
    options = parser.parse_args()
    options.place = options.place.resolve()
    options.data = Path(os.environ["WETREAD_REAL_DATA"])
    import_backbone(options.place / "weights", options.data / EXPORT)
    print(f"{processor()}; load {os.getloadavg()[0]:.1f}; medians of {options.rounds}\n")
    print("| job | wetread, s | peers, s | best peer / wetread | |\n|---|---|---|---|---|", flush=True)
    for name in options.rows.split(","):
        for line in ROWS[name](options):
            print(line, flush=True)
    print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
