"""What is known of a process: whether it is the one that was started, and who holds the lock of a folder.

A number alone says nothing: after a restart of the machine, or a busy week, it belongs to somebody else. So a process
is known by its number and the moment of its birth, and who works in a run folder is asked of the system, which knows.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from wetread.writing import AppendLog

#: Not asked directly: a type checker would take the branches of other systems for dead.
SYSTEM: str = sys.platform
#: ``struct flock`` of fcntl(2), its members in the order of each system: type, whence, start, length, process.
_FLOCK = {"linux": ("hhqqi", (0, 4)), "darwin": ("qqihh", (3, 2))}


def start_process(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Starts a process that outlives this one: a session of its own, no input, its words at the end of a file.

    Args:
        command: Program and arguments.
        log: Where its output goes; what was there stays.
        environment: Added to that of this process.

    Raises:
        OutputError: The log cannot be written.
        OSError: There is no such program.
    """
    flags = 0
    if SYSTEM == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined,unused-ignore]
    with AppendLog(log) as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output.fileno(),
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=os.name == "posix",
            creationflags=flags,
        )


def born(pid: int) -> str:
    """What tells a process from another that later bears the same number; empty where it is gone, or a zombie."""
    if SYSTEM == "linux":
        return _born_linux(pid)
    if SYSTEM == "win32":
        return _born_windows(pid)
    told = subprocess.run(["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)  # noqa: S603
    state, _, moment = told.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else moment.strip()


def _born_linux(pid: int) -> str:
    # proc(5): the name in brackets may hold anything, so fields are counted from the last bracket on: state is the
    # third of all, the start in ticks since the boot the 22nd.
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _born_windows(pid: int) -> str:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    times, code = [ctypes.c_uint64() for _ in range(4)], ctypes.c_uint32()
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return ""
    try:
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.GetProcessTimes(handle, *(ctypes.byref(one) for one in times))
    finally:
        kernel.CloseHandle(handle)
    return str(times[0].value) if code.value == 259 else ""  # STILL_ACTIVE


def lock_holder(path: Path) -> int | None:
    """The process that holds the lock of a folder (`wetread.writing.FolderLock`); None where nobody does.

    The question takes no lock itself, not even for a moment in which a run that begins would find the folder busy.

    Args:
        path: The lock file.

    Returns:
        Its number; 0 where somebody holds it whose number this process cannot know. Always None on Windows, where a
        folder is not locked.
    """
    if SYSTEM == "win32":
        return None
    import fcntl

    layout, (kind_at, pid_at) = _FLOCK.get(SYSTEM, _FLOCK["darwin"])
    question = [0, 0, 0, 0, 0]
    question[kind_at] = fcntl.F_WRLCK
    try:
        with open(path, "rb") as handle:
            answer = struct.unpack(layout, fcntl.fcntl(handle, fcntl.F_GETLK, struct.pack(layout, *question)))
    except OSError:
        return None
    return None if answer[kind_at] == fcntl.F_UNLCK else max(0, int(answer[pid_at]))


def ask_to_end(pid: int) -> None:
    """Asks a process to end in good order, as Ctrl-C would."""
    with contextlib.suppress(OSError):
        if SYSTEM == "win32":
            os.kill(pid, signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined,unused-ignore]
        else:
            os.kill(pid, signal.SIGTERM)


def kill_group(pid: int) -> None:
    """Ends a process that was started here, and all that it started in its own group, at once."""
    with contextlib.suppress(OSError):
        if SYSTEM == "win32":
            os.kill(pid, signal.SIGTERM)  # which is TerminateProcess there
        else:
            os.killpg(pid, signal.SIGKILL)


def reap(process: subprocess.Popen[bytes]) -> int | None:
    """Exit code of a child that ended, after whatever it left in its group was ended too; None while it works."""
    if os.name == "posix" and process.returncode is None:
        # Looked at before it is reaped: as long as it is a zombie, nobody else can have its number.
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
                return None
            kill_group(process.pid)
    return process.poll()
