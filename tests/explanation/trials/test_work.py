"""Work is counted from layers and pictures, so it is a number of the model and not of the machine."""

import numpy as np
import pytest
from torch import nn

from tests.explanation.toys import frozen_backbone, untrained
from tests.explanation.trials.toys import linear_model
from wetread.explanation.methods import METHODS
from wetread.explanation.trials import work
from wetread.model.classifier import Classifier
from wetread.model.linear import LinearPart
from wetread.model.preprocess import Preprocess


def test_multiplications_of_layers():
    body = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 16, 5))
    assert work.multiplications(body, Preprocess(8, 3)) == 3 * 9 * 8 * 16 + 8 * 16 * 5


def test_a_question_costs_what_its_networks_and_features_cost():
    def cost(part, backbone=None):
        return work.seconds_of_a_question(Classifier(("no", "yes"), "yes", "x", [part], backbone=backbone))

    small, large, shifted = untrained(side=64), untrained(side=128), untrained(side=64, shifts=2)
    network = cost(small) - work.A_PICTURE
    assert cost(large) - work.A_PICTURE == pytest.approx(4 * network, rel=0.1)
    assert cost(shifted) - work.A_PICTURE == pytest.approx(3 * network)
    assert cost(linear_model().parts[0]) == work.A_PICTURE + work.CLASSICAL
    backbone = frozen_backbone()
    zeros = [[0.0, 0.0]] * backbone.features
    frozen = LinearPart("frozen", np.zeros(len(zeros)), np.ones(len(zeros)), np.array(zeros), np.zeros(2))
    assert cost(frozen, backbone) > work.A_PICTURE
    assert work.seconds_of_training(small, 100) == pytest.approx(300 * (work.A_STEP + network), rel=0.02)


def test_every_method_has_its_number_of_questions():
    for method in METHODS:
        assert 1 <= work.questions_of_a_map(method, quick=True) <= work.questions_of_a_map(method, quick=False)
