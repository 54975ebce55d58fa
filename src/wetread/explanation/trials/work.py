"""What questions to a model cost: counted, never timed, so that a run is tested alike on any machine, busy or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wetread.explanation.methods import CLASS_MAPS, PIXEL_GRADIENTS, QUESTIONS
from wetread.model.classifier import Classifier

if TYPE_CHECKING:
    from wetread.model.network import NetworkPart

#: Multiplications of a network, in thousands of millions, that two usual cores, or a graphics card, make in a second.
A_SECOND = {"cpu": 40.0, "cuda": 1000.0}
#: Seconds that one picture takes whatever the network: it is changed, and shrunk to what the model sees.
A_PICTURE = 0.0007
#: The same where classical features are measured, which are computed at one size for all pictures.
CLASSICAL = 0.003
#: The same in training, where pictures were shrunk before.
A_STEP = 0.0001
#: Passes forwards that one there and back costs.
BACKWARDS = 3


def seconds_of_a_question(classifier: Classifier) -> float:
    """About how long one picture takes: from the multiplications of the networks, and whether features are measured.

    The number is the same on every machine; only where nothing else runs on two cores is it about a time.
    """
    kinds = [part.described() for part in classifier.parts]
    classical = CLASSICAL if any(one.get("sees") in ("classical", "combined") for one in kinds) else 0.0
    if not any(one["kind"] in ("network", "head") or one.get("sees") in ("frozen", "combined") for one in kinds):
        return A_PICTURE + classical
    from wetread.explanation.subject import make_subject

    networks = sum(
        (1 + branch.shifts) * _seconds(branch.body, branch.preprocess) for branch in make_subject(classifier).branches
    )
    return A_PICTURE + classical + networks


def seconds_of_training(part: NetworkPart, pictures: int) -> float:
    """The same of training a network, by the pictures that it is shown, all epochs together."""
    return BACKWARDS * pictures * (A_STEP + _seconds(part.network, part.preprocess))


def questions_of_a_map(method: str, *, quick: bool) -> int:
    """How many passes through the model one map takes."""
    if method in QUESTIONS:
        return QUESTIONS[method][quick]
    if method == "score-cam":
        from wetread.explanation.score_cam import QUICK_MAPS, USUAL_MAPS

        return QUICK_MAPS if quick else USUAL_MAPS
    if method in PIXEL_GRADIENTS:
        return BACKWARDS * _steps(method, quick=quick)
    assert method in CLASS_MAPS
    return 1


def multiplications(body: Any, preprocess: Any) -> int:
    """Of one picture in the convolutions and linear layers of a network."""
    import torch
    from torch import nn

    total = 0

    def count(module: Any, _: Any, output: Any) -> None:
        nonlocal total
        each = module.weight.numel() // len(module.weight)  # of one number of the output
        total += each * output.numel()

    hooks = [one.register_forward_hook(count) for one in body.modules() if isinstance(one, nn.Conv2d | nn.Linear)]
    try:
        first = next(body.parameters())
        with torch.no_grad():
            body(torch.zeros(1, preprocess.channels, preprocess.side, preprocess.side, device=first.device))
    finally:
        for hook in hooks:
            hook.remove()
    return total


def _seconds(body: Any, preprocess: Any) -> float:
    device = next(body.parameters()).device.type
    return multiplications(body, preprocess) / 1e9 / A_SECOND["cpu" if device == "cpu" else "cuda"]


def _steps(method: str, *, quick: bool) -> int:
    if method == "smoothgrad":
        from wetread.explanation.smoothgrad import COPIES, QUICK_COPIES

        return QUICK_COPIES if quick else COPIES
    from wetread.explanation.integrated_gradients import QUICK_STEPS, STEPS

    return QUICK_STEPS if quick else STEPS
