"""Every rung is fitted on training rows only, says honestly what it does not know, and several findings stay apart."""

import dataclasses

import numpy as np
import pytest

from wetread.errors import InputError
from wetread.model.network import NetworkPart
from wetread.progress import EpochDone, silent
from wetread.training import rungs
from wetread.training.fingerprint import Fingerprint
from wetread.training.gain import mean_loss
from wetread.training.plan import Plan, make_plan
from wetread.training.plan_file import set_decisions
from wetread.training.rungs import fit_all, fit_network, members, network_spec
from wetread.training.training_set import Place, TrainingSet, inner_parts

NOWHERE = Place(1, 1)


class Bright:
    """A backbone that sees how bright the two halves of a picture are."""

    name, sha256 = "bright", "0" * 64

    class preprocess:
        @staticmethod
        def squares(pictures):
            return np.stack([picture[None] for picture in pictures])

    def embed(self, squares):
        half = squares.shape[-1] // 2
        return np.stack([squares[..., :half].mean((1, 2, 3)), squares[..., half:].mean((1, 2, 3))], 1).astype("f4")

    embed_cached = embed


def make_set(labels, settings=(), backbone=None, several=False, strength=60, seed=0):
    """Noise, in which the left half is brighter for the first label, the right half for the second."""
    random = np.random.default_rng(seed)
    labels = np.asarray(labels)
    pictures = []
    for label in labels if labels.ndim == 2 else np.stack([labels, 0 * labels], axis=1):
        picture = random.normal(100, 25, (32, 32))
        picture[:, :16] += strength * np.nan_to_num(label[0])
        picture[:, 16:] += strength * np.nan_to_num(label[1])
        pictures.append(np.clip(picture, 0, 255).astype(np.uint8))
    names = ("left", "right") if several else ("no", "yes")
    base = make_plan(Fingerprint(len(labels), len(labels), names, 10, 0.0, 32, "column", several=several))
    base = dataclasses.replace(base, network_side=32, epochs=4, backbone="bright" if backbone else "")
    plan = set_decisions(base, settings, base)
    return TrainingSet(pictures, labels, np.arange(len(labels)), plan, backbone=backbone)


def test_all_rungs_fit_and_say_something_about_every_training_row():
    data = make_set(np.arange(60) % 2, ["rungs=classical,frozen,combined,network,ensemble"], Bright())
    train = np.arange(40)
    fitted = fit_all(data, train, NOWHERE, silent)
    assert list(fitted) == list(data.plan.rungs)
    for one in fitted.values():
        assert np.isfinite(one.inner).all()
        table = one.classifier.probabilities(data.inputs.take(np.arange(40, 60)))
        assert (table.argmax(axis=1) == data.labels[40:]).mean() > 0.8
        np.testing.assert_allclose(table.sum(axis=1), 1)


def test_what_a_rung_says_of_other_rows_does_not_depend_on_their_labels():
    settings = ["rungs=classical,frozen,network,ensemble"]
    data = make_set(np.arange(50) % 2, settings, Bright())
    turned = make_set(np.arange(50) % 2, settings, Bright())
    turned.labels = np.where(np.arange(50) >= 40, 1 - turned.labels, turned.labels)
    train, test = np.arange(40), np.arange(40, 50)
    one, two = (fit_all(each, train, NOWHERE, silent) for each in (data, turned))
    for name in one:
        np.testing.assert_array_equal(
            one[name].classifier.probabilities(data.inputs.take(test)),
            two[name].classifier.probabilities(turned.inputs.take(test)),
        )


def test_one_inner_part_leaves_a_network_without_an_inner_prediction_of_the_other_rows():
    """Linear models have some all the same: their strength would be chosen on a few pictures."""
    data = make_set(np.arange(60) % 2, ["inner_folds=1", "holdout=0.15", "rungs=classical,network"])
    train = np.arange(60)
    (held_out,) = inner_parts(data, train, NOWHERE)
    assert len(held_out) == 9
    fitted = fit_all(data, train, NOWHERE, silent)
    known = {name: np.flatnonzero(np.isfinite(one.inner).all(axis=1)) for name, one in fitted.items()}
    np.testing.assert_array_equal(known["network"], held_out)
    np.testing.assert_array_equal(known["classical"], train)
    assert all(0 < one.classifier.threshold < 1 for one in fitted.values())


