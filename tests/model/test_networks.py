"""A network is what its name says, starts from the weights it is given, and repeats itself bit for bit."""

import numpy as np
import pytest
import torch

from wetread.errors import InputError
from wetread.model.networks import NetworkSpec, build_network, explain_mismatch, load_weights
from wetread.model.small_networks import SeededDropout


def weights_of(network):
    return sum(weight.numel() for weight in network.parameters())


def arrays_of(body):
    """Fresh weights of a timm body, as numpy arrays by timm's names."""
    return {name: tensor.numpy().copy() for name, tensor in body.net.state_dict().items()}


def body_of(name, **options):
    torch.manual_seed(0)
    return build_network(NetworkSpec(name, 2, **options)).body


def test_the_network_of_the_lesson_has_as_many_weights_as_the_lesson_says():
    """54,627: the summary that Keras prints in the episode; and maps of 4 x 4 from 256 pixels."""
    network = build_network(NetworkSpec("carpentries", outputs=1, channels=1))
    assert weights_of(network) == 54_627
    assert network.maps(torch.zeros(1, 1, 256, 256)).shape == (1, 50, 4, 4)


def test_the_dense_network_has_as_many_weights_as_the_tutorial_says():
    """784 x 128 + 128 and 128 x 10 + 10: 101,770, as in Keras's tutorial on Fashion-MNIST."""
    assert weights_of(build_network(NetworkSpec("dense", outputs=10, channels=1, side=28))) == 101_770


def test_a_head_of_the_teachable_machine():
    """1280 x 100 + 100, and two outputs without bias."""
    network = build_network(NetworkSpec("mobilenetv2_035", outputs=2, hidden=100, bias=False))
    assert sum(weight.numel() for weight in network.head.parameters()) == 1280 * 100 + 100 + 200


@pytest.mark.parametrize("name", ["small", "carpentries", "resnet18", "mobilenetv3_small_050"])
def test_going_on_from_the_maps_gives_the_same_logits(name):
    torch.manual_seed(0)
    network = build_network(NetworkSpec(name, outputs=2)).eval()
    batch = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(network.from_maps(network.maps(batch)), network(batch))


@pytest.mark.parametrize(
    ("name", "options", "grid"),
    [
        ("swin_tiny_patch4_window7_224", {"embed_dim": 24, "depths": [1, 1, 1, 1]}, (192, 7, 7)),
        ("vit_tiny_patch16_224", {"global_pool": "avg"}, (192, 14, 14)),
    ],
)
def test_a_transformer_that_averages_its_tokens_has_maps(name, options, grid):
    torch.manual_seed(0)
    network = build_network(NetworkSpec(name, outputs=2, options=options)).eval()
    batch = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        maps = network.maps(batch)
        torch.testing.assert_close(network.from_maps(maps), network(batch), rtol=1e-4, atol=1e-5)
    assert maps.shape[1:] == grid


def test_a_transformer_with_a_class_token_has_none_and_takes_the_size_it_is_given():
    network = build_network(NetworkSpec("vit_tiny_patch16_224", outputs=2, side=96)).eval()
    assert network.maps(torch.zeros(1, 3, 96, 96)) is None
    assert network(torch.zeros(1, 3, 96, 96)).shape == (1, 2)


def test_weights_arrive_in_the_body_and_the_foreign_head_stays_out():
    arrays = arrays_of(body_of("resnet18"))
    arrays |= {"fc.weight": np.zeros((1000, 512), np.float32), "fc.bias": np.zeros(1000, np.float32)}
    torch.manual_seed(1)
    network = build_network(NetworkSpec("resnet18", outputs=2), arrays)
    np.testing.assert_array_equal(network.body.net.layer4[1].conv2.weight.detach(), arrays["layer4.1.conv2.weight"])
    assert network.head.last.weight.shape == (2, 512)


def test_grey_pictures_look_to_adapted_weights_as_to_the_original():
    """The same picture in three equal channels, through the original weights: summing over the colours is exact."""
    colour = body_of("resnet18").eval()
    grey = build_network(NetworkSpec("resnet18", outputs=2, channels=1), arrays_of(colour)).body.eval()
    picture = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(grey(picture), colour(picture.repeat(1, 3, 1, 1)), rtol=1e-4, atol=1e-5)


