"""What the processor says it can do."""

import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch

from wetread.training import processor
from wetread.training.processor import is_out_of_memory, precision_for, roomy_memory


@pytest.mark.parametrize(("capability", "expected"), [((7, 5), "float32"), ((8, 0), "bfloat16"), ((9, 0), "bfloat16")])
def test_precision_of_a_gpu(monkeypatch, capability, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert precision_for("cuda:0") == expected


@pytest.mark.parametrize("unit", [True, False])
def test_precision_of_a_cpu(monkeypatch, unit):
    monkeypatch.setattr("wetread.training.processor.has_bf16_unit", lambda: unit)
    assert precision_for("cpu") == ("bfloat16" if unit else "float32")
    assert precision_for("mps") == "float32"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (SimpleNamespace(), False),
    ],
)
def test_what_means_short_memory(error, expected):
    assert is_out_of_memory(error) is expected


class Recorded:
    """Stands for the C library."""

    def __init__(self):
        self.calls = []

    def mallopt(self, option, value):
        self.calls.append((option, value))

    def malloc_trim(self, spare):
        self.calls.append("trim")


def test_memory_lies_ready_from_the_first_fit_to_the_last(monkeypatch):
    libc = Recorded()
    monkeypatch.setattr(processor, "_glibc", lambda: libc)
    with roomy_memory():
        assert libc.calls == [(-4, 0), (-1, 2**31 - 1)]
        with pytest.raises(ValueError, match="ours"), roomy_memory():
            raise ValueError("ours")
        assert len(libc.calls) == 2
    assert libc.calls[2:] == [(-4, 65536), (-1, 128 * 1024), "trim"]


def test_where_there_is_no_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert processor._glibc() is None
    with roomy_memory():
        pass


#: In a process of its own: in this one, earlier tests may have left the heap roomy already.
COUNT_FAULTS = """
import resource
import torch
from wetread.training.processor import roomy_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        torch.ones(10_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
usual = faults()
with roomy_memory():
    for _ in range(4):  # until the heap has found room for all of them
        faults()
    inside = faults()
print(usual, inside, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's own way of giving memory back")
def test_steps_no_longer_meet_fresh_pages():
    told = subprocess.run([sys.executable, "-c", COUNT_FAULTS], capture_output=True, text=True, check=True).stdout
    usual, inside, after = map(int, told.split())
    assert inside < usual / 5 < after
