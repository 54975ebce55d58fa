"""Imports that take seconds, done in the background while the files of a data set are read by other processes."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading

#: What every run needs before it fits anything: two seconds of imports.
NEEDED_BY_ALL = ("sklearn.linear_model", "sklearn.model_selection", "sklearn.ensemble", "scipy.stats")


def import_ahead(*names: str) -> threading.Thread:
    """Imports modules in a thread; whoever needs one of them sooner waits for it as for any import.

    Args:
        names: Of modules; one that is missing is left for its user to complain about.

    Returns:
        The thread, which nobody needs to wait for.
    """

    def work() -> None:
        # Whoever reads files wakes up hundreds of times, and would wait five milliseconds for its turn each time.
        before = sys.getswitchinterval()
        sys.setswitchinterval(0.0005)
        try:
            for name in names:
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
        finally:
            sys.setswitchinterval(before)

    thread = threading.Thread(target=work, name="imports", daemon=True)
    thread.start()
    return thread
