"""A frozen network in torch looks with the memory that there is, and each look stays with its picture."""

import numpy as np
import pytest
import torch

from wetread.model.embedder import BATCH, Embedder, TorchEngine
from wetread.model.networks import NetworkSpec, build_network
from wetread.model.preprocess import Preprocess


@pytest.fixture
def engine():
    torch.manual_seed(0)
    preprocess = Preprocess(64, 3, (0.5,) * 3, (0.5,) * 3)
    body = build_network(NetworkSpec("test_resnet", 1, 3, 64)).body
    arrays = {name: tensor.numpy() for name, tensor in body.net.state_dict().items()}
    return TorchEngine(Embedder("test_resnet", {}, preprocess, arrays), "cpu")


def test_every_look_is_the_same_with_less_memory(engine):
    squares = np.random.default_rng(0).integers(0, 256, (BATCH + 3, 3, 64, 64), dtype=np.uint8)
    looks = (lambda: [engine(squares)], lambda: [engine.maps(squares)], lambda: engine.both(squares))
    looks += (lambda: engine.stages(squares),)
    expected = [look() for look in looks]
    assert len(expected[3]) == 2

    def limit(module, inputs):
        if len(inputs[0]) > 5:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    # The last layers: what was there before memory ran out must not count twice.
    engine._embedder.body.net.layer4.register_forward_pre_hook(limit)
    for look, before in zip(looks, expected, strict=True):
        for found, one in zip(look(), before, strict=True):
            np.testing.assert_allclose(found, one, atol=1e-4)


def test_where_nothing_is_seen_the_first_look_is_the_last(engine, monkeypatch):
    seen = []
    monkeypatch.setattr(engine._embedder, "last_maps", lambda batch: seen.append(len(batch)))
    assert engine.maps(np.zeros((3 * BATCH, 3, 64, 64), dtype=np.uint8)) is None
    assert seen == [BATCH]
