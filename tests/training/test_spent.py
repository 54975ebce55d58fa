"""The time spent is stored in between, and whether what is left is enough for a further division."""

import json

import pytest

from wetread.training import spent as module
from wetread.training.spent import GRACE, Room, Spent


class Clock:
    """Seconds that a run has taken, as a test says."""

    def __init__(self) -> None:
        self.now = 0.0

    def seconds(self) -> float:
        return self.now


def after_first(clock: Clock, limit: float) -> Room:
    """Three folds and the model to ship, ten seconds each."""
    room = Room(clock, limit, folds=3)
    for repeat in (1, 1, 1, 0):
        clock.now += 10
        room.fill(repeat)
    return room


@pytest.mark.parametrize(("limit", "enough"), [(69.0, False), (71.0, True)])
def test_a_further_division_is_begun_only_if_it_can_end_in_time(limit, enough):
    assert after_first(Clock(), limit).has(2) is enough


@pytest.mark.parametrize(("workers", "limit", "enough"), [(3, 60.0, True), (3, 30.0, False), (9, 25.0, False)])
def test_folds_at_work_are_not_taken_for_slow_ones(workers, limit, enough):
    """All of the first division at once, the model still at work: a further one takes about as long again."""
    clock = Clock()
    room = Room(clock, limit, folds=workers)
    for repeat in (*[1] * workers, 0):
        room.begin(repeat)
    clock.now = 20.0
    for _ in range(workers):
        room.end(1)
    assert room.has(2) is enough
    assert room.has(3) is room.has(2)


def test_what_is_still_at_work_has_to_end_as_well():
    clock = Clock()
    room = after_first(clock, 64.0)
    for _ in range(2):
        room.begin(0)
    # Forty seconds for four and two halves, eight each: three folds more would end at 64, the halves at 72.
    assert not room.has(2)


def test_folds_that_were_there_before_an_interruption_need_not_be_computed_again():
    room = after_first(Clock(), 51.0)
    room.fill(2)
    room.fill(2)
    # Forty seconds for six folds: the seventh would end at 47.
    assert room.has(2) and not room.has(3)


def test_what_was_said_of_a_division_holds_for_all_its_folds_within_reason():
    clock = Clock()
    room = after_first(clock, 71.0)
    assert room.has(2)
    clock.now = 71.0 * GRACE - 0.1
    assert room.has(2)
    clock.now = 71.0 * GRACE + 0.1
    assert not room.has(2)


def test_one_that_was_left_out_stays_left_out():
    clock = Clock()
    room = after_first(clock, 60.0)
    assert not room.has(2)
    room.fill(2)
    room.fill(2)
    room.fill(2)
    assert not room.has(2)


def test_time_is_noted_at_once_and_then_now_and_then(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    spent = Spent(tmp_path / "time.json", "key")

    def noted(seconds, **more):
        now[0] = 100.0 + seconds
        spent.keep(**more)
        return json.loads((tmp_path / "time.json").read_text())["seconds"]

    assert [noted(2, every=5), noted(6, every=5), noted(7, every=5), noted(8)] == [2, 2, 7, 8]
    assert Spent(tmp_path / "time.json", "key").seconds() == 8
