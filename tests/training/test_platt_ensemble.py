"""An ensemble of rungs that were moved by Platt's line says what the mean of their calibrated logits says."""

import dataclasses

import numpy as np

from tests.training.test_ladder import folds_of, training_set
from wetread.progress import silent
from wetread.training.fold_result import load_fold, save_fold
from wetread.training.ladder import run_fold


def test_offsets_of_the_members_are_not_lost(tmp_path):
    data = training_set(np.arange(96) % 2, strength=25, rungs=("classical", "network", "ensemble"))
    data.plan = dataclasses.replace(data.plan, calibration="platt", test_time_shifts=0)
    fold = folds_of(data)[0]
    result = run_fold(data, fold, silent)
    below = [result.classifiers[name] for name in ("classical", "network")]
    assert any(one.offset for one in below)
    ensemble, tested = result.classifiers["ensemble"], data.inputs.take(fold.test)
    mean = np.mean([one.logits(tested) for one in below], axis=0)
    gap = ensemble.logits(tested) - mean / np.asarray(ensemble.temperature)
    # what is left is the ensemble's own offset: the same for every picture, and not that of its members
    np.testing.assert_allclose(gap, np.broadcast_to(gap[0], gap.shape), atol=1e-6)
    members = np.mean([one.offset or (0.0, 0.0) for one in below], axis=0) / ensemble.temperature
    np.testing.assert_allclose(gap[0], np.asarray(ensemble.offset) - members, atol=1e-6)
    save_fold(result, tmp_path, data.key())
    again = load_fold(fold, tmp_path, data, data.key()).classifiers["ensemble"]
    np.testing.assert_allclose(again.logits(tested), ensemble.logits(tested), atol=1e-6)
