"""Nested folds: nothing that is tested was seen, chance looks like chance, and a stored fold is taken up again."""

import dataclasses
import json
import threading
import time

import numpy as np
import pytest

from wetread.dataset.split import Fold, group_folds
from wetread.errors import AskedToStop, Stopped
from wetread.metrics.discrimination import auroc
from wetread.metrics.point_rule import DEFAULT_RULES
from wetread.progress import EpochDone, FoldLeftOut, FoldLoaded, Notice, silent
from wetread.training import ladder
from wetread.training.fingerprint import Fingerprint
from wetread.training.fitted import choose_thresholds
from wetread.training.fold_result import FoldResult, load_fold, save_fold
from wetread.training.ladder import run_fold, run_folds
from wetread.training.plan import make_plan
from wetread.training.pooling import pool
from wetread.training.training_set import TrainingSet


def training_set(labels, groups=None, strength=0.0, rungs=("classical",), seed=0):
    """Noise, in which a blob tells the class as strongly as asked."""
    random = np.random.default_rng(seed)
    pictures = []
    for label in labels:
        picture = random.normal(110, 30, (48, 48))
        picture[16:32, 16:32] += strength * label
        pictures.append(np.clip(picture, 0, 255).astype(np.uint8))
    groups = np.arange(len(labels)) if groups is None else groups
    plan = make_plan(Fingerprint(len(labels), len(set(groups.tolist())), ("no", "yes"), 10, 0.0, 48, "column"))
    plan = dataclasses.replace(plan, rungs=rungs, epochs=2, network_side=32)
    return TrainingSet(pictures, labels, groups, plan)


def folds_of(data, repeat=1):
    everything = np.arange(len(data.labels))
    parts = group_folds(data.labels, data.groups, 4, seed=repeat)
    return [Fold(repeat, n, np.setdiff1d(everything, part), part) for n, part in enumerate(parts, start=1)]


def held_out_auroc(data, tmp_path):
    results, _ = run_folds(data, folds_of(data), tmp_path, silent, final=False)
    return auroc(data.labels == 1, pool(results, "selected", data.plan).probabilities[:, 1])


def test_noise_is_not_mistaken_for_a_finding(tmp_path):
    areas = [held_out_auroc(training_set(np.arange(60) % 2, seed=seed), tmp_path / str(seed)) for seed in range(4)]
    assert 0.3 < np.mean(areas) < 0.62


def test_a_finding_is_found(tmp_path):
    assert held_out_auroc(training_set(np.arange(60) % 2, strength=60), tmp_path) > 0.9


@pytest.mark.parametrize("final", [False, True])
def test_a_stop_does_not_wait_for_a_long_epoch(tmp_path, monkeypatch, final):
    """One fold is interrupted while another, or the final fit, is in an epoch that takes ten minutes."""
    monkeypatch.setattr(ladder, "LAST_EPOCHS", 0.0)
    monkeypatch.setattr(ladder, "_workers", lambda data: 2)
    begun, ended = threading.Event(), []

    def long_epoch(between):
        begun.set()
        until = time.monotonic() + 600
        try:
            while time.monotonic() < until:
                between()
                time.sleep(0.001)
        except Stopped:
            ended.append("at a batch")
            raise

    def fit_fold(data, fold, listen, folder, between):
        if fold.number == 2:
            long_epoch(between)
        assert begun.wait(600)
        raise KeyboardInterrupt

    monkeypatch.setattr(ladder, "run_fold", fit_fold)
    monkeypatch.setattr(ladder, "fit_final", lambda data, rows, listen, folder, between: long_epoch(between))
    data = training_set(np.arange(48) % 2)
    with pytest.raises(KeyboardInterrupt):
        run_folds(data, folds_of(data)[: 1 if final else 2], tmp_path, silent, final)
    assert ended == ["at a batch"]


def test_a_fit_ends_at_a_batch():
    data = training_set(np.arange(48) % 2, strength=25, rungs=("network",))
    with pytest.raises(Stopped):
        run_fold(data, folds_of(data)[0], silent, between=lambda: fail(Stopped("Stopped.")))


def fail(error):
    raise error


