"""The frame of every job: run.json is true at any moment, and each step says when it begins and how it ended."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wetread.errors import Stopped, WetreadError
from wetread.progress import Event, Listener, RunFinished, StepFinished, StepStarted
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
            seed=request.seed,
            preset=request.preset,
            error=None,
        )
        yield tell
        end(FINISHED)
    except KeyboardInterrupt:
        end(STOPPED)
        raise Stopped(
            "Stopped. Everything finished so far is kept.",
            remedy=f"Go on with: --resume --out {folder.path}",
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
