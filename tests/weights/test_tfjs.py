"""The base of a Teachable Machine export computes in timm what it computed in TensorFlow.js."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import timm
import torch

from weights import keras_reference
from wetread.errors import InputError
from wetread.weights.bundle import Bundle
from wetread.weights.tfjs import BASE, OPTIONS, hash_base, read_export

REAL = Path(os.environ.get("WETREAD_REAL_DATA", "/nowhere")) / "teachable-machine-export-melanoma"
real = pytest.mark.skipif(not REAL.is_dir(), reason="needs WETREAD_REAL_DATA with the Teachable Machine export")


@pytest.fixture(scope="module")
def layers():
    return keras_reference.topology()


@pytest.fixture(scope="module")
def tensors(layers):
    return keras_reference.random_tensors(layers)


@pytest.fixture
def export(tmp_path, layers, tensors):
    return keras_reference.write_export(tmp_path / "export", layers, tensors)


def read(folder):
    with Bundle(folder) as bundle:
        return read_export(bundle)


def refusal(folder):
    with pytest.raises(InputError) as caught:
        read(folder)
    assert caught.value.code == "teachable-machine"
    assert "Tensorflow.js" in caught.value.remedy
    return caught.value.message


def features_of(network, arrays, images, options=OPTIONS):
    with torch.device("meta"):
        body = timm.create_model(network, num_classes=0, **options).eval()
    body.load_state_dict({key: torch.from_numpy(array) for key, array in arrays.items()}, strict=True, assign=True)
    body.double()
    with torch.inference_mode():
        return body(torch.from_numpy(images.transpose(0, 3, 1, 2)).double()).numpy()


def test_timm_computes_what_keras_computes(export, layers, tensors):
    images = np.random.default_rng(3).uniform(-1, 1, (2, 96, 96, 3))
    network, arrays, _ = read(export)
    assert network == "mobilenetv2_035"
    expected = keras_reference.features(layers, tensors, images)
    found = features_of(network, arrays, images)
    assert expected.std() > 0.05
    assert np.abs(found - expected).max() < 1e-10


@pytest.mark.parametrize("options", [{}, {"pad_type": "same"}, {"bn_eps": 1e-3}])
def test_without_the_options_it_would_be_another_network(export, layers, tensors, options):
    images = np.random.default_rng(3).uniform(-1, 1, (1, 64, 64, 3))
    network, arrays, _ = read(export)
    expected = keras_reference.features(layers, tensors, images)
    assert np.abs(features_of(network, arrays, images, options) - expected).max() > 1e-3


def test_tensors_may_lie_in_several_files(export, layers, tensors, tmp_path):
    several = keras_reference.write_export(tmp_path / "several", layers, tensors, ("a.bin", "b.bin", "c.bin"))
    one, three = read(export), read(several)
    assert one[2] == three[2]
    assert all(np.array_equal(one[1][key], three[1][key]) for key in one[1])


def test_the_hash_is_of_tensors_by_name():
    import hashlib

    first, second = np.array([1, 2], np.float32), np.array([[3.5]], np.float32)
    expected = hashlib.sha256(b"\x00\x00\x80\x3f\x00\x00\x00\x40" + b"\x00\x00\x60\x40").hexdigest()
    assert hash_base({"b": second, "a": first}) == hash_base({"a": first, "b": second}) == expected


def change(folder, work):
    model = json.loads((folder / "model.json").read_text())
    work(model["weightsManifest"][0])
    (folder / "model.json").write_text(json.dumps(model))


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda group: group.update(paths=["../../etc/passwd"]), "not there"),
        (lambda group: group.update(paths=["/etc/passwd"]), "not there"),
        (lambda group: group.update(paths=[3]), "not there"),
        (lambda group: group.update(paths=["missing.bin"]), "not there"),
        (lambda group: group["weights"].pop(), "cut short"),
        (lambda group: group["weights"][0].update(shape=[1 << 40]), "cut short"),
        (lambda group: group["weights"][0].update(shape=[-1, 3]), "cut short"),
        (lambda group: group["weights"][0].update(shape="x"), "cut short"),
        (lambda group: group["weights"][0].update(dtype="uint8"), "quantised"),
        (lambda group: group["weights"][0].update(quantization={"scale": 1}), "quantised"),
        (lambda group: group["weights"][0].update(name="Other/kernel"), "not those"),
        (lambda group: group["weights"][1].update(shape=[4, 4]), "not those"),
        (lambda group: group.pop("weights"), "damaged"),
    ],
)
def test_a_manifest_that_cannot_be_is_refused(export, work, said):
    change(export, work)
    assert said in refusal(export)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"weightsManifest": 3}', "\x00"])
def test_a_damaged_model_is_refused(export, content):
    (export / "model.json").write_text(content)
    refusal(export)


@pytest.mark.parametrize("keep", [0, 4, 1000, -4])
def test_tensors_that_are_cut_short_are_refused(export, keep):
    data = (export / "weights.bin").read_bytes()
    (export / "weights.bin").write_bytes(data[:keep])
    assert "cut short" in refusal(export)


def test_weights_that_are_no_numbers_are_refused(export):
    data = bytearray((export / "weights.bin").read_bytes())
    data[400:404] = np.array([np.nan], "<f4").tobytes()
    (export / "weights.bin").write_bytes(data)
    assert "no numbers" in refusal(export)


# The real one ---------------------------------------------------------------------------------------------------------


@real
def test_the_real_base_has_the_hash_that_is_known():
    network, arrays, base = read(REAL)
    assert base == BASE
    assert base.startswith("ee5b607dd0e96d06")
    assert network == "mobilenetv2_035"
    real_numbers = sum(array.size for key, array in arrays.items() if array.dtype == np.float32)
    assert real_numbers == 410_208  # as the README of the data states


@real
def test_the_real_base_computes_what_it_computed():
    network, arrays, _ = read(REAL)
    layers, tensors = keras_reference.read_real(REAL)
    images = np.random.default_rng(5).uniform(-1, 1, (2, 224, 224, 3))
    images[1] = np.linspace(-1, 1, 224)[:, None, None]  # smooth, as pictures are
    expected = keras_reference.features(layers, tensors, images)
    found = features_of(network, arrays, images)
    assert found.shape == (2, 1280)
    assert np.abs(found - expected).max() < 1e-10
    # And so does the classifier behind it.
    dense = [tensors[name] for name in tensors if name.startswith("dense")]
    hidden = np.maximum(expected @ dense[0] + dense[1], 0) @ dense[2]
    assert np.allclose(np.maximum(found @ dense[0] + dense[1], 0) @ dense[2], hidden, atol=1e-9)


@real
def test_the_reference_has_the_layers_of_the_real_one():
    layers, _ = keras_reference.read_real(REAL)
    for ours, theirs in zip(keras_reference.topology(), layers, strict=True):
        assert (ours[0], ours[1], ours[3]) == (theirs[0], theirs[1], theirs[3])
        for key, value in ours[2].items():
            assert value is None or theirs[2][key] == value
