"""What this machine has, asked and never assumed; no torch, whose import costs more than the answer is worth."""

from __future__ import annotations

import contextlib
import os
import platform
import sys
from pathlib import Path

#: Where Linux says what the processor has.
CPUINFO = Path("/proc/cpuinfo")

#: Units that compute in bfloat16. Without one it is emulated, four to nine times slower than float32.
BF16_UNITS = frozenset(["amx_bf16", "avx512_bf16"])


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_gib() -> float:
    """Memory in GiB; 8 where the system does not tell."""
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return 8.0


def has_bf16_unit(cpuinfo: Path = CPUINFO) -> bool:
    """Whether the processor computes in bfloat16 by itself.

    Where the system does not tell (Windows, macOS) only a torch that is loaded already is asked.
    """
    return bool(BF16_UNITS & _units(cpuinfo))


def has_amx(cpuinfo: Path = CPUINFO) -> bool:
    """Whether the processor multiplies matrices of bfloat16 (Intel AMX); asked as in `has_bf16_unit`."""
    return "amx_bf16" in _units(cpuinfo)


def _units(cpuinfo: Path) -> set[str]:
    """What the processor can do, as Linux or torch calls it."""
    with contextlib.suppress(OSError, StopIteration):
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        return set(next(line for line in lines if line.startswith("flags")).split())
    # torch asks the processor itself, since 2.10 or so; bfloat16 of other makers was not measured.
    torch = sys.modules.get("torch")
    if torch is None or platform.machine().lower() not in ("x86_64", "amd64"):
        return set()
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return {unit for unit, there in capabilities.items() if there}


def may_have_cuda() -> bool:
    """Whether it is worth asking torch for a CUDA device: on Linux one leaves its mark among the devices."""
    if not sys.platform.startswith("linux"):
        return True
    return (
        Path("/proc/driver/nvidia/version").exists()
        or any(Path("/dev").glob("nvidia[0-9]*"))
        or Path("/dev/dxg").exists()
    )
