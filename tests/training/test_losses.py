"""Losses by hand, and logits that tell the true prevalence again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import tensor

from training.small_fit import SETTINGS
from wetread.errors import InputError
from wetread.training.losses import Loss, correct_logits, count_labels

CPU = torch.device("cpu")
SIGMOID = replace(SETTINGS, output="sigmoid")
NAN = np.nan


def loss(settings, labels, outputs=2):
    return Loss(settings, np.asarray(labels), outputs, CPU)


def summed(settings, labels, logits, **more):
    made = loss(settings, labels, np.shape(logits)[1])
    return float(made.sum(torch.tensor(logits, dtype=torch.float32), made.truth(np.asarray(labels)), **more))


def test_plain_softmax():
    # -log(3/4), -log(1/2)
    assert summed(SETTINGS, [0, 1], [[np.log(3), 0.0], [1.0, 1.0]]) == pytest.approx(np.log(4 / 3) + np.log(2))


def test_class_weights_are_inverse_to_frequency_with_mean_one():
    made = loss(replace(SETTINGS, loss="class weights"), [0, 0, 0, 1])
    assert made.weights.tolist() == pytest.approx([4 / 6, 4 / 2])
    assert np.mean([made.weights[label] for label in (0, 0, 0, 1)]) == pytest.approx(1)
    value = summed(replace(SETTINGS, loss="class weights"), [0, 0, 0, 1], np.zeros((4, 2)))
    assert value == pytest.approx(4 * np.log(2))


def test_focal_counts_easy_pictures_less():
    # p = 3/4: (1/4)^2 log(4/3)
    assert summed(replace(SETTINGS, loss="focal"), [0, 1], [[np.log(3), 0], [0, np.log(3)]]) == pytest.approx(
        2 / 16 * np.log(4 / 3)
    )
    assert summed(replace(SIGMOID, loss="focal"), [1, 1], [[np.log(3)], [np.log(3)]]) == pytest.approx(
        2 / 16 * np.log(4 / 3)
    )


def test_logit_adjustment_puts_the_prior_into_the_loss():
    # Equal logits: the loss of the prior itself.
    settings = replace(SETTINGS, loss="logit adjustment")
    assert summed(settings, [0, 0, 0, 1], np.zeros((4, 2))) == pytest.approx(3 * np.log(4 / 3) + np.log(4))
    assert summed(settings, [0, 0, 0, 1], np.zeros((4, 2)), plain=True) == pytest.approx(4 * np.log(2))


def test_sigmoid_leaves_missing_labels_out():
    labels = np.array([[1, NAN], [0, NAN], [NAN, 0]], dtype=np.float32)
    logits = [[0.0, 1e30], [np.log(3), -1e30], [5.0, 0.0]]
    assert summed(SIGMOID, labels, logits) == pytest.approx(np.log(2) + np.log(4) + np.log(2))
    assert loss(SIGMOID, labels).terms(labels) == 3
    assert loss(SIGMOID, labels).terms(np.full((2, 2), NAN)) == 1


def test_missing_labels_have_no_gradient():
    logits = tensor([[0.5, float("inf")]], requires_grad=True)
    made = loss(SIGMOID, np.array([[1.0, NAN]]))
    made.sum(logits, made.truth(np.array([[1.0, NAN]]))).backward()
    assert logits.grad[0, 0] == pytest.approx(1 / (1 + np.exp(-0.5)) - 1)
    assert logits.grad[0, 1] == 0


def test_positive_weights_per_finding():
    labels = np.array([[1, 1], [0, 1], [0, NAN], [0, 0]], dtype=np.float32)
    made = loss(replace(SIGMOID, loss="class weights"), labels)
    assert made.weights.numpy() == pytest.approx(np.array([[4 / 6, 4 / 2], [3 / 2, 3 / 4]]))
    # Each known label at logit 0 costs log 2 times its weight; the weights have mean 1 per finding.
    assert summed(replace(SIGMOID, loss="class weights"), labels, np.zeros((4, 2))) == pytest.approx(7 * np.log(2))


def test_counts():
    assert count_labels(np.array([0, 2, 2]), "softmax", 4).tolist() == [1, 0, 2, 0]
    assert count_labels(np.array([0, 1, 1]), "sigmoid", 1).tolist() == [[1, 2]]
    assert count_labels(np.array([[1, NAN], [0, NAN]]), "sigmoid", 2).tolist() == [[1, 1], [0, 0]]


@pytest.mark.parametrize(
    "options",
    [
        {"loss": "class weights"},
        {"loss": "logit adjustment"},
        {"sampling": "balanced"},
        {"loss": "class weights", "sampling": "balanced"},
    ],
)
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_corrected_logits_tell_the_true_prevalence(options, output):
    """A constant network fitted by the loss itself: what it says after the correction is the prevalence."""
    settings = replace(SETTINGS, output=output, **options)
    labels = np.array([0] * 12 + [1] * 4)
    made = Loss(settings, labels, 1 if output == "sigmoid" else 2, CPU)
    drawn = np.array([0] * 8 + [1] * 8) if settings.sampling == "balanced" else labels
    logit = torch.zeros(1, made.prior.numel(), requires_grad=True)
    for _ in range(400):
        value = made.sum(logit.expand(len(drawn), -1), made.truth(drawn)) / len(drawn)
        (gradient,) = torch.autograd.grad(value, logit)
        logit.data -= gradient
    corrected = torch.from_numpy(correct_logits(logit.detach().numpy(), settings, made.counts))
    chance = corrected.sigmoid()[0, 0] if output == "sigmoid" else corrected.softmax(dim=1)[0, 1]
    assert float(chance) == pytest.approx(0.25, abs=1e-3)


@pytest.mark.parametrize("kind", ["plain", "focal"])
def test_nothing_is_corrected_where_nothing_was_shifted(kind):
    logits = np.array([[1.0, 2.0]])
    assert correct_logits(logits, replace(SETTINGS, loss=kind), np.array([9, 1])) is logits


@pytest.mark.parametrize("labels", [[0, 2], [-1, 0], [[0.0, 1.0]]])
def test_labels_that_are_no_classes_are_refused(labels):
    with pytest.raises(InputError) as caught:
        loss(SETTINGS, labels)
    assert caught.value.code == "labels-outputs"


def test_several_findings_cannot_be_balanced_by_drawing():
    with pytest.raises(InputError) as caught:
        loss(replace(SIGMOID, sampling="balanced"), np.zeros((4, 2)))
    assert "class weights" in caught.value.remedy
