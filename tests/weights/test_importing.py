"""What people have becomes weights in the home folder, or is refused with what to do; nothing is fetched for it."""

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from weights import keras_reference
from weights.networks import arrays, fits, torch_file
from wetread.errors import InputError, Stopped
from wetread.model.network_names import check_network
from wetread.progress import StepFinished, StepStarted
from wetread.weights import tfjs
from wetread.weights.importing import import_file
from wetread.weights.read import write_safetensors
from wetread.weights.stored import find_stored, list_stored, read_arrays

REAL = Path(os.environ.get("WETREAD_REAL_DATA", "/nowhere")) / "teachable-machine-export-melanoma"
SAFE = write_safetensors(arrays())


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(SAFE)
    return path


def bring(path, **words):
    return import_file(path, check=words.pop("check", fits), **words)


def refusal(path, kind=InputError, **words):
    with pytest.raises(kind) as caught:
        bring(path, **words)
    assert list_stored() == []
    assert caught.value.remedy
    return caught.value


def refused(work, *args, **words):
    with pytest.raises(InputError) as caught:
        work(*args, **words)
    return caught.value


def test_a_file_with_its_network_named(file, events):
    stored = bring(file, network="resnet18", licence="CC0", listen=events.append)
    assert stored == find_stored("mine")
    assert (stored.network, stored.licence, stored.side, stored.channels) == ("resnet18", "CC0", 224, 3)
    assert stored.mean == (0.485, 0.456, 0.406)  # what timm states for that network
    assert stored.original["file"] == "mine.safetensors"
    assert all(np.array_equal(read_arrays(stored)[key], value) for key, value in arrays().items())
    assert isinstance(events[0], StepStarted)
    assert isinstance(events[-1], StepFinished)
    assert file.read_bytes() == SAFE


def test_the_same_tensors_as_safetensors_or_pytorch_are_the_same_weights(tmp_path):
    for name, data in (("a.safetensors", SAFE), ("b.pt", torch_file(arrays())), ("c.bin", torch_file(arrays()))):
        (tmp_path / name).write_bytes(data)
    hashes = {bring(tmp_path / name, network="resnet18").sha256 for name in ("a.safetensors", "b.pt", "c.bin")}
    assert len(hashes) == 1


def test_a_folder_or_zip_with_config_needs_no_options(tmp_path):
    config = {
        "architecture": "resnet26d",
        "model_args": {"global_pool": "avg", "pretrained": True, "checkpoint_path": "/etc/passwd", "bn_eps": 0.001},
        "pretrained_cfg": {"input_size": [3, 320, 320], "mean": [0.1, 0.2, 0.3], "std": [1, 2, 3], "license": "mit"},
    }
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(SAFE)
    (folder / "pytorch_model.bin").write_bytes(b"not looked at")
    (folder / "config.json").write_text(json.dumps(config))
    with zipfile.ZipFile(tmp_path / "zipped.zip", "w") as packed:
        for path in folder.iterdir():
            packed.write(path, f"inner/{path.name}")
    for path, name in ((folder, "folder"), (tmp_path / "zipped.zip", "zipped"), (folder / "model.safetensors", "x")):
        stored = bring(path, name="x" if name == "x" else None)
        assert (stored.name, stored.network, stored.side, stored.licence) == (name, "resnet26d", 320, "mit")
        assert (stored.mean, stored.deviation) == ((0.1, 0.2, 0.3), (1, 2, 3))
        assert stored.options == {"global_pool": "avg", "bn_eps": 0.001}


@pytest.mark.parametrize("network", ["inceptionv3", "Inception-v3", "lakhani", "inception_v3", "inception_v3.tf_in1k"])
def test_another_spelling_of_a_network_means_the_same_input(file, network):
    stored = bring(file, network=network, spell=check_network)
    assert (stored.network, stored.side, stored.mean) == ("inception_v3", 299, (0.5,) * 3)


def test_a_tag_of_timm_says_the_input_of_those_weights(file):
    assert bring(file, network="EfficientNet-B0", name="usual", spell=check_network).mean == (0.485, 0.456, 0.406)
    tagged = bring(file, network="EfficientNet-B0.ra4_e3600_r224_in1k", spell=check_network)
    assert (tagged.network, tagged.mean) == ("efficientnet_b0", (0.5,) * 3)
    error = refused(bring, file, network="resnet18.none", name="other", spell=check_network)
    assert error.code == "unknown-network"
    assert "resnet18" in error.remedy


def test_a_network_that_nobody_knows_is_said_before_the_file_is_read(tmp_path):
    error = refusal(tmp_path / "missing", network="resnet_18x", spell=check_network)
    assert error.code == "unknown-network"


def test_the_recipe_of_a_paper_is_at_home_with_another_spelling_in_the_catalogue(tmp_path):
    (tmp_path / "inception_v3.tf_in1k.safetensors").write_bytes(SAFE)
    stored = bring(tmp_path / "inception_v3.tf_in1k.safetensors", network="Inception-v3", spell=check_network)
    assert (stored.network, stored.features) == ("inception_v3", 2048)
    assert stored.licence.startswith("Apache-2.0")


def test_a_name_of_the_catalogue_says_the_rest(tmp_path):
    (tmp_path / "inception_v3.tv_in1k.safetensors").write_bytes(SAFE)
    stored = bring(tmp_path / "inception_v3.tv_in1k.safetensors")
    assert (stored.network, stored.side, stored.mean, stored.features) == ("inception_v3", 299, (0.5,) * 3, 2048)
    assert stored.licence.startswith("Apache-2.0")


