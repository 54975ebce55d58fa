"""Seconds of each part of the audit for 1,000 pictures of 1024 x 1024, with the pixel cache warm, on two cores.

    python bench/audit_speed.py [--images 1000] [--side 1024] [--keep FOLDER]

Pictures are soft shapes and noise, two classes, two images of each patient. They are read twice: once to fill the
cache (not counted), once as every later audit of the same set does. Then each step is timed alone, in one process.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wetread.checks.finding import Audit
from wetread.checks.label_errors import examine_labels
from wetread.checks.run_checks import CHECKS
from wetread.dataset.duplicates import find_duplicates
from wetread.dataset.fix import propose_fixes
from wetread.dataset.groups import assign_groups, assign_patients
from wetread.dataset.reading import read_images, rows_with_pictures
from wetread.dataset.scan import scan
from wetread.dataset.split import cross_validation, encode
from wetread.dataset.table import Table
from wetread.images.cache import PixelCache
from wetread.images.decoder import Decoder
from wetread.probes.run_probes import PROBES, run_probes

#: As many cores as an ordinary laptop gives to one program.
CORES = 2


def read(table: Table, cache: PixelCache) -> None:
    """As a run reads: processes that end with it, and a cache."""
    with Decoder(cache=cache) as decoder:
        read_images(table, decoder=decoder)


def make(folder: Path, images: int, side: int) -> None:
    """Writes PNG files and a table, where they are not there yet."""
    if (folder / "labels.csv").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 6, (side, side))
    lines = ["image,label,patient"]
    for number in range(images):
        label = number // 2 % 2
        coarse = rng.uniform(20, 200, (6, 6))
        coarse[3:5, 3:5] += 25 * label
        soft = np.asarray(Image.fromarray(coarse.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC))
        picture = np.clip(soft + np.roll(grain, number * 37), 0, 255).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{number:05d}.png", compress_level=1)
        lines.append(f"{number:05d}.png,{'ab'[label]},P{number // 2:04d}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


class Clock:
    """Times steps and remembers them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = work()
        self.seconds[name] = time.perf_counter() - started
        print(f"{self.seconds[name]:8.2f} s  {name}", flush=True)
        return result


def audit(folder: Path, cache: PixelCache) -> Clock:
    """All steps of `wetread check`, one after the other."""
    clock = Clock()
    table = clock("list", lambda: scan(folder))
    clock("read, from the cache", lambda: read(table, cache))
    assign_patients(table)
    rows = rows_with_pictures(table)
    pairs = clock("duplicates", lambda: find_duplicates(rows))
    assign_groups(rows, pairs)
    classes = table.classes
    folds = clock("divide", lambda: cross_validation(rows, classes, folds=5, repeats=1, seed=0))
    labels, groups = encode(rows, classes)
    probes = {}
    for probe in PROBES:
        probes |= clock(f"probe: {probe.name}", lambda one=probe: run_probes(rows, labels, 2, folds, probes=[one]))
    examined = clock("label errors", lambda: examine_labels(rows, labels, groups, classes))
    seen = Audit(
        table, rows, classes, pairs, "cross-validation", [], [], folds, 1, probes=probes, label_errors=examined
    )
    for check in CHECKS:
        clock(check.__module__.rsplit(".", 1)[1], lambda one=check: one(seen))
    clock("fixes", lambda: propose_fixes(table, rows, pairs, examined.doubts))
    return clock


def main() -> None:
    """Makes the set, fills the cache, audits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--keep", type=Path, help="where pictures and cache stay for the next time")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # elsewhere it takes what there is
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    with tempfile.TemporaryDirectory() as place:
        home = options.keep or Path(place)
        make(home / "pictures", options.images, options.side)
        cache = PixelCache(home / "cache")
        started = time.perf_counter()
        read(scan(home / "pictures"), cache)
        print(f"{time.perf_counter() - started:8.2f} s  first reading, not counted\n")
        clock = audit(home / "pictures", cache)
        print(f"\n{sum(clock.seconds.values()):8.2f} s  for {options.images} images of {options.side} x {options.side}")


if __name__ == "__main__":
    main()
