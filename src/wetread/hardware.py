"""What this machine has, asked and never assumed; no torch, whose import costs more than the answer is worth."""

from __future__ import annotations

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
    try:
        flags = next(line for line in cpuinfo.read_text(encoding="utf-8").splitlines() if line.startswith("flags"))
        return not BF16_UNITS.isdisjoint(flags.split())
    except (OSError, StopIteration):
        pass
    torch = sys.modules.get("torch")
    if torch is None or platform.machine().lower() not in ("x86_64", "amd64"):
        return False
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(unit, False) for unit in BF16_UNITS)


def may_have_cuda() -> bool:
    """Whether it is worth asking torch for a CUDA device: on Linux one leaves its mark among the devices."""
    if not sys.platform.startswith("linux"):
        return True
    return (
        Path("/proc/driver/nvidia/version").exists()
        or any(Path("/dev").glob("nvidia[0-9]*"))
        or Path("/dev/dxg").exists()
    )
