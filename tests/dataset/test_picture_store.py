"""Pictures come back as they were, from memory and from the file behind it."""

import numpy as np

from wetread.dataset.picture_store import PictureStore


def test_pictures_come_back_from_memory_and_from_the_file():
    random = np.random.default_rng(1)
    shapes = [(40, 30), (50, 20, 3), (1, 1), (64, 64)] * 3
    pictures = [random.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]
    store = PictureStore(in_memory=5000)
    kept = [store.keep(picture) for picture in pictures]
    assert all((one == other).all() and one.shape == other.shape for one, other in zip(kept, pictures, strict=True))
    assert sum(one.base is None for one in kept) < len(kept), "some must have gone to the file"


def test_what_is_kept_does_not_change_with_what_was_given():
    picture = np.zeros((4, 4), np.uint8)
    for limit in (0, 1000):
        kept = PictureStore(in_memory=limit).keep(picture)
        picture[:] = 7
        assert (kept == 0).all()
        picture[:] = 0


def test_a_second_file_follows_a_full_one(monkeypatch):
    monkeypatch.setattr("wetread.dataset.picture_store.BLOCK", 1000)
    store = PictureStore(in_memory=0)
    kept = [store.keep(np.full((20, 20), value, np.uint8)) for value in range(7)]
    assert [int(one.min()) == int(one.max()) == value for value, one in enumerate(kept)] == [True] * 7
