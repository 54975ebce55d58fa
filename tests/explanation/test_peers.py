"""Agreement with Captum and pytorch-grad-cam on the same network and class."""

import numpy as np
import pytest
import torch
from PIL import Image

from explanation.toys import marked, noise, untrained
from wetread.explanation.integrated_gradients import integrated_gradients
from wetread.explanation.methods import explain_many
from wetread.explanation.smoothgrad import smoothgrad
from wetread.explanation.subject import make_subject
from wetread.model.classifier import Classifier

CLOSE = 0.99


def model(name="small", side=64, channels=1, loud=30.0):
    part = untrained(name, side=side, channels=channels, loud=loud)
    return Classifier(("n", "y"), "y", "network", [part])


class Margin(torch.nn.Module):
    """How far a class leads, for libraries that explain a module."""

    def __init__(self, classifier, target):
        super().__init__()
        self.network, self.target = classifier.parts[0].network, target

    def forward(self, batch):
        logits = self.network(batch)
        return logits[:, [self.target]] - logits[:, [1 - self.target]]


def as_batch(classifier, picture):
    preprocess = classifier.parts[0].preprocess
    return torch.from_numpy(preprocess.normalise(preprocess.squares([picture])))


def alike(values, peer):
    """Correlation on the finer of both grids, smoothly enlarged."""
    image = Image.fromarray(values.astype(np.float32))
    large = np.asarray(image.resize(peer.shape[::-1], Image.Resampling.BILINEAR))
    return np.corrcoef(large.ravel(), np.asarray(peer).ravel())[0, 1]


PICTURE = marked(0, 1, (64, 64)) // 2 + noise(1, (64, 64))[0] // 4
CLASS_MAPS = {"grad-cam": "GradCAM", "hirescam": "HiResCAM", "grad-cam++": "GradCAMPlusPlus", "score-cam": "ScoreCAM"}


@pytest.mark.parametrize(
    ("method", "name", "side"),
    [(method, "small", 64) for method in CLASS_MAPS]
    + [("grad-cam", "densenet121", 64), ("grad-cam", "vit_tiny_patch16_224", 64)],
)
@pytest.mark.parametrize("target", [0, 1])
def test_class_maps_are_those_of_pytorch_grad_cam(method, name, side, target):
    peers = pytest.importorskip("pytorch_grad_cam", reason="pytorch-grad-cam (extra: test) is not installed")
    # Loud, so that the constant which the peer adds to a denominator is small beside it.
    classifier = model(name, side, 1 if name == "small" else 3, loud=3000.0 if method == "grad-cam++" else 30.0)
    (found,) = explain_many(classifier, [PICTURE], [target], method)
    net = classifier.parts[0].network.body
    layer, reshape = (net.layers if name == "small" else net.net.features if name == "densenet121" else None), None
    if layer is None:
        layer = net.net.blocks[-1].norm1

        def reshape(tokens):
            return tokens[:, 1:].transpose(1, 2).reshape(len(tokens), -1, side // 16, side // 16)

    with getattr(peers, CLASS_MAPS[method])(Margin(classifier, target), [layer], reshape) as cam:
        cam.uses_gradients, batch = method != "score-cam", as_batch(classifier, PICTURE)
        peer = cam(batch, targets=[lambda output: output[0]])[0]
    ours = np.maximum(found.values, 0)  # the peers keep nothing else
    if ours.max() > 1e-6:
        assert alike(ours, peer) > CLOSE
    else:
        assert peer.max() < 1e-6


def test_grad_cam_keeps_the_sign_that_captum_keeps():
    attr = pytest.importorskip("captum.attr", reason="Captum (extra: test) is not installed")
    classifier = model("resnet18", 128, 3)
    (found,) = explain_many(classifier, [PICTURE], [1], "grad-cam")
    layer = classifier.parts[0].network.body.net.layer4
    peer = attr.LayerGradCam(Margin(classifier, 1), layer).attribute(as_batch(classifier, PICTURE))
    assert alike(found.values, peer[0, 0].detach().numpy()) > 0.999


@pytest.mark.parametrize("blur", [False, True])
def test_integrated_gradients_are_those_of_captum(blur):
    attr = pytest.importorskip("captum.attr", reason="Captum (extra: test) is not installed")
    from wetread.explanation.integrated_gradients import _blurred

    classifier, batch = model(), None
    (found,) = integrated_gradients(make_subject(classifier), [PICTURE], np.array([1]), blur=blur, steps=32)
    batch = as_batch(classifier, PICTURE)
    baseline = as_batch(classifier, _blurred(PICTURE) if blur else np.zeros_like(PICTURE))
    peer = attr.IntegratedGradients(Margin(classifier, 1)).attribute(batch, baseline, n_steps=32)
    assert alike(found.values, peer[0, 0].numpy()) > 0.999


def test_smoothgrad_is_that_of_captum():
    attr = pytest.importorskip("captum.attr", reason="Captum (extra: test) is not installed")
    # Little noise: their draws are others than ours.
    classifier, small = model(), 0.002
    (found,) = smoothgrad(make_subject(classifier), [PICTURE], np.array([1]), copies=32, noise=small)
    batch = as_batch(classifier, PICTURE)
    torch.manual_seed(0)
    peer = attr.NoiseTunnel(attr.Saliency(Margin(classifier, 1))).attribute(
        batch, nt_samples=32, stdevs=small * float(batch.max() - batch.min()), abs=False
    )
    assert alike(found.values, peer[0, 0].numpy()) > CLOSE


def test_occlusion_is_that_of_captum():
    attr = pytest.importorskip("captum.attr", reason="Captum (extra: test) is not installed")
    # 128 pixels a side, as classical features see them: the picture is not shrunk on the way.
    classifier, picture = model(side=128), np.asarray(Image.fromarray(PICTURE).resize((128, 128)))
    (found,) = explain_many(classifier, [picture], [1], "occlusion")
    grey = as_batch(classifier, np.full_like(picture, round(float(picture.mean()))))
    peer = attr.Occlusion(Margin(classifier, 1)).attribute(
        as_batch(classifier, picture), (1, 16, 16), (1, 8, 8), baselines=grey, perturbations_per_eval=16
    )
    cells = peer[0, 0].detach().numpy().reshape(16, 8, 16, 8).mean(axis=(1, 3))
    assert np.corrcoef(found.values.ravel(), cells.ravel())[0, 1] > CLOSE
