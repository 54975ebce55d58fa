"""Small data sets for the metrics: frozen ones with known numbers, and random ones with ties and rare findings."""

import json
from pathlib import Path

import numpy as np
import pytest

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "metrics.json").read_text())


@pytest.fixture(params=sorted(REFERENCE["binary"]))
def binary(request):
    """A frozen yes/no data set, with what scikit-learn and plain loops say about it."""
    case = dict(REFERENCE["binary"][request.param])
    return case | {"truth": np.array(case["truth"]), "p": np.array(case["p"])}


@pytest.fixture(params=sorted(REFERENCE["classes"]))
def several(request):
    """A frozen data set of several classes, with what scikit-learn says about it."""
    case = dict(REFERENCE["classes"][request.param])
    logits = np.array(case["logits"])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return case | {"truth": np.array(case["truth"]), "logits": logits, "p": p, "called": p.argmax(axis=1)}


@pytest.fixture
def reference():
    """The whole frozen file."""
    return REFERENCE


@pytest.fixture(params=[(seed, share, decimals) for seed in range(3) for share in (0.5, 0.03) for decimals in (1, 6)])
def random_case(request):
    """Truth and probability of 200 images: balanced or 3 % positive, full of ties or almost free of them."""
    seed, share, decimals = request.param
    random = np.random.default_rng(seed)
    truth = np.arange(200) < 200 * share
    random.shuffle(truth)
    p = np.round(1 / (1 + np.exp(0.5 - truth - random.normal(size=200))), decimals)
    return truth, np.clip(p, 0.05, 0.95)
