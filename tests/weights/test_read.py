"""Tensors are read from what people have; nothing in a file is ever run."""

import io
import json
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from wetread.errors import InputError
from wetread.weights.read import parse_safetensors, read_tensors, write_safetensors

PATH = Path("some.file")
WEIGHT = torch.arange(6, dtype=torch.float32).reshape(2, 3)


def saved(content, **words):
    buffer = io.BytesIO()
    torch.save(content, buffer, **words)
    return buffer.getvalue()


def packed(data):
    """The same parts in a .zip that packs them, as who opens and saves it again leaves it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.infolist():
            target.writestr(part.filename, source.read(part))
    return buffer.getvalue()


def refusal(data):
    with pytest.raises(InputError) as caught:
        read_tensors(data, PATH)
    assert caught.value.remedy
    return caught.value


def test_safetensors_of_all_kinds_become_float32_and_int64():
    from safetensors.torch import save

    kinds = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.uint8)
    data = save({str(kind): torch.tensor([[1, 2], [3, 100]], dtype=kind) for kind in kinds})
    arrays = read_tensors(data, PATH)
    for kind in kinds:
        array = arrays[str(kind)]
        assert array.dtype == (np.float32 if kind.is_floating_point else np.int64)
        assert array.tolist() == [[1, 2], [3, 100]]


def test_bfloat16_is_the_upper_half_of_float32():
    from safetensors.torch import save

    values = torch.randn(1000, generator=torch.Generator().manual_seed(1)).to(torch.bfloat16)
    assert np.array_equal(read_tensors(save({"a": values}), PATH)["a"], values.float().numpy())


def test_equal_arrays_give_equal_files_and_keep_their_shapes():
    arrays = {"b": np.zeros((), np.int64), "a": np.ones((2, 0, 3), np.float32), "c": np.eye(3, dtype=np.float32).T}
    data = write_safetensors(arrays)
    assert data == write_safetensors(dict(reversed(arrays.items())))
    back = parse_safetensors(data, PATH)
    assert {key: array.shape for key, array in back.items()} == {"a": (2, 0, 3), "b": (), "c": (3, 3)}


@pytest.mark.parametrize(
    "content",
    [
        {"w": WEIGHT},
        {"state_dict": {"w": WEIGHT}, "epoch": 3, "optimizer": {"lr": 0.1}},
        {"model": {"w": WEIGHT}},
        {"model_state": {"module.w": WEIGHT}},
        {"state_dict": {"model.w": WEIGHT}},
        {"model": {"state_dict": {"_orig_mod.module.w": WEIGHT}}},
        {"w": torch.nn.Parameter(WEIGHT)},
        {"state_dict_ema": {"w": WEIGHT}, "state_dict": {"w": WEIGHT * 0}},
    ],
)
@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_a_state_dict_is_found_in_what_training_programs_save(content, new):
    arrays = read_tensors(saved(content, _use_new_zipfile_serialization=new), PATH)
    assert arrays.keys() == {"w"}
    assert np.array_equal(arrays["w"], WEIGHT.numpy())


def test_a_prefix_that_only_some_keys_have_stays():
    assert read_tensors(saved({"module.w": WEIGHT, "b": WEIGHT}), PATH).keys() == {"module.w", "b"}


class Evil:
    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return (Path.touch, (self.canary,))


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_code_in_a_file_is_not_run(tmp_path, new, wrapped):
    canary = tmp_path / "canary"
    evil = Evil(canary)
    data = saved({"w": WEIGHT, "x": evil} if wrapped else evil, _use_new_zipfile_serialization=new)
    error = refusal(data)
    assert error.code == "weights-code"
    assert "state_dict()" in error.remedy
    assert not canary.exists()
    torch.load(io.BytesIO(data), weights_only=False)  # it would have run
    assert canary.exists()


def test_a_bare_pickle_is_not_run_either(tmp_path):
    canary = tmp_path / "canary"
    for protocol in (0, 2, 4):
        refusal(pickle.dumps(Evil(canary), protocol=protocol))
    assert not canary.exists()


def test_a_whole_module_is_refused_with_the_way_out():
    error = refusal(saved(torch.nn.Linear(3, 2)))
    assert error.code == "weights-code"
    assert "safetensors" in error.remedy


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("steps", [1, 500], ids=["short code", "code that packs to a fraction"])
def test_torchscript_is_refused(steps):
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(lambda x: sum(x + step for step in range(steps)), torch.zeros(1, 3)), buffer)
    assert refusal(buffer.getvalue()).code == "weights-code"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"\x80\x02",
        b"<html>no such model</html>" * 20,
        b"version https://git-lfs.github.com/spec/v1\noid sha256:8055\nsize 1\n",
        saved({"w": WEIGHT})[:-100],
        saved({"w": WEIGHT})[:200],
        saved({}),
        saved({"epoch": 3}),
        saved([WEIGHT]),
        saved({"w": WEIGHT.to_sparse()}),
        saved({"w": torch.zeros(2, dtype=torch.complex64)}),
        write_safetensors({"w": WEIGHT.numpy()})[:-1],
        write_safetensors({}),
        struct.pack("<Q", 1 << 60) + b"{}",
    ],
)
def test_what_holds_no_tensors_is_refused(data):
    assert refusal(data).code == "weights-file"


@pytest.mark.parametrize("start", [b"\x80\x02", b"\x80\x05"])
def test_a_header_as_long_as_another_file_begins_is_still_safetensors(start):
    length = int.from_bytes(start, "little")
    plain = write_safetensors({"w": WEIGHT.numpy()})
    header = plain[8 : 8 + int.from_bytes(plain[:8], "little")]
    data = struct.pack("<Q", length) + header.ljust(length) + plain[8 + len(header) :]
    assert np.array_equal(read_tensors(data, PATH)["w"], WEIGHT.numpy())


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "tensor",
    [torch.zeros(1).expand(10**14), torch.zeros(1).expand(10**9), torch.empty(3, device="meta")],
    ids=["petabytes", "gigabytes", "meta"],
)
def test_a_small_file_that_shows_a_large_tensor_is_refused(tensor, new):
    assert refusal(saved({"w": tensor}, _use_new_zipfile_serialization=new)).code == "weights-file"


def test_tensors_that_share_their_numbers_are_read():
    wide = torch.arange(300_000, dtype=torch.float32)
    arrays = read_tensors(saved({"a": wide, "b": wide, "c": wide[:4].expand(2, 4)}), PATH)
    assert np.array_equal(arrays["a"], arrays["b"])
    assert arrays["c"].shape == (2, 4)


def test_a_packed_file_is_refused_before_it_fills_the_memory(monkeypatch):
    monkeypatch.setattr(torch, "load", lambda *some, **words: pytest.fail("it was unpacked"))
    error = refusal(packed(saved({"w": torch.zeros(1 << 20)})))
    assert error.code == "weights-file"
    assert "unpacks" in error.message


def test_a_file_that_was_opened_and_saved_again_as_a_zip_is_read():
    data = packed(saved({"w": WEIGHT, "wide": torch.randn(1 << 19)}))
    assert np.array_equal(read_tensors(data, PATH)["w"], WEIGHT)


def test_safetensors_whose_parts_overlap_are_refused():
    header = json.dumps({name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for name in "ab"}).encode()
    assert refusal(struct.pack("<Q", len(header)) + header + bytes(8)).code == "weights-file"


def test_every_flipped_byte_of_a_small_file_is_refused_or_read():
    for whole in (saved({"w": WEIGHT}), write_safetensors({"w": WEIGHT.numpy()})):
        for place in range(0, len(whole), 23):
            damaged = bytearray(whole)
            damaged[place] ^= 0x41
            try:
                read_tensors(bytes(damaged), PATH)
            except InputError as error:
                assert error.code in ("weights-file", "weights-code")