@pytest.mark.parametrize("choice", ["classical", "network", "ensemble"])
def test_a_final_fit_that_ended_is_taken_up_and_ships_the_very_same_model(tmp_path, monkeypatch, choice):
    data = training_set(np.arange(60) % 2, strength=30, rungs=("classical", "network", "ensemble"))
    data.plan = dataclasses.replace(data.plan, choice=choice)
    folds = folds_of(data)[:1]
    _, final = run_folds(data, folds, tmp_path / "folds", silent, final=True)
    assert sorted(path.name for path in (tmp_path / "folds" / "final").iterdir()) == ["model"]

    def fit_again(*_):
        raise AssertionError("fitted again")

    told = []
    monkeypatch.setattr(ladder, "fit_all", fit_again)
    _, again = run_folds(data, folds, tmp_path / "folds", told.append, final=True)
    assert FoldLoaded(0, 0) in told
    assert final.rung == choice
    for name, model in (("one", final), ("two", again)):
        model.save(tmp_path / name)
    assert {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "two").iterdir()
    }
    monkeypatch.undo()
    data.plan = dataclasses.replace(data.plan, rungs=("classical",), choice="classical")
    told.clear()
    run_folds(data, folds, tmp_path / "folds", told.append, final=True)
    assert FoldLoaded(0, 0) not in told


@pytest.mark.parametrize(("ready", "how"), [(True, KeyboardInterrupt), (False, KeyboardInterrupt), (True, AskedToStop)])
def test_an_interruption_ends_with_the_first_division_once_it_and_the_model_are_there(
    tmp_path, monkeypatch, ready, how
):
    """Ready: a fold of the second division is in an endless epoch; not ready: one of the first is."""
    monkeypatch.setattr(ladder, "LAST_EPOCHS", 0.0)
    monkeypatch.setattr(ladder, "_workers", lambda data: 1)  # they end in the order in which they were submitted
    fit, result, endless = ladder.run_fold, ladder._result_of, threading.Event()
    told, cut, waited = [], [], []

    def fit_or_stay(data, fold, listen, folder, between):
        while (fold.repeat, fold.number) == ((2, 1) if ready else (1, 2)):
            endless.set()
            between()
            time.sleep(0.001)
        return fit(data, fold, listen, folder, between)

    def result_or_interruption(job):
        waited.append(job)
        if len(waited) == (3 if ready else 2):
            assert endless.wait(600)
            raise how
        return result(job)

    monkeypatch.setattr(ladder, "run_fold", fit_or_stay)
    monkeypatch.setattr(ladder, "_result_of", result_or_interruption)
    data = training_set(np.arange(48) % 2, strength=30)
    folds = [*folds_of(data)[:2], *folds_of(data, repeat=2)[:2]]
    options = (data, folds, tmp_path, told.append, True, lambda: cut.append("cut"))
    if not ready or how is AskedToStop:
        with pytest.raises(how):
            run_folds(*options)
        assert cut == []
        return
    results, final = run_folds(*options)
    assert [(one.fold.repeat, one.fold.number) for one in results] == [(1, 1), (1, 2)]
    assert (final.rung, cut) == ("classical", ["cut"])
    said = [event.text for event in told if isinstance(event, Notice)]
    assert "the run ends with them" in said[0]
    assert said[1] == "Further divisions were interrupted: 1 of the planned divisions was finished and counts."


@pytest.mark.parametrize(("share", "others"), [(1.2, False), (0.6, False), (1.2, True)])
def test_the_time_that_an_interrupted_run_took_counts_after_resuming(tmp_path, share, others):
    """As much as it took before is stored beside its folds; time of another plan is not its own.

    Where two folds took three fifths of the limit, what is left is not enough for two more.
    """
    data = training_set(np.arange(48) % 2, strength=30)
    folds, place = [*folds_of(data)[:2], *folds_of(data, repeat=2)[:2]], tmp_path / "folds"
    run_folds(data, folds[:1], place, silent, final=False)
    stored = json.loads((place / "time.json").read_text())
    assert 0 < stored["seconds"] < data.plan.time_limit
    stored |= {"seconds": data.plan.time_limit * share} | ({"key": "of another plan"} if others else {})
    (place / "time.json").write_text(json.dumps(stored))
    told = []
    results, _ = run_folds(data, folds, place, told.append, final=False)
    assert len(results) == (4 if others else 2)
    assert sum(isinstance(event, FoldLeftOut) for event in told) == (0 if others else 2)
    assert json.loads((place / "time.json").read_text())["key"] == data.key()


