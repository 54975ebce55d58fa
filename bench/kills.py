"""A fit killed two hundred times, half of them while it writes a checkpoint: it must end with the bits of a whole one.

    python bench/kills.py [--kills 200]

Prints the counts. Exit code 1 if a resumed fit ended with other weights, or lost more than the epoch that was on its
way to the disk.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "tests" / "training" / "kill_fits.py"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    done = subprocess.run([sys.executable, SCRIPT, str(parser.parse_args().kills)], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return 1
    result = json.loads(done.stdout)
    print(f"{result['kills']} kills ({result['in_window']} inside the save window), {result['runs']} whole fits:")
    print(f"{result['lost']} epochs lost beyond the one on its way, {result['differing']} fits with other weights")
    return 1 if result["lost"] or result["differing"] else 0


if __name__ == "__main__":
    sys.exit(main())
