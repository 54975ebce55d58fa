"""Damaged images by the thousand through the decoder: outcomes counted, the slowest named, what crashed it kept.

    WETREAD_REAL_DATA=path python bench/mutants.py [--count 10000] [--seed 1] [--keep FOLDER]

Half of the damage is random bytes, half of it DICOM elements with values nobody expects. The sound files are generated;
with WETREAD_REAL_DATA the assorted DICOM files of that folder join in. Exit code 1 if a file crashed the decoder, took
it beyond the time limit, or was lost.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from fake.mutants import damage, samples

from wetread.errors import ImageRejected
from wetread.images.decoder import Decoder
from wetread.images.source import Source
from wetread.images.view import View

BAD = ("decoder-crash", "decoder-timeout")
#: Memory that ran out is no fault, and yet worth a look: a header was believed for too long.
KEPT = (*BAD, "out-of-memory")
VIEWS = [View(), View.parse("percentiles"), View.parse("full"), View.parse("brain+bone"), View.parse("40/80; red 1..9")]
#: Larger real files only cost time: what is tested is mostly in their headers.
MAX_REAL_BYTES = 300_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder for files that crashed or delayed the decoder")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    outcomes: Counter[str] = Counter()
    slowest: list[tuple[float, str, str]] = []
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place, Decoder(2) as decoder, ThreadPoolExecutor(2) as threads:
        sound = [*samples(Path(place)), *real_files()]

        def attempt(number: int) -> tuple[str, float, str]:
            random = np.random.default_rng((options.seed, number))
            name, data = sound[number % len(sound)]
            path = Path(place) / f"{number}-{name}"
            path.write_bytes(damage(data, random))
            view, frame = VIEWS[int(random.integers(0, len(VIEWS)))], None if random.random() < 0.95 else 2
            side = None if random.random() < 0.3 else 16
            begun = time.perf_counter()
            try:
                decoder.decode(Source(path, frame=frame), max_side=side, view=view)
                outcome = "decoded"
            except ImageRejected as rejection:
                outcome = rejection.code
            seconds = time.perf_counter() - begun
            if options.keep and (outcome in KEPT or seconds > 2):
                options.keep.mkdir(parents=True, exist_ok=True)
                path.rename(options.keep / path.name)
            path.unlink(missing_ok=True)
            return outcome, seconds, path.name

        for outcome, seconds, name in threads.map(attempt, range(options.count)):
            outcomes[outcome] += 1
            slowest = sorted([*slowest, (seconds, name, outcome)], reverse=True)[:8]
    taken = time.perf_counter() - started
    print(f"{options.count} files from {len(sound)} sound ones, seed {options.seed}, {taken:.0f} s")
    for outcome, count in outcomes.most_common():
        print(f"{outcome:<18}{count:>8}")
    for seconds, name, outcome in slowest:
        print(f"{seconds:>8.2f} s  {outcome:<16} {name}")
    lost = options.count - sum(outcomes.values())
    sys.exit(1 if lost or any(outcomes[code] for code in BAD) else 0)


def real_files() -> Iterator[tuple[str, bytes]]:
    place = os.environ.get("WETREAD_REAL_DATA")
    if place:
        for path in sorted((Path(place) / "dicom-assorted" / "files").rglob("*")):
            if path.is_file() and path.stat().st_size <= MAX_REAL_BYTES:
                yield path.name, path.read_bytes()


if __name__ == "__main__":
    main()
