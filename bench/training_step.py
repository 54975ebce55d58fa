"""One training step, variant against variant, in turns on the same machine: images per second and their ratio.

    python bench/training_step.py [--network inception_v3] [--side 299] [--batch 5 16] [--turns 5] [--threads 0]

The first row is what a PyTorch tutorial does: float32, pictures as they come, torch.optim.Adam. Each further row adds
one thing; the last float32 row is what `training.loop` does. Rows in bfloat16 stand only where the processor has a unit
for it (`--bf16` asks for them anyway). Threads stay at their default unless told. Before each timed turn one step goes
unseen, since memory that lies ready has to be filled once.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import statistics
import time
from dataclasses import replace

import timm
import torch
from torch.nn import functional

from wetread.training.augment import Augment
from wetread.training.optimise import Optimiser
from wetread.training.processor import precision_for, roomy_memory
from wetread.training.settings import LoopSettings

SETTINGS = LoopSettings(1, 1, 1e-4, 0.0, "float32", "cpu", Augment(), optimiser="adam")

#: name -> (channels last, fused Adam, memory lies ready, bfloat16)
VARIANTS = {
    "plain torch": (False, False, False, False),
    "+ channels last": (True, False, False, False),
    "+ fused Adam": (True, True, False, False),
    "+ memory ready (ours, float32)": (True, True, True, False),
    "plain torch, bfloat16": (False, False, False, True),
    "ours, bfloat16": (True, True, True, True),
}


class Step:
    """A network of its own with the means of one variant."""

    def __init__(self, network: str, side: int, batch: int, variant: tuple[bool, bool, bool, bool]) -> None:
        channels_last, fused, self.ready, self.bf16 = variant
        torch.manual_seed(0)
        options = {"aux_logits": False} if network == "inception_v3" else {}
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.network = timm.create_model(network, num_classes=2, **options).to(memory_format=layout).train()
        self.inputs = torch.randn(batch, 3, side, side).contiguous(memory_format=layout)
        self.truth = torch.arange(batch) % 2
        weights = list(self.network.parameters())
        if fused:
            optimiser = Optimiser([(weights, SETTINGS.learning_rate, 0.0)], replace(SETTINGS))
            self.move = lambda: optimiser.step(1.0)
        else:
            self.move = torch.optim.Adam(weights, SETTINGS.learning_rate).step

    def once(self) -> None:
        self.network.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            logits = self.network(self.inputs)
        functional.cross_entropy(logits.float(), self.truth).backward()
        self.move()

    def turn(self, steps: int) -> tuple[float, float]:
        """Wall and processor seconds per step."""
        with roomy_memory() if self.ready else contextlib.nullcontext():
            self.once()
            wall, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
            for _ in range(steps):
                self.once()
            now = resource.getrusage(resource.RUSAGE_SELF)
            processor = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
            return (time.perf_counter() - wall) / steps, processor / steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", default="inception_v3")
    parser.add_argument("--side", type=int, default=299)
    parser.add_argument("--batch", type=int, nargs="+", default=[5, 16])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--bf16", action="store_true")
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    bf16 = asked.bf16 or precision_for("cpu") == "bfloat16"
    print(f"{asked.network} at {asked.side}, {torch.get_num_threads()} threads, medians of {asked.turns} turns")
    print(f"{'variant':32s} {'batch':>5s} {'images/s':>9s} {'ratio':>6s} {'cpu-s/step':>11s} {'ratio':>6s}")
    for batch in asked.batch:
        steps = {
            name: Step(asked.network, asked.side, batch, variant)
            for name, variant in VARIANTS.items()
            if bf16 or not variant[3]
        }
        turns = [{name: step.turn(asked.steps) for name, step in steps.items()} for _ in range(asked.turns)]
        first = [statistics.median(turn["plain torch"][kind] for turn in turns) for kind in (0, 1)]
        for name in steps:
            wall, used = (statistics.median(turn[name][kind] for turn in turns) for kind in (0, 1))
            row = f"{batch / wall:9.2f} {first[0] / wall:6.2f} {used:11.2f} {first[1] / used:6.2f}"
            print(f"{name:32s} {batch:5d} {row}", flush=True)


if __name__ == "__main__":
    main()
