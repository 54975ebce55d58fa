"""Weights at hand change what a run does: looked through, trained on, carried by the model, refused where missing."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import wetread
from wetread.errors import InputError
from wetread.model.classifier import load_classifier, pack_arrays
from wetread.model.networks import NetworkSpec, build_network
from wetread.weights.stored import Facts, store

pytest.importorskip("openvino")

SIDE = 64
SHORT = ["repeats=1", "resamples=100", "cases=2"]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A weights home with a tiny network of random weights."""
    place = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WETREAD_WEIGHTS", str(place))
        torch.manual_seed(1)
        body = build_network(NetworkSpec("test_resnet", 2, side=SIDE)).body.net
        arrays = {name: tensor.numpy() for name, tensor in body.state_dict().items()}
        half = (0.5, 0.5, 0.5)
        facts = Facts("tiny", "test_resnet", side=SIDE, licence="Ours", mean=half, deviation=half)
        store(facts, pack_arrays(arrays))
        yield place


@pytest.fixture(scope="module")
def frozen(chest_set, home, tmp_path_factory):
    settings = [*SHORT, "rungs=classical,frozen,combined", "choice=frozen"]
    return wetread.run(chest_set, out=tmp_path_factory.mktemp("frozen"), device="cpu", settings=settings)


def test_the_best_suited_weights_are_looked_through(frozen):
    assert list(frozen.numbers["models"])[-4:] == ["classical", "frozen", "combined", "selected"]
    assert frozen.numbers["shipped"] == "frozen"
    plan = (frozen.folder / "plan.yaml").read_text()
    assert "tiny" in plan
    known = json.loads((frozen.folder / "fingerprint.json").read_text())["weights"]
    assert [one["name"] for one in known] == ["tiny"]


def test_the_model_carries_its_backbone(frozen, chest_set, tmp_path, monkeypatch):
    with open(frozen.folder / "predictions.csv", newline="") as handle:
        image = next(csv.DictReader(handle))["image"]
    before = wetread.predict(frozen.folder, chest_set / image)[0]
    monkeypatch.setenv("WETREAD_WEIGHTS", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path / "cache"))
    after = wetread.predict(frozen.folder, chest_set / image)[0]
    assert after["p_effusion"] == pytest.approx(before["p_effusion"], abs=1e-4)
    assert load_classifier(frozen.folder).backbone.licence == "Ours"


def test_a_damaged_backbone_is_refused(frozen, tmp_path):
    import shutil

    from wetread.errors import ModelRejected

    copy = shutil.copytree(frozen.folder / "model", tmp_path / "model")
    data = bytearray((copy / "backbone.safetensors").read_bytes())
    data[len(data) // 2] ^= 1
    (copy / "backbone.safetensors").write_bytes(data)
    with pytest.raises(ModelRejected, match="backbone"):
        load_classifier(copy)


def test_once_converted_a_run_on_frozen_features_needs_no_torch(frozen, chest_set, home, tmp_path):
    code = (
        "import sys, wetread; "
        f"wetread.run({str(chest_set)!r}, out={str(tmp_path / 'run')!r}, preset='quick', "
        "settings=['rungs=classical,frozen', 'cases=0', 'resamples=100']); "
        "print([name for name in ('torch', 'timm', 'openvino_telemetry') if sys.modules.get(name)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"


def test_the_head_alone_is_trained_on_features_that_are_kept(chest_set, home, tmp_path):
    still = [f"{name}=0" for name in ("rotation", "zoom", "shift", "gamma", "contrast", "noise")]
    settings = [*SHORT, "rungs=network", "network=test_resnet", "weights=tiny", f"network_side={SIDE}", "channels=3"]
    settings += ["tuning=head", "scaling=weights", "hidden=8", "epochs=3", "inner_folds=1", *still]
    run = wetread.run(chest_set, out=tmp_path / "head", device="cpu", settings=settings)
    described = json.loads((run.folder / "model" / "model.json").read_text())
    assert [part["kind"] for part in described["parts"]] == ["head"]
    assert described["backbone"]["name"] == "tiny"
    table = load_classifier(run.folder).probabilities([np.zeros((80, 80), np.uint8)])
    np.testing.assert_allclose(table.sum(axis=1), 1)


def test_fine_tuning_starts_from_the_weights(chest_set, home, tmp_path):
    settings = [*SHORT, "rungs=classical,network", "network=test_resnet", "weights=tiny", f"network_side={SIDE}"]
    settings += ["channels=3", "scaling=weights", "tuning=head first", "head_epochs=1", "epochs=1", "layer_decay=0.75"]
    settings += ["freeze_statistics=true", "inner_folds=1", "estimate=cross-validation", "folds=2"]
    run = wetread.run(chest_set, out=tmp_path / "tuned", device="cpu", settings=settings)
    with open(run.folder / "history.csv", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == (2 + 1) * 2  # two folds and the final model; the head's epoch, then all layers'
    assert {row["epoch"] for row in rows} == {"1", "2"}


def test_weights_that_are_not_here_are_refused_before_anything_is_trained(chest_set, tmp_path):
    with pytest.raises(InputError, match="weights home") as caught:
        wetread.run(chest_set, out=tmp_path / "run", backbone="resnet18.a1_in1k")
    assert "wetread weights get" in caught.value.remedy


def test_a_recipe_without_its_weights_starts_fresh_and_says_so(chest_set, tmp_path):
    settings = [*SHORT, "network=test_resnet", f"network_side={SIDE}", "epochs=1", "folds=2", "rungs=network"]
    run = wetread.run(chest_set, out=tmp_path / "run", recipe="lakhani", device="cpu", settings=settings)
    plan = (run.folder / "plan.yaml").read_text()
    assert "starts fresh" in plan
    assert "lakhani" in plan


def test_a_recipe_that_keeps_its_weights_frozen_needs_them(chest_set, tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_WEIGHTS", str(tmp_path / "none"))
    with pytest.raises(InputError, match="teachable-machine"):
        wetread.run(chest_set, out=tmp_path / "run", recipe="teachable-machine")
