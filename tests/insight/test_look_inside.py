"""The verb: a page from a model folder or a run folder, within its time, and what is said of bad input."""

import json
import re

import numpy as np
import pytest
from PIL import Image

from tests.insight.toy import edge_classifier, noise_pictures
from wetread.errors import InputError, OutputError, Stopped
from wetread.insight import tour as tours
from wetread.model.classifier import Classifier
from wetread.model.features import classical_features
from wetread.model.linear import LinearPart
from wetread.report.insight_page import write_insight_page
from wetread.run_folder import RunFolder
from wetread.steps.look_inside import look_inside


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return edge_classifier().save(tmp_path_factory.mktemp("network"))


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    for number, picture in enumerate(noise_pictures(2)):
        Image.fromarray(picture).save(folder / f"picture_{number}.png")
    return folder


def test_a_network_gets_a_whole_page_in_its_time(model, images, tmp_path):
    events = []
    found = look_inside(
        model, images=images, channels=2, layers="convolution 1", time_limit="1s", out=tmp_path / "look",
        listen=events.append,
    )  # fmt: skip
    assert [one["class"] for one in found["classes"]] == ["no", "yes"]
    (network,) = found["networks"]
    assert [layer["name"] for layer in network["layers"]] == ["convolution 1"]
    assert 1 <= len(network["layers"][0]["favourites"]) <= 2
    assert [one["image"] for one in network["pictures"]] == ["picture_0.png", "picture_1.png"]
    assert any("Layers of small that are not shown" in sentence for sentence in found["left_out"])
    assert {event.step for event in events if event.kind == "step_finished"} == {"read", "maps", "favourites"}
    kept = json.loads((tmp_path / "look" / "look.json").read_text())
    assert kept["networks"] == found["networks"]
    page = (tmp_path / "look" / "look.html").read_text()
    assert "What each class wants to see" in page and "What excites a channel is not what it detects" in page
    assert "<script" not in page and not re.search(r'src="(?!data:)', page)
    for layer in network["layers"]:
        for one in layer["favourites"]:
            with Image.open(tmp_path / "look" / "pictures" / one["file"]) as drawn:
                assert drawn.size == (one["side"], one["side"])
    # Once more to the same place replaces it.
    look_inside(model, channels=1, layers="convolution 1", time_limit="1s", out=tmp_path / "look")


def test_a_classical_model_shows_its_weights(tmp_path):
    count = classical_features(noise_pictures(1)).shape[1]
    weights = np.random.default_rng(0).normal(size=(count, 2))
    part = LinearPart("classical", np.zeros(count), np.ones(count), weights, np.zeros(2))
    Classifier(("no", "yes"), "yes", "classical", [part]).save(tmp_path / "model")
    found = look_inside(tmp_path / "model", out=tmp_path / "look")
    assert [one["class"] for one in found["templates"]] == ["yes"] and not found["networks"]
    assert sum(found["templates"][0]["shares"].values()) == pytest.approx(1, abs=1e-3)
    assert any("no gradients" in sentence for sentence in found["left_out"])
    assert "this is exact" in (tmp_path / "look" / "look.html").read_text().lower()


def test_ctrl_c_keeps_what_is_finished(model, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tours._Walk, "_layer", interrupt)
    with pytest.raises(Stopped, match="what was finished"):
        look_inside(model, time_limit="1s", out=tmp_path / "look")
    kept = json.loads((tmp_path / "look" / "look.json").read_text())
    assert kept["stopped"] and kept["classes"] and kept["networks"][0]["filters"]
    assert "Stopped by hand" in (tmp_path / "look" / "look.html").read_text()


def test_a_run_without_pictures_in_the_cache_says_so(finished_run, tmp_path, monkeypatch):
    monkeypatch.setenv("WETREAD_CACHE", str(tmp_path / "empty"))
    found = look_inside(finished_run.folder, time_limit="1s", channels=1, out=tmp_path / "look")
    assert found["map"] is None and any("not in the cache" in sentence for sentence in found["left_out"])


def test_a_run_gets_a_map_of_its_pictures(finished_run, tmp_path):
    found = look_inside(finished_run.folder, time_limit="1s", channels=1, out=tmp_path / "look")
    assert len(found["map"]["points"]) == 60
    told = {point["image"]: point for point in found["map"]["points"]}
    predictions = (finished_run.folder / "predictions.csv").read_text().splitlines()
    assert set(told) >= {line.split(",")[0] for line in predictions[1:]}
    page = (tmp_path / "look" / "look.html").read_text()
    assert "Coloured by label" in page and "Coloured by error" in page and page.count("<circle") >= 120


def test_a_page_says_for_each_drawing_whether_the_model_is_surer_of_it(model, images, tmp_path):
    look_inside(model, images=images, channels=1, layers="convolution 1", time_limit="1s", out=tmp_path / "look")
    folder = RunFolder(tmp_path / "look")
    for real, said in ((5.0, "surer of the real picture"), (1.0, "surer of this drawing")):
        content = folder.read_json("look.json")
        for one in content["classes"]:
            for drawn in one["pictures"]:
                drawn.update(value=3.0, real=real)
        folder.write_json("look.json", content)
        page = write_insight_page(folder).read_text()
        assert said in page and page.count("surer of the real picture") + page.count("surer of this drawing") == sum(
            len(one["pictures"]) for one in content["classes"]
        )
        assert "usually surer" not in page


def test_bad_input(model, tmp_path):
    with pytest.raises(InputError, match="no time"):
        look_inside(model, time_limit="0", out=tmp_path / "look")
    (tmp_path / "other.txt").write_text("x")
    with pytest.raises(OutputError, match="holds other files"):
        look_inside(model, out=tmp_path)
    with pytest.raises(InputError, match="no layer nonsense"):
        look_inside(model, layers="nonsense", out=tmp_path / "look")
    with pytest.raises(InputError, match="0 channels"):
        look_inside(model, channels=0, out=tmp_path / "look")
    with pytest.raises(InputError, match="no time limit"):
        look_inside(model, time_limit="soon", out=tmp_path / "look")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no images to show"):
        look_inside(model, images=tmp_path / "empty", out=tmp_path / "look")
    with pytest.raises(InputError, match="no-model"):
        look_inside(tmp_path / "no-model", out=tmp_path / "look")
