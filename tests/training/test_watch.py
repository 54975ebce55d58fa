"""Losses are collected; the batch of the first that is no number is named, also where it is seen late."""

import numpy as np
import pytest
import torch

from wetread.errors import InputError
from wetread.training.watch import LOOK_EVERY, Watch

CPU, GPU = torch.device("cpu"), torch.device("cuda")


def fill(watch, losses):
    for number, loss in enumerate(losses):
        watch.note(torch.tensor(loss), np.array([number]), 0)


def test_the_mean_is_of_one_epoch():
    watch = Watch(CPU, (), 0.1)
    fill(watch, [1.0, 3.0])
    assert watch.mean(0) == 2.0
    fill(watch, [5.0])
    assert watch.mean(1) == 5.0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_on_a_cpu_it_stops_at_once(bad):
    watch = Watch(CPU, ["a.png", "b.png"], 0.1)
    fill(watch, [1.0])
    with pytest.raises(InputError) as caught:
        watch.note(torch.tensor(bad), np.array([1]), 4)
    assert "epoch 5" in caught.value.message
    assert "pictures b.png. " in caught.value.message
    assert "0.01 " in caught.value.remedy


def test_on_a_gpu_it_looks_now_and_then_and_names_the_first():
    losses = [1.0] * (LOOK_EVERY + 10)
    losses[3] = losses[7] = float("nan")
    with pytest.raises(InputError, match="number 3") as caught:
        fill(Watch(GPU, (), 0.1), losses)
    assert caught.value.code == "nan-loss"
    watch = Watch(GPU, (), 0.1)
    fill(watch, [1.0] * LOOK_EVERY + [2.0, float("inf")])
    with pytest.raises(InputError, match=f"number {LOOK_EVERY + 1}"):
        watch.mean(0)
