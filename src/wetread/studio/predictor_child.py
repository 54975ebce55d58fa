"""One ``predictor_process`` as the server sees it: start, ask, wait, kill."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wetread.errors import InputError
from wetread.studio.answers import Refusal

#: A map of 512 x 512 numbers takes some 4 MB.
LONGEST_LINE = 64 << 20


class ChildGone(Exception):  # noqa: N818 - a result rather than an error of ours
    """The child ended, or was ended since its time was up (``timed_out``)."""

    def __init__(self, *, timed_out: bool) -> None:
        super().__init__("timed out" if timed_out else "ended")
        self.timed_out = timed_out


class Child:
    """A running process. Used by one thread at a time; `kill` may come from any.

    Args:
        command: What to start.
        model: The run folder, added as its last argument.
    """

    def __init__(self, command: Sequence[str], model: Path) -> None:
        posix = os.name == "posix"
        flags = 0 if posix else subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined,unused-ignore]
        self._number = 0
        self._timed_out = False
        # A session of its own, so that Ctrl-C in the terminal reaches only the server. Nothing it prints is kept.
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [*command, str(model.absolute())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            start_new_session=posix,
            creationflags=flags,
        )

    def await_ready(self, seconds: float) -> None:
        """Waits for the model; raises `InputError` where it cannot be loaded, `ChildGone` where the child ended."""
        told = self._read(seconds)
        if "failed" in told:
            raise _as_error(told["failed"])

    def ask(self, asked: dict[str, Any], seconds: float) -> Any:
        """Asks one question.

        Raises:
            InputError: The child says why it cannot answer.
            ChildGone: It ended, was ended, or answers something else.
        """
        assert self.process.stdin is not None
        self._number += 1
        try:
            self.process.stdin.write(json.dumps({"n": self._number, **asked}).encode("ascii") + b"\n")
            self.process.stdin.flush()
        except (OSError, ValueError) as error:
            raise ChildGone(timed_out=False) from error
        told = self._read(seconds)
        if told.get("n") != self._number:
            raise ChildGone(timed_out=False)
        if "error" in told:
            raise _as_error(told["error"])
        return told.get("answer")

    def kill(self) -> None:
        """Ends the process at once; also wakes a thread that waits for its answer."""
        with contextlib.suppress(OSError):
            self.process.kill()
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()

    def _read(self, seconds: float) -> dict[str, Any]:
        assert self.process.stdout is not None
        fuse = threading.Timer(seconds, self._expire)
        fuse.daemon = True
        fuse.start()
        try:
            line = self.process.stdout.readline(LONGEST_LINE)
            told = json.loads(line)
        except (OSError, ValueError) as error:
            raise ChildGone(timed_out=self._timed_out) from error
        finally:
            fuse.cancel()
        if not isinstance(told, dict):
            raise ChildGone(timed_out=False)
        return told

    def _expire(self) -> None:
        self._timed_out = True
        with contextlib.suppress(OSError):
            self.process.kill()


def _as_error(told: dict[str, Any]) -> Exception:
    if told.get("code") == "fault":
        return Refusal(500, str(told["message"]), str(told["remedy"]), "fault")
    return InputError(str(told["message"]), remedy=str(told["remedy"]), code=str(told["code"]))


def _environment() -> dict[str, str]:
    """The child must find this very package, also where it was not installed, and no code of the folder it is in."""
    environment = {**os.environ, "PYTHONSAFEPATH": "1"}
    root = Path(__file__).resolve().parents[2]
    if root.name not in ("site-packages", "dist-packages"):
        others = environment.get("PYTHONPATH")
        environment["PYTHONPATH"] = f"{root}{os.pathsep}{others}" if others else str(root)
    return environment
