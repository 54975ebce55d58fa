"""Batches in the right order, ready before they are wanted, the same however far ahead they are made."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from training.small_fit import SETTINGS
from wetread.training.feed import Batch, Feed, cut_batches, draw_epoch

BALANCED = replace(SETTINGS, sampling="balanced")


def numbers_only(epoch, numbers):
    return Batch(numbers + 100 * epoch, torch.zeros(1), torch.zeros(1))


def draws(batches=6):
    return [(epoch, np.arange(3)) for epoch in range(batches)]


@pytest.mark.parametrize("ahead", [0, 1, 2, 5])
def test_batches_come_in_their_order(ahead):
    with Feed(numbers_only, draws(), ahead) as feed:
        assert [batch.rows[0] for batch in feed.take(6)] == [0, 100, 200, 300, 400, 500]


def test_what_goes_wrong_in_the_thread_is_raised_in_the_step():
    def fail(epoch, numbers):
        if epoch == 1:
            raise ValueError("of ours")
        return numbers_only(epoch, numbers)

    with Feed(fail, draws()) as feed:
        feed.next()
        with pytest.raises(ValueError, match="of ours"):
            feed.next()


def test_no_thread_is_left_behind_when_steps_end_early():
    before = threading.active_count()
    with Feed(numbers_only, draws(100)) as feed:
        feed.next()
    assert threading.active_count() == before


def test_it_waits_for_what_is_slow_and_says_how_long():
    def slow(epoch, numbers):
        time.sleep(0.02)
        return numbers_only(epoch, numbers)

    with Feed(slow, draws(5)) as feed:
        list(feed.take(5))
    assert feed.waited >= 0.08
    with Feed(slow, draws(5)) as feed:
        for _ in feed.take(5):
            time.sleep(0.06)
    assert feed.waited < 0.06


def test_the_thread_leaves_the_number_of_threads_alone():
    seen = []

    def look(epoch, numbers):
        seen.append(torch.get_num_threads())
        return numbers_only(epoch, numbers)

    before = torch.get_num_threads()
    with Feed(look, draws(1)) as feed:
        feed.next()
    assert seen == [1]
    later = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert torch.get_num_threads() == later[0] == before


def test_an_epoch_shows_every_picture_once_in_an_order_of_its_own():
    labels = np.arange(50) % 3
    orders = [draw_epoch(labels, SETTINGS, 7, epoch) for epoch in range(3)]
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(orders[2], draw_epoch(labels, SETTINGS, 7, 2))
    assert not np.array_equal(orders[2], draw_epoch(labels, SETTINGS, 8, 2))


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
