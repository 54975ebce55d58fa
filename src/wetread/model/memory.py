"""Memory that is short: told from other errors, and a long row of pictures looked at in smaller pieces (torch)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch

from wetread.errors import InputError

Result = TypeVar("Result")

#: How torch and the libraries below it say so where the error has no type of its own: CPU on Linux and Windows, CUDA,
#: cuBLAS, and cuDNN before and since version 9. A convolution for which no algorithm of cuDNN finds the memory it works
#: in is told by torch as one that none can compute.
_SHORT = (
    *("can't allocate memory", "not enough memory", "out of memory", "STATUS_ALLOC_FAILED", "ALLOCATION_FAILED"),
    *("unable to find an engine to execute", "Unable to find a valid cuDNN algorithm"),
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory was short; the CPU allocator of torch says so in words only."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _SHORT)
    )


def in_pieces(look: Callable[[slice], Result], length: int, most: int) -> list[Result]:
    """Looks at consecutive pictures; at half as many at once where memory is short.

    Args:
        look: Is given a piece of the row; a piece that fails for memory is looked at again, in parts.
        length: Of the row.
        most: Pictures in a piece.

    Returns:
        What each piece gave, in order.

    Raises:
        InputError: One picture needs too much memory (``out-of-memory``).
    """
    found, start = [], 0
    while start < length:
        try:
            found.append(look(slice(start, start + most)))
            start += most
            continue
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        # Out of the handler, which holds what the failed attempt had in memory.
        hand_back()
        most = min(most, length - start)
        if most <= 1:
            raise too_little_memory("Looking at pictures", "even one at a time", "Close other programs")
        most = -(-most // 2)
    return found


def hand_back() -> None:
    """Returns memory of a GPU that torch keeps ready; where there is none, nothing happens."""
    torch.cuda.empty_cache()


def too_little_memory(what: str, even: str, remedy: str) -> InputError:
    """The error that ends work.

    Args:
        what: Begins the sentence: ``Training``.
        even: What was tried, for its end; empty for nothing.
        remedy: What the user can do, without a full stop.
    """
    message = f"{what} needs more memory than there is{f', {even}' if even else ''}."
    return InputError(message, remedy=f"{remedy}.", code="out-of-memory")
