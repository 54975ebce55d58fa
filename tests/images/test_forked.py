"""Decoder processes that are copies of the program: sound, closed off from it, and as mortal as started ones."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from fake.pictures import write_png

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux only")

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)

# A program of its own: the one that runs the tests has other threads, so it never copies itself.
_PROGRAM = """
import json, os, signal, sys, threading, time
from pathlib import Path
import numpy
secret = open(sys.argv[1])
signal.signal(signal.SIGTERM, lambda *_: None)
if "thread" in sys.argv:
    threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
if "torch" in sys.argv:
    sys.modules["torch"] = json
from wetread.errors import ImageRejected
from wetread.images.decoder import Decoder

def read(pid, name):
    return Path(f"/proc/{pid}/{name}").read_text()

with Decoder(2, seconds=60.0) as decoder:
    decoder.start()
    children = list(decoder._crew._alive)
    pids = [child._process.pid for child in children]
    told = {"kinds": sorted({type(child._process).__name__ for child in children}), "pids": pids}
    told["pixels"] = [decoder.decode(sys.argv[1]).pixels.tolist() for _ in range(3)]
    told["open"] = sorted({os.readlink(f"/proc/{pid}/fd/{fd}").split(":")[0]
                           for pid in pids for fd in os.listdir(f"/proc/{pid}/fd")})
    told["caught"] = [line.split()[1] for pid in pids for line in read(pid, "status").splitlines() if "SigCgt" in line]
    told["limits"] = [line.split()[3] for pid in pids for line in read(pid, "limits").splitlines() if "address" in line]
    if "kill" in sys.argv:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        told["again"] = decoder.decode(sys.argv[1]).pixels.tolist()
    if "stop" in sys.argv:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        for child in children:
            child._seconds = 1.0
        try:
            decoder.decode(sys.argv[1])
        except ImageRejected as rejection:
            told["refused"] = rejection.code
    print(json.dumps(told), flush=True)
    if "wait" in sys.argv:
        time.sleep(3600)
"""


def run(path, *words, end=None):
    """What the program tells, and whether its processes end with it."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _PROGRAM, str(path), *words], stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )  # fmt: skip
    told = json.loads(process.stdout.readline() or json.dumps({"error": process.stderr.read()}))
    if end is not None:
        os.killpg(process.pid, end)
    _, errors = process.communicate(timeout=240)
    assert errors.count("Traceback") == (1 if end == signal.SIGINT else 0), errors
    return told


def ended(pid, seconds=120.0):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def picture(tmp_path):
    return write_png(tmp_path / "a.png", RAMP)


def test_a_program_of_one_thread_copies_itself_and_the_copies_hold_nothing_of_it(picture):
    told = run(picture)
    assert told["kinds"] == ["ForkedProcess"]
    assert told["pixels"] == [RAMP.tolist()] * 3
    assert told["open"] == ["/dev/null", "pipe"]
    assert told["limits"] == [str(4 << 30)] * 2
    assert all(int(caught, 16) & (1 << signal.SIGTERM - 1) == 0 for caught in told["caught"])


@pytest.mark.parametrize("word", ["thread", "torch"])
def test_where_a_copy_might_lack_a_thread_processes_are_started(picture, word):
    told = run(picture, word)
    assert told["kinds"] == ["Popen"]
    assert told["pixels"] == [RAMP.tolist()] * 3


@pytest.mark.parametrize("end", [None, signal.SIGINT, signal.SIGKILL])
def test_copies_end_with_the_program(picture, end):
    told = run(picture, *(["wait"] if end else []), end=end)
    assert told["kinds"] == ["ForkedProcess"]
    assert all(ended(pid) for pid in told["pids"])


def test_a_copy_that_dies_is_replaced(picture):
    told = run(picture, "kill")
    assert told["again"] == RAMP.tolist()
    assert all(ended(pid) for pid in told["pids"])


def test_a_copy_that_hangs_is_killed_by_the_clock(picture):
    told = run(picture, "stop")
    assert told["refused"] == "decoder-timeout"
    assert all(ended(pid) for pid in told["pids"])
