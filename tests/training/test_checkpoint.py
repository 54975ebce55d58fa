"""A fit goes on where it was, to the bit; what is damaged or of another fit is passed over."""

import json
import os
import subprocess
import sys
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from training.small_fit import SETTINGS, bright_against_dark, centre, fit, tiny_network, weights_hash
from wetread.errors import OutputError
from wetread.training.checkpoint import Checkpoints, Progress, fit_key

LONGER = replace(SETTINGS, epochs=7)


def stopped(place, after, settings=LONGER, **more):
    """A fit that is stopped after an epoch."""

    def stop(epoch, *_):
        if epoch == after:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(settings, place=place, on_epoch=stop, **more)


def files(place):
    return sorted(path.name for path in place.iterdir())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"keep": "ema", "optimiser": "sgd"},
        {"keep": "average", "epochs": 6},
        {"keep": "best", "schedule": "plateau", "patience": 1, "learning_rate": 0.05},
        {"tuning": "head first", "head_epochs": 3, "layer_decay": 0.5, "freeze_statistics": True},
        {"tuning": "head first", "head_epochs": 2, "optimiser": "adam"},
        {"sampling": "balanced", "loss": "focal", "output": "sigmoid"},
    ],
)
def test_a_resumed_fit_ends_with_the_same_bits(tmp_path, changes):
    settings = replace(LONGER, **changes)
    more = {"validation": bright_against_dark(seed=1)} if settings.needs_validation else {}
    outputs = 1 if settings.output == "sigmoid" else 2
    whole, undisturbed, _ = fit(settings, network=tiny_network(outputs=outputs), **more)
    stopped(tmp_path, 3, settings, network=tiny_network(outputs=outputs), **more)
    network, outcome, epochs = fit(settings, network=tiny_network(outputs=outputs), place=tmp_path, **more)
    assert epochs[0][0] == 4
    assert weights_hash(network) == weights_hash(whole)
    assert outcome.losses == undisturbed.losses
    assert outcome.validation_losses == undisturbed.validation_losses
    assert outcome.kept_epoch == undisturbed.kept_epoch


def test_one_that_ended_in_the_middle_of_an_epoch_repeats_that_epoch(tmp_path):
    whole, undisturbed, _ = fit(LONGER)
    batches, a_half = [], 2.5

    def between():
        batches.append(0)
        if len(batches) > a_half * 32 / LONGER.batch:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(LONGER, place=tmp_path, between=between)
    network, outcome, epochs = fit(LONGER, place=tmp_path)
    assert epochs[0][0] == 3
    assert weights_hash(network) == weights_hash(whole)
    assert outcome.losses == undisturbed.losses


def test_a_finished_fit_is_taken_up_finished(tmp_path):
    one, _, _ = fit(place=tmp_path)
    two, outcome, epochs = fit(place=tmp_path)
    assert epochs == []
    assert outcome.epochs == 4
    assert weights_hash(one) == weights_hash(two)


def test_early_stopping_stays_stopped(tmp_path):
    squares, labels = bright_against_dark(seed=1)
    settings = replace(SETTINGS, patience=2, schedule="constant", learning_rate=0.05, epochs=12)
    _, outcome, _ = fit(settings, validation=(squares, 1 - labels), place=tmp_path)
    _, again, epochs = fit(settings, validation=(squares, 1 - labels), place=tmp_path)
    assert epochs == []
    assert again.epochs == outcome.epochs < 12


def test_the_last_two_stay(tmp_path):
    stopped(tmp_path, 5)
    assert files(tmp_path) == [f"epoch-000{n}.{end}" for n in (4, 5) for end in ("json", "safetensors")]


def test_short_memory_is_remembered(tmp_path):
    stopped(tmp_path, 3, network=tiny_network(most=3))
    network, outcome, _ = fit(LONGER, network=tiny_network(most=3), place=tmp_path)
    assert max(network.seen) == 2
    assert len(outcome.notes) == 2


@pytest.mark.parametrize("end", ["json", "safetensors"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.97])
def test_a_flipped_byte_falls_back_to_the_one_before(tmp_path, end, part):
    stopped(tmp_path, 3)
    path = tmp_path / f"epoch-0003.{end}"
    data = bytearray(path.read_bytes())
    data[int(part * len(data))] ^= 1
    path.write_bytes(data)
    network, _, epochs = fit(LONGER, place=tmp_path)
    assert epochs[0][0] == 3
    assert weights_hash(network) == weights_hash(fit(LONGER)[0])


