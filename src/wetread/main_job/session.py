"""The frame of every job: run.json is true at any moment, and each step says when it begins and how it ended."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wetread.errors import AskedToStop, Stopped, WetreadError
from wetread.progress import Event, Listener, Notice, RunFinished, StepFinished, StepStarted
from wetread.request import Request, name_of
from wetread.run_folder import FAILED, FINISHED, RUNNING, STOPPED, RunFolder, command_line


@contextmanager
def working_in(folder: RunFolder, request: Request, listen: Listener) -> Iterator[Listener]:
    """Keeps run.json true whatever happens: running, then finished, stopped or failed."""
    started = time.perf_counter()

    def tell(event: Event) -> None:
        folder.record(event)
        listen(event)

    def end(status: str, **facts: Any) -> None:
        folder.write_history()
        tell(RunFinished(status, time.perf_counter() - started))
        folder.write_status(status, **facts)

    try:
        folder.write_status(
            RUNNING,
            command=command_line(),
            data=name_of(request.data),
            # One that is resumed keeps the title it began with, where no other is given.
            **({"title": request.title} if request.title else {}),
            seed=request.seed,
            preset=request.preset,
            error=None,
            left_out=None,
        )
        yield tell
        end(FINISHED)
    except KeyboardInterrupt:
        end(STOPPED)
        if folder.keeps_earlier:
            raise Stopped(f"Stopped. {folder.path} is as it was before.", file=folder.path) from None
        raise Stopped(
            _say_kept(folder.path) if folder.resumable else "Stopped.",
            remedy=f"Go on with: {say_resume(folder.path)}" if folder.resumable else "Repeat the command.",
            file=folder.path,
        ) from None
    except WetreadError as error:
        end(FAILED, error={"code": error.code, "message": error.message})
        raise
    except BaseException as error:
        end(FAILED, error={"code": "fault", "message": type(error).__name__})
        raise
    finally:
        folder.close()


@contextmanager
def step(tell: Listener, name: str, title: str, total: int | None = None) -> Iterator[Any]:
    """Tells when a step starts and ends; yields a function that takes its summary."""
    started, summary = time.perf_counter(), [""]
    tell(StepStarted(name, title, total))
    yield lambda text: summary.__setitem__(0, text)
    tell(StepFinished(name, time.perf_counter() - started, summary[0]))


def _say_kept(path: Path) -> str:
    if (path / "model").is_dir():
        return "Stopped. The model is finished and kept; what follows it is not."
    if (path / "folds").is_dir():
        return (
            "Stopped. There is no model yet. What is kept: finished folds, the final model if its fit has ended, and "
            "of each network at work its last whole epoch."
        )
    return "Stopped before training. Everything finished so far is kept."


def say_resume(path: Path) -> str:
    """The command that goes on with the run that this command began; for Python, what to add to the call."""
    program, *words = command_line()
    # Other programs have a __main__.py as well.
    foreign = program == "__main__.py" and Path(sys.argv[0]).parent.name != "wetread"
    if program not in PROGRAMS or foreign:
        return f"resume=True, out={str(path)!r}"
    words = [word for word in words if word not in ("--overwrite", "--resume")]
    known = any(word == "--out" or word.startswith("--out=") for word in words)
    words += [*(() if known or words[:1] == ["demo"] else ("--out", str(path))), "--resume"]
    return shlex.join([*PROGRAMS[program], *words])


#: Name of the running file -> how it is called.
PROGRAMS = {
    "wetread": ("wetread",),
    "wetread.exe": ("wetread",),
    "__main__.py": (Path(sys.executable).stem, "-m", "wetread"),
}


@contextmanager
def may_be_left_out(folder: RunFolder, tell: Listener, what: str, files: Sequence[str]) -> Iterator[None]:
    """Ctrl-C in a stage after training leaves that stage out, and the run goes on to its end with what is there.

    Args:
        folder: Of the run; run.json says what was left out, and --resume makes up for it.
        tell: Is told.
        what: The stage does, in words.
        files: It writes; removed, as they may be half or of an earlier attempt.
    """
    try:
        yield
    except AskedToStop:
        raise
    except KeyboardInterrupt:
        leave_out(folder, what)
        for name in files:
            (folder.path / name).unlink(missing_ok=True)
        tell(
            Notice(
                f"Interrupted: {what} is left out, and the run ends with the rest. "
                "Ctrl-C again stops it; --resume makes up for what was left out."
            )
        )


def leave_out(folder: RunFolder, what: str) -> None:
    """Notes in run.json that an interruption left something out."""
    before = folder.find_json("run.json") or {}
    folder.write_status(RUNNING, left_out=[*(before.get("left_out") or []), what])
