"""What a GPU must be told so that it computes what a processor computes, and the same each time (torch)."""

from __future__ import annotations

import contextlib
import os
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch

#: How torch begins to warn of an operation that has no way to repeat, or of a setting that prevents it.
_WARNING = r".*(does not have a deterministic implementation|this operation is not deterministic)"

INEXACT = (
    "Some operations of this network do not repeat to the bit on this accelerator: a second run may differ in the last "
    "digits."
)


def compute_exactly(device: str) -> None:
    """Holds a GPU to float32 and to ways that repeat, before its first work; a processor is left alone.

    By default convolutions of a GPU cut numbers to the ten bits of TF32. A model that was tested so differs by more
    from the same model on a processor than `load_classifier` allows, and features that are kept would be others.

    Args:
        device: cpu or cuda:N.
    """
    if torch.device(device).type != "cuda":
        return
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    # Read by cuBLAS when its first product is computed; without it sums may come in another order each time.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # As use_deterministic_algorithms(True, warn_only=True), which also imports the compiler of torch: 1.7 s.
    torch.set_deterministic_debug_mode("warn")
    warnings.filterwarnings("ignore", _WARNING)  # told by `hear_of_inexact` instead


@contextlib.contextmanager
def hear_of_inexact(device: str, tell: Callable[[str], None]) -> Iterator[None]:
    """Tells, at most once, that the work inside does not repeat to the bit, where torch warns of that.

    Args:
        device: cpu or cuda:N; other than a GPU never warns.
        tell: Is given `INEXACT`.
    """
    if torch.device(device).type != "cuda":
        yield
        return
    told: list[str] = []
    with warnings.catch_warnings():
        show = warnings.showwarning

        def hear(message: Warning | str, *more: Any, **named: Any) -> None:
            if not re.match(_WARNING, str(message)):
                show(message, *more, **named)
            elif not told:
                told.append(INEXACT)
                tell(INEXACT)

        warnings.showwarning = hear
        warnings.filterwarnings("default", _WARNING)
        yield
