"""The main job on the public sets beside the checkout: time, memory, gate, headline.

    WETREAD_REAL_DATA=path python bench/real.py [--preset standard]

Prints one row per run. Slow, and not part of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

JOBS = (
    ("chest-vs-abdomen-openi", []),
    ("cxr-nih-effusion", ["--classes", "effusion,no_finding"]),
    ("cxr-nih-effusion", []),
    ("mednist-6class-64px", []),
    ("cxr-nih1000-64px-kcr2019", []),
    ("cxr-covid-vs-normal-confounded", []),
    ("brain-mri-tumor-4class", []),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="standard")
    options = parser.parse_args()
    data = Path(os.environ["WETREAD_REAL_DATA"])
    print(f"{'data':<34}{'exit':>5}{'seconds':>9}{'peak MiB':>10}  gate   headline")
    for name, arguments in JOBS:
        with tempfile.TemporaryDirectory() as place:
            out = Path(place) / "run"
            command = [sys.executable, "-m", "wetread", "run", str(data / name), "--out", str(out), "--json", "--quiet"]
            started = time.perf_counter()
            done = subprocess.run([*command, "--preset", options.preset, *arguments], capture_output=True, text=True)
            seconds = time.perf_counter() - started
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # of the largest child so far
            if done.returncode > 1:
                print(f"{name:<34}{done.returncode:>5}{seconds:>9.0f}{peak:>10.0f}  {done.stderr.strip()[-120:]}")
                continue
            found = json.loads(done.stdout)
            head = found["numbers"]["headline"]
            n = found["numbers"]["n"]["images"]
            text = f"AUROC {head['value']:.2f} ({head['low']:.2f} to {head['high']:.2f}), n {n}"
            print(f"{name:<34}{done.returncode:>5}{seconds:>9.0f}{peak:>10.0f}  {found['gate']:<6} {text}", flush=True)


if __name__ == "__main__":
    main()
