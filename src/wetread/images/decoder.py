"""Decoder: sources -> pixels, in child processes that may crash or hang without harm."""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from queue import Empty, LifoQueue
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from wetread.errors import REJECTIONS, ImageRejected
from wetread.images.cache import PixelCache
from wetread.images.child import COMMAND, Child, ChildDied
from wetread.images.facts import DecodedImage, ImageFacts, Survey
from wetread.images.forked import may_fork
from wetread.images.source import Source
from wetread.images.values import ValueImage
from wetread.images.view import View
from wetread.images.wire import Task

_Result = TypeVar("_Result")
#: Seconds between two looks at the clock. A file may take that much longer than its limit.
_TICK = 0.1


#: Each child takes some 40 MB; beyond this many the disk is the limit.
MOST_WORKERS = 32


class Decoder:
    """Decodes images in a few child processes.

    A file that crashes its process or keeps it busy for too long is refused with ``decoder-crash`` or
    ``decoder-timeout``; a new process takes over for the next file. Threads may share one Decoder; processes may not.

    Args:
        workers: Child processes; None: one per core, at most 32.
        seconds: Time limit per file.
        cache: Pictures decoded before; looked into first, and added to. None: everything is decoded.
        command: What to start instead of the worker of this package; for tests.

    Example:
        >>> with Decoder() as decoder:                                  # doctest: +SKIP
        ...     image = decoder.decode("chest.dcm", max_side=512)
        ...     image.pixels.shape, image.facts.intensity
        ((512, 420), 'VOI window 2048/4096')
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        seconds: float = 10.0,
        cache: PixelCache | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        count = max(1, workers if workers is not None else min(os.cpu_count() or 1, MOST_WORKERS))
        self._count = count
        self._cache = cache
        self._crew = _Crew(count, tuple(command or COMMAND), seconds)
        # Also at the end of the interpreter, or when the Decoder is forgotten.
        self._finish = weakref.finalize(self, self._crew.close)

    def start(self) -> None:
        """Starts all processes now, without waiting for them; otherwise each starts when it is first needed."""
        self._crew.start_all()

    def decode(
        self,
        place: str | Path | Source,
        *,
        max_side: int | None = None,
        view: View | None = None,
        keep: bool = True,
    ) -> DecodedImage:
        """Decodes one image.

        Args:
            place: A PNG, JPEG, TIFF, BMP or DICOM file; the content counts, not the name. As a `Source` also a member
                of an archive, an item of an array file, or one frame.
            max_side: Longest side of the picture that comes back, in pixels; reduced by area averaging, never
                enlarged. None for full size.
            view: How stored values become 0..255, and which frame is taken where the source names none; None: as each
                file says, the middle frame.
            keep: Use the cache; not worth it for what is asked for once.

        Returns:
            The picture (``row column`` or ``row column 3``, 0 black .. 255 white as displayed) and its facts.

        Raises:
            ImageRejected: The image cannot be read; ``code`` says why.
        """
        source, view = Source.of(place), view or View()
        # An item of an array file has to be read before it can be looked up, so nothing would be won.
        cache = self._cache if keep and source.item is None else None
        folder = os.fspath(cache.folder.absolute()) if cache else ""
        image, key = self._crew.decode(Task(source, view, max_side, folder))
        if cache and key and not image.cached:
            cache.put(key, image)
        return image

    def decode_many(
        self, places: Iterable[str | Path | Source], *, max_side: int | None = None, view: View | None = None
    ) -> Iterator[tuple[int, DecodedImage | ImageRejected]]:
        """Decodes images on all processes at once.

        Args:
            places: The images, as in `decode`; read as the work goes on.
            max_side: As in `decode`.
            view: As in `decode`.

        Yields:
            The number of the image in ``places``, and its picture or the reason why there is none. Every number comes
            exactly once, in the order in which images are finished. A few images ahead of the caller are decoded, not
            more, so memory stays bounded.
        """
        return self._spread(places, lambda place: self.decode(place, max_side=max_side, view=view))

    def survey(self, places: Iterable[str | Path | Source]) -> Iterator[tuple[int, Survey | ImageRejected]]:
        """Reads the headers of images on all processes at once; no pixel is decoded.

        Args:
            places: As in `decode_many`.

        Yields:
            The number of the image in ``places``, and its header or the reason why it cannot be read.
        """
        return self._spread(places, lambda place: self._crew.survey(Task(Source.of(place), survey=True)))

    def values(self, place: str | Path | Source, *, max_side: int | None = None) -> ValueImage:
        """Reads one image before any window, for a viewer; arguments and errors as in `decode`, without the cache."""
        return self._crew.values(Task(Source.of(place), max_side=max_side, values=True))

    def _spread(
        self, places: Iterable[str | Path | Source], work: Callable[[str | Path | Source], _Result]
    ) -> Iterator[tuple[int, _Result | ImageRejected]]:
        def outcome(place: str | Path | Source) -> _Result | ImageRejected:
            try:
                return work(place)
            except ImageRejected as rejection:
                return rejection

        numbered = enumerate(places)
        pending: dict[Future[_Result | ImageRejected], int] = {}
        # More threads than processes, so that none of these waits while a picture is stored in the cache.
        threads = ThreadPoolExecutor(2 * self._count, thread_name_prefix="wetread-decode")
        try:
            while True:
                while len(pending) < 3 * self._count and (following := next(numbered, None)) is not None:
                    pending[threads.submit(outcome, following[1])] = following[0]
                if not pending:
                    return
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    yield pending.pop(future), future.result()
        finally:
            # The caller may have stopped early or pressed Ctrl-C: what was started ends without anybody waiting.
            threads.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """Ends the child processes; what is being decoded is given up."""
        self._finish()

    def __enter__(self) -> Decoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Crew:
    """The child processes of one Decoder, started when first needed, and the clock that watches them."""

    def __init__(self, count: int, command: tuple[str, ...], seconds: float) -> None:
        self._command = command
        self._seconds = seconds
        self._owner = os.getpid()
        # Last in, first out: a caller that decodes one file after the other needs one process, not all of them.
        self._idle: LifoQueue[Child | None] = LifoQueue()
        for _ in range(count):
            self._idle.put(None)
        self._alive: set[Child] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._clock: threading.Thread | None = None

    def start_all(self) -> None:
        """Puts a process into every empty place; a caller that is at work with one keeps it."""
        places: list[Child | None] = []
        with contextlib.suppress(Empty):
            while True:
                places.append(self._idle.get_nowait())
        # Decided once: the clock of the first process is a thread.
        fork = self._command == COMMAND and may_fork()
        for number, child in enumerate(places):
            with contextlib.suppress(OSError):  # whoever needs it meets the same fault, and says so
                places[number] = child or self._start(fork=fork)
        for child in places:
            self._idle.put(child)
        self._start_clock()

    def decode(self, task: Task) -> tuple[DecodedImage, str]:
        return self._insist(task, _understand)

    def survey(self, task: Task) -> Survey:
        return self._insist(task, _understand_survey)

    def values(self, task: Task) -> ValueImage:
        return self._insist(task, _understand_values)

    def _insist(self, task: Task, understand: Callable[[dict[str, Any], bytearray], _Result]) -> _Result:
        try:
            return self._attempt(task, understand)
        except ChildDied as death:
            if death.started and death.timed_out:
                raise ImageRejected("decoder-timeout", str(task.source)) from death
        # A crash counts when it comes twice: the first may be the late effect of the file before, or the choice of a
        # system that ran out of memory.
        try:
            return self._attempt(task, understand)
        except ChildDied as death:
            if not death.started:
                # Not the fault of a file: Python or a package of ours cannot be loaded.
                raise RuntimeError("the decoder process does not start") from death
            raise ImageRejected("decoder-timeout" if death.timed_out else "decoder-crash", str(task.source)) from death

    def _attempt(self, task: Task, understand: Callable[[dict[str, Any], bytearray], _Result]) -> _Result:
        assert os.getpid() == self._owner, "a Decoder cannot be used after a fork; make a new one"
        child = self._idle.get()
        try:
            if child is None:
                child = self._start()
            # The child runs elsewhere, perhaps since before the parent changed its folder.
            absolute = replace(task, source=replace(task.source, path=task.source.path.absolute()))
            header, body = child.ask(absolute)
            if header.get("status") == "refused":
                code = header.get("code")
                raise ImageRejected(code if code in REJECTIONS else "decoder-crash", str(task.source))
            return understand(header, body)
        except ImageRejected:
            raise
        except BaseException as error:
            # Also after Ctrl-C: the answer that is still on its way would be taken for that to the next request.
            self._forget(child)
            child = None
            if self._closed.is_set():
                raise RuntimeError("the Decoder was closed") from error
            raise
        finally:
            self._idle.put(child)

    def close(self) -> None:
        with self._lock:
            self._closed.set()
            children = list(self._alive)
            self._alive.clear()
        for child in children:
            child.kill()

    def _start(self, *, fork: bool = False) -> Child:
        with self._lock:
            if self._closed.is_set():
                raise RuntimeError("the Decoder was closed")
            child = Child.fork(self._seconds) if fork else Child.start(self._command, self._seconds)
            self._alive.add(child)
        if not fork:
            self._start_clock()
        return child

    def _start_clock(self) -> None:
        with self._lock:
            if self._clock is None and not self._closed.is_set():
                self._clock = threading.Thread(target=self._watch, name="wetread-clock", daemon=True)
                self._clock.start()

    def _forget(self, child: Child | None) -> None:
        if child is not None:
            child.kill()
            with self._lock:
                self._alive.discard(child)

    def _watch(self) -> None:
        while not self._closed.wait(_TICK):
            with self._lock:
                children = list(self._alive)
            for child in children:
                child.check_deadline()


def _understand(header: dict[str, Any], body: bytearray) -> tuple[DecodedImage, str]:
    """The picture and its key in the cache, which the child makes: it knows by which rules it decoded."""
    with contextlib.suppress(KeyError, TypeError, ValueError):
        pixels = np.frombuffer(body, dtype=np.uint8).reshape(header["shape"])
        if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3):
            image = DecodedImage(
                pixels=pixels,
                facts=ImageFacts.from_dict(header["facts"]),
                file_sha256=str(header["file_sha256"]),
                pixel_sha256=str(header["pixel_sha256"]),
                cached=header["cached"] is True,
            )
            return image, str(header["key"])
    # Well framed and yet no sense in it: the memory of the child is damaged.
    raise ChildDied(timed_out=False, started=True)


def _understand_survey(header: dict[str, Any], _: bytearray) -> Survey:
    with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
        return Survey.from_dict(header["survey"])
    raise ChildDied(timed_out=False, started=True)


def _understand_values(header: dict[str, Any], body: bytearray) -> ValueImage:
    with contextlib.suppress(KeyError, TypeError, ValueError):
        shape = header["shape"]
        pixels = np.frombuffer(body, dtype=np.int16 if len(shape) == 2 else np.uint8).reshape(shape)
        if pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3):
            return ValueImage.from_parts(header["values"], pixels)
    raise ChildDied(timed_out=False, started=True)
