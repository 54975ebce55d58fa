"""The warm predictor as the server sees it: one child process with one run in its memory, asked in turn.

The server loads no model. Starting Python and loading one takes seconds, so the child stays for the next question, ends
after five idle minutes, and makes room when another run is asked. A child that crashes or hangs costs one answer: the
next question starts a new one.
"""

from __future__ import annotations

import contextlib
import sys
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from wetread.errors import InputError
from wetread.images.source import Source
from wetread.studio.answers import Refusal
from wetread.studio.predictor_child import Child, ChildGone

COMMAND = (sys.executable, "-m", "wetread.studio.predictor_process")
#: Seconds for one prediction, for one heatmap (some methods ask the model thousands of times), and for a start: a large
#: network on a busy machine took 67.
SECONDS, HEATMAP_SECONDS, START_SECONDS = 60.0, 180.0, 300.0
#: Seconds after which a child that nobody asks is ended, to give its memory back.
IDLE_SECONDS = 300.0
#: Questions that may wait; beyond, the answer is that there are too many.
MOST_WAITING = 32


class Predictors:
    """Asks models about pictures. Threads may share it; questions are answered one after the other.

    Args:
        command: What to start; the run folder is added as its last argument. For tests.
        seconds: Time limit of each answer instead of the usual ones. For tests.
        idle: Seconds after which an unused child ends.
    """

    def __init__(
        self, *, command: Sequence[str] = COMMAND, seconds: float | None = None, idle: float = IDLE_SECONDS
    ) -> None:
        self._command = tuple(command)
        self._seconds = seconds
        self._idle = idle
        # One thread is the queue: first come, first served.
        self._queue = ThreadPoolExecutor(1, thread_name_prefix="wetread-predictor")
        self._warm = _Warm()
        self._waiting = 0
        self._lock = threading.Lock()
        self._clock: threading.Timer | None = None
        # Also where nobody closed it: the interpreter would wait for a child that hangs.
        self._finish = weakref.finalize(self, self._warm.close)

    def predict(self, model: Path, places: Sequence[Source]) -> list[dict[str, Any]]:
        """Predictions, one per picture; see `wetread.studio.predictor_answers.Answers.predict`.

        Args:
            model: A run folder.
            places: The pictures.

        Raises:
            Refusal: The model crashed (500, ``predictor-crash``), took too long (504, ``predictor-timeout``), or too
                many questions wait (503, ``predictor-busy``).
            InputError: The picture or the model cannot be read.
        """
        asked = [self.submit(model, "predict", {"source": _as_json(place)}) for place in places]
        return [wait_for(one) for one in asked]

    def heatmap(
        self,
        model: Path,
        place: Source,
        method: str = "",
        target: str = "",
        *,
        case: int | None = None,
        beside: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One heatmap, as `Answers.heatmap` describes it; raises like `predict`."""
        found: dict[str, Any] = wait_for(self.submit_heatmap(model, place, method, target, case=case, beside=beside))
        return found

    def submit_heatmap(
        self,
        model: Path,
        place: Source,
        method: str = "",
        target: str = "",
        *,
        case: int | None = None,
        beside: dict[str, Any] | None = None,
    ) -> Future[Any]:
        """The same without waiting; while nobody has begun with it, it can be cancelled."""
        asked = {"source": _as_json(place), "method": method, "target": target, "case": case, "beside": beside}
        return self.submit(model, "heatmap", asked, HEATMAP_SECONDS)

    def nearest(self, model: Path, place: Source) -> list[dict[str, Any]]:
        """The most alike training cases: ``case`` (row of images.csv) and ``likeness``; raises like `predict`."""
        found: list[dict[str, Any]] = wait_for(self.submit(model, "nearest", {"source": _as_json(place)}))
        return found

    def methods(self, model: Path) -> list[dict[str, Any]]:
        """The methods of explanation that the model allows: ``name``, ``title``, ``usual``; raises like `predict`."""
        found: list[dict[str, Any]] = wait_for(self.submit(model, "methods", {}))
        return found

    def submit(self, model: Path, ask: str, asked: dict[str, Any], seconds: float = SECONDS) -> Future[Any]:
        """Puts a question at the end of the queue; raises `Refusal` (503) where the queue is full."""
        with self._lock:
            if self._waiting >= MOST_WAITING:
                raise Refusal(503, "Too many pictures wait for the model.", "Wait a moment.", "predictor-busy")
            self._waiting += 1
        try:
            future = self._queue.submit(self._answer, model, {"ask": ask, **asked}, self._seconds or seconds)
        except RuntimeError as error:
            raise Refusal(503, "The studio is being closed.", "Start it again.", "closing") from error
        future.add_done_callback(self._done)
        return future

    def close(self) -> None:
        """Ends the child at once, whatever it does; who still waits is told."""
        self._stop_clock()
        self._queue.shutdown(wait=False, cancel_futures=True)
        self._finish()

    @property
    def process(self) -> int | None:
        """The number of the child process; None where none is warm."""
        child = self._warm.child
        return None if child is None else child.process.pid

    def _answer(self, model: Path, asked: dict[str, Any], seconds: float) -> Any:
        self._stop_clock()
        try:
            return self._warm.get(self._command, model, self._seconds or START_SECONDS).ask(asked, seconds)
        except ChildGone as gone:
            self._warm.drop()
            if gone.timed_out:
                raise Refusal(
                    504,
                    "The model took too long and was stopped.",
                    "Try again, or choose a quicker method.",
                    "predictor-timeout",
                ) from gone
            raise Refusal(
                500,
                "The model stopped unexpectedly; perhaps the memory was full.",
                "Try again: it is started afresh.",
                "predictor-crash",
            ) from gone
        finally:
            self._start_clock()

    def _done(self, future: Future[Any]) -> None:
        del future
        with self._lock:
            self._waiting -= 1

    def _start_clock(self) -> None:
        with self._lock:
            self._clock = threading.Timer(self._idle, self._retire)
            self._clock.daemon = True
            self._clock.start()

    def _stop_clock(self) -> None:
        with self._lock:
            if self._clock is not None:
                self._clock.cancel()
                self._clock = None

    def _retire(self) -> None:
        # Through the queue, so that a question which comes at this very moment finds either the child or a new one.
        with contextlib.suppress(RuntimeError):
            self._queue.submit(self._warm.drop)


def wait_for(future: Future[Any]) -> Any:
    """The answer to a question; raises `Refusal` (503) where it was taken back."""
    try:
        return future.result()
    except CancelledError as error:
        raise Refusal(503, "This question was taken back.", "Ask again.", "cancelled") from error


class _Warm:
    """The one child that is alive, and what it was started for."""

    def __init__(self) -> None:
        self.child: Child | None = None
        self._key: tuple[str, int] | None = None
        self._closed = False

    def get(self, command: tuple[str, ...], model: Path, seconds: float) -> Child:
        """The child for a model: the one that is there, or a new one."""
        key = str(model.absolute()), _stamp(model)
        if self.child is None or self._key != key or self.child.process.poll() is not None:
            self.drop()
            self.child, self._key = Child(command, model), key
            if self._closed:  # meanwhile
                self.drop()
                raise ChildGone(timed_out=False)
            try:
                self.child.await_ready(seconds)
            except InputError:
                self.drop()
                raise
        return self.child

    def drop(self) -> None:
        child, self.child = self.child, None
        if child is not None:
            child.kill()

    def close(self) -> None:
        self._closed = True
        self.drop()


def _as_json(place: Source) -> dict[str, Any]:
    return {"path": str(place.path.absolute()), "member": place.member, "item": place.item, "frame": place.frame}


def _stamp(model: Path) -> int:
    """Tells a model from one that was later put in its place."""
    for place in (model / "model" / "golden.json", model / "golden.json"):
        with contextlib.suppress(OSError):
            return place.stat().st_mtime_ns
    return 0
