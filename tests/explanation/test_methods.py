"""Every method finds a mark in each corner, with its sign, in pictures of any shape; bad input is told apart."""

import numpy as np
import pytest

from explanation.toys import CORNERS, bright, marked, noise, untrained
from wetread.errors import InputError
from wetread.explanation.methods import (
    CLASS_MAPS,
    METHODS,
    PIXEL_GRADIENTS,
    QUESTIONS,
    TITLES,
    explain,
    explain_many,
    methods_for,
)
from wetread.model.classifier import Classifier

#: Where a map says only what speaks for a class.
ONE_SIDED = ("grad-cam++", "score-cam")
VARIANTS = {
    "wide": ((90, 130), {}),
    "tall": ((200, 50), {"side": 96}),
    "colour": ((64, 64), {"channels": 3, "mean": (0.4, 0.3, 0.2), "deviation": (0.2, 0.3, 0.4)}),
    "large": ((300, 400), {"mean": 0.0, "deviation": 1.0}),
}


def heat_in_quarters(heatmap):
    """``row column``: the positive heat in each quarter of the picture."""
    fine = np.maximum(heatmap.on_grid(112, 112), 0)
    return fine.reshape(2, 56, 2, 56).sum(axis=(1, 3))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_mark_lights_up_in_its_corner(method, variant):
    shape, settings = VARIANTS[variant]
    classifier = bright(**settings)
    pictures = [marked(*corner, shape, settings.get("channels") == 3) for corner in CORNERS.values()]
    for corner, heatmap in zip(
        CORNERS.values(), explain_many(classifier, pictures, ["yes"] * 4, method, quick=method == "rise"), strict=True
    ):
        quarters = heat_in_quarters(heatmap)
        assert np.unravel_index(quarters.argmax(), (2, 2)) == corner
        # Random masks leave some noise everywhere.
        assert quarters[corner] > (0.35 if method == "rise" else 0.6) * quarters.sum()
        assert heatmap.method == method and heatmap.target == "yes" and heatmap.settings


@pytest.mark.parametrize("place", CORNERS)
@pytest.mark.parametrize("method", ["grad-cam", "grad-cam++", "score-cam", "occlusion", "integrated-gradients"])
def test_a_mark_is_found_where_each_picture_is_scaled_by_itself(method, place):
    """What masks the input of the network must not scale it anew by what the mask left."""
    heatmap = explain(bright(by_picture=True), marked(*CORNERS[place]), 1, method)
    quarters = heat_in_quarters(heatmap)
    assert np.unravel_index(quarters.argmax(), (2, 2)) == CORNERS[place]
    assert ("an even picture" in heatmap.settings) == (method == "integrated-gradients")


@pytest.mark.parametrize("method", METHODS)
def test_both_classes_are_each_others_negative_where_the_method_allows(method):
    classifier, pictures = bright(), [marked(0, 1)]
    (one,), (other,) = (explain_many(classifier, pictures, [column], method, quick=True) for column in (1, 0))
    if method in ONE_SIDED:
        assert one.values.min() >= 0 and other.values.min() >= 0
    else:
        assert one.values.max() > 0 and other.values.min() < 0
        np.testing.assert_allclose(one.values, -other.values, atol=1e-5 * one.strongest)


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_does_not_depend_on_its_company(method):
    classifier = Classifier(("n", "y"), "y", "network", [untrained()])
    pictures = noise(3)
    together = explain_many(classifier, pictures, [0, 1, 0], method, quick=True)
    alone = explain(classifier, pictures[1], "y", method, quick=True)
    again = explain(classifier, pictures[1], 1, method, quick=True)
    np.testing.assert_allclose(together[1].values, alone.values, atol=1e-4 * alone.strongest)
    np.testing.assert_array_equal(again.values, alone.values)


@pytest.mark.parametrize("method", ["rise", "smoothgrad"])
def test_what_is_drawn_follows_the_seed(method):
    classifier = Classifier(("n", "y"), "y", "network", [untrained()])
    one, other = (explain(classifier, noise(1)[0], 1, method, seed=seed, quick=True).values for seed in (0, 1))
    assert not np.allclose(one, other)


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_picture_gives_a_map_of_numbers(method):
    found = explain(bright(), np.full((50, 70), 90, dtype=np.uint8), 1, method, quick=True)
    assert np.isfinite(found.values).all()
    if method.startswith("occlusion") or method.endswith(("rise", "blur")):
        assert found.is_empty


@pytest.mark.parametrize("shape", [(4096, 4096), (1, 1), (3, 900, 3)])
def test_any_size_is_taken(shape):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for method in METHODS:
        found = explain(bright(), picture, 1, method, quick=True)
        assert np.isfinite(found.values).all() and found.values.size > 0


def test_no_pictures_give_no_maps():
    assert all(explain_many(bright(), [], [], method) == [] for method in METHODS)


@pytest.mark.parametrize("target", ["maybe", 2, -1])
def test_a_class_that_does_not_exist(target):
    with pytest.raises(InputError, match="no class") as caught:
        explain(bright(), marked(0, 0), target, "occlusion")
    assert caught.value.code == "unknown-class" and "no, yes" in caught.value.remedy


def test_a_method_that_does_not_exist():
    with pytest.raises(InputError, match="no method lime") as caught:
        explain(bright(), marked(0, 0), 1, "lime")
    assert caught.value.code == "unknown-method" and "grad-cam" in caught.value.remedy


class Mean:
    """A part without gradients: how bright a picture is."""

    def logits(self, inputs):
        return np.array([[0.0, picture.mean() / 50] for picture in inputs.pictures])

    def arrays(self):
        return {}

    def described(self):
        return {"kind": "mean"}


def test_a_model_without_gradients_can_be_asked_questions_only():
    classifier = Classifier(("n", "y"), "y", "classical", [Mean()])
    assert methods_for(classifier) == tuple(QUESTIONS)
    for method in CLASS_MAPS + PIXEL_GRADIENTS:
        with pytest.raises(InputError, match="no gradients") as caught:
            explain(classifier, marked(0, 0), 1, method)
        assert caught.value.code == "method-not-possible" and "occlusion, occlusion-blur, rise" in caught.value.remedy


def test_a_network_without_places_has_gradients_by_pixels_but_no_maps():
    classifier = Classifier(("n", "y"), "y", "network", [untrained("dense", side=28)])
    assert methods_for(classifier) == (*PIXEL_GRADIENTS, *QUESTIONS)
    with pytest.raises(InputError, match="no feature maps") as caught:
        explain(classifier, marked(0, 0), 1, "hirescam")
    assert "integrated-gradients" in caught.value.remedy
    found = explain(classifier, marked(0, 0), 1, "integrated-gradients")
    assert found.values.shape == (28, 28)


def test_integrated_gradients_are_complete():
    classifier = bright()
    (found,) = explain_many(classifier, [marked(1, 0)], [1], "integrated-gradients")
    change = classifier.margin([marked(1, 0)], 1)[0] - classifier.margin([np.zeros((90, 130), np.uint8)], 1)[0]
    assert found.values.sum() == pytest.approx(change, rel=0.05)
    assert "completeness error" in found.settings


def test_every_method_has_a_title():
    assert set(TITLES) == set(METHODS)
