"""The input of a network: stretched to a square, normalised by what was measured on training pictures."""

import numpy as np
import pytest
from PIL import Image

from wetread.model.preprocess import Preprocess

BY_CHANNEL = Preprocess(16, 3, (0.1, 0.2, 0.3), (1.0, 2.0, 3.0))


def test_any_picture_becomes_a_square_of_the_right_channels():
    pictures = [np.zeros((30, 80), dtype=np.uint8), np.zeros((90, 20, 3), dtype=np.uint8)]
    assert Preprocess(16, 1).squares(pictures).shape == (2, 1, 16, 16)
    assert Preprocess(16, 3).squares(pictures).shape == (2, 3, 16, 16)


def test_corners_stay_in_their_corners():
    picture = np.zeros((60, 40), dtype=np.uint8)
    picture[:10, :10] = 255
    square = Preprocess(20).squares([picture])[0, 0]
    assert square[0, 0] == 255
    assert square[0, -1] == square[-1, 0] == square[-1, -1] == 0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(40, 40), (40, 40, 3), (57, 57), (57, 57, 3), (100, 31), (31, 100, 3), (7, 5)])
def test_any_picture_is_what_pillow_would_make_of_it(shape, channels):
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    image = (
        Image.fromarray(picture).convert("L" if channels == 1 else "RGB").resize((40, 40), Image.Resampling.BILINEAR)
    )
    (square,) = Preprocess(40, channels).squares([picture])
    assert square.shape == (channels, 40, 40)
    np.testing.assert_array_equal(square, np.asarray(image).reshape(40, 40, channels).transpose(2, 0, 1))


def test_normalised_training_pictures_have_zero_mean_and_unit_deviation():
    squares = np.random.default_rng(0).integers(0, 200, (8, 1, 16, 16), dtype=np.uint8)
    measured = Preprocess(16).measured_on(squares)
    normalised = measured.normalise(squares)
    assert abs(normalised.mean()) < 1e-3
    assert abs(normalised.std() - 1) < 1e-3
    assert Preprocess.from_dict(measured.as_dict()) == measured


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_scaled_by_itself_forgets_its_brightness_and_contrast(channels):
    random = np.random.default_rng(0)
    dark = random.integers(0, 90, (4, channels, 16, 16), dtype=np.uint8)
    own = Preprocess(16, channels, by_picture=True)
    scaled = own.normalise(dark)
    np.testing.assert_allclose(scaled.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=(1, 2, 3)), 1, atol=1e-4)
    np.testing.assert_allclose(own.normalise(dark * 2 + 50), scaled, atol=1e-3)
    np.testing.assert_array_equal(own.normalise(dark[1:2]), scaled[1:2])  # whatever stands beside it
    assert not own.normalise(np.full((1, channels, 16, 16), 7, np.uint8)).any()


def test_tensors_are_scaled_like_arrays():
    torch = pytest.importorskip("torch")
    squares = np.random.default_rng(0).integers(0, 256, (3, 3, 16, 16), dtype=np.uint8)
    for one in (Preprocess(16, 3, 0.4, 0.2), BY_CHANNEL, Preprocess(16, 3, by_picture=True)):
        tensor = one.scale(torch.from_numpy(squares).float() / 255)
        np.testing.assert_allclose(tensor.numpy(), one.normalise(squares), atol=1e-5)


def test_how_a_picture_is_scaled_is_kept_and_older_models_are_read():
    own = Preprocess(16, 3, by_picture=True)
    assert Preprocess.from_dict(own.as_dict()) == own
    older = {"fit": "stretch", "side": 16, "channels": 1, "mean": 0.5, "deviation": 0.25}
    assert Preprocess.from_dict(older) == Preprocess(16, 1, 0.5, 0.25)
