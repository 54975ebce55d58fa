"""A network as a part of a classifier predicts with the memory that there is."""

import numpy as np
import pytest
import torch

from wetread.model.network import NetworkPart
from wetread.model.networks import NetworkSpec, build_network
from wetread.model.preprocess import Preprocess


@pytest.mark.parametrize("most", [64, 7])
def test_predictions_do_not_depend_on_how_many_fit_into_memory(most):
    torch.manual_seed(0)
    spec = NetworkSpec("small", 2, 1, 32)
    part = NetworkPart(spec, Preprocess(32, 1), build_network(spec))
    squares = np.random.default_rng(0).integers(0, 256, (70, 1, 32, 32), dtype=np.uint8)
    expected, seen = part.logits_of_squares(squares), []

    def limit(module, inputs):
        seen.append(len(inputs[0]))
        if seen[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    part.network.body.register_forward_pre_hook(limit)
    np.testing.assert_allclose(part.logits_of_squares(squares), expected, atol=1e-5)
    assert seen[:2] == ([64, 6] if most == 64 else [64, 32])
    assert sum(some for some in seen if some <= most) == 70
