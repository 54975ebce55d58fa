"""Stands for `wetread` in tests of jobs: the same run folder, lock, events and endings, in a second.

What it does is in its environment: FAKE_ITEMS and FAKE_TICK (seconds each); FAKE_GATE: a file without which the last
item is not done; FAKE_END: finish, refuse (before there is a run folder), deaf (does not hear SIGTERM), orphan (leaves
a child behind).
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from wetread.cli.output import with_progress
from wetread.errors import InputError, WetreadError
from wetread.main_job.session import step, working_in
from wetread.progress import EpochDone, StepAdvanced
from wetread.request import Request
from wetread.run_folder import RunFolder

ITEMS, TICK = int(os.environ.get("FAKE_ITEMS", "10")), float(os.environ.get("FAKE_TICK", "0.03"))
GATE = os.environ.get("FAKE_GATE")
END = os.environ.get("FAKE_END", "finish")


def interrupt(number, frame):
    raise KeyboardInterrupt


def train(tell):
    with step(tell, "train", "Training and testing", ITEMS) as done:
        for number in range(1, ITEMS + 1):
            time.sleep(TICK)
            while number == ITEMS and GATE and not Path(GATE).exists():
                time.sleep(TICK)
            tell(EpochDone(1, 1, 1, number, ITEMS, TICK, 0.003, 1 / number, 1.5 / number, 0.5 + 0.4 * number / ITEMS))
            tell(StepAdvanced("train", number, ITEMS, f"epoch {number}"))
        done("done")


def main():
    signal.signal(signal.SIGTERM, signal.SIG_IGN if END == "deaf" else interrupt)
    if END == "orphan":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    if END == "refuse":
        raise InputError("The table has no label.", remedy="Add one.", code="no-labels")
    if "--out" not in sys.argv:
        with_progress(train, True)
        return
    out = Path(sys.argv[sys.argv.index("--out") + 1])
    folder = RunFolder.create(out, overwrite="--overwrite" in sys.argv, resume="--resume" in sys.argv)
    with working_in(folder, Request(Path(sys.argv[2])), lambda event: None) as tell:
        train(tell)
        folder.write_json("findings.json", [])


if __name__ == "__main__":
    try:
        main()
    except WetreadError as error:
        print(f"wetread: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
