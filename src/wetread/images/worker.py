"""The child process that decodes: ``python -m wetread.images.worker``.

It reads one `wetread.images.wire.Task` per line from its standard input and answers each with one message of
``wire.py``: the facts and the pixels, what the header says, or a code of `wetread.errors.REJECTIONS`. It may be killed
at any time. When its input ends it ends.
"""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from wetread.errors import ImageRejected
from wetread.images.cache import PixelCache, entry_key
from wetread.images.containers import Containers
from wetread.images.read import Aside, decode_image, read_values, survey_image
from wetread.images.wire import Task, send

MAX_MEMORY_BYTES = 4 << 30


def main() -> None:
    """Starts to `work`. The first argument is the time limit per file in seconds."""
    work(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)


def work(seconds: float) -> None:
    """Answers requests on the standard input until it ends, and then ends the process.

    Args:
        seconds: Time limit per file.
    """
    requests, replies = take_pipes()
    limit_process()
    # Pillow's own import belongs to the start, not to the time limit of the first file.
    importlib.import_module("wetread.images.pictures")

    @contextmanager
    def aside() -> Iterator[None]:
        """Stops the clock of parent and child while something slow goes on that is no fault of the file."""
        send(replies, {"status": "loading"})
        arm_fuse(0)
        yield
        arm_fuse(seconds)
        send(replies, {"status": "ready"})

    containers = Containers(aside)
    send(replies, {"status": "ready"})
    while line := requests.readline():
        task = Task.from_line(line)
        arm_fuse(seconds)
        header, body = answer(task, containers, aside)
        arm_fuse(0)
        send(replies, header, body)
    # No clean-up: a decoder that was half broken by a bad file could hang in it.
    os._exit(0)


def answer(task: Task, containers: Containers, aside: Aside) -> tuple[dict[str, Any], bytes | memoryview]:
    """Does one task and never raises.

    Args:
        task: What to do.
        containers: Archives and array files that are open.
        aside: Entered around what takes long and is no fault of the file.

    Returns:
        Header and body of the reply.
    """
    try:
        if task.survey:
            survey = survey_image(task.source, containers=containers, aside=aside)
            return {"status": "surveyed", "survey": survey.as_dict()}, b""
        if task.values:
            values = read_values(task.source, max_side=task.max_side, containers=containers, aside=aside)
            said = {"status": "decoded", "shape": list(values.pixels.shape), "values": values.as_dict()}
            return said, np.ascontiguousarray(values.pixels).data.cast("B")
        cache = PixelCache(Path(task.cache)) if task.cache else None
        image = decode_image(
            task.source, max_side=task.max_side, view=task.view, cache=cache, containers=containers, aside=aside
        )
    except ImageRejected as error:
        return {"status": "refused", "code": error.code}, b""
    except MemoryError:
        return {"status": "refused", "code": "out-of-memory"}, b""
    except BaseException:  # pyo3's PanicException is one; no text of theirs is passed on, it may name a patient
        return {"status": "refused", "code": "damaged"}, b""
    header = {
        "status": "decoded",
        "shape": list(image.pixels.shape),
        "facts": image.facts.as_dict(),
        "file_sha256": image.file_sha256,
        "pixel_sha256": image.pixel_sha256,
        "cached": image.cached,
        "key": entry_key(image.file_sha256, task.view, task.source.frame, task.max_side) if cache else "",
    }
    return header, np.ascontiguousarray(image.pixels).data.cast("B")


def take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Keeps the two pipes for ourselves, so that a decoder that prints cannot write into a reply."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    return requests, replies


def limit_process() -> None:
    """Less memory, no core dump (it would hold pixels and names), no Ctrl-C, no texts of decoders."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    try:
        import resource
    except ImportError:  # Windows
        return
    for limit, value in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, MAX_MEMORY_BYTES)):
        hard = resource.getrlimit(limit)[1]
        wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(limit, (wanted, wanted))
        except (ValueError, OSError):  # macOS refuses RLIMIT_AS
            continue


def arm_fuse(seconds: float) -> None:
    """Ends this process some time after its limit, should the parent be gone and unable to kill it; 0 disarms."""
    if hasattr(signal, "alarm"):
        # The default action of SIGALRM needs no Python, so it also ends an endless loop in C.
        signal.alarm(int(seconds) + 5 if seconds else 0)


if __name__ == "__main__":
    main()
