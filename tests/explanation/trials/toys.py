"""Models and maps of which it is known beforehand which test they pass."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from wetread.explanation.heatmap import Heatmap
from wetread.explanation.trials import sample as sample_module
from wetread.explanation.trials.likeness import on_grid
from wetread.explanation.trials.sample import Sample
from wetread.model.classifier import Classifier
from wetread.model.linear import LinearPart

SIDE = 64


class Spot:
    """Says how much there is to see in a quarter of the picture, and looks at nothing else."""

    def __init__(self, down=0, right=0):
        self.down, self.right = down, right

    def logits(self, inputs):
        found = []
        for picture in inputs.pictures:
            half = len(picture) // 2
            rows, columns = (slice(place * half, (place + 1) * half) for place in (self.down, self.right))
            found.append([0.0, float(picture[rows, columns].std()) / 4])
        return np.array(found)

    def arrays(self):
        return {}

    def described(self):
        return {"kind": "spot"}


def spot_model(down=0, right=0):
    return Classifier(("no", "yes"), "yes", "classical", [Spot(down, right)])


def linear_model(seed=0, cells=49):
    """A model whose coefficients are its map, for maps that are made up."""
    weights = np.random.default_rng(seed).normal(size=(cells, 2))
    part = LinearPart("classical", np.zeros(cells), np.ones(cells), weights, np.zeros(2))
    return Classifier(("no", "yes"), "yes", "classical", [part])


def pictures(count=8, lesion=(6, 6, 14), seed=1):
    """Noise with a bright square, and the mask of the square."""
    random = np.random.default_rng(seed)
    top, left, size = lesion
    made, masks = [], []
    for _ in range(count):
        picture = random.integers(40, 60, (SIDE, SIDE)).astype(np.uint8)
        mask = np.zeros((SIDE, SIDE), dtype=bool)
        mask[top : top + size, left : left + size] = True
        picture[mask] = 220
        made.append(picture)
        masks.append(mask)
    return made, masks


@dataclass
class MadeUp:
    """Stands for `explain_many`: maps by a function of classifier, picture and seed."""

    draw: object
    calls: list = field(default_factory=list)

    def __call__(self, classifier, given, targets, method, *, seed=0, quick=False):
        self.calls.append((method, len(given), seed))
        return [Heatmap(self.draw(classifier, one, seed), "yes", method, "") for one in given]


@pytest.fixture
def maps(monkeypatch):
    """Puts made-up maps in the place of real ones."""

    def use(draw):
        made = MadeUp(draw)
        monkeypatch.setattr(sample_module, "explain_many", made)
        return made

    return use


def make_sample(classifier, given, masks=(), *, patients=None, target=1, **more):
    people = patients or [f"P{n}" for n in range(len(given))]
    return Sample(classifier, given, np.full(len(given), target), people, masks, resamples=200, **more)


def of_model(classifier, picture, seed):
    """The coefficients of the model."""
    return classifier.parts[0].weights[:, 1].reshape(7, 7)


def of_picture(classifier, picture, seed):
    """The picture itself, whatever the model."""
    return on_grid(picture, 8, 8)