def test_positions_of_a_transformer_follow_the_size_of_the_picture():
    arrays = arrays_of(body_of("vit_tiny_patch16_224"))
    body = build_network(NetworkSpec("vit_tiny_patch16_224", outputs=2, side=112), arrays).body
    assert body.net.pos_embed.shape == (1, 1 + 7 * 7, 192)
    np.testing.assert_array_equal(body.net.pos_embed[0, 0].detach(), arrays["pos_embed"][0, 0])


def test_weights_of_another_network_are_named():
    arrays = arrays_of(body_of("resnet34"))
    with pytest.raises(InputError, match="weights of resnet34") as caught:
        build_network(NetworkSpec("resnet18", outputs=2), arrays)
    assert caught.value.code == "wrong-weights"
    assert explain_mismatch("resnet34", {}, arrays) == ""


def test_a_missing_layer_and_a_wrong_shape_are_named():
    arrays = arrays_of(body_of("resnet18"))
    rest = {name: array for name, array in arrays.items() if name != "bn1.weight"}
    assert "bn1.weight" in explain_mismatch("resnet18", {}, rest)
    arrays["bn1.weight"] = np.zeros(32, np.float32)
    assert "bn1.weight is 32 and should be 64" in explain_mismatch("resnet18", {}, arrays)
    rest["bn1.weight"] = np.zeros(64, np.float32)
    rest["extra.weight"] = np.zeros(3, np.float32)
    assert "extra.weight" in explain_mismatch("resnet18", {}, rest)


def test_batch_norm_that_never_counted_is_no_mismatch():
    """Weights from Keras have no counters."""
    arrays = arrays_of(body_of("resnet18"))
    assert explain_mismatch("resnet18", {}, {k: v for k, v in arrays.items() if "num_batches" not in k}) == ""


def test_all_weights_of_a_network_go_out_and_in():
    torch.manual_seed(0)
    spec = NetworkSpec("carpentries", outputs=3, channels=1)
    first = build_network(spec)
    arrays = {name: tensor.numpy() for name, tensor in first.state_dict().items()}
    again = load_weights(build_network(NetworkSpec.from_dict(spec.as_dict())), arrays)
    for one, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(RuntimeError):
        load_weights(build_network(NetworkSpec("small", outputs=3, channels=1)), arrays)


def test_dropout_repeats_with_its_seed_whatever_the_global_generator_does():
    torch.manual_seed(0)
    network = build_network(NetworkSpec("carpentries", outputs=1, channels=1, dropout=0.3)).train()
    batch = torch.randn(4, 1, 64, 64)
    answers = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed * 100 + len(answers))
        network.seed_dropout(seed)
        answers.append(network(batch).detach())
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])


def test_dropout_drops_its_share_and_keeps_the_mean():
    dropout = SeededDropout(0.25).train()
    dropped = dropout(torch.ones(100_000))
    assert abs(float((dropped == 0).float().mean()) - 0.25) < 0.01
    assert abs(float(dropped.mean()) - 1) < 0.01
    assert torch.equal(dropout.eval()(torch.ones(5)), torch.ones(5))


@pytest.mark.parametrize(
    ("name", "first"), [("small", "layers.0.weight"), ("carpentries", "layers.0.weight"), ("dense", "layers.1.weight")]
)
def test_layer_groups_of_our_own_go_from_input_to_head(name, first):
    network = build_network(NetworkSpec(name, outputs=2, side=16))
    groups = network.layer_groups()
    assert groups[0][0] is network.body.get_parameter(first)
    assert groups[-1] == list(network.head.parameters())
    assert sum(weight.numel() for group in groups for weight in group) == weights_of(network)


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "inception_v3", "convnext_atto", "vit_tiny_patch16_224"])
def test_layer_groups_of_timm_hold_every_weight_once(name):
    with torch.device("meta"):
        network = build_network(NetworkSpec(name, outputs=2))
    groups = network.layer_groups()
    found = [id(weight) for group in groups for weight in group]
    assert sorted(found) == sorted(id(weight) for weight in network.parameters())
    assert len(groups) >= 4
    assert groups[0][0] is next(network.parameters()) or name == "vit_tiny_patch16_224"


def test_nothing_of_timm_drops_by_itself():
    body = body_of("efficientnet_b0")
    rates = [one.p for one in body.modules() if isinstance(one, torch.nn.Dropout)]
    rates += [one.drop_prob for one in body.modules() if isinstance(getattr(one, "drop_prob", None), float)]
    assert not any(rates)
