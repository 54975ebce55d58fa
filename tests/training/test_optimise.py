"""Phases, rates by layer, and steps that are torch's own to the bit."""

from dataclasses import replace

import pytest
import torch

from training.small_fit import SETTINGS, tiny_network
from wetread.training.optimise import MOMENTUM, Phase, make_optimiser, phases, set_mode

WHOLE = Phase(0, 4, False, 0.01)


def train_some(network, step, steps=4):
    random = torch.Generator().manual_seed(1)
    for _ in range(steps):
        network.zero_grad(set_to_none=True)
        network(torch.randn(4, 1, 16, 16, generator=random)).square().sum().backward()
        step()
    return [weight.detach().clone() for weight in network.parameters()]


@pytest.mark.parametrize("kind", ["adamw", "adam", "sgd"])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_steps_are_those_of_torch_to_the_bit(kind, layout):
    ours, theirs = (tiny_network().to(memory_format=layout).eval() for _ in range(2))
    optimiser = make_optimiser(ours, WHOLE, replace(SETTINGS, optimiser=kind, weight_decay=0.1, epsilon=1e-7))
    weights = list(theirs.parameters())
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": 0.1},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    if kind == "sgd":
        reference = torch.optim.SGD(groups, lr=0.005, momentum=MOMENTUM, fused=True)
    else:
        reference = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind](groups, lr=0.005, eps=1e-7, fused=True)
    one = train_some(ours, lambda: optimiser.step(0.5))
    two = train_some(theirs, reference.step)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], tiny_network().body[0].weight)


def test_layers_near_the_input_learn_more_slowly():
    network = tiny_network()
    settings = replace(SETTINGS, layer_decay=0.5)
    optimiser = make_optimiser(network, WHOLE, settings)
    assert {id(weight): top for some, top, _ in optimiser.groups for weight in some} == {
        id(weight): pytest.approx(0.01 * 0.5 ** (2 - depth))
        for depth, group in enumerate(network.layer_groups())
        for weight in group
    }


def test_biases_and_batch_norm_are_not_decayed():
    network = tiny_network()
    for some, _, decay in make_optimiser(network, WHOLE, SETTINGS).groups:
        assert {weight.ndim > 1 for weight in some} == {decay > 0}


def test_a_frozen_body_has_no_gradient_and_keeps_its_statistics():
    network = tiny_network()
    phase = Phase(0, 2, True, 0.1)
    optimiser = make_optimiser(network, phase, SETTINGS)
    assert [id(weight) for some, _, _ in optimiser.groups for weight in some] == [
        id(weight) for weight in network.head.parameters()
    ]
    assert not any(weight.requires_grad for weight in network.body.parameters())
    set_mode(network, phase, SETTINGS)
    assert network.head.training
    assert not network.body[1].training
    set_mode(network, WHOLE, replace(SETTINGS, freeze_statistics=True))
    assert network.training
    assert network.body[2].training
    assert not network.body[1].training


def test_running_statistics_move_as_the_settings_say_and_else_as_the_network_does():
    network = tiny_network()
    set_mode(network, WHOLE, SETTINGS)
    assert network.body[1].momentum == 0.1
    set_mode(network, WHOLE, replace(SETTINGS, batch_norm_momentum=0.01))
    network.body[1](torch.full((2, network.body[1].num_features, 3, 3), 5.0))
    assert network.body[1].running_mean.tolist() == pytest.approx([0.05] * network.body[1].num_features)


def test_phases():
    first = replace(SETTINGS, tuning="head first", head_epochs=2, head_learning_rate=0.1)
    assert phases(first) == [Phase(0, 2, True, 0.1), Phase(2, 4, False, 0.005)]
    assert first.all_epochs == 6
    assert list(phases(first)[1]) == [2, 3, 4, 5]
    assert phases(replace(SETTINGS, tuning="head")) == [Phase(0, 4, True, 0.005)]
    assert phases(replace(SETTINGS, tuning="head first")) == phases(SETTINGS) == [Phase(0, 4, False, 0.005)]
