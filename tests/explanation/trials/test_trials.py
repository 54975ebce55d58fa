"""Each test passes what it should pass and fails what it should fail."""

import numpy as np
import pytest

from tests.explanation.trials.toys import linear_model, make_sample, maps, of_model, of_picture, pictures, spot_model
from wetread.explanation.trials.agreement import try_agreement
from wetread.explanation.trials.counterfactual import try_counterfactual
from wetread.explanation.trials.deletion import GRID, centre_map, try_deletion
from wetread.explanation.trials.labels import try_labels
from wetread.explanation.trials.pointing import try_pointing
from wetread.explanation.trials.repeat import try_repeat
from wetread.explanation.trials.weights import try_weights

__all__ = ["maps"]


def looked_at(classifier, picture, seed):
    """Hot where the spot model looks."""
    found = np.zeros((8, 8))
    found[:4, :4] = 1
    return found


def test_a_map_of_the_picture_fails_where_a_map_of_the_model_passes(maps):
    given, _ = pictures()
    maps(of_model)
    passed = try_weights(make_sample(linear_model(), given), "occlusion")
    assert passed.verdict == "pass" and abs(passed.value.value) < 0.2
    maps(of_picture)
    failed = try_weights(make_sample(linear_model(), given), "occlusion")
    assert failed.verdict == "fail" and failed.value.value == pytest.approx(1.0)
    assert "more than the model" in failed.sentence


def test_shuffles_that_only_turn_the_sign_round_are_no_change(maps):
    given, _ = pictures()
    maps(lambda model, picture, seed: of_picture(model, picture, seed) * np.sign(model.parts[0].weights[0, 1]))
    assert try_weights(make_sample(linear_model(), given), "occlusion").verdict == "fail"


def test_labels_in_another_order(maps):
    given, _ = pictures()
    maps(of_model)
    sample = make_sample(linear_model(), given)
    assert try_labels(sample, "occlusion", lambda seed: linear_model(seed + 1)).verdict == "pass"
    same = try_labels(sample, "occlusion", lambda seed: linear_model(0))
    assert same.verdict == "fail" and "stays much the same" in same.sentence
    assert try_labels(sample, "occlusion", None).sentence == "Needs the training data."
    assert try_labels(sample, "occlusion", lambda seed: None).verdict == "not run"


@pytest.mark.parametrize(
    ("draw", "verdict"),
    [
        (looked_at, "pass"),
        (lambda *_: centre_map(), "fail"),
        (lambda *asked: -looked_at(*asked), "fail"),
        (lambda *_: np.zeros((GRID, GRID)), "fail"),
    ],
    ids=["looked at", "centre", "opposite", "empty"],
)
def test_hot_places_must_matter_more_than_the_middle(maps, draw, verdict):
    given, _ = pictures(lesion=(6, 6, 20))
    maps(draw)
    found = try_deletion(make_sample(spot_model(), given), "occlusion")
    assert found.verdict == verdict


def test_heat_must_lie_on_the_lesion_more_than_where_lesions_usually_lie(maps):
    places = [(6, 6), (40, 8), (8, 42), (42, 40), (24, 26), (6, 24)]
    made = [pictures(1, (*place, 14)) for place in places]
    given, masks = [one[0][0] for one in made], [one[1][0] for one in made]
    maps(of_picture)  # the lesion is the brightest place
    found = try_pointing(make_sample(linear_model(), given, masks), "occlusion")
    assert found.verdict == "pass" and found.more["hottest place on it"] == 1.0
    maps(lambda *_: np.ones((8, 8)))  # beats the average mask of the others, which never lies on this one
    assert try_pointing(make_sample(linear_model(), given, masks), "occlusion").verdict == "fail"
    few = try_pointing(make_sample(linear_model(), given, [masks[0], *[None] * 5]), "occlusion")
    assert few.sentence == "Needs masks of 5 pictures, there are 1."
    assert try_pointing(make_sample(linear_model(), given), "occlusion").sentence == "Needs masks."


def test_the_same_question_gets_the_same_map(maps):
    given, _ = pictures()
    maps(of_picture)
    assert try_repeat(make_sample(spot_model(), given), "occlusion").verdict == "pass"
    draws = iter(range(10_000))
    maps(lambda *_: np.random.default_rng(next(draws)).normal(size=(8, 8)))
    assert try_repeat(make_sample(spot_model(), given), "occlusion").verdict == "fail"


def test_another_seed_is_tried_where_a_method_draws(maps):
    given, _ = pictures()
    made = maps(lambda classifier, picture, seed: np.random.default_rng(seed).normal(size=(8, 8)))
    found = try_repeat(make_sample(spot_model(), given), "rise")
    assert found.verdict == "fail" and "another seed" in found.sentence
    assert ("rise", 8, 1) in made.calls
    assert try_repeat(make_sample(spot_model(), given), "occlusion").verdict == "pass"  # asked with one seed only


def test_a_witness_of_another_kind_is_enough(maps, monkeypatch):
    given, _ = pictures()
    from wetread.explanation.heatmap import Heatmap
    from wetread.explanation.trials import sample as module

    def explain_many(classifier, shown, targets, method, *, seed=0, quick=False):
        sign = -1 if method == "smoothgrad" else 1
        return [Heatmap(sign * of_picture(None, one, 0), "yes", method, "") for one in shown]

    monkeypatch.setattr(module, "explain_many", explain_many)
    sample = make_sample(linear_model(), given)
    all_ = ("grad-cam", "hirescam", "smoothgrad", "occlusion")
    assert try_agreement(sample, "grad-cam", all_).verdict == "pass"
    assert try_agreement(sample, "smoothgrad", all_).verdict == "fail"
    alone = try_agreement(sample, "grad-cam", ("grad-cam", "hirescam"))
    assert alone.sentence == "Needs a method of another kind."


def test_without_the_lesion_there_is_no_heat(maps):
    given, masks = pictures(lesion=(6, 6, 20))
    maps(lambda *asked: of_picture(*asked) - 60)
    found = try_counterfactual(make_sample(spot_model(), given, masks), "occlusion")
    assert found.verdict == "pass" and "painted over" in found.sentence
    elsewhere = try_counterfactual(make_sample(spot_model(1, 1), given, masks), "occlusion")
    assert elsewhere.verdict == "fail" and "hardly reacts" in elsewhere.sentence
    maps(looked_at)
    assert "heat does not fall" in try_counterfactual(make_sample(spot_model(), given, masks), "occlusion").sentence


def test_pictures_made_without_the_lesion_are_preferred(maps):
    given, masks = pictures(lesion=(6, 6, 20))
    bare = [np.full_like(one, 50) for one in given]
    maps(lambda *asked: of_picture(*asked) - 60)
    found = try_counterfactual(make_sample(spot_model(), given, masks, counterparts=bare), "occlusion")
    assert found.more["made"] == "exact" and "imaged again" in found.sentence


@pytest.mark.parametrize("trial", [try_weights, try_deletion, try_repeat])
def test_a_handful_of_pictures_says_nothing(maps, trial):
    given, _ = pictures(4)
    maps(of_picture)
    assert trial(make_sample(spot_model(), given), "occlusion").sentence == "Needs 5 pictures."
