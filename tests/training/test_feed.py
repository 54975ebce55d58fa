"""Batches ready before they are wanted, the same however far ahead they are made."""

import threading
import time

import numpy as np
import pytest
import torch

from wetread.training.feed import Batch, Feed


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


def test_what_goes_wrong_waits_for_a_step_that_takes_long():
    """Two batches lie ready, and the step takes longer than the thread waits at once."""

    def fail(epoch, numbers):
        if epoch == 3:
            raise MemoryError("short")
        return numbers_only(epoch, numbers)

    raised = []

    def train():
        with Feed(fail, draws(), ahead=2) as feed:
            try:
                feed.next()
                time.sleep(0.5)
                list(feed.take(3))
            except MemoryError as error:
                raised.append(error)

    thread = threading.Thread(target=train, daemon=True)  # it hung for ever
    thread.start()
    thread.join(20)
    assert raised


def test_no_thread_is_left_behind_when_steps_end_early():
    before = set(threading.enumerate())  # some of which, of other tests, may end meanwhile
    with Feed(numbers_only, draws(100)) as feed:
        feed.next()
    assert set(threading.enumerate()) <= before


def test_it_waits_for_what_is_slow_and_says_how_long():
    def slow(epoch, numbers):
        while not feed._ready.not_empty._waiters:  # until the step waits for it
            time.sleep(0.001)
        time.sleep(0.02)
        return numbers_only(epoch, numbers)

    feed = Feed(slow, draws(5))
    with feed:
        list(feed.take(5))
    assert feed.waited >= 5 * 0.02
    with Feed(numbers_only, draws(5)) as feed:
        for _ in range(5):
            while feed._ready.empty():
                time.sleep(0.001)
            feed.next()
            time.sleep(0.06)
    assert feed.waited < 5 * 0.06  # the steps themselves are no waiting


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
