"""A model folder is all one needs, and one that was tampered with is refused."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from wetread.errors import ModelRejected
from wetread.model.classifier import Classifier, golden_pictures, load_classifier
from wetread.model.features import classical_features
from wetread.model.linear import LinearFit
from wetread.model.network import NetworkPart
from wetread.model.networks import NetworkSpec, build_network
from wetread.model.preprocess import Preprocess


def linear_classifier():
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (40, 50), dtype=np.uint8) for _ in range(20)]
    part = LinearFit("classical", classical_features(pictures).astype(float), np.arange(20) % 2, 2).at(1e-3)
    return Classifier(("ill", "well"), "ill", "classical", [part], temperature=1.3, threshold=0.41)


def network_classifier():
    torch.manual_seed(0)
    preprocess = Preprocess(32, 1, 0.4, 0.2)
    spec = NetworkSpec("small", outputs=3, channels=1)
    parts = [NetworkPart(spec, preprocess, build_network(spec).eval()) for _ in range(2)]
    return Classifier(("a", "b", "c"), None, "network", parts, task="multiclass", temperature=0.8)


@pytest.mark.parametrize("make", [linear_classifier, network_classifier])
def test_a_saved_model_answers_as_before(make, tmp_path):
    classifier = make()
    classifier.save(tmp_path / "model")
    again = load_classifier(tmp_path / "model")
    np.testing.assert_allclose(
        again.probabilities(golden_pictures()), classifier.probabilities(golden_pictures()), atol=1e-7
    )
    assert (again.classes, again.positive, again.threshold) == (
        classifier.classes,
        classifier.positive,
        classifier.threshold,
    )


def test_a_model_says_how_large_its_pictures_are_and_one_that_does_not_knows_320_pixels(tmp_path):
    replace(linear_classifier(), working_side=518).save(tmp_path)
    assert load_classifier(tmp_path).working_side == 518
    _edit(tmp_path, lambda described: described.pop("working_side"))
    assert load_classifier(tmp_path).working_side == 320
    _edit(tmp_path, lambda described: described.update(working_side="large"))
    with pytest.raises(ModelRejected, match="does not describe"):
        load_classifier(tmp_path)


def _edit(place, change):
    """Writes model.json anew, with a checksum that fits."""
    described, golden = (json.loads((place / name).read_text()) for name in ("model.json", "golden.json"))
    change(described)
    (place / "model.json").write_text(text := json.dumps(described))
    golden["model.json"]["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (place / "golden.json").write_text(json.dumps(golden))


def test_probabilities_add_up_and_margins_agree():
    classifier = network_classifier()
    probabilities = classifier.probabilities(golden_pictures())
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    leads = np.stack([classifier.margin(golden_pictures(), target) for target in range(3)], axis=1)
    assert ((leads > 0).sum(axis=1) == 1).all()
    np.testing.assert_array_equal(leads.argmax(axis=1), probabilities.argmax(axis=1))


def test_no_threshold_decides_among_three_classes():
    """As an earlier version stored it where somebody had called one of three classes the positive one."""
    classifier = replace(network_classifier(), positive="c", threshold=0.1)
    assert classifier.decide(np.array([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1], [0.1, 0.7, 0.2]])).tolist() == [2, 0, 1]


def test_the_threshold_decides():
    classifier = linear_classifier()
    table = np.array([[0.40, 0.60], [0.41, 0.59], [0.9, 0.1]])
    assert classifier.decide(table).tolist() == [1, 0, 0]


@pytest.mark.parametrize("place", [200, 5000, -3])
def test_a_flipped_bit_in_the_weights_is_found(place, tmp_path):
    linear_classifier().save(tmp_path)
    weights = bytearray((tmp_path / "weights.safetensors").read_bytes())
    weights[place] ^= 1
    (tmp_path / "weights.safetensors").write_bytes(weights)
    with pytest.raises(ModelRejected, match="checksum"):
        load_classifier(tmp_path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 99}, "another version"),
        ({"temperature": 3.0}, "checksum"),
        ({"classes": ["well", "ill"]}, "checksum"),
        ({"parts": 7}, "checksum"),
        ({"rung": "network"}, "checksum"),
    ],
)
def test_an_edited_description_is_found(change, said, tmp_path):
    linear_classifier().save(tmp_path)
    stored = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(stored | change))
    with pytest.raises(ModelRejected, match=said):
        load_classifier(tmp_path)


def test_a_model_of_the_format_before_is_read(tmp_path):
    linear_classifier().save(tmp_path)
    stored = json.loads((tmp_path / "model.json").read_text())
    assert stored.pop("working_side") == 320
    described = json.dumps(stored | {"format": 3}).encode()
    golden = json.loads((tmp_path / "golden.json").read_text())
    golden["model.json"]["sha256"] = hashlib.sha256(described).hexdigest()
    (tmp_path / "model.json").write_bytes(described)
    (tmp_path / "golden.json").write_text(json.dumps(golden))
    found = load_classifier(tmp_path)
    assert (found.working_side, found.classes) == (320, linear_classifier().classes)


def test_other_answers_to_the_golden_pictures_are_found(tmp_path):
    linear_classifier().save(tmp_path)
    golden = json.loads((tmp_path / "golden.json").read_text())
    golden["probabilities"][0] = golden["probabilities"][0][::-1]
    (tmp_path / "golden.json").write_text(json.dumps(golden))
    with pytest.raises(ModelRejected, match=r"golden\.json"):
        load_classifier(tmp_path)


@pytest.mark.parametrize("name", ["model.json", "weights.safetensors", "golden.json"])
def test_a_missing_member_is_named(name, tmp_path):
    linear_classifier().save(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ModelRejected, match=name):
        load_classifier(tmp_path)


def test_a_pickle_is_not_opened(tmp_path):
    linear_classifier().save(tmp_path)
    (tmp_path / "weights.safetensors").write_bytes(b"\x80\x04cposix\nsystem\n(S'touch /tmp/never'\ntR.")
    with pytest.raises(ModelRejected):
        load_classifier(tmp_path)


def test_a_model_says_that_it_is_for_research_only(tmp_path):
    linear_classifier().save(tmp_path)
    assert "Not a medical device" in (tmp_path / "model.json").read_text()
