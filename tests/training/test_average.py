"""Means of weights, by hand."""

import pytest
import torch

from training.small_fit import tiny_network
from wetread.training.average import EMA_DECAY, Kept, copy_weights, load_weights


def put(network, value):
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.fill_(value)


def values(network):
    return {float(tensor.float().mean()) for tensor in network.state_dict().values()}


def test_the_mean_of_the_last_five_epochs():
    network = tiny_network()
    kept = Kept(network, "average", epochs=8)
    for epoch in range(1, 9):
        put(network, 2 * epoch)
        kept.after_epoch(network, epoch, better=False)
    kept.load_into(network)
    # Epochs 4 to 8; the counter of batch norm is no mean but the last.
    assert {round(value, 5) for value in values(network)} == {12.0, 16.0}
    assert kept.count == 5


def test_the_best():
    network = tiny_network()
    kept = Kept(network, "best", epochs=3)
    for epoch, better in ((1, True), (2, True), (3, False)):
        put(network, epoch)
        kept.after_epoch(network, epoch, better)
    kept.load_into(network)
    assert values(network) == {2.0}
    assert kept.count == 2


def test_the_exponential_mean_warms_up():
    network = tiny_network()
    put(network, 0)
    kept = Kept(network, "ema", epochs=1)
    put(network, 11)
    kept.after_step(network)  # decay 2/11
    assert float(kept.weights["head.bias"][0]) == pytest.approx(9)
    kept.after_step(network)  # decay 3/12
    assert float(kept.weights["head.bias"][0]) == pytest.approx(9 * 3 / 12 + 11 * 9 / 12)
    kept.count = 10**6
    before = float(kept.weights["head.bias"][0])
    kept.after_step(network)
    assert float(kept.weights["head.bias"][0]) == pytest.approx(before * EMA_DECAY + 11 * (1 - EMA_DECAY))


def test_the_last_keeps_nothing():
    network = tiny_network()
    kept = Kept(network, "last", epochs=1)
    kept.after_step(network)
    kept.after_epoch(network, 1, better=True)
    put(network, 5)
    kept.load_into(network)
    assert values(network) == {5.0}


def test_copies_are_copies_and_loading_keeps_the_order_in_memory():
    network = tiny_network().to(memory_format=torch.channels_last)
    copy = copy_weights(network)
    put(network, 7)
    assert not (copy["body.3.weight"] == 7).any()
    strides = network.body[3].weight.stride()
    load_weights(network, {name: tensor.contiguous() for name, tensor in copy.items()})
    assert network.body[3].weight.stride() == strides
    assert torch.equal(network.body[3].weight, copy["body.3.weight"])