@pytest.mark.parametrize(("limit", "divisions"), [(60.0, 2), (0.3, 1)])
def test_a_further_division_is_judged_by_a_whole_one_however_many_folds_run_at_once(
    tmp_path, monkeypatch, limit, divisions
):
    """Two tenths of a second each, all at once: nobody asks before the pace is known."""
    fit = ladder.run_fold

    def slow(*args):
        time.sleep(0.2)
        return fit(*args)

    monkeypatch.setattr(ladder, "run_fold", slow)
    monkeypatch.setattr(ladder, "_workers", lambda data: 8)
    data = training_set(np.arange(48) % 2, strength=30)
    data.plan = dataclasses.replace(data.plan, time_limit=limit)
    results, _ = run_folds(data, [*folds_of(data), *folds_of(data, repeat=2)], tmp_path, silent, final=False)
    assert {one.fold.repeat for one in results} == set(range(1, divisions + 1))


def test_folds_that_cannot_be_used_again_are_told_and_what_a_kill_left_beside_finished_ones_goes(tmp_path):
    data, told = training_set(np.arange(48) % 2, strength=30), []
    folds = folds_of(data)[:2]
    run_folds(data, folds, tmp_path, told.append, final=True)
    for name in ("r1f1", "final"):
        (tmp_path / name / "fits").mkdir(exist_ok=True)
    run_folds(data, folds, tmp_path, told.append, final=True)
    assert not [path for path in tmp_path.glob("*/fits") if path.exists()]
    assert ladder.ANEW not in [getattr(event, "text", "") for event in told]
    data.plan = dataclasses.replace(data.plan, seed=data.plan.seed + 1)
    run_folds(data, folds, tmp_path, told.append, final=False)
    assert [getattr(event, "text", "") for event in told].count(ladder.ANEW) == 1


@pytest.mark.parametrize("how", ["killed after an epoch", "stopped before one"])
def test_time_counts_that_was_taken_before_any_fold_was_finished(tmp_path, monkeypatch, how):
    """Killed: nothing can be done any more, so what was noted when the epoch ended is what there is."""

    def fit_fold(data, fold, listen, folder, between):
        if how == "killed after an epoch":
            listen(EpochDone(1, 1, 0, 1, 9, 0.1, 0.1, 0.1, None, None))
            assert (tmp_path / "time.json").exists()
        raise KeyboardInterrupt

    monkeypatch.setattr(ladder, "run_fold", fit_fold)
    data = training_set(np.arange(48) % 2)
    with pytest.raises(KeyboardInterrupt):
        run_folds(data, folds_of(data)[:1], tmp_path, silent, final=False)
    assert json.loads((tmp_path / "time.json").read_text())["seconds"] >= 0


def test_models_of_further_divisions_do_not_stay_in_memory(tmp_path):
    data = training_set(np.arange(48) % 2, strength=30)
    folds = [*folds_of(data)[:2], *folds_of(data, repeat=2)[:2]]
    for _ in ("computed", "loaded"):
        results, _ = run_folds(data, folds, tmp_path, silent, final=False)
        assert [bool(one.classifiers) for one in results] == [True, True, False, False]


def test_choice_threshold_and_predictions_do_not_look_at_the_tested_labels():
    """Turning the labels of the test part around changes nothing that the fold says about it."""
    data = training_set(np.arange(48) % 2, strength=25, rungs=("classical", "network"))
    fold = folds_of(data)[0]
    one = run_fold(data, fold, silent)
    data.labels = data.labels.copy()
    data.labels[fold.test] = 1 - data.labels[fold.test]
    two = run_fold(data, fold, silent)
    assert one.chosen == two.chosen
    assert one.thresholds == two.thresholds
    for name in one.probabilities:
        np.testing.assert_array_equal(one.probabilities[name], two.probabilities[name])


