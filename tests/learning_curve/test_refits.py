import numpy as np
import pytest

from wetread.learning_curve import refits
from wetread.learning_curve.refits import refit
from wetread.model.linear import STRENGTHS
from wetread.progress import StepAdvanced, silent

from .simulated import simulated

SIZES = (16, 24, 32, 48)


def same(some, others):
    return all(
        np.array_equal(a.scores, b.scores) and np.array_equal(a.test, b.test) for a, b in zip(some, others, strict=True)
    )


def test_scores_come_from_models_that_saw_other_groups():
    cases = simulated(effect=2.5)
    draws, strengths = refit(cases, SIZES, 5, silent)
    assert sorted(np.concatenate([one.test for one in draws]).tolist()) == list(range(60))
    assert all(one.scores.shape == (4, len(one.test), 2) for one in draws)
    assert set(strengths) <= set(STRENGTHS) and len(strengths) == 2
    right = [(one.scores[-1].argmax(axis=1) == cases.labels[one.test]).mean() for one in draws]
    assert np.mean(right) > 0.8


def test_an_interrupted_curve_goes_on_with_the_same_bits(tmp_path, monkeypatch):
    cases = simulated()
    whole, strengths = refit(cases, SIZES, 6, silent)
    told, fits = [], []

    def stop_at_the_fourth(event):
        told.append(event)
        if event.done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refit(cases, SIZES, 6, stop_at_the_fourth, tmp_path)
    assert len(list(tmp_path.glob("draw-*.safetensors"))) == 3
    real = refits.fit_head
    monkeypatch.setattr(refits, "fit_head", lambda *a: fits.append(1) or real(*a))
    events = []
    again, strengths_again = refit(cases, SIZES, 6, events.append, tmp_path)
    assert same(whole, again) and strengths == strengths_again
    assert len(fits) == 3 * len(SIZES)
    assert isinstance(events[-1], StepAdvanced) and (events[-1].done, events[-1].total, events[-1].skipped) == (7, 7, 4)


def test_draws_of_other_data_and_damaged_ones_are_not_taken_up(tmp_path):
    first, _ = refit(simulated(), SIZES, 2, silent, tmp_path)
    other = simulated(seed=1)
    assert same(refit(other, SIZES, 2, silent, tmp_path)[0], refit(other, SIZES, 2, silent)[0])
    (tmp_path / "draw-001.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{damaged")
    (tmp_path / "strengths.json").write_text("[]")
    assert same(refit(simulated(), SIZES, 2, silent, tmp_path)[0], first)