def test_a_head_starts_as_the_plan_says():
    """The first epoch of two plans that differ in nothing else."""
    told = {}
    for initial in ("torch", "glorot uniform", "fan-in normal"):
        data, events = make_set(np.arange(48) % 2, ["rungs=network", f"initial={initial}", "epochs=1"]), []
        fit_network(data, np.arange(48), NOWHERE, events.append)
        told[initial] = next(event.train_loss for event in events if isinstance(event, EpochDone))
    assert len(set(told.values())) == 3
    hidden = make_set(np.arange(48) % 2, ["rungs=network", "hidden=8"])
    assert hidden.plan.initial == "glorot uniform"  # as before there was a choice


def test_stored_folds_stay_valid_where_a_later_decision_says_what_was_always_done(monkeypatch):
    settings = ("hidden=0", "hidden=8", "initial=glorot uniform", "batch_norm_momentum=0.01")
    sets = [make_set(np.arange(48) % 2, [setting]) for setting in settings]
    keys = [data.key() for data in sets]
    assert len(set(keys)) == 4
    values, new = Plan.values, ("initial", "batch_norm_momentum")
    monkeypatch.setattr(Plan, "values", lambda plan: {n: value for n, value in values(plan).items() if n not in new})
    assert [data.key() == key for data, key in zip(sets, keys, strict=True)] == [True, True, False, False]


def test_what_dense_layers_always_did_was_another_thing(monkeypatch):
    """Its last layer was drawn by torch, whatever `hidden` said."""
    settings = (["initial=torch", "hidden=8"], ["hidden=8"])
    sets = [make_set(np.arange(48) % 2, ["rungs=network", "network=dense", *more]) for more in settings]
    keys = [data.key() for data in sets]
    values, new = Plan.values, ("initial", "batch_norm_momentum")
    monkeypatch.setattr(Plan, "values", lambda plan: {n: value for n, value in values(plan).items() if n not in new})
    assert [data.key() == key for data, key in zip(sets, keys, strict=True)] == [True, False]


@pytest.mark.parametrize(("planned", "made"), [(1, 3), (2, 2), (5, 5)])
def test_linear_rungs_have_more_inner_folds_only_where_a_single_part_is_held_out(monkeypatch, planned, made):
    cut, parts = [], rungs.inner_parts
    monkeypatch.setattr(rungs, "inner_parts", lambda *args: cut.append(parts(*args)) or cut[-1])
    fit_all(make_set(np.arange(48) % 2, [f"inner_folds={planned}"]), np.arange(48), NOWHERE, silent)
    assert len(cut[0]) == made


def test_several_findings_are_learnt_apart_and_unknown_labels_teach_nothing():
    random = np.random.default_rng(1)
    labels = random.integers(0, 2, (80, 2)).astype(np.float32)
    labels[random.random((80, 2)) < 0.2] = np.nan
    data = make_set(labels, ["rungs=classical,frozen,network,ensemble"], Bright(), several=True)
    train, test = np.arange(60), np.arange(60, 80)
    for one in fit_all(data, train, NOWHERE, silent).values():
        table = one.classifier.probabilities(data.inputs.take(test))
        assert ((table > 0) & (table < 1)).all()
        called = one.classifier.decide(table)
        known = ~np.isnan(labels[test])
        assert (called == labels[test])[known].mean() > 0.75
        assert len(one.classifier.thresholds) == 2


def test_a_finding_that_the_training_part_never_shows_gets_its_prevalence():
    labels = np.stack([np.arange(40) % 2, np.zeros(40)], axis=1).astype(np.float32)
    data = make_set(labels, ["rungs=classical"], several=True)
    table = fit_all(data, np.arange(40), NOWHERE, silent)["classical"].classifier.probabilities(data.inputs)
    assert table[:, 1].max() < 0.05


