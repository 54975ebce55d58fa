"""Batches, ready when the step wants them: augmentation and memory layout, prepared in the background.

Pictures stay uint8 until then. What is in a batch depends on (seed, epoch, picture) alone, never on how far ahead the
thread is or how many there are.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wetread.shapes import Ints

#: Batches that wait ready. Two: one is used up while the other is made.
AHEAD = 2


@dataclass(frozen=True)
class Batch:
    """One step's pictures.

    Attributes:
        rows: Of all processes together.
        inputs: Of this process: ``image channel row column``, normalised, channels last in memory.
        truth: Labels of the same pictures.
    """

    rows: Ints
    inputs: Tensor
    truth: Tensor


class Feed:
    """Prepares batches in a thread while steps run.

    Args:
        make: Epoch and draw numbers -> batch.
        draws: Epoch and draw numbers of each batch, in order, over all epochs.
        ahead: Batches that may wait ready; 0 prepares each when it is asked for, without a thread.

    The thread uses one core: the step has the others, and what it computes does not depend on how many it uses.
    """

    def __init__(
        self,
        make: Callable[[int, NDArray[np.int64]], Batch],
        draws: Iterable[tuple[int, NDArray[np.int64]]],
        ahead: int = AHEAD,
    ) -> None:
        self._make, self._draws = make, iter(draws)
        self._ready: queue.Queue[Batch | BaseException] = queue.Queue(max(1, ahead))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="feed", daemon=True) if ahead else None
        #: Seconds that steps waited for their batch.
        self.waited = 0.0

    def __enter__(self) -> Feed:
        if self._thread is not None:
            # Torch hands the last number that any thread asked for to threads begun later: put it back.
            threads = torch.get_num_threads()
            self._started = threading.Event()
            self._thread.start()
            self._started.wait()
            torch.set_num_threads(threads)
        return self

    def next(self) -> Batch:
        """The next batch; raises what went wrong while it was made."""
        began = time.perf_counter()
        item = self._make(*next(self._draws)) if self._thread is None else self._ready.get()
        self.waited += time.perf_counter() - began
        if isinstance(item, BaseException):
            raise item
        return item

    def take(self, steps: int) -> Iterator[Batch]:
        """The batches of the next steps."""
        for _ in range(steps):
            yield self.next()

    def _work(self) -> None:
        torch.set_num_threads(1)
        self._started.set()
        try:
            for epoch, numbers in self._draws:
                if not self._put(self._make(epoch, numbers)):
                    return
        except BaseException as error:  # raised again where the batch is asked for
            self._put(error)

    def _put(self, item: Batch | BaseException) -> bool:
        """Waits until there is a place for it; False once nobody wants it any more."""
        while not self._stop.is_set():
            with contextlib.suppress(queue.Full):
                self._ready.put(item, timeout=0.2)
                return True
        return False

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
