"""Trains, is killed, goes on, many times over; the weights must end as those of an undisturbed run.

`python kill_fits.py 20` prints a JSON object. One process imports torch once and forks a child for every attempt; half
of the kills come at any time, half while a checkpoint is being written. It goes on until a quarter of them did: on a
busy machine the writing may be over before the kill comes.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from training.small_fit import SETTINGS, bright_against_dark, fit, tiny_network, weights_hash
from wetread.training.checkpoint import Checkpoints

SETTINGS = replace(SETTINGS, epochs=24, batch=16, keep="ema")


def attempt(place):
    """A child that trains; returns its number and the pipe that gets a byte per epoch and the hash at the end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        network = tiny_network(width=16)
        data = bright_against_dark(48, side=24)
        fit(SETTINGS, network=network, data=data, place=place, on_epoch=lambda *_: os.write(writing, b"."))
        os.write(writing, weights_hash(network).encode())
    finally:
        os._exit(0)


def said(reading):
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read().decode()
    return text.count("."), text.lstrip(".")


def saved(place):
    """Epoch of the newest checkpoint that is whole, whatever its key; 0 for none."""
    epochs = [0]
    for path in place.glob("epoch-*.json"):
        store = Checkpoints(place, json.loads(path.read_text())["key"])
        found = store.newest()
        epochs += [found[0].epoch] if found else []
    return max(epochs)


def wait_for(place, child, window, limit):
    """Sleeps for a random time, or until a checkpoint is being written; False where the child ended by itself."""
    ends = time.monotonic() + limit
    while time.monotonic() < ends:
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        if window and any(entry.name.endswith(".tmp") for entry in os.scandir(place)):
            return True
        time.sleep(0.001)
    return True


def main(wanted):
    torch.set_num_threads(1)
    draw = random.Random(5)
    done = in_window = lost = whole_runs = differing = 0
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        child, reading = attempt(Path(folder) / "undisturbed")
        os.waitpid(child, 0)
        length, expected = time.monotonic() - began, said(reading)[1]
        run, kills = 0, wanted
        while True:
            place = Path(folder) / f"run{run}"
            place.mkdir(exist_ok=True)
            before = saved(place)
            child, reading = attempt(place)
            window = done % 2 == 1
            # Some way into the run first, or the same checkpoint would be hit each time.
            time.sleep(draw.uniform(0, 0.1) * length if window else 0)
            if done < kills and wait_for(place, child, window, 60 if window else draw.uniform(0.02, 0.2) * length):
                inside = any(entry.name.endswith(".tmp") for entry in os.scandir(place))
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                done, in_window = done + 1, in_window + inside
                if done == kills < 10 * wanted and in_window < wanted / 4:
                    kills += 2
                # What `on_epoch` was told of is written, but for the last, which may be on its way.
                lost += max(0, before + said(reading)[0] - 1 - saved(place))
                continue
            if done >= kills:
                os.waitpid(child, 0)
            whole_runs, run = whole_runs + 1, run + 1
            differing += said(reading)[1] != expected
            if done >= kills:
                break
    print(
        json.dumps(
            {
                "kills": done,
                "in_window": in_window,
                "lost": lost,
                "runs": whole_runs,
                "differing": differing,
                "expected": expected[:16],
                "seconds_undisturbed": round(length, 2),
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
