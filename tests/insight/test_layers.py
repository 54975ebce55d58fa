"""Layers are found by running a network, of every kind, and looked at without running further."""

import pytest
import torch

from wetread.errors import InputError
from wetread.insight.layers import choose_layers, find_layers, look_at, look_at_all
from wetread.model.networks import NetworkSpec, build_network


def body_of(name, channels, side, **options):
    torch.manual_seed(0)
    return build_network(NetworkSpec(name, 2, channels, side, options)).body.eval()


def test_our_own_networks_are_named_by_what_their_layers_are():
    small = find_layers(body_of("small", 1, 64), 1, 64)
    assert [(one.name, one.channels, one.rows) for one in small] == [
        ("convolution 1", 16, 32),
        ("convolution 2", 32, 16),
        ("convolution 3", 64, 8),
        ("convolution 4", 128, 8),
    ]
    lesson = find_layers(body_of("carpentries", 1, 128), 1, 128)
    assert [one.name for one in lesson] == [*(f"convolution {n}" for n in range(1, 8)), "dense 1", "dense 2"]
    (dense,) = find_layers(body_of("dense", 1, 28), 1, 28)
    assert (dense.name, dense.channels, dense.keeps_places) == ("dense 1", 128, False)


@pytest.mark.parametrize(
    ("network", "side", "first", "last", "kind"),
    [
        ("mobilenetv2_035", 64, "bn1", "bn2", "maps"),
        ("vit_tiny_patch16_224", 64, "patch_embed", "norm", "tokens"),
        ("convnext_atto", 64, "stem.1", "stages.3", "maps"),
    ],
)
def test_networks_of_timm(network, side, first, last, kind):
    options = {"img_size": side} if network.startswith("vit") else {}
    body = body_of(network, 3, side, **options)
    layers = find_layers(body, 3, side)
    assert (layers[0].name, layers[-1].name) == (first, last)
    assert {one.kind for one in layers} == {kind}
    batch = torch.rand(2, 3, side, side)
    for layer, maps in zip(layers, look_at_all(body, layers, batch), strict=True):
        assert maps.shape == (2, layer.channels, layer.rows, layer.columns)
    middle = layers[len(layers) // 2]
    with torch.no_grad():
        assert torch.equal(look_at(body, middle, batch), look_at_all(body, [middle], batch)[0])


def test_nothing_behind_the_layer_is_run_and_no_hook_stays():
    body = body_of("small", 1, 32)
    first, *_, last = find_layers(body, 1, 32)
    ran = []
    handle = last.module.register_forward_hook(lambda *_: ran.append(1))
    look_at(body, first, torch.rand(1, 1, 32, 32))
    assert not ran
    handle.remove()
    assert all(not module._forward_hooks for module in body.modules())


def test_choosing_layers():
    layers = find_layers(body_of("carpentries", 1, 128), 1, 128)
    chosen = choose_layers(layers)
    assert len(chosen) == 6 and chosen[0] is layers[0] and chosen[-1] is layers[-1]
    assert choose_layers(layers, ["all"]) == layers
    assert [one.name for one in choose_layers(layers, ["dense 1", "convolution 2"])] == ["convolution 2", "dense 1"]
    with pytest.raises(InputError, match="no layer nonsense") as error:
        choose_layers(layers, ["nonsense"])
    assert error.value.code == "unknown-layer" and "convolution 7" in error.value.remedy
