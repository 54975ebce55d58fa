"""Whole labs: how long they take, what they found, and whether the published ordering of the five is reproduced.

    [WETREAD_WEIGHTS=home] python bench/labs.py [--only hemorrhage-1 ...] [--seeds 0 1 2] [--data FOLDER] --out FOLDER

docs/labs.md is written from what this prints. A second call goes on where the first was stopped.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from wetread.labs.catalogue import LABS
from wetread.labs.parts import say
from wetread.labs.published import EXPERIMENTS, judge_order
from wetread.labs.run_lab import run_lab


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--out", type=Path, required=True)
    asked.add_argument("--only", nargs="*", default=list(LABS))
    asked.add_argument("--seeds", nargs="*", type=int, default=[0])
    asked.add_argument("--data", type=Path)
    wishes = asked.parse_args()
    for seed in wishes.seeds:
        place = wishes.out / f"seed-{seed}"
        experiments = {}
        for name in wishes.only:
            found = do(name, place / name, seed, wishes.data)
            if "experiment" in found:
                experiments[found["experiment"]] = found["accuracy"]
        if len(experiments) > 1:
            print_order(seed, experiments)


def do(name: str, out: Path, seed: int, data: Path | None) -> dict:
    """One lab; prints seconds by the clock, seconds of the processor, and what to see."""
    clock, worked = time.perf_counter(), sum(os.times()[:4])
    given = data if data is not None and LABS[name].takes_data and _has(data, name) else None
    found = run_lab(name, out, seed=seed, data=given)
    clock, worked = time.perf_counter() - clock, sum(os.times()[:4]) - worked
    print(
        f"\n## {name}, seed {seed}: {clock:.0f} s, {worked:.0f} s of the processor, {found['stages_done_now']} stages"
    )
    for paragraph in found["see"]:
        print(f"- {paragraph}")
    return found


def _has(data: Path, name: str) -> bool:
    return (data / f"experiment{name.rsplit('-', 1)[-1]}.tm").is_file()


def print_order(seed: int, ours: dict[int, dict[str, float]]) -> None:
    """The table of the published accuracies beside ours, and the verdict."""
    print(f"\n| experiment, seed {seed} | published | here |\n|---|---|---|")
    for number, one in EXPERIMENTS.items():
        print(f"| {number}: {one.title} | {say(one.accuracy)} | {say(ours.get(number))} |")
    found = judge_order(ours)
    print(f"\n{found['verdict']} Both can tell {found['told']} of {len(found['pairs'])} pairs.")


if __name__ == "__main__":
    main()
