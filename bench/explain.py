"""How fast maps are made, beside Captum, pytorch-grad-cam and MONAI: DenseNet-121 at 224, same weights, same pictures.

    python bench/explain.py [--pictures 4] [--rounds 5] [--network densenet121] [--methods grad-cam occlusion score-cam]

In one process, in turns, so that a busy machine is equally busy for all; medians of rounds, and ratios of them. What is
explained is a frozen body with a linear layer of two classes, as most runs ship it. The maps are compared as well: a
fast map of something else is worth nothing. Score-CAM by the peer asks about each of 1,024 maps and takes minutes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time

import numpy as np
import torch
from PIL import Image
from torch import nn

from wetread.explanation.methods import explain_many
from wetread.model.backbone import Backbone
from wetread.model.classifier import Classifier
from wetread.model.linear import LinearPart
from wetread.model.networks import NetworkSpec, build_network

SIDE = 224


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--pictures", type=int, default=4)
    asked.add_argument("--rounds", type=int, default=5)
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--network", default="densenet121")
    asked.add_argument("--methods", nargs="+", default=["grad-cam", "occlusion", "score-cam"])
    options = asked.parse_args()
    torch.set_num_threads(options.threads)
    classifier, net = make_models(options.network)
    pictures = draw(options.pictures)
    for method in options.methods:
        # One picture, once: a minute and more for the peers.
        heavy = method == "score-cam"
        compare(method, classifier, net, pictures[: 1 if heavy else None], 1 if heavy else options.rounds)


def make_models(name: str) -> tuple[Classifier, nn.Module]:
    """The same frozen network and linear layer, as wetread ships it and as one module for the peers."""
    torch.manual_seed(0)
    body = build_network(NetworkSpec(name, outputs=1, channels=3, side=SIDE)).body.eval()
    with torch.no_grad():
        warm_up(body)
    arrays = {key: value.numpy() for key, value in body.net.state_dict().items() if "num_batches" not in key}
    described = {
        "name": "untrained", "network": name, "options": {}, "sha256": "0" * 64, "side": SIDE, "channels": 3,
        "mean": (0.485, 0.456, 0.406), "deviation": (0.229, 0.224, 0.225), "licence": "", "source": "", "cite": "",
    }  # fmt: skip
    generator = np.random.default_rng(0)
    weights = generator.normal(size=(body.features, 2))
    part = LinearPart("frozen", np.zeros(body.features), np.ones(body.features), weights, np.zeros(2))
    backbone = Backbone.from_arrays(described, arrays)
    classifier = Classifier(("n", "y"), "y", "frozen", [part], backbone=backbone)

    class Margin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = body
            self.last = nn.Linear(body.features, 1)
            with torch.no_grad():
                self.last.weight.copy_(torch.tensor(weights[:, 1] - weights[:, 0])[None].float())
                self.last.bias.zero_()

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return self.last(self.body(batch).flatten(1))

    return classifier, Margin().eval()


def warm_up(body: nn.Module) -> None:
    """Statistics of batch norm from pictures; with those of a fresh network every map would be nearly zero."""
    body.train()
    for seed in range(4):
        body(torch.stack([as_tensor(one) for one in draw(8, seed)]))
    body.eval()


def draw(count: int, seed: int = 9) -> list[np.ndarray]:
    """Smooth noise of several scales, which networks answer with maps that vary."""
    generator, found = np.random.default_rng(seed), []
    for _ in range(count):
        layers = [generator.random((size, size), dtype=np.float32) for size in (7, 28, 112)]
        large = [np.asarray(Image.fromarray(one).resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for one in layers]
        found.append((np.clip(sum(large) / 3, 0, 1) * 255).astype(np.uint8))
    return found


def as_tensor(picture: np.ndarray) -> torch.Tensor:
    grey = torch.from_numpy(picture).float()[None].expand(3, -1, -1) / 255
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (grey - mean[:, None, None]) / deviation[:, None, None]


def compare(method: str, classifier: Classifier, net: nn.Module, pictures: list[np.ndarray], rounds: int) -> None:
    batch = torch.stack([as_tensor(one) for one in pictures])
    ways = {"wetread": lambda: ours(classifier, pictures, method)} | {
        name: lambda way=way: way(net, batch) for name, way in peers(method).items()
    }
    maps, times = {}, {name: [] for name in ways}
    for turn in range(rounds + (rounds > 1)):  # the first turn warms up, where there are several
        for name, way in ways.items():
            started = time.perf_counter()
            maps[name] = way()
            if turn or rounds == 1:
                times[name].append((time.perf_counter() - started) / len(pictures))
    own = np.median(times["wetread"])
    for name in ways:
        told = {"method": method, "who": name, "ms_per_picture": round(1000 * float(np.median(times[name])), 1)}
        if name != "wetread":
            told |= {
                "ratio": round(float(np.median(times[name]) / own), 2),
                "alike": alike(maps["wetread"], maps[name]),
            }
        print(json.dumps(told), flush=True)


def ours(classifier: Classifier, pictures: list[np.ndarray], method: str) -> list[np.ndarray]:
    found = explain_many(classifier, pictures, [1] * len(pictures), method)
    return [one.values for one in found if one is not None]


def alike(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    """Smallest correlation over pictures, on the grid of ours; of the positive part, where a peer keeps only that."""
    found = []
    for one, other in zip(some, others, strict=True):
        other = np.asarray(Image.fromarray(other.astype(np.float32)).resize(one.shape[::-1], Image.Resampling.BOX))
        kept = one if other.min() < 0 else np.maximum(one, 0)
        found.append(np.corrcoef(kept.ravel(), other.ravel())[0, 1])
    return round(float(min(found)), 4)


def peers(method: str) -> dict:
    """Who else makes these maps here."""
    found = {}
    if importlib.util.find_spec("captum"):
        found |= {"grad-cam": {"captum": captum_grad_cam}, "occlusion": {"captum": captum_occlusion}}.get(method, {})
    if importlib.util.find_spec("pytorch_grad_cam"):
        ways = {"grad-cam": "GradCAM", "grad-cam++": "GradCAMPlusPlus", "hirescam": "HiResCAM", "score-cam": "ScoreCAM"}
        if method in ways:
            found["pytorch-grad-cam"] = lambda net, batch: package_cam(ways[method], net, batch)
    if importlib.util.find_spec("monai") and method in ("grad-cam", "occlusion"):
        found["monai"] = monai_grad_cam if method == "grad-cam" else monai_occlusion
    return found


def captum_grad_cam(net, batch):
    from captum.attr import LayerGradCam

    layer = last_layer(net)
    return [one[0].numpy() for one in LayerGradCam(net, layer).attribute(batch).detach()]


def captum_occlusion(net, batch):
    from captum.attr import Occlusion

    window, step = SIDE // 8, SIDE // 16
    baseline = batch.mean(dim=(2, 3), keepdim=True).expand_as(batch)
    found = Occlusion(net).attribute(
        batch, (3, window, window), (3, step, step), baselines=baseline, perturbations_per_eval=16
    )
    return [one.mean(dim=0).numpy() for one in found.detach()]


def package_cam(name, net, batch):
    import pytorch_grad_cam

    with getattr(pytorch_grad_cam, name)(net, [last_layer(net)]) as cam:
        cam.batch_size = 64
        return list(cam(batch, targets=[lambda output: output[0]] * len(batch)))


def monai_grad_cam(net, batch):
    from monai.visualize import GradCAM

    return [-one[0] for one in GradCAM(net, "body.net.features")(batch, class_idx=0).numpy()]


def monai_occlusion(net, batch):
    from monai.visualize import OcclusionSensitivity

    # The logit itself: after its sigmoid every patch gives one.
    ask = OcclusionSensitivity(
        net, mask_size=SIDE // 8, overlap=0.5, n_batch=16, mode="mean_img", activate=False, verbose=False
    )
    return [-ask(one[None])[0][0, 0].numpy() for one in batch]


def last_layer(net: nn.Module) -> nn.Module:
    body = net.body.net
    return body.features if hasattr(body, "features") else body.layer4


if __name__ == "__main__":
    main()