def test_a_single_sigmoid_tells_two_classes_apart_like_two_outputs():
    data = make_set(np.arange(60) % 2, ["rungs=network", "output=sigmoid", "epochs=8"])
    assert network_spec(data).outputs == 1
    one = fit_all(data, np.arange(60), NOWHERE, silent)["network"]
    table = one.classifier.probabilities(data.inputs)
    np.testing.assert_allclose(table.sum(axis=1), 1)
    assert (table.argmax(axis=1) == data.labels).mean() > 0.9


@pytest.mark.parametrize("loss", ["class weights", "logit adjustment"])
def test_a_weighted_loss_is_brought_back_to_the_prevalence(loss):
    labels = (np.arange(100) % 5 == 0).astype(np.int64)
    data = make_set(labels, ["rungs=network", f"loss={loss}", "epochs=6", "calibration=none"], strength=8)
    table = fit_all(data, np.arange(100), NOWHERE, silent)["network"].inner
    assert table[:, 1].mean() == pytest.approx(0.2, abs=0.1)


def test_members_of_an_ensemble_weigh_the_same():
    data = make_set(np.arange(60) % 2, ["rungs=classical,network"])
    fitted = fit_all(data, np.arange(60), NOWHERE, silent)
    parts, shares = members({name: one.classifier for name, one in fitted.items()}, 0)
    assert len(parts) == len(shares) == 1 + 3
    classical, network = fitted["classical"].classifier, fitted["network"].classifier
    assert shares[0] * classical.temperature == pytest.approx(0.5)
    assert sum(shares[1:]) * network.temperature == pytest.approx(0.5)


class Dim(Bright):
    """The same in small numbers, of which a fresh head is not sure."""

    def embed(self, squares):
        return super().embed(squares) / 100 - 1

    embed_cached = embed


@pytest.mark.parametrize("shown", [True, False])
def test_outputs_that_are_no_numbers_end_the_fit_with_a_plain_error(shown, monkeypatch):
    """Seen while it trains, or, where that shows nothing, at the end: never taken for rows that were not held out."""
    monkeypatch.setattr(NetworkPart, "logits", lambda part, inputs: np.full((len(inputs.pictures), 2), np.nan))
    if shown:
        monkeypatch.setattr(NetworkPart, "logits_of_squares", lambda part, some: np.full((len(some), 2), np.nan))
    data = make_set(np.arange(48) % 2, ["rungs=network", "epochs=2"])
    with pytest.raises(InputError, match="the outputs of the network are no longer numbers") as caught:
        fit_network(data, np.arange(48), NOWHERE, silent)
    assert caught.value.code == "nan-loss"
    assert f"after epoch {1 if shown else 2}" in caught.value.message


@pytest.mark.parametrize("loss", ["class weights", "logit adjustment"])
@pytest.mark.parametrize("trained", ["network", "head"])
def test_the_loss_shown_while_training_is_that_of_the_network_as_it_is_used(loss, trained, monkeypatch):
    """Shown after the last epoch: that of the corrected logits, which are the inner predictions of the rung."""
    labels = (np.arange(100) % 5 == 0).astype(np.int64)
    monkeypatch.setattr(TrainingSet, "heads_only", trained == "head")
    settings = ["rungs=network", f"loss={loss}", "epochs=3", "calibration=none", "keep=last"]
    data = make_set(labels, settings, Dim(), strength=8)
    shown = []
    table = fit_network(data, np.arange(100), NOWHERE, shown.append).inner
    last = {event.inner: event.val_loss for event in shown if isinstance(event, EpochDone) and event.epoch == 3}
    parts = inner_parts(data, np.arange(100), NOWHERE)
    assert len(last) == len(parts) == 3
    for number, part in enumerate(parts, start=1):
        assert last[number] == pytest.approx(mean_loss(table[part], labels[part]), abs=1e-5)
