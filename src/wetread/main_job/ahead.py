"""Imports that take seconds, done in the background while the files of a data set are read by other processes."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading

#: What fits of linear models on frozen features need; openvino only where weights lie ready for it.
NEEDED_BY_FITS = ("openvino", "scipy.special")
#: What every run needs; scikit-learn and scipy.stats for the probes and checks before its fits, 1.5 seconds of imports.
NEEDED_BY_ALL = (*NEEDED_BY_FITS, "scipy.stats", "sklearn.linear_model", "sklearn.ensemble")


def import_ahead(*names: str) -> threading.Thread:
    """Imports modules in a thread; whoever needs one of them sooner waits for it as for any import.

    Args:
        names: Of modules; one that is missing or fails is left for its user to complain about.

    Returns:
        The thread, which nobody needs to wait for.
    """

    def work() -> None:
        # Whoever reads files wakes up hundreds of times, and would wait five milliseconds for its turn each time.
        before = sys.getswitchinterval()
        sys.setswitchinterval(0.0005)
        try:
            for name in names:
                # Whoever needs it meets the same fault and says so. An interpreter about to end refuses threads.
                with contextlib.suppress(Exception):
                    _import(name)
        finally:
            sys.setswitchinterval(before)

    thread = threading.Thread(target=work, name="imports", daemon=True)
    thread.start()
    return thread


def _import(name: str) -> None:
    if name != "openvino":
        importlib.import_module(name)
        return
    from wetread.model.openvino_alone import load_openvino  # by its own name it would report to a server
    from wetread.weights.stored import list_stored

    if list_stored():
        load_openvino()
