"""A step is timed without a word on the console, and without taking the time that it is to plan."""

import warnings

import pytest
import torch

from wetread.training import pace
from wetread.training.fingerprint import KnownWeights
from wetread.training.pace import images_per_second

SMALL = KnownWeights("any", "small", 32, 1, 1.0)


@pytest.fixture
def clock(monkeypatch):
    """Steps take as long as a test says; returns what it may change: seconds of the first, of a picture, pictures."""
    told = {"first": 0.0, "each": 0.1, "most": 10**9, "steps": [], "now": 0.0}

    def step(pictures):
        told["steps"].append(pictures)
        if pictures > told["most"]:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        told["now"] += pictures * told["each"] + (told["first"] if len(told["steps"]) == 1 else 0.0)

    monkeypatch.setattr(pace, "_step", lambda known, device: step)
    monkeypatch.setattr(pace.time, "perf_counter", lambda: told["now"])
    return told


def test_a_step_is_timed_and_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert images_per_second(SMALL, "cpu") > 0


def test_a_transformer_is_built_for_its_own_side_and_options():
    """One for another side than its usual one refuses every picture of it."""
    weights = KnownWeights("any", "test_vit", 96, 3, 1.0, options={"dynamic_img_size": False})
    assert images_per_second(weights, "cpu") > 0
    with pytest.raises(Exception, match="no_such_option"):
        images_per_second(KnownWeights("any", "test_vit", 96, 3, 1.0, options={"no_such_option": 1}), "cpu")


def test_the_first_step_is_not_what_counts(clock):
    clock["first"] = 1.0
    assert images_per_second(SMALL, "cpu") == pytest.approx(10)
    assert clock["steps"] == [2, 2, 16, 16, 16]


@pytest.mark.parametrize(
    ("each", "limit", "steps"),
    [
        (0.1, 60, [2, 2, 16]),  # 0.4 s for the few; 16 take 1.6 s, and as much again would pass the 3 s
        (0.1, 7200, [2, 2, 16, 16, 16]),
        (0.5, 7200, [2, 2, 16, 16]),
        (5.0, 7200, [2, 2]),
        (5.0, 60, [2]),
        (5.0, None, [2, 2]),
        (500.0, None, [2]),
    ],
)
def test_timing_ends_after_seconds_or_a_small_part_of_the_limit(clock, each, limit, steps):
    clock["each"] = each
    assert images_per_second(SMALL, "cpu", limit) == pytest.approx(1 / each)
    assert clock["steps"] == steps


def test_what_a_gpu_loads_at_its_first_step_is_not_taken_for_its_pace(clock):
    clock["first"] = 30.0
    assert images_per_second(SMALL, "cuda:0", 60) == pytest.approx(10)


@pytest.mark.parametrize(
    ("most", "steps", "found"), [(10, [2, 2, 16, 8, 8], 10), (3, [2, 2, 16, 8, 4], 10), (1, [2], None)]
)
def test_what_memory_is_too_short_for_is_not_what_ends_a_run(clock, most, steps, found):
    clock["most"] = most
    rate = images_per_second(SMALL, "cpu")
    assert rate is None if found is None else rate == pytest.approx(found)
    assert clock["steps"] == steps


def test_the_number_of_threads_is_left_alone():
    before = torch.get_num_threads()
    images_per_second(SMALL, "cpu")
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("alone", "found", "told"), [(0.5, 16 / 13.5, 1), (20.0, 0.2, 0)])
def test_cores_that_others_hold_are_told_and_their_waiting_is_not_taken_for_work(monkeypatch, alone, found, told):
    """Ten seconds a step whatever its size with two threads, seconds for two pictures with one of them."""
    clock, threads, busy = [0.0], [2], []

    def step(pictures):
        clock[0] += 10.0 if threads[0] > 1 else alone * pictures / 2

    monkeypatch.setattr(pace, "_step", lambda known, device: step)
    monkeypatch.setattr(pace.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(pace.torch, "get_num_threads", lambda: threads[0])
    monkeypatch.setattr(pace.torch, "set_num_threads", lambda number: threads.__setitem__(0, number))
    weights = KnownWeights("any", "resnet18", 224, 3, 11.0)
    assert images_per_second(weights, "cpu", 240, lambda: busy.append(1)) == pytest.approx(found)
    assert (len(busy), threads) == (told, [2])
