"""What the machine has is read, not assumed."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from wetread import hardware


@pytest.mark.parametrize(
    ("flags", "bf16", "amx"),
    [
        ("avx512f avx512_vnni", False, False),
        ("avx512f amx_bf16 amx_tile", True, True),
        ("avx512_bf16", True, False),
        ("", False, False),
    ],
)
def test_units_for_bfloat16_are_read_from_the_processor(flags, bf16, amx, tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: some amx_bf16\nflags\t\t: fpu {flags}\n")
    assert (hardware.has_bf16_unit(path), hardware.has_amx(path)) == (bf16, amx)


@pytest.mark.parametrize(("machine", "expected"), [("AMD64", True), ("x86_64", True), ("arm64", False)])
def test_elsewhere_torch_is_asked(tmp_path, monkeypatch, machine, expected):
    told = {"avx512_bf16": True, "amx_bf16": False}
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cpu=SimpleNamespace(get_capabilities=lambda: told)))
    assert hardware.has_bf16_unit(tmp_path / "none") is expected
    assert hardware.has_amx(tmp_path / "none") is False


@pytest.mark.parametrize("torch", [None, SimpleNamespace(cpu=SimpleNamespace())])
def test_a_torch_that_is_not_loaded_or_cannot_say_counts_as_no(tmp_path, monkeypatch, torch):
    monkeypatch.setattr("platform.machine", lambda: "AMD64")
    monkeypatch.setitem(sys.modules, "torch", torch)
    assert not hardware.has_bf16_unit(tmp_path / "none")


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
