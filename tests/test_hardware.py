"""What the machine has is read, not assumed."""

import subprocess
import sys

import pytest

from wetread import hardware


@pytest.mark.parametrize(
    ("flags", "has"),
    [("fpu avx2 avx512f", False), ("fpu avx512_bf16", True), ("fpu amx_bf16 amx_tile", True), ("", False)],
)
def test_units_for_bfloat16_are_read_from_the_processor(flags, has, tmp_path):
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags\t\t: {flags}\n")
    assert hardware.has_bf16_unit(tmp_path / "cpuinfo") is has


def test_without_an_answer_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    assert not hardware.has_bf16_unit(tmp_path / "nothing")


def test_memory_and_cores_are_plausible():
    assert 0.1 < hardware.memory_gib() < 100_000
    assert hardware.cores() >= 1


def test_asking_does_not_load_torch():
    code = (
        "import sys; from wetread import hardware as h; h.has_bf16_unit(); h.may_have_cuda(); "
        "print('torch' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        == "False"
    )
