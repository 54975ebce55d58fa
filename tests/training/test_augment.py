"""What may change in a training image, and what may not."""

import numpy as np
import torch

from wetread.training.augment import Augment, augment

STILL = Augment(rotation=0, zoom=0, shift=0, gamma=0, contrast=0, noise=0)


def pictures(n=4, side=32):
    return np.random.default_rng(0).integers(0, 256, (n, 1, side, side), dtype=np.uint8)


def test_with_every_range_at_zero_nothing_changes():
    squares = pictures()
    found = augment(squares, np.arange(4), STILL, seed=1, epoch=0)
    np.testing.assert_allclose(found.numpy(), squares / 255.0, atol=2e-4)


def test_the_draw_depends_on_seed_epoch_and_row_alone():
    squares = pictures(6)
    whole = augment(squares, np.arange(6), Augment(), seed=3, epoch=5)
    share = augment(squares[2:5], np.arange(2, 5), Augment(), seed=3, epoch=5)
    torch.testing.assert_close(whole[2:5], share, atol=1e-6, rtol=0)
    assert not torch.allclose(whole, augment(squares, np.arange(6), Augment(), seed=3, epoch=6))
    assert not torch.allclose(whole, augment(squares, np.arange(6), Augment(), seed=4, epoch=5))


def test_a_radiograph_is_never_mirrored():
    square = np.zeros((1, 1, 64, 64), dtype=np.uint8)
    square[..., 8:20, 4:16] = 255  # a marker at the top left
    for epoch in range(60):
        found = augment(square, np.array([0]), Augment(noise=0), seed=0, epoch=epoch)[0, 0]
        found = found - found.median()  # the background is lifted a little by contrast
        assert found[:32, :32].sum() > 0.9 * found.sum()


def test_mirroring_happens_where_it_is_asked_for():
    square = np.zeros((1, 1, 64, 64), dtype=np.uint8)
    square[..., :12] = 255
    still = Augment(rotation=0, zoom=0, shift=0, gamma=0, contrast=0, noise=0, mirror=0.5)
    left = [float(augment(square, np.array([0]), still, 0, epoch)[..., :12].mean()) for epoch in range(80)]
    assert 20 < sum(value > 0.5 for value in left) < 60


def test_values_stay_within_the_range_of_a_picture():
    found = augment(pictures(), np.arange(4), Augment(noise=0.5, contrast=0.9), seed=0, epoch=0)
    assert float(found.min()) >= 0.0 and float(found.max()) <= 1.0
