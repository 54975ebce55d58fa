"""What is minimised, and how logits become calibrated to the true prevalence again.

Imbalance is best left alone: re-weighting brings no AUROC and costs calibration (van den Goorbergh 2022,
10.1093/jamia/ocac093). The options are here for those who need them, each with the shift that undoes it:

=================  =====================================================  =============================================
option             what the network then estimates                        correction
=================  =====================================================  =============================================
class weights      posterior under equal class frequencies                 + log prior
balanced sampling  the same                                                + log prior
logit adjustment   likelihood ratio (the prior stands in the loss)         + log prior
focal              an under-confident posterior, same frequencies          none: `metrics.temperature` does it
=================  =====================================================  =============================================

Two of them together are undone by twice the log prior.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from wetread.errors import InputError
from wetread.shapes import Floats, Ints
from wetread.training.settings import LoopSettings

#: Of the focal loss: how much less a picture counts that is already told apart (Lin et al. 2017).
GAMMA = 2.0

Labels = NDArray[np.int64] | NDArray[np.float32] | Ints | Floats


def count_labels(labels: Labels, output: str, outputs: int) -> NDArray[np.int64]:
    """How often each class, or each answer, occurs.

    Args:
        labels: Class number per image, or ``image finding`` of 1, 0 and NaN.
        output: ``softmax`` or ``sigmoid``.
        outputs: Number of logits.

    Returns:
        ``class`` for softmax; ``finding answer`` (no, yes) for sigmoid, missing labels left out.
    """
    if output == "softmax":
        return np.bincount(np.asarray(labels, dtype=np.int64), minlength=outputs)
    table = np.asarray(labels, dtype=np.float64).reshape(len(labels), outputs)
    return np.stack([(table == 0).sum(axis=0), (table == 1).sum(axis=0)], axis=1)


def correct_logits(logits: Floats, settings: LoopSettings, counts: Ints) -> Floats:
    """Brings logits of a network trained with an option against imbalance back to the true prevalence.

    Args:
        logits: ``image class`` or ``image finding``, as the network gives them.
        settings: With which it was trained.
        counts: Of its training labels, as `count_labels` gives them.

    Returns:
        Logits of the same shape; unchanged for the plain and the focal loss.
    """
    shifts = (settings.loss in ("class weights", "logit adjustment")) + (settings.sampling == "balanced")
    if shifts == 0:
        return logits
    shifted: Floats = logits + shifts * _log_prior(counts)
    return shifted


def _log_prior(counts: Ints) -> Floats:
    """Log prevalence per class, or log odds per finding; a class that never occurs counts as one picture."""
    seen = np.log(np.maximum(counts, 1).astype(np.float64))
    prior: Floats = seen - np.log(np.maximum(counts, 1).sum()) if counts.ndim == 1 else seen[:, 1] - seen[:, 0]
    return prior


class Loss:
    """The loss of a fit.

    Args:
        settings: Which loss, which output.
        labels: All training labels, for their frequencies.
        outputs: Number of logits.
        device: Where the logits are.

    Raises:
        InputError: Softmax labels that are no classes of the network, or balanced sampling of several findings.
    """

    def __init__(self, settings: LoopSettings, labels: Labels, outputs: int, device: torch.device) -> None:
        self.softmax = settings.output == "softmax"
        self.kind = settings.loss
        if self.softmax and (np.ndim(labels) != 1 or int(np.max(labels)) >= outputs or int(np.min(labels)) < 0):
            raise InputError(
                f"The labels do not fit a network of {outputs} classes.",
                remedy="Give one class number per picture, or use output: sigmoid for several findings.",
                code="labels-outputs",
            )
        if settings.sampling == "balanced" and not self.softmax and outputs > 1:
            raise InputError(
                "Pictures with several findings cannot be drawn so that every finding is balanced.",
                remedy="Use loss: class weights in plan.yaml instead of sampling: balanced.",
                code="balanced-findings",
            )
        self.counts = count_labels(labels, settings.output, outputs)
        counts = np.maximum(self.counts, 1)
        # Mean 1 over the pictures: a rate that suits the plain loss suits this one.
        inverse = counts.sum(axis=-1, keepdims=True) / (counts.shape[-1] * counts)
        self.weights = torch.tensor(inverse, dtype=torch.float32, device=device)
        self.prior = torch.tensor(_log_prior(self.counts), dtype=torch.float32, device=device)

    def truth(self, labels: Labels) -> Tensor:
        """Labels of a batch as the loss takes them: class numbers, or float32 ``image finding``."""
        if self.softmax:
            return torch.from_numpy(np.ascontiguousarray(labels, dtype=np.int64))
        return torch.from_numpy(np.asarray(labels, dtype=np.float32).reshape(len(labels), len(self.counts)).copy())

    def terms(self, labels: Labels) -> int:
        """Over how many labels the loss of a batch is the mean: known ones only, at least 1."""
        return max(1, int(np.size(labels) - np.isnan(np.asarray(labels, dtype=np.float64)).sum()))

    def sum(self, logits: Tensor, truth: Tensor, *, plain: bool = False) -> Tensor:
        """The loss added up over the known labels of a batch, in nats.

        Args:
            logits: ``image class`` or ``image finding``, float32.
            truth: As `truth` gives it.
            plain: The log loss, whatever the network is trained with: for validation.
        """
        kind = "plain" if plain else self.kind
        return self._softmax(logits, truth, kind) if self.softmax else self._sigmoid(logits, truth, kind)

    def _softmax(self, logits: Tensor, truth: Tensor, kind: str) -> Tensor:
        if kind == "class weights":
            return functional.cross_entropy(logits, truth, weight=self.weights, reduction="sum")
        if kind == "logit adjustment":
            logits = logits + self.prior
        if kind != "focal":
            return functional.cross_entropy(logits, truth, reduction="sum")
        losses = functional.cross_entropy(logits, truth, reduction="none")
        return ((1 - torch.exp(-losses)) ** GAMMA * losses).sum()

    def _sigmoid(self, logits: Tensor, truth: Tensor, kind: str) -> Tensor:
        known = ~truth.isnan()
        truth = truth.nan_to_num(0.0)
        if kind == "logit adjustment":
            logits = logits + self.prior
        losses = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
        if kind == "class weights":
            losses = losses * torch.where(truth > 0.5, self.weights[:, 1], self.weights[:, 0])
        elif kind == "focal":
            losses = (1 - torch.exp(-losses)) ** GAMMA * losses
        # A choice, not a product: a missing label must not turn a wild logit into NaN.
        return torch.where(known, losses, 0.0).sum()
