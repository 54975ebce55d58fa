"""What the processor can do, asked and never assumed; and what several processes share."""

from __future__ import annotations

import contextlib
import ctypes
import platform
import threading
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, distributed, nn

from wetread.hardware import has_bf16_unit
from wetread.model.memory import is_out_of_memory

__all__ = [
    "add_gradients", "is_out_of_memory", "precision_for", "rank_and_world", "roomy_memory", "share_tensors",
]  # fmt: skip


def precision_for(device: str) -> str:
    """The number format to train in.

    Args:
        device: cpu, cuda:N or mps.

    Returns:
        ``bfloat16`` where the device has a unit for it, else ``float32``.
    """
    kind = torch.device(device).type
    if kind == "cuda":
        # Compute capability 8 (Ampere) brought bfloat16 to the tensor cores.
        fit = torch.cuda.is_available() and torch.cuda.get_device_capability(device)[0] >= 8
        return "bfloat16" if fit else "float32"
    return "bfloat16" if kind == "cpu" and has_bf16_unit() else "float32"


def rank_and_world() -> tuple[int, int]:
    """Number of this process, and how many train together (0 and 1 where it is alone)."""
    return (distributed.get_rank(), distributed.get_world_size()) if distributed.is_initialized() else (0, 1)


def share_tensors(tensors: list[Tensor]) -> None:
    """Gives every process the tensors of the first."""
    if rank_and_world()[1] > 1:
        for tensor in tensors:
            distributed.broadcast(tensor, 0)


def add_gradients(network: nn.Module, loss: Tensor) -> Tensor:
    """Adds up the gradients and the loss of all processes, each having divided by the whole batch; one message."""
    if rank_and_world()[1] == 1:
        return loss
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    gradients = [weight.grad if weight.grad is not None else torch.zeros_like(weight) for weight in weights]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients] + [loss.reshape(1)])
    distributed.all_reduce(flat)
    pieces = torch.split(flat[:-1], [weight.numel() for weight in weights])
    for weight, piece in zip(weights, pieces, strict=True):
        weight.grad = torch.empty_like(weight).copy_(piece.view(weight.shape))
    return flat[-1]


#: Of glibc's mallopt: the largest number of blocks of their own, and how much free memory is handed back.
_MMAP_MAX, _TRIM_THRESHOLD = -4, -1
_ROOM = threading.Lock()
_fits_with_room = 0


@contextlib.contextmanager
def roomy_memory() -> Iterator[None]:
    """Lets memory that a step gives back lie ready for the next one, while a fit runs on the CPU.

    glibc takes each large tensor from the system and returns it at once, so every step meets fresh pages that the
    system has to clear: 400,000 of them, a quarter of the time of a step of InceptionV3 with 16 pictures. Several fits
    may run at once; when the last one ends, the defaults are back and what lies ready is returned. Nothing happens
    where there is no glibc.
    """
    global _fits_with_room
    libc = _glibc()
    with _ROOM:
        _fits_with_room += 1
        if libc is not None and _fits_with_room == 1:
            libc.mallopt(_MMAP_MAX, 0)
            libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    try:
        yield
    finally:
        with _ROOM:
            _fits_with_room -= 1
            if libc is not None and _fits_with_room == 0:
                libc.mallopt(_MMAP_MAX, 65536)
                libc.mallopt(_TRIM_THRESHOLD, 128 * 1024)
                libc.malloc_trim(0)


def _glibc() -> Any:
    """The C library where it is glibc; its absence is no fault: musl, macOS and Windows keep their own ways."""
    if platform.libc_ver()[0] != "glibc":
        return None
    try:
        return ctypes.CDLL(None)
    except OSError:
        return None
