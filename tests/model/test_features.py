"""Classical features are held to scikit-image, and do not depend on who is measured beside whom."""

import numpy as np
import pytest
from scipy import ndimage

from wetread.model import features


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    smooth = [ndimage.gaussian_filter(random.normal(size=(128, 128)), 3) * 900 + 128 for _ in range(6)]
    return np.stack([np.clip(picture, 0, 255).astype(np.uint8) for picture in smooth])


def test_gradients_are_those_of_scikit_image(pictures):
    hog = pytest.importorskip("skimage.feature").hog
    wanted = [
        hog(one, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2), block_norm="L2-Hys")
        for one in pictures
    ]
    np.testing.assert_allclose(features.gradients(pictures), wanted, atol=1e-5)


def test_patterns_are_those_of_scikit_image(pictures):
    patterns = pytest.importorskip("skimage.feature").local_binary_pattern
    wanted = np.stack([patterns(one, 8, 1, "uniform") for one in pictures])
    assert (features.local_binary_patterns(pictures) == wanted).mean() > 0.999


def test_a_flat_picture_has_no_gradient_and_no_nan():
    flat = np.full((200, 100), 77, dtype=np.uint8)
    measured = features.classical_features([flat])
    assert np.isfinite(measured).all()
    assert np.abs(features.gradients(np.full((1, 128, 128), 77, dtype=np.uint8))).max() == 0


def test_each_picture_is_measured_alone(pictures):
    together = features.classical_features(list(pictures) * 4)
    alone = np.concatenate([features.classical_features([one]) for one in pictures])
    np.testing.assert_array_equal(together[:6], alone)
    np.testing.assert_array_equal(together[18:], alone)


def test_histogram_counts_every_pixel_once(pictures):
    np.testing.assert_allclose((features.histograms(pictures) ** 2).sum(axis=1), 1.0, rtol=1e-5)


def test_colour_is_measured_and_grey_pictures_have_none():
    random = np.random.default_rng(3)
    grey = random.integers(0, 256, (60, 50), dtype=np.uint8)
    painted = np.repeat(grey[:, :, None], 3, axis=2)
    same = features.classical_features([grey, painted])
    red = painted.copy()
    red[10:30, 10:30, 0] = 255
    seen = features.classical_features([red])[0]
    colours = 2 * features.THUMBNAIL**2 + 2 * 32
    assert not same[0, -colours:].any()
    assert np.abs(seen[-colours:]).max() > 0.1
