"""The head that is trained without torch ends where torch's loop ends, and says the same when it cannot go on."""

import sys
from dataclasses import replace
from subprocess import run

import numpy as np
import pytest
import torch

from training import small_fit
from wetread.errors import InputError
from wetread.model.head import HeadPart
from wetread.model.networks import NetworkSpec, build_head
from wetread.training.dense_head import PIECE, _Head, is_plain, train_dense_head
from wetread.training.loop import train
from wetread.training.plan_values import CHOICES

SETTINGS = replace(
    small_fit.SETTINGS, epochs=6, weight_decay=0.0, optimiser="adam", schedule="constant", tuning="head", clip=0.0
)
RANDOM = np.random.default_rng(3)
FEATURES = RANDOM.normal(size=(45, 37)).astype(np.float32)
CLASSES = RANDOM.integers(0, 3, 45)
FINDINGS = np.where(RANDOM.random((45, 4)) < 0.2, np.nan, RANDOM.integers(0, 2, (45, 4))).astype(np.float32)
CASES = {
    "teachable machine": (CLASSES, 3, {}, {"hidden": 20, "bias": False, "initial": "fan-in normal"}),
    "keras": (CLASSES, 3, {}, {"hidden": 20, "initial": "glorot uniform"}),
    "one layer": (CLASSES, 3, {"optimiser": "adamw", "weight_decay": 0.05, "schedule": "cosine"}, {}),
    "one output": ((CLASSES == 1).astype(int), 1, {"output": "sigmoid", "weight_decay": 0.1}, {"hidden": 5}),
    "findings": (FINDINGS, 4, {"output": "sigmoid", "head_learning_rate": 1e-2}, {"hidden": 20}),
    "clipped": (CLASSES, 3, {"clip": 0.05, "epsilon": 1e-7}, {"hidden": 20}),
    "larger than a piece": (CLASSES, 3, {"optimiser": "adamw", "weight_decay": 0.05}, {"hidden": 2 * PIECE // 37}),
}


def by_torch(labels, outputs, settings, hidden=0, bias=True, initial="torch"):
    network = build_head(NetworkSpec("", outputs, hidden=hidden, bias=bias), FEATURES.shape[1])
    layers = [layer for layer in (network.head.hidden, network.head.last) if layer is not None]
    begin = _Head(FEATURES.shape[1], hidden, outputs, bias, 5, initial).layers()
    with torch.no_grad():
        for layer, (weights, offset) in zip(layers, begin, strict=True):
            layer.weight.copy_(torch.from_numpy(weights.T.copy()))
            if layer.bias is not None:
                layer.bias.copy_(torch.from_numpy(offset))
    rates, losses = [], []
    train(
        network, FEATURES, labels, lambda batch: batch, settings, 5,
        on_epoch=lambda epoch, seconds, rate, loss: (rates.append(rate), losses.append(loss)),
    )  # fmt: skip
    with torch.inference_mode():
        return network(torch.from_numpy(FEATURES)).numpy(), rates, losses


@pytest.mark.parametrize("name", CASES)
def test_it_ends_where_torch_ends(name):
    labels, outputs, changes, shape = CASES[name]
    settings = replace(SETTINGS, **changes)
    assert is_plain(settings, dropout=0.0)
    told = []
    layers = train_dense_head(
        FEATURES, labels, settings, 5, outputs=outputs, on_epoch=lambda *one: told.append(one), **shape
    )
    begin = HeadPart(train_dense_head(FEATURES, labels, replace(settings, seconds=-1.0), 5, outputs=outputs, **shape))
    logits, rates, losses = by_torch(labels, outputs, settings, **shape)
    ours = HeadPart(layers).logits_of_features(FEATURES)
    assert np.abs(ours - logits).max() < 2e-4
    assert np.abs(begin.logits_of_features(FEATURES) - logits).max() > 0.05  # it went somewhere
    assert [one[1] for one in told] == [1, 2, 3, 4, 5, 6]
    assert [one[3] for one in told] == pytest.approx(rates)
    assert [one[4] for one in told] == pytest.approx(losses, abs=1e-5)


def test_what_it_cannot_do_is_left_to_torch():
    assert not is_plain(SETTINGS, dropout=0.5)
    for change in (
        {"tuning": "whole"}, {"optimiser": "sgd"}, {"loss": "focal"}, {"sampling": "balanced"}, {"keep": "ema"},
        {"keep": "best"}, {"patience": 3}, {"schedule": "plateau"}, {"device": "cuda:0"}, {"precision": "bfloat16"},
    ):  # fmt: skip
        assert not is_plain(replace(SETTINGS, **change), dropout=0.0), change


@pytest.mark.parametrize("hidden", [0, 100])
@pytest.mark.parametrize("initial", CHOICES["initial"])
def test_fresh_weights_are_drawn_as_those_of_the_network_are(initial, hidden):
    """The same deviation and the same ends: those of a uniform, or a normal one that is cut."""
    network = build_head(NetworkSpec("", 20, hidden=hidden), 1280, initial)
    theirs = [layer for layer in (network.head.hidden, network.head.last) if layer is not None]
    for (weights, bias), layer in zip(_Head(1280, hidden, 20, True, 0, initial).layers(), theirs, strict=True):
        drawn, offset = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        assert weights.std() == pytest.approx(drawn.std(), rel=0.05)
        assert np.abs(weights).max() == pytest.approx(np.abs(drawn).max(), rel=0.03)
        assert np.abs(bias).max() == pytest.approx(np.abs(offset).max(), rel=0.25)


def test_the_normal_distribution_of_tensorflow_js_is_cut_and_not_widened_again():
    """sqrt(1 / inputs) before it is cut at two of these; 0.88 of that afterwards."""
    ((weights, bias), _) = _Head(400, 500, 2, True, 0, "fan-in normal").layers()
    assert np.abs(weights).max() == pytest.approx(0.1, rel=1e-3)
    assert weights.std() == pytest.approx(0.05 * 0.8796, rel=0.005)
    assert not bias.any()


def test_weights_that_the_last_step_breaks_are_told():
    """One batch, one epoch: the loss of that step is still a number."""
    broken = replace(SETTINGS, batch=45, epochs=1, optimiser="adamw", learning_rate=1e30, weight_decay=1e30)
    with pytest.raises(
        InputError, match=r"epoch 1: the weights of the network are no longer numbers.*it began"
    ) as error:
        train_dense_head(FEATURES, CLASSES, broken, 0, outputs=3)
    assert error.value.code == "nan-loss"


def test_a_loss_that_is_no_number_names_its_pictures():
    broken = FEATURES.copy()
    broken[7] = np.nan
    with pytest.raises(InputError, match=r"epoch 1: the loss is no longer a number.*picture-7") as error:
        train_dense_head(
            broken, CLASSES, replace(SETTINGS, batch=3), 0, outputs=3, names=[f"picture-{n}" for n in range(45)]
        )
    assert error.value.code == "nan-loss"


def test_it_can_be_stopped_between_batches_and_by_the_clock():
    def stop():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_dense_head(FEATURES, CLASSES, SETTINGS, 0, outputs=3, between=stop)
    epochs = []
    train_dense_head(
        FEATURES, CLASSES, replace(SETTINGS, seconds=1e-9), 0, outputs=3, on_epoch=lambda *one: epochs.append(one)
    )
    assert len(epochs) <= 1


def test_torch_stays_out():
    code = "import sys, wetread.training.dense_head, wetread.training.rungs; print('torch' in sys.modules)"
    assert run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == ["False"]