def test_a_network_of_grey_input_gets_one_mean(tmp_path):
    (tmp_path / "grey.pt").write_bytes(torch_file(arrays(channels=1)))
    stored = bring(tmp_path / "grey.pt", network="resnet18")
    assert stored.channels == 1
    assert stored.mean == (pytest.approx((0.485 + 0.456 + 0.406) / 3),)
    assert len(stored.deviation) == 1


def test_without_any_network_it_is_asked_for(file):
    error = refusal(file)
    assert error.code == "no-network"
    assert "--network" in error.remedy


def test_weights_of_another_network_are_refused_with_the_reason(file):
    error = refusal(file, network="resnet18", check=lambda *told: "They look like those of resnet50.")
    assert error.code == "weights-network"
    assert "They look like those of resnet50." in error.message


def test_the_real_check_names_the_network_that_fits(tmp_path):
    import timm

    from wetread.model.networks import explain_mismatch

    content = {key: value.numpy() for key, value in timm.create_model("resnet18", num_classes=5).state_dict().items()}
    (tmp_path / "w.safetensors").write_bytes(write_safetensors(content))
    error = refusal(tmp_path / "w.safetensors", network="resnet34", check=explain_mismatch)
    assert error.code == "weights-network"
    assert bring(tmp_path / "w.safetensors", network="resnet18", check=explain_mismatch).network == "resnet18"


@pytest.mark.parametrize("kind", [np.int64, np.bool_])
def test_whole_numbers_in_place_of_weights_are_refused(tmp_path, kind):
    import timm

    from wetread.model.networks import explain_mismatch

    content = {key: value.numpy() for key, value in timm.create_model("resnet18", num_classes=5).state_dict().items()}
    content["layer3.0.conv1.weight"] = content["layer3.0.conv1.weight"].round().astype(kind)
    (tmp_path / "w.safetensors").write_bytes(write_safetensors(content))
    error = refusal(tmp_path / "w.safetensors", network="resnet18", check=explain_mismatch)
    assert error.code == "weights-network"
    assert "layer3.0.conv1.weight" in error.message


def test_weights_that_are_no_numbers_are_refused(tmp_path):
    broken = arrays()
    broken["bn1.bias"][2] = np.inf
    (tmp_path / "w.safetensors").write_bytes(write_safetensors(broken))
    assert refusal(tmp_path / "w.safetensors", network="resnet18").code == "weights-file"


def test_a_folder_must_hold_one_file_of_weights(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "readme.txt").write_text("x")
    (folder / "notes.txt").write_text("x")
    assert "no file of weights" in refusal(folder, network="resnet18").message
    for name in ("a.pt", "b.pt"):
        (folder / name).write_bytes(torch_file(arrays()))
    assert "several" in refusal(folder, network="resnet18").message


def test_an_odd_file_name_becomes_a_name(tmp_path):
    (tmp_path / "mein Netz (2).pt").write_bytes(torch_file(arrays()))
    assert bring(tmp_path / "mein Netz (2).pt", network="resnet18").name == "mein-Netz-2"


def test_a_name_that_cannot_be_is_refused_before_anything_is_read(tmp_path):
    assert refusal(tmp_path / "missing", name="../x").code == "name"


def test_a_path_that_cannot_be_looked_at_is_said(tmp_path):
    error = refusal(tmp_path / ("x" * 300) / "a.pt", network="resnet18")  # longer than a file system takes
    assert error.code == "no-file"
    assert "permission" in error.remedy


def test_an_interrupted_import_leaves_nothing(file):
    def interrupted(*told):
        raise KeyboardInterrupt

    assert refusal(file, Stopped, network="resnet18", check=interrupted).exit_code == 130


# Teachable Machine ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    layers = keras_reference.topology()
    tensors = keras_reference.random_tensors(layers)
    return keras_reference.write_export(tmp_path_factory.mktemp("tm") / "export", layers, tensors)


def nothing_wrong(*told):
    return ""


def test_another_base_needs_another_name(export):
    error = refusal(export, check=nothing_wrong)
    assert "not the one that all Teachable Machine exports share" in error.message
    stored = bring(export, name="other-base", check=nothing_wrong)
    assert (stored.network, stored.options) == ("mobilenetv2_035", {"pad_type": "same", "bn_eps": 1e-3})


def test_the_model_json_of_an_export_stands_for_its_folder(export):
    folder = bring(export, name="x", check=nothing_wrong)
    assert bring(export / "model.json", name="x", check=nothing_wrong).sha256 == folder.sha256


def test_a_zip_of_an_export_is_the_same_as_its_folder(export, tmp_path, monkeypatch):
    monkeypatch.setattr(tfjs, "BASE", bring(export, name="x", check=nothing_wrong).original["sha256 of base"])
    with zipfile.ZipFile(tmp_path / "tm.zip", "w") as packed:
        for path in export.iterdir():
            packed.write(path, path.name)
    zipped, folder = (bring(path, check=nothing_wrong) for path in (tmp_path / "tm.zip", export))
    assert zipped.name == folder.name == "teachable-machine"
    assert zipped.sha256 == folder.sha256
    assert (folder.mean, folder.deviation, folder.side, folder.features) == ((0.5,) * 3, (0.5,) * 3, 224, 1280)


@pytest.mark.skipif(not REAL.is_dir(), reason="needs WETREAD_REAL_DATA with the Teachable Machine export")
def test_the_real_export_becomes_weights_that_fit():
    from wetread.model.networks import explain_mismatch

    stored = bring(REAL, check=explain_mismatch)
    assert (stored.name, stored.network, stored.features) == ("teachable-machine", "mobilenetv2_035", 1280)
    assert stored.original["sha256 of base"].startswith("ee5b607dd0e96d06")
    assert sum(array.size for array in read_arrays(stored).values() if array.dtype == np.float32) == 410_208
