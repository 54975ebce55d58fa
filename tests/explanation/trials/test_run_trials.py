"""All tests together: counts, badge, time, and a model that is asked nothing twice."""

import numpy as np
import pytest

from tests.explanation.trials.toys import linear_model, maps, of_picture, pictures, spot_model
from wetread.errors import InputError
from wetread.explanation.trials.randomise import randomise
from wetread.explanation.trials.remember import Memory, remember
from wetread.explanation.trials.run_trials import TRIALS, run_trials
from wetread.model.classifier import Classifier
from wetread.model.features import classical_features
from wetread.model.inputs import Inputs
from wetread.model.linear import LinearFit
from wetread.model.network import NetworkPart
from wetread.model.networks import NetworkSpec, build_network
from wetread.model.preprocess import Preprocess

__all__ = ["maps"]


def classical_model(given, labels, seed=0):
    order = np.random.default_rng(seed).permutation(len(labels)) if seed else np.arange(len(labels))
    part = LinearFit("classical", classical_features(given), labels[order], 2).at(1e-2)
    return Classifier(("no", "yes"), "yes", "classical", [part])


def test_all_tests_of_a_model_that_looks_at_the_lesion():
    lesions, masks = pictures(6, (4, 4, 20))
    clean, _ = pictures(4, (40, 40, 1), seed=2)
    events = []
    found = run_trials(
        spot_model(),
        lesions + clean,
        [1] * 10,
        [*masks, *[None] * 4],
        methods=["occlusion", "occlusion-blur"],
        retrain=lambda seed: spot_model(1, 1),
        listen=events.append,
        resamples=200,
        quick=True,
    )
    told = found.as_dict()
    one = told["methods"]["occlusion"]
    assert list(one["trials"]) == list(TRIALS)
    verdicts = {name: trial["verdict"] for name, trial in one["trials"].items()}
    assert verdicts["weights"] == "fail"  # it has no weights that could be shuffled
    assert verdicts["deletion"] == verdicts["counterfactual"] == verdicts["repeat"] == verdicts["labels"] == "pass"
    assert verdicts["agreement"] == "not run"  # both hide places
    assert one["passed"] == sum(verdict == "pass" for verdict in verdicts.values())
    assert (one["tests"], one["badge"]) == (6, f"passes {one['passed']} of 6")
    assert told["passed"] == max(each["passed"] for each in told["methods"].values())
    assert (told["sample"], told["masks"]) == (10, 6)
    assert [event.done for event in events] == list(range(1, 15))
    assert told["agreement"][0]["methods"] == ["occlusion", "occlusion-blur"]


def test_tests_that_came_too_late_are_not_run(maps):
    given, _ = pictures()
    maps(of_picture)
    found = run_trials(spot_model(), given, [1] * 8, methods=["occlusion"], seconds=0.0, resamples=100)
    outcomes = found.methods["occlusion"].outcomes
    assert outcomes["deletion"].sentence == "The time for it was over."
    assert outcomes["pointing"].sentence == "Needs masks."
    assert found.methods["occlusion"].badge == "not tested"
    assert found.as_dict()["tests"] == 0


def test_what_a_budget_leaves_out_is_counted_and_not_timed(maps, monkeypatch):
    given, _ = pictures()
    maps(of_picture)
    # The clock stands still for one and rushes for the other: the outcome is the same.
    verdicts = []
    for hours in (0.0, 1e6):
        clock = iter(np.arange(10_000) * hours)
        monkeypatch.setattr("wetread.explanation.trials.run_trials.time.monotonic", lambda clock=clock: next(clock))
        found = run_trials(spot_model(), given, [1] * 8, methods=["occlusion"], budget=6.5, resamples=100)
        verdicts.append({name: one.verdict for name, one in found.methods["occlusion"].outcomes.items()})
        left = found.methods["occlusion"].outcomes["repeat"].sentence
    assert verdicts[0] == verdicts[1]
    assert verdicts[0]["deletion"] != "not run" and verdicts[0]["repeat"] == "not run"
    assert left.startswith("Left out to keep the run short") and "wetread explain --test" in left


