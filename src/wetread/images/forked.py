"""A decoder process made by a fork of this one: ready at once, where starting Python takes a third of a second each.

A fork copies one thread only. A lock that another thread holds at that moment stays locked in the copy for good, so
this is done only while there is no other thread, which is the case when a command begins; later, in a notebook, in the
studio and on other systems than Linux, processes are started anew. Threads of OpenBLAS do not count: it stops and
restarts them around a fork (``pthread_atfork``).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from typing import IO, NoReturn

#: Libraries that keep threads of their own, unknown to Python, which a fork would lose.
_THREADED = ("torch", "openvino", "tensorflow")


def may_fork() -> bool:
    """Whether a copy of this process would be sound: Linux, one thread, and no library that keeps threads."""
    return (
        sys.platform == "linux"
        and threading.active_count() == 1
        and threading.current_thread() is threading.main_thread()
        and not any(name in sys.modules for name in _THREADED)
    )


class ForkedProcess:
    """A copy of this process that decodes; what `wetread.images.child.Child` needs of `subprocess.Popen`.

    Args:
        seconds: Time limit per file.

    Attributes:
        stdin: Where tasks are written to.
        stdout: Where answers are read from.
        pid: Of the process.
    """

    def __init__(self, seconds: float) -> None:
        tasks, replies = os.pipe(), os.pipe()
        # Ctrl-C between here and the worker's own setting would raise in a copy of our callers.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _become_worker(tasks[0], replies[1], seconds)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(tasks[0])
        os.close(replies[1])
        self.stdin: IO[bytes] = os.fdopen(tasks[1], "wb")
        self.stdout: IO[bytes] = os.fdopen(replies[0], "rb")
        self._lock = threading.Lock()
        self._status: int | None = None

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        with self._lock:
            if self._status is None:
                try:
                    done, status = os.waitpid(self.pid, os.WNOHANG)
                except ChildProcessError:  # somebody else waited for all children
                    done, status = self.pid, 0
                if done:
                    self._status = os.waitstatus_to_exitcode(status)
            return self._status

    def kill(self) -> None:
        """Ends it at once."""
        # Held: nobody may collect the process meanwhile, whose number could then be another's.
        with self._lock, contextlib.suppress(ProcessLookupError):
            if self._status is None:
                os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float) -> int:
        """Waits for its end.

        Raises:
            subprocess.TimeoutExpired: As `subprocess.Popen.wait`.
        """
        end = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("worker", timeout)
            time.sleep(0.002)
        return status


def _become_worker(tasks: int, replies: int, seconds: float) -> NoReturn:
    """The life of the copy, which never returns to our callers."""
    try:
        os.setsid()  # Ctrl-C in the terminal reaches only the parent
        os.dup2(tasks, 0)
        os.dup2(replies, 1)
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 2)
        # Also the parent's ends of the pipes of earlier copies: an end held here would keep those from ending.
        os.closerange(3, max(65536, os.sysconf("SC_OPEN_MAX")))
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

        from wetread.images.worker import work

        work(seconds)
    finally:
        os._exit(1)
