"""What is explained is the very margin of the classifier, and nothing is left behind in its networks."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from explanation.toys import frozen_backbone, marked, noise, untrained
from wetread.explanation.methods import CLASS_MAPS, QUESTIONS, explain_many, methods_for
from wetread.explanation.quick_network import QuickPart, quicken
from wetread.explanation.subject import can_differentiate, make_subject
from wetread.model.backbone import has_graphs
from wetread.model.classifier import Classifier
from wetread.model.features import classical_features
from wetread.model.head import HeadPart
from wetread.model.linear import LinearPart

CLASSICAL = classical_features(noise(1)).shape[1]
EMBEDDED = 1024


@pytest.fixture(scope="module")
def backbone():
    return frozen_backbone()


def linear(sees, classes=3, seed=0):
    count = {"classical": CLASSICAL, "frozen": EMBEDDED, "combined": CLASSICAL + EMBEDDED}[sees]
    random = np.random.default_rng(seed)
    return LinearPart(
        sees, random.normal(0, 0.1, count), np.abs(random.normal(1, 0.1, count)),
        random.normal(0, 0.1, (count, classes)), random.normal(0, 1, classes),
    )  # fmt: skip


def head(classes=3):
    random = np.random.default_rng(1)
    layers = [(EMBEDDED, 16), (16, classes)]
    return HeadPart(tuple((random.normal(0, 0.1, shape).astype("f4"), np.ones(shape[1], "f4")) for shape in layers))


ABC = ("a", "b", "c")
CASES = {
    "two outputs": lambda b: Classifier(("n", "y"), "y", "network", [untrained()], temperature=1.7),
    "one sigmoid": lambda b: Classifier(
        ("n", "y"), "y", "network", [untrained(outputs=1, positive=1, offset=(0.3, -0.2))], offset=(0.1, -0.4)
    ),
    "moved looks": lambda b: Classifier(("n", "y"), "y", "network", [untrained(shifts=4)]),
    "unequal shares": lambda b: Classifier(
        ABC, None, "ensemble", [untrained(outputs=3), untrained(outputs=3, side=96, seed=1)], "multiclass", (0.2, 0.9)
    ),
    "findings": lambda b: Classifier(
        ABC, None, "network", [untrained(outputs=3), untrained(outputs=3, seed=2)], "multilabel",
        ((0.1, 0.2, 0.3), (0.5, 0.4, 0.9)), (1.5, 0.7, 1.1), (0.1, 0.2, 0.3),
    ),
    "frozen": lambda b: Classifier(ABC, None, "frozen", [linear("frozen")], "multiclass", backbone=b),
    "combined": lambda b: Classifier(ABC, None, "combined", [linear("combined")], "multiclass", backbone=b),
    "head": lambda b: Classifier(ABC, None, "network", [head()], "multiclass", backbone=b),
    "all at once": lambda b: Classifier(
        ABC, None, "ensemble",
        [linear("classical"), linear("frozen", seed=3), linear("combined", seed=4), head(), untrained(outputs=3)],
        "multiclass", (0.1, 0.2, 0.3, 0.1, 0.3), 1.3, backbone=b,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_the_explained_number_is_the_margin(case, backbone):
    classifier, pictures = CASES[case](backbone), [*noise(2), marked(0, 1)]
    targets = np.array([0, 1, len(classifier.classes) - 1])
    subject = make_subject(classifier)
    batches = [branch.batch(pictures) for branch in subject.branches]
    held, columns = subject.held_logits(pictures), torch.from_numpy(targets)
    with torch.no_grad():
        found = subject.margins_of(batches, held, columns).numpy()
    expected = [classifier.margin([one], target)[0] for one, target in zip(pictures, targets, strict=True)]
    assert np.abs(expected).max() > 0.01
    np.testing.assert_allclose(found, expected, atol=1e-4)
    asked = [branch.ask(branch.preprocess.squares(pictures)) for branch in subject.branches]
    np.testing.assert_allclose(subject.margins(asked, held, columns).numpy(), expected, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_from_the_maps_on_it_says_the_same(case, backbone):
    subject, pictures = make_subject(CASES[case](backbone)), noise(2)
    for branch in subject.branches:
        batch = branch.batch(pictures)
        maps, finish = branch.split(batch)
        with torch.no_grad():
            expected = branch.read(branch.body(batch).flatten(1))
            np.testing.assert_allclose(finish(maps).numpy(), expected.numpy(), atol=1e-4)


def test_a_frozen_backbone_has_all_methods_and_says_what_it_leaves_out(backbone):
    classifier = CASES["combined"](backbone)
    assert set(methods_for(classifier)) >= set(CLASS_MAPS)
    found = explain_many(classifier, noise(2), [0, 2], "grad-cam")
    assert [one.values.shape for one in found] == [(2, 2)] * 2 and not found[0].is_empty
    assert "classical features held fixed" in found[0].settings


def test_cells_of_a_linear_tail_add_up_to_the_margin():
    """Pooling and a linear layer: each cell is its share of what the features add, so together with the bias all."""
    part = untrained()
    classifier = Classifier(("n", "y"), "y", "network", [part], temperature=2.0)
    bias = part.network.head.last.bias.detach().numpy()
    for method in ("grad-cam", "hirescam"):
        (found,) = explain_many(classifier, noise(1), ["y"], method)
        expected = classifier.margin(noise(1), 1)[0] - (bias[1] - bias[0]) / 2
        assert found.values.sum() == pytest.approx(expected, abs=1e-4)


def test_branches_of_unlike_resolution_still_add_up():
    parts = [untrained(), untrained(side=96, seed=1)]
    classifier = Classifier(("n", "y"), "y", "ensemble", parts, shares=(0.25, 0.75))
    biases = [part.network.head.last.bias.detach().numpy() for part in parts]
    (found,) = explain_many(classifier, noise(1), [1], "grad-cam")
    assert found.values.shape == (12, 12)
    bias = sum(share * (one[1] - one[0]) for share, one in zip((0.25, 0.75), biases, strict=True))
    assert found.values.sum() == pytest.approx(classifier.margin(noise(1), 1)[0] - bias, abs=1e-4)


def test_nothing_is_left_behind():
    part = untrained()
    classifier = Classifier(("n", "y"), "y", "network", [part])
    before = {name: value.clone() for name, value in part.network.state_dict().items()}
    for method in methods_for(classifier):
        explain_many(classifier, noise(1), [1], method, quick=True)
    for layer in part.network.modules():
        assert not layer._forward_hooks and not layer._backward_hooks and not layer._forward_pre_hooks
    assert all(weight.grad is None and weight.requires_grad for weight in part.network.parameters())
    assert all(torch.equal(value, before[name]) for name, value in part.network.state_dict().items())


def test_classical_features_alone_have_no_gradients():
    classifier = Classifier(ABC, None, "classical", [linear("classical")], "multiclass")
    assert not can_differentiate(classifier) and methods_for(classifier) == tuple(QUESTIONS)
    with pytest.raises(ValueError, match="differentiated"):
        make_subject(classifier)


def test_a_converted_network_gives_the_same_answers():
    classifier = Classifier(("n", "y"), "y", "network", [untrained(outputs=1, positive=1, shifts=1)])
    assert quicken(classifier, 10).parts[0] is classifier.parts[0]
    quick = quicken(classifier, 1000)
    assert isinstance(quick.parts[0], QuickPart) and quick.parts[0].engine is not None
    np.testing.assert_allclose(quick.margin(noise(3), 1), classifier.margin(noise(3), 1), atol=1e-4)


def test_threads_may_explain_one_classifier():
    classifier = Classifier(("n", "y"), "y", "network", [untrained()])
    pictures = noise(8)
    for method in ("grad-cam", "integrated-gradients"):
        one_by_one = [explain_many(classifier, [one], [1], method, quick=True)[0].values for one in pictures]
        with ThreadPoolExecutor(4) as pool:
            together = pool.map(lambda one, m=method: explain_many(classifier, [one], [1], m, quick=True)[0], pictures)
        for alone, other in zip(one_by_one, together, strict=True):
            np.testing.assert_allclose(other.values, alone, atol=1e-6 * np.abs(alone).max())


@pytest.mark.skipif(not has_graphs(), reason="OpenVINO is not installed")
def test_maps_of_a_converted_graph_are_those_of_torch():
    backbone = frozen_backbone()
    part = LinearPart("frozen", *(np.full(backbone.features, one) for one in (0.1, 2.0)), *_last(backbone.features))
    maps = {}
    for engine in ("torch", "graph"):
        backbone.engine, backbone._engine = engine, None
        classifier = Classifier(("n", "y"), "y", "frozen", [part], backbone=backbone)
        maps[engine] = explain_many(classifier, noise(3), [1, 0, 1], "grad-cam")
        assert (backbone.maps(np.zeros((1, 3, 64, 64), dtype=np.uint8)) is None) == (engine == "torch")
    for one, other in zip(maps["torch"], maps["graph"], strict=True):
        np.testing.assert_allclose(other.values, one.values, atol=2e-3 * np.abs(one.values).max())


def _last(features):
    return np.random.default_rng(1).normal(size=(features, 2)), np.array([0.3, -0.3])


@pytest.mark.skipif(not has_graphs(), reason="OpenVINO is not installed")
@pytest.mark.parametrize("method", ["occlusion", "occlusion-blur"])
def test_occlusion_by_patches_draws_the_same_map(method, monkeypatch):
    from wetread.model import near

    part = untrained(outputs=1, positive=1, shifts=1, side=128)
    classifier, pictures = Classifier(("n", "y"), "y", "network", [part]), noise(1)
    expected = explain_many(classifier, pictures, [1], method)[0].values
    asked, monkeypatched = [], near.NearEngine.__call__
    monkeypatch.setattr(near, "BUILDING", 0.0)
    monkeypatch.setattr(near, "WORTH_IT", 1.5)
    monkeypatch.setattr(
        near.NearEngine, "__call__", lambda self, *args: (asked.append(len(args[1])), monkeypatched(self, *args))[1]
    )
    found = explain_many(quicken(classifier, 10**6), pictures, [1], method)[0].values
    assert asked.count(225) == 2  # the looks that `shifts` asks for are near each other as well
    np.testing.assert_allclose(found, expected, atol=1e-3 * np.abs(expected).max())