def test_the_result_does_not_depend_on_how_many_folds_run_at_once(tmp_path, monkeypatch):
    data = training_set(np.arange(40) % 2, strength=30, rungs=("classical", "network"))
    tables = []
    for most in (1, 3):
        monkeypatch.setattr("wetread.training.ladder.MOST_AT_ONCE", most)
        monkeypatch.setattr("os.cpu_count", lambda: 3)
        results, final = run_folds(data, folds_of(data), tmp_path / str(most), silent, final=True)
        tables.append((pool(results, "network", data.plan).probabilities, final.probabilities(data.pictures[:5])))
    np.testing.assert_allclose(tables[0][0], tables[1][0], atol=1e-6)
    np.testing.assert_allclose(tables[0][1], tables[1][1], atol=1e-6)


def test_a_stored_fold_is_taken_up_and_one_of_another_division_is_not(tmp_path):
    data = training_set(np.arange(40) % 2, strength=30)
    fold, other = folds_of(data)[:2]
    result = run_fold(data, fold, silent)
    save_fold(result, tmp_path, data.key())
    again = load_fold(fold, tmp_path, data, data.key())
    np.testing.assert_array_equal(again.probabilities["classical"], result.probabilities["classical"])
    assert again.thresholds == result.thresholds
    assert load_fold(other, tmp_path, data, data.key()) is None
    (tmp_path / "arrays.safetensors").write_bytes(b"half a file")
    assert load_fold(fold, tmp_path, data, data.key()) is None


def test_pooling_compares_probability_and_threshold_like_with_like():
    plan = make_plan(Fingerprint(4, 4, ("no", "yes"), 10, 0.0, 48, "column"))
    rows = np.arange(2)

    def result(repeat, p, threshold):
        table = {"classical": np.array([[1 - p, p], [0.5, 0.5]])}
        return FoldResult(Fold(repeat, 1, rows, rows), table, {"classical": [threshold]}, "classical", [], {}, {})

    pooled = pool([result(1, 0.8, 0.7), result(2, 0.6, 0.5)], "selected", plan)
    assert pooled.probabilities.sum(axis=1) == pytest.approx([1, 1])
    # Above the threshold in both repeats, therefore above it together.
    assert pooled.probabilities[0, 1] > pooled.thresholds[0]
    assert pooled.probabilities[1, 1] < pooled.thresholds[1]


def test_the_rule_of_the_plan_sets_the_threshold():
    plan = make_plan(Fingerprint(40, 40, ("no", "yes"), 10, 0.0, 48, "column"))
    random = np.random.default_rng(0)
    labels = np.arange(200) % 2
    p = 1 / (1 + np.exp(-(random.normal(size=200) + 1.5 * labels - 0.7)))
    inner = np.stack([1 - p, p], axis=1)
    cuts = {
        rule: choose_thresholds(dataclasses.replace(plan, operating_point=rule), labels, inner)[0]
        for rule in DEFAULT_RULES
    }
    assert (p[labels == 1] >= cuts["sensitivity"]).mean() >= 0.95
    assert (p[labels == 0] < cuts["specificity"]).mean() >= 0.95
    assert cuts["sensitivity"] < cuts["youden"] < cuts["specificity"]


def test_a_stored_fold_of_another_plan_or_of_other_pictures_is_not_taken_up(tmp_path):
    data = training_set(np.arange(40) % 2, strength=30)
    fold = folds_of(data)[0]
    save_fold(run_fold(data, fold, silent), tmp_path, data.key())
    slower = dataclasses.replace(data, plan=dataclasses.replace(data.plan, epochs=9))
    more_cases = dataclasses.replace(data, plan=dataclasses.replace(data.plan, cases=1))
    others = training_set(np.arange(40) % 2, strength=30, seed=5)
    assert load_fold(fold, tmp_path, slower, slower.key()) is None
    assert load_fold(fold, tmp_path, others, others.key()) is None
    assert load_fold(fold, tmp_path, more_cases, more_cases.key()) is not None