def test_masks_of_another_class_are_left_out_row_by_row(maps):
    given, masks = pictures(8)
    maps(of_picture)
    model = spot_model()
    found = run_trials(model, given, [1] * 6 + [0] * 2, masks, shows=[1] * 8, methods=["occlusion"], resamples=100)
    pointing = found.methods["occlusion"].outcomes["pointing"]
    assert pointing.more["pictures"] == found.masks == 6
    found = run_trials(model, given, [0] * 8, masks, shows=[1] * 8, methods=["occlusion"], resamples=100)
    for name in ("pointing", "counterfactual"):
        sentence = found.methods["occlusion"].outcomes[name].sentence
        assert sentence == "The masks show another class than the one explained."


def test_where_a_model_can_only_be_asked_two_ways_of_asking_are_compared(maps):
    given, _ = pictures()
    maps(of_picture)
    found = run_trials(spot_model(), given, [1] * 8, methods=["occlusion", "rise"], resamples=100)
    for one, other in (("occlusion", "RISE"), ("rise", "Occlusion")):
        agreement = found.methods[one].outcomes["agreement"]
        assert agreement.verdict == "pass" and other in agreement.sentence


def test_an_unknown_method_is_refused():
    with pytest.raises(InputError):
        run_trials(spot_model(), [], [], methods=["gradcam"])


def test_a_model_that_remembers_answers_alike_and_measures_once(monkeypatch):
    given, _ = pictures(4)
    model = classical_model(given, np.array([0, 1, 0, 1]))
    counted = []
    measure = Inputs.classical
    monkeypatch.setattr(Inputs, "classical", lambda self: counted.append(len(self.pictures)) or measure(self))
    twin = remember(model, Memory())
    np.testing.assert_array_equal(twin.margin(given, 1), model.margin(given, 1))
    counted.clear()
    np.testing.assert_array_equal(twin.margin([given[2], given[0]], 1), model.margin(given, 1)[[2, 0]])
    assert counted == [4]  # the model without a memory only
    shuffled = randomise(twin, 1.0, 0, given)
    counted.clear()
    shuffled.margin(given, 1)
    assert counted == []
    assert remember(spot_model(), Memory()).__class__ is Classifier


def test_shuffling_keeps_the_numbers_and_the_original():
    model = linear_model()
    before = model.parts[0].weights.copy()
    shuffled = randomise(model, 1.0, 0, [])
    np.testing.assert_array_equal(model.parts[0].weights, before)
    np.testing.assert_array_equal(np.sort(shuffled.parts[0].weights[:, 0]), np.sort(before[:, 0]))
    assert (shuffled.parts[0].weights != before).any()
    assert (randomise(model, 1.0, 1, []).parts[0].weights != shuffled.parts[0].weights).any()


def test_a_network_is_shuffled_from_its_head_down():
    given, _ = pictures(4)
    spec = NetworkSpec("small", outputs=2, channels=1, side=64)
    part = NetworkPart(spec, Preprocess(64), build_network(spec).eval())
    model = Classifier(("no", "yes"), "yes", "network", [part])
    before = {name: tensor.clone() for name, tensor in part.network.state_dict().items()}

    def changed(depth):
        after = randomise(model, depth, 0, given).parts[0].network.state_dict()
        return {name for name, tensor in after.items() if not tensor.equal(before[name]) and "running" not in name}

    head, third, all_ = changed(0.0), changed(1 / 3), changed(1.0)
    assert head and all(name.startswith("head") for name in head)
    assert head < third < all_
    assert "body" in {name.split(".")[0] for name in all_}
    for name, tensor in part.network.state_dict().items():
        assert tensor.equal(before[name])
    margins = randomise(model, 1.0, 0, given).margin(given, 1)
    assert np.isfinite(margins).all()
