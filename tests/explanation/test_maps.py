"""A map points at what was planted, in the right corner and with the right sign; an empty one is not painted."""

import numpy as np
import pytest
import torch

from wetread.explanation.gradcam import gradcam
from wetread.explanation.heatmap import Heatmap, common_scale, draw_over
from wetread.explanation.occlusion import GRID, explain_by_occlusion
from wetread.explanation.subject import make_subject
from wetread.model.classifier import Classifier
from wetread.model.network import NetworkPart
from wetread.model.networks import NetworkSpec, build_network
from wetread.model.preprocess import Preprocess
from wetread.training.augment import Augment
from wetread.training.loop import LoopSettings, train

CORNERS = {"top left": (0, 0), "top right": (0, 1), "bottom left": (1, 0), "bottom right": (1, 1)}


class Corner:
    """A model that looks at the brightness of one quarter of the picture and at nothing else."""

    def __init__(self, down, right):
        self.down, self.right = down, right

    def logits(self, inputs):
        found = []
        for picture in inputs.pictures:
            rows, columns = picture.shape[0] // 2, picture.shape[1] // 2
            quarter = picture[
                self.down * rows : (self.down + 1) * rows, self.right * columns : (self.right + 1) * columns
            ]
            found.append([0.0, quarter.mean() / 10])
        return np.array(found)

    def arrays(self):
        return {}

    def described(self):
        return {"kind": "corner"}


def marked(down, right, shape=(90, 130)):
    picture = np.full(shape, 40, dtype=np.uint8)
    top, left = int((0.15 + 0.6 * down) * shape[0]), int((0.15 + 0.6 * right) * shape[1])
    picture[top : top + 12, left : left + 16] = 250
    return picture


