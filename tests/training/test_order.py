"""Every picture once, in an order of its own, in even batches."""

from dataclasses import replace

import numpy as np
import pytest

from training.small_fit import SETTINGS
from wetread.training.order import cut_batches, draw_epoch

BALANCED = replace(SETTINGS, sampling="balanced")


def test_an_epoch_shows_every_picture_once_in_an_order_of_its_own():
    labels = np.arange(50) % 3
    orders = [draw_epoch(labels, SETTINGS, 7, epoch) for epoch in range(3)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[2], draw_epoch(labels, SETTINGS, 7, 2))
    assert not np.array_equal(orders[2], draw_epoch(labels, SETTINGS, 8, 2))


def test_one_order_is_drawn_once_and_kept():
    kept = replace(SETTINGS, sampling="one order")
    orders = [draw_epoch(np.zeros(50), kept, 7, epoch) for epoch in range(3)]
    assert sorted(orders[0]) == list(range(50)) and not np.array_equal(orders[0], np.arange(50))
    assert np.array_equal(orders[0], orders[1]) and np.array_equal(orders[0], orders[2])
    assert not np.array_equal(orders[0], draw_epoch(np.zeros(50), kept, 8, 0))


def test_balanced_drawing_shows_each_class_as_often_and_repeats_get_numbers_of_their_own():
    labels = np.array([0] * 17 + [1] * 3)
    for epoch in range(3):
        numbers = draw_epoch(labels, BALANCED, 7, epoch)
        assert len(numbers) == len(set(numbers)) == 20
        assert np.bincount(labels[numbers % 20]).tolist() == [10, 10]
        # Three pictures for ten places: each three times, one a fourth time.
        assert sorted(np.bincount(numbers[labels[numbers % 20] == 1] % 20)[17:]) == [3, 3, 4]


def test_what_does_not_divide_evenly_goes_round():
    labels = np.array([0, 0, 1, 1, 2, 2, 2])
    counts = [np.bincount(labels[draw_epoch(labels, BALANCED, 7, epoch) % 7]) for epoch in range(3)]
    assert np.sum(counts, axis=0).tolist() == [7, 7, 7]
    assert all(count.sum() == 7 for count in counts)


def test_pictures_without_an_answer_are_not_drawn_in_balance():
    labels = np.array([[1], [0], [np.nan], [0]], dtype=np.float32)
    assert set(draw_epoch(labels, BALANCED, 7, 0) % 4) <= {0, 1, 3}


@pytest.mark.parametrize(
    ("images", "batch", "sizes"),
    [(65, 5, [5] * 13), (33, 32, [17, 16]), (10, 16, [10]), (3, 2, [3]), (5, 4, [3, 2]), (1, 8, [1]), (5, 1, [3, 2])],
)
def test_batches_are_even_and_never_a_rest_of_one(images, batch, sizes):
    assert [len(one) for one in cut_batches(np.arange(images), batch)] == sizes
