"""The whole main job on phantoms: seconds and peak memory per step, as a table.

    python bench/main_job.py [--images 200] [--patients 120]

Figures of one run on one machine: compare steps with each other, and runs only on the same quiet machine.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import wetread
from wetread.progress import Event, StepFinished


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--patients", type=int, default=120)
    parser.add_argument("--preset", default="standard")
    options = parser.parse_args()
    rows: list[tuple[str, float, float]] = []

    def listen(event: Event) -> None:
        if isinstance(event, StepFinished):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
                1 << 20 if sys.platform == "darwin" else 1 << 10
            )
            rows.append((event.step, event.seconds, peak))

    with tempfile.TemporaryDirectory() as place:
        started = time.perf_counter()
        data = wetread.make_data(Path(place) / "data", images=options.images, patients=options.patients, listen=listen)
        run = wetread.run(data, out=Path(place) / "run", preset=options.preset, listen=listen)
        total = time.perf_counter() - started
        print(f"{options.images} images, {options.patients} patients, preset {options.preset}: {run.headline}\n")
    print(f"{'step':<10}{'seconds':>9}{'share':>8}{'peak MiB':>10}")
    for step, seconds, peak in rows:
        print(f"{step:<10}{seconds:>9.1f}{seconds / total:>8.0%}{peak:>10.0f}")
    print(f"{'total':<10}{total:>9.1f}")


if __name__ == "__main__":
    main()
