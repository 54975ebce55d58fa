"""Where to look in networks of timm: maps lie as the picture lies, and what follows them is what the network does."""

import numpy as np
import pytest
import torch

from explanation.toys import CORNERS, marked, untrained
from wetread.errors import InputError
from wetread.explanation.layers import keeps_places
from wetread.explanation.methods import PIXEL_GRADIENTS, QUESTIONS, explain_many, methods_for
from wetread.explanation.subject import make_subject
from wetread.model.classifier import Classifier

NETWORKS = {
    "carpentries": 256,
    "resnet18": 128,
    "densenet121": 128,
    "convnext_atto": 128,
    "vit_tiny_patch16_224": 64,  # ends in a class token
    "vit_small_patch16_rope_224": 64,  # blocks of another make, which are told the places
    "deit_tiny_distilled_patch16_224": 64,  # a class token and a second one
    "cait_xxs24_224": 64,  # the class token comes in last
    "beitv2_base_patch16_224": 64,  # places enter the attention
    "xcit_nano_12_p16_224": 64,  # tokens, but no grid of them is told
    "vit_small_patch14_reg4_dinov2": 56,  # class token and registers
    "swin_tiny_patch4_window7_224": 224,  # rows and columns come before the maps
    "levit_128s": 224,
    "mixer_s32_224": 224,
    "efficientformer_l1": 224,
    "test_vit2": 160,
}
PLACELESS = {"xcit_nano_12_p16_224", "levit_128s", "mixer_s32_224", "efficientformer_l1"}


@pytest.fixture(scope="module", params=NETWORKS)
def network(request):
    channels = 1 if request.param == "carpentries" else 3
    part = untrained(request.param, side=NETWORKS[request.param], channels=channels)
    with torch.no_grad():
        for name, weight in part.network.named_parameters():
            if name.endswith(("gamma_1", "gamma_2")):
                weight.fill_(0.3)  # fresh ones let next to nothing through
    return request.param, Classifier(("n", "y"), "y", "network", [part])


def test_maps_lie_as_the_picture_lies(network):
    name, classifier = network
    (branch,) = make_subject(classifier).branches
    assert keeps_places(branch.body, branch.preprocess.channels, branch.preprocess.side) == (name not in PLACELESS)
    if name in PLACELESS:
        return
    pictures = [marked(*corner, (200, 300)) for corner in CORNERS.values()]
    batch = branch.batch([np.full((200, 300), 40, dtype=np.uint8), *pictures])
    maps, finish = branch.split(batch)
    with torch.no_grad():
        torch.testing.assert_close(finish(maps), branch.logits(batch), atol=1e-3, rtol=1e-3)
    changed = (maps[1:] - maps[:1]).norm(dim=1).double()
    rows, columns = changed.shape[1:]
    down, right = (torch.linspace(-1, 1, count, dtype=torch.double) for count in (rows, columns))
    for corner, change in zip(CORNERS.values(), changed, strict=True):
        centre = (change * down[:, None]).sum(), (change * right).sum()
        assert (bool(centre[0] > 0), bool(centre[1] > 0)) == (corner[0] == 1, corner[1] == 1)


def test_class_maps_of_all_networks_are_numbers(network):
    name, classifier = network
    if name in PLACELESS:
        return
    for method in ("grad-cam", "hirescam", "grad-cam++"):
        (found,) = explain_many(classifier, [marked(0, 1)], [1], method)
        assert np.isfinite(found.values).all() and not found.is_empty


def test_without_places_pixels_and_questions_are_left():
    classifier = Classifier(("n", "y"), "y", "network", [untrained("xcit_nano_12_p16_224", side=64, channels=3)])
    assert methods_for(classifier) == (*PIXEL_GRADIENTS, *QUESTIONS)
    with pytest.raises(InputError, match="no feature maps with places in them"):
        explain_many(classifier, [marked(0, 1)], [1], "grad-cam")


def test_a_network_that_goes_on_otherwise_has_no_places():
    """Its head reads more than the tokens behind the last block, which only a comparison can tell."""
    part = untrained("vit_tiny_patch16_224", side=64, channels=3)
    net = part.network.body.net
    assert keeps_places(part.network.body, 3, 64)
    other = untrained("vit_tiny_patch16_224", side=64, channels=3, seed=1).network.body
    plain = other.net.forward
    other.net.forward = lambda batch: plain(batch) + batch.mean(dim=(1, 2, 3))[:, None]
    assert not keeps_places(other, 3, 64)
    assert type(net.blocks[-1].norm1) is type(other.net.blocks[-1].norm1)  # nothing was left in place
