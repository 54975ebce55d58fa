"""`wetread doctor` tells of weights, OpenVINO and bfloat16; its --clear-cache leaves nothing made of pictures."""

import json

import numpy as np

from wetread import examination
from wetread.examination import clear_cache
from wetread.model.embeddings import keys_of, open_cache
from wetread.weights.read import write_safetensors
from wetread.weights.stored import Facts, store


def remarks_of(lines):
    return {remark.name: remark for remark in lines}


def test_an_empty_weights_home_is_no_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_WEIGHTS", str(tmp_path / "none"))
    (home,) = examination._weights()
    assert home.well and home.found.startswith("none in ") and "weights list" in home.found


def test_sound_and_damaged_weights_are_told_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_WEIGHTS", str(tmp_path))
    tensors = write_safetensors({"one": np.zeros(3, dtype=np.float32)})
    store(Facts("sound", "resnet18", licence="Apache-2.0: free to use."), tensors)
    store(Facts("torn", "resnet18"), tensors)
    (tmp_path / "torn" / "weights.safetensors").write_bytes(tensors[:-1])
    told = remarks_of(examination._weights())
    assert told["home"].found == f"1 in {tmp_path}"
    assert told["sound"].well and told["sound"].found.endswith("Apache-2.0")
    assert not told["torn"].well and "another size" in told["torn"].found and "weights get" in told["torn"].remedy


def test_the_processor_tells_its_bfloat16_unit_and_openvino(monkeypatch):
    monkeypatch.setattr(examination, "has_bf16_unit", lambda: True)
    monkeypatch.setattr(examination.importlib.util, "find_spec", lambda name: None)
    told = remarks_of(examination._device())
    assert told["processor"].found.endswith("computes in bfloat16")
    assert told["OpenVINO"].found.startswith("absent") and told["OpenVINO"].well  # torch does the same


def test_clearing_removes_embeddings_too(tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path))
    squares = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
    open_cache("backbone").put(keys_of(squares), np.ones((1, 3), dtype=np.float32))
    assert list(tmp_path.rglob("*.embeddings"))
    clear_cache()
    assert not list(tmp_path.rglob("*.embeddings"))


def test_the_remarks_go_into_json():
    json.dumps([remark.__dict__ for remark in examination._weights()])