@pytest.mark.parametrize("size", [0, 100])
def test_a_file_cut_short_falls_back_to_the_one_before(tmp_path, size):
    stopped(tmp_path, 3)
    for end in ("json", "safetensors"):
        os.truncate(tmp_path / f"epoch-0003.{end}", size)
    assert fit(LONGER, place=tmp_path)[2][0][0] == 3


def test_nothing_whole_begins_anew(tmp_path):
    stopped(tmp_path, 2)
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(b"nothing")
    assert fit(LONGER, place=tmp_path)[2][0][0] == 1


def test_a_half_written_one_is_swept_away(tmp_path):
    (tmp_path / ".epoch-0009.safetensors.123.tmp").write_bytes(b"half")
    fit(place=tmp_path)
    assert files(tmp_path) == [f"epoch-000{n}.{end}" for n in (3, 4) for end in ("json", "safetensors")]


def test_one_of_another_fit_is_passed_over_and_makes_way(tmp_path):
    stopped(tmp_path, 6)
    other = replace(LONGER, learning_rate=1e-3)
    network, _, epochs = fit(other, place=tmp_path)
    assert epochs[0][0] == 1
    assert weights_hash(network) == weights_hash(fit(other)[0])
    stopped(tmp_path, 2)
    assert files(tmp_path) == [f"epoch-000{n}.{end}" for n in (1, 2) for end in ("json", "safetensors")]


def test_the_key_tells_fits_apart():
    squares, labels = bright_against_dark()

    def key(settings=SETTINGS, seed=1, squares=squares, labels=labels, normalise=centre, network=None):
        return fit_key(settings, seed, squares, labels, normalise, network or tiny_network())

    darker = squares.copy()
    darker[5, 0, 3, 3] ^= 1
    assert key() == key() == key(settings=replace(SETTINGS, seconds=5))
    others = [
        key(settings=replace(SETTINGS, clip=1.0)),
        key(seed=2),
        key(squares=darker),
        key(labels=1 - labels),
        key(normalise=lambda batch: batch),
        key(network=tiny_network(seed=1)),
    ]
    assert len({key(), *others}) == 7


def test_a_full_disk_stops_with_a_message_and_leaves_the_last_good_one(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")

    def fill(epoch, *_):
        if epoch == 3:
            monkeypatch.setattr("wetread.writing.shutil.disk_usage", lambda place: usage(10, 9, 1))

    with pytest.raises(OutputError) as caught:
        fit(LONGER, place=tmp_path, on_epoch=fill)
    assert caught.value.code == "disk-full"
    assert "--resume" in caught.value.remedy
    monkeypatch.undo()
    network, _, epochs = fit(LONGER, place=tmp_path)
    assert epochs[0][0] in (3, 4)  # the third may have been on its way to the disk
    assert weights_hash(network) == weights_hash(fit(LONGER)[0])


def test_what_is_saved_is_the_state_of_that_moment(tmp_path):
    store = Checkpoints(tmp_path, "key")
    tensor = torch.arange(6.0).reshape(1, 2, 3)
    progress = Progress(epoch=1, losses=[0.5])
    store.keep(progress, {"network.a": tensor})
    tensor.zero_()
    progress.losses.append(9.0)
    store.wait()
    found, tensors = Checkpoints(tmp_path, "key").newest()
    assert found == Progress(epoch=1, losses=[0.5])
    assert np.array_equal(tensors["network.a"], np.arange(6.0).reshape(1, 2, 3))
    assert Checkpoints(tmp_path, "another").newest() is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_twenty_kills_cost_at_most_an_epoch_each_and_no_bit(tmp_path):
    """`bench/kills.py` does it two hundred times."""
    script = Path(__file__).with_name("kill_fits.py")
    done = subprocess.run([sys.executable, script, "20"], capture_output=True, text=True, timeout=900, check=True)
    result = json.loads(done.stdout)
    assert result["kills"] >= 20
    assert result["in_window"] >= 5
    assert result["lost"] == 0
    assert result["differing"] == 0
