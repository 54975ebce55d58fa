"""`wetread explain`: overlays, raw maps, a page; and what becomes of images and wishes that cannot be served."""

import json

import numpy as np
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from tests.explanation.trials.toys import spot_model
from wetread.errors import InputError, OutputError
from wetread.model.refusal import Answer
from wetread.steps.explain import explain


class Judge:
    """Refuses what is bright."""

    probes_see = "classical"

    def answers(self, inputs, headers=()):
        bright = [float(one.mean()) > 200 for one in inputs.pictures]
        return [
            Answer("out", 1.0, "unlike the training pictures", ()) if one else Answer("in", 0.1, "", ())
            for one in bright
        ]


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "new"
    folder.mkdir()
    random = np.random.default_rng(0)
    for name, shape in (("wide", (60, 120)), ("tall", (120, 60)), ("square", (64, 64))):
        Image.fromarray(random.integers(0, 255, shape).astype(np.uint8)).save(folder / f"{name}.png")
    Image.fromarray(np.full((64, 64), 90, np.uint8)).save(folder / "constant.png")
    (folder / "notes.txt").write_text("no image")
    return folder


def test_overlays_keep_the_proportions_and_raw_maps_the_numbers(images, tmp_path):
    found = explain(spot_model(), images, out=tmp_path / "out")
    names = {one["image"]: number for number, one in enumerate(found.content["images"], start=1)}
    number = names["wide.png"]
    with Image.open(tmp_path / "out" / "overlays" / f"{number:04d}-occlusion.png") as overlay:
        assert overlay.width == 2 * overlay.height
    raw = np.load(tmp_path / "out" / "raw" / f"{number:04d}-occlusion.npy", allow_pickle=False)
    np.testing.assert_array_equal(raw, found.images[number - 1].maps["occlusion"].values)
    stored = json.loads((tmp_path / "out" / "explanations.json").read_text())
    assert stored == found.content
    assert list(stored["methods"]) == ["occlusion", "occlusion-blur"]
    assert repr(found) == "4 of 5 images explained by occlusion, occlusion-blur"


def test_the_page_says_what_was_not_explained(images, tmp_path):
    page = explain(spot_model(), images, out=tmp_path / "out").page.read_text()
    assert "cannot be read" in page and "notes.txt" in page
    assert "where the model looked, not where disease is" in page
    assert "Research and teaching only" in page and "16 x 16 cells" in page
    assert str(tmp_path) not in page
    assert "not tested" in page


def test_a_constant_picture_gets_an_empty_map_that_says_so(images):
    found = explain(spot_model(), images / "constant.png")
    assert found.content["images"][0]["maps"][0]["empty"] is True
    assert found.content["images"][0]["agreement"] is None
    assert found.folder is None and "empty: nothing speaks" in found._repr_html_()


def test_a_refused_picture_gets_its_reason_and_no_map(images):
    Image.fromarray(np.full((64, 64), 250, np.uint8)).save(images / "bright.png")
    model = spot_model()
    model.refusal = Judge()
    found = explain(model, images)
    told = {one["image"]: one for one in found.content["images"]}
    assert told["bright.png"]["maps"] == [] and told["bright.png"]["probabilities"] == {}
    assert told["bright.png"]["reason"] == "unlike the training pictures"
    assert told["wide.png"]["status"] == "in" and told["wide.png"]["maps"]


def test_pictures_come_as_arrays_too():
    found = explain(spot_model(), np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8), target="no")
    assert found.images[0].target == "no" and set(found.images[0].maps) == {"occlusion", "occlusion-blur"}
    with pytest.raises(InputError, match="no picture"):
        explain(spot_model(), np.zeros((4, 4)))


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ({"target": "yse"}, "unknown-class", "Nearest names: yes"),
        ({"method": "gradcam"}, "unknown-method", "grad-cam"),
        ({"method": "grad-cam"}, "method-not-possible", "occlusion"),
        ({"masks": "nowhere"}, "usage", "--test"),
        ({"masks": "nowhere", "test": True}, "no-masks", "Check the path"),
    ],
)
def test_wishes_that_cannot_be_served(images, asked, code, said):
    with pytest.raises(InputError) as caught:
        explain(spot_model(), images, **asked)
    assert caught.value.code == code and said in caught.value.remedy


def test_no_images_and_a_place_that_is_taken(images, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no images"):
        explain(spot_model(), tmp_path / "empty")
    with pytest.raises(OutputError, match="other files"):
        explain(spot_model(), images, out=images)
    explain(spot_model(), images / "wide.png", out=tmp_path / "out")
    again = explain(spot_model(), images / "tall.png", out=tmp_path / "out")  # its own results are replaced
    assert len(list((again.folder / "raw").iterdir())) == 2


def test_tests_use_masks_by_name(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "masks").mkdir()
    random = np.random.default_rng(0)
    for number in range(6):
        picture = random.integers(40, 60, (64, 64)).astype(np.uint8)
        picture[4:24, 4:24] = 220
        mask = np.zeros((64, 64), np.uint8)
        mask[4:24, 4:24] = 255
        Image.fromarray(picture).save(tmp_path / "new" / f"P{number}.png")
        Image.fromarray(mask).save(tmp_path / "masks" / f"p{number}_mask.png")
    found = explain(
        spot_model(),
        tmp_path / "new",
        method="occlusion",
        test=True,
        masks=tmp_path / "masks",
        out=tmp_path / "out",
        resamples=100,
    )
    told = found.content["tests"]
    assert (told["sample"], told["masks"]) == (6, 6)
    trials = told["methods"]["occlusion"]["trials"]
    assert trials["labels"]["sentence"] == "Needs the training data."
    assert trials["weights"]["verdict"] == "fail"  # nothing in this model can be shuffled
    assert found.content["methods"]["occlusion"]["grey"] is True
    page = found.page.read_text()
    assert "is shown in grey" in page and "Can the heatmaps be believed?" in page
    with pytest.raises(InputError, match="No mask"):
        explain(spot_model(), tmp_path / "new", test=True, masks=tmp_path / "out" / "raw")


def test_the_command(images, tmp_path, monkeypatch):
    from wetread.cli import explain_command

    model = tmp_path / "model"
    small = small_model()
    small.save(model)
    app = typer.Typer()
    app.command()(explain_command.explain)
    out = str(tmp_path / "out")
    asked = [str(model), str(images / "tall.png"), "--out", out, "--method", "occlusion", "--quiet"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "explain.html" in result.stdout
    result = CliRunner().invoke(app, [*asked, "--json"])
    told = json.loads(result.stdout)
    assert told["page"].endswith("explain.html") and len(told["images"]) == 1
    lines = explain_command.said(told)
    assert lines[0] == "1 of 1 image explained" and "not tested" in lines[1]


def small_model():
    from wetread.model.classifier import Classifier
    from wetread.model.features import classical_features
    from wetread.model.linear import LinearPart

    length = classical_features([np.zeros((8, 8), np.uint8)]).shape[1]
    weights = np.random.default_rng(0).normal(size=(length, 2)) / 100
    part = LinearPart("classical", np.zeros(length), np.ones(length), weights, np.zeros(2))
    return Classifier(("no", "yes"), "yes", "classical", [part])