@pytest.mark.parametrize("corner", CORNERS)
def test_occlusion_finds_the_marked_corner_with_the_right_sign(corner):
    down, right = CORNERS[corner]
    classifier = Classifier(("no", "yes"), "yes", "classical", [Corner(down, right)])
    found = explain_by_occlusion(classifier, marked(down, right), 1)
    row, column = np.unravel_index(np.abs(found.values).argmax(), found.values.shape)
    assert (row >= GRID // 2, column >= GRID // 2) == (bool(down), bool(right))
    assert found.values[row, column] > 0
    opposite = explain_by_occlusion(classifier, marked(down, right), 0)
    np.testing.assert_allclose(opposite.values, -found.values, atol=1e-9)


@pytest.fixture(scope="module")
def trained():
    """A network that learnt to tell pictures with a bright spot, somewhere, from pictures without."""
    random = np.random.default_rng(0)
    labels = np.arange(96) % 2
    squares = random.integers(20, 70, (96, 1, 64, 64))
    for square, label in zip(squares, labels, strict=True):
        if label:
            row, column = random.integers(4, 48, 2)
            square[0, row : row + 12, column : column + 12] += 150
    torch.manual_seed(0)
    preprocess = Preprocess(64).measured_on(squares.astype(np.uint8))
    spec = NetworkSpec("small", outputs=2, channels=1)
    network = build_network(spec)
    settings = LoopSettings(12, 16, 3e-3, 0.01, "float32", "cpu", Augment())
    train(network, squares.astype(np.uint8), labels, preprocess.scale, settings, 0)
    return Classifier(("no", "yes"), "yes", "network", [NetworkPart(spec, preprocess, network)])


def gradcam_of(classifier, picture, target):
    return gradcam(make_subject(classifier), [picture], np.array([target]))[0]


@pytest.mark.parametrize("corner", CORNERS)
def test_grad_cam_finds_the_spot_in_each_corner(corner, trained):
    down, right = CORNERS[corner]
    picture = np.random.default_rng(1).integers(20, 70, (96, 96)).astype(np.uint8)
    top, left = 14 + 56 * down, 14 + 56 * right
    picture[top : top + 18, left : left + 18] += 150
    assert trained.probabilities([picture])[0, 1] > 0.5
    found = gradcam_of(trained, picture, 1)
    assert found.values.shape == (8, 8)
    row, column = np.unravel_index(found.values.argmax(), found.values.shape)
    assert (row >= 4, column >= 4) == (bool(down), bool(right))


def test_grad_cam_of_the_other_class_has_the_other_sign(trained):
    picture = marked(0, 1, (64, 64))
    one, other = gradcam_of(trained, picture, 1), gradcam_of(trained, picture, 0)
    np.testing.assert_allclose(one.values, -other.values, atol=1e-6)


def one_sigmoid():
    """An untrained network with one output, and the same with the two outputs that say the same."""
    torch.manual_seed(0)
    preprocess = Preprocess(64)
    one, two = NetworkSpec("small", outputs=1, channels=1), NetworkSpec("small", outputs=2, channels=1)
    single, double = build_network(one).eval(), build_network(two).eval()
    double.body.load_state_dict(single.body.state_dict())
    with torch.no_grad():
        double.head.last.weight.copy_(torch.cat([single.head.last.weight / 2, -single.head.last.weight / 2]))
        double.head.last.bias.copy_(torch.cat([single.head.last.bias / 2, -single.head.last.bias / 2]))
    return NetworkPart(one, preprocess, single, positive=0), NetworkPart(two, preprocess, double)


@pytest.mark.parametrize("target", [0, 1])
def test_grad_cam_of_one_sigmoid_is_that_of_two_outputs(target):
    maps = [
        gradcam_of(Classifier(("ill", "well"), "ill", "network", [part]), marked(1, 0), target).values
        for part in one_sigmoid()
    ]
    assert np.abs(maps[0]).max() > 0
    np.testing.assert_allclose(maps[0], maps[1], rtol=1e-4, atol=1e-6)


def test_grad_cam_of_a_finding_follows_its_own_logit():
    """The linear head makes the map known: the maps of the body, weighted by the finding's weights, over their size."""
    torch.manual_seed(0)
    spec = NetworkSpec("small", outputs=3, channels=1)
    part = NetworkPart(spec, Preprocess(64), build_network(spec).eval())
    classifier = Classifier(("a", "b", "c"), None, "network", [part], task="multilabel")
    found = gradcam_of(classifier, marked(0, 1), 2)
    squares = part.preprocess.squares([marked(0, 1)])
    with torch.no_grad():
        maps = part.network.maps(torch.from_numpy(part.preprocess.normalise(squares)))[0]
        expected = torch.einsum("m,mrc->rc", part.network.head.last.weight[2], maps) / maps[0].numel()
    np.testing.assert_allclose(found.values, expected.numpy(), rtol=1e-4, atol=1e-7)


def test_grad_cam_leaves_no_gradients_behind(trained):
    gradcam_of(trained, marked(0, 0), 1)
    assert all(weight.grad is None for weight in trained.parts[0].network.head.parameters())


def test_a_network_without_places_is_known_before_grad_cam_is_asked():
    torch.manual_seed(0)
    spec = NetworkSpec("dense", outputs=2, channels=1, side=28)
    part = NetworkPart(spec, Preprocess(28), build_network(spec).eval())
    assert not make_subject(Classifier(("no", "yes"), "yes", "network", [part])).keeps_places


def test_an_empty_map_leaves_the_picture_alone():
    picture = marked(0, 0)
    empty = Heatmap(np.zeros((8, 8)), "yes", "grad-cam", "")
    assert empty.is_empty
    drawn = draw_over(empty, picture, common_scale([empty]))
    np.testing.assert_array_equal(drawn, np.repeat(picture[..., None], 3, axis=2))


def test_for_is_warm_and_against_is_cold():
    picture = np.full((80, 80), 90, dtype=np.uint8)
    values = np.zeros((4, 4))
    values[0, 0], values[3, 3] = 1.0, -1.0
    drawn = draw_over(Heatmap(values, "yes", "occlusion", ""), picture, 1.0).astype(int)
    assert drawn[5, 5, 0] > drawn[5, 5, 2] + 50
    assert drawn[75, 75, 2] > drawn[75, 75, 0] + 50
    np.testing.assert_array_equal(drawn[40, 40], [90, 90, 90])


def test_one_loud_case_does_not_dim_the_others():
    maps = [Heatmap(np.full((2, 2), value), "", "", "") for value in [1.0] * 20 + [1000.0]]
    assert common_scale(maps) == pytest.approx(1.0)
