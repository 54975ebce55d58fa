"""One child process as its parent sees it: start, ask, wait, kill."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wetread.images.forked import ForkedProcess
from wetread.images.gate import MAX_DECODED_BYTES
from wetread.images.wire import BrokenWire, Task, receive

#: Starting Python and loading the decoders may take this long on a busy machine with a slow disk.
START_SECONDS = 120.0
COMMAND = (sys.executable, "-P", "-m", "wetread.images.worker")


class ChildDied(Exception):  # noqa: N818 - a verdict on a file rather than an error of ours
    """The child is gone. ``timed_out``: it was silent for too long. ``started``: it had been ready before."""

    def __init__(self, *, timed_out: bool, started: bool) -> None:
        super().__init__("timed out" if timed_out else "died")
        self.timed_out = timed_out
        self.started = started


class Child:
    """A running worker. Used by one thread at a time; `kill` and `check_deadline` may come from any.

    Args:
        process: The worker, just started.
        seconds: Time limit per file.
    """

    def __init__(self, process: subprocess.Popen[bytes] | ForkedProcess, seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._timed_out = False
        self._started = False
        self._arm(START_SECONDS)

    @classmethod
    def start(cls, command: Sequence[str], seconds: float) -> Child:
        """Starts a worker.

        Args:
            command: What to start; the time limit is added as its last argument.
            seconds: Time limit per file.
        """
        # A session of its own, so that Ctrl-C in the terminal reaches only the parent.
        posix = os.name == "posix"
        flags = 0 if posix else subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined,unused-ignore]
        process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [*command, str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=posix,
            creationflags=flags,
        )
        return cls(process, seconds)

    @classmethod
    def fork(cls, seconds: float) -> Child:
        """As `start`, by a copy of this process; only where `wetread.images.forked.may_fork`."""
        return cls(ForkedProcess(seconds), seconds)

    def ask(self, task: Task) -> tuple[dict[str, Any], bytearray]:
        """Sends one task and waits for the answer.

        Raises:
            ChildDied: No answer came; the child is dead and its memory freed.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            while not self._started:
                self._await_ready()
            self._arm(self._seconds)
            self._process.stdin.write(task.as_line())
            self._process.stdin.flush()
            while True:
                header, body = receive(self._process.stdout, max_body=MAX_DECODED_BYTES)
                if header.get("status") in ("decoded", "surveyed", "refused"):
                    return header, body
                self._arm(START_SECONDS if header.get("status") == "loading" else self._seconds)
        except (BrokenWire, OSError, ValueError) as error:
            self.kill()
            raise ChildDied(timed_out=self._timed_out, started=self._started) from error
        finally:
            self._arm(None)

    def check_deadline(self) -> None:
        """Kills the child if its time is up; called a few times per second."""
        with self._lock:
            if self._deadline is not None and time.monotonic() > self._deadline:
                self._timed_out = True
                self._deadline = None
                self._process.kill()

    def kill(self) -> None:
        """Ends the child at once and for good. Closing its pipes also wakes a thread that waits for it."""
        with contextlib.suppress(OSError):
            self._process.kill()
        with contextlib.suppress(OSError, ValueError, subprocess.TimeoutExpired):
            self._process.wait(timeout=5)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()

    def _await_ready(self) -> None:
        assert self._process.stdout is not None
        header, _ = receive(self._process.stdout, max_body=0)
        self._started = header.get("status") == "ready"

    def _arm(self, seconds: float | None) -> None:
        with self._lock:
            self._deadline = None if seconds is None else time.monotonic() + seconds


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    # One thread each: the processes are the parallelism, and the buffers of OpenBLAS on a machine of many cores
    # would use up the memory limit before the first file.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = "1"
    # The child must find this very package, also where a notebook put it on sys.path. Not so for an installed one,
    # whose neighbours would come before the standard library.
    root = Path(__file__).resolve().parents[2]
    if root.name not in ("site-packages", "dist-packages"):
        others = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{root}{os.pathsep}{others}" if others else str(root)
    return environment
