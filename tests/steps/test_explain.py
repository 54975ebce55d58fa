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
from wetread.progress import Notice
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
        ({"target": "yse"}, "unknown-class", "Nearest names: yes. All names: no, yes."),
        ({"target": 2}, "unknown-class", "no, yes"),
        ({"target": -1}, "unknown-class", "no, yes"),
        ({"target": 1.0}, "unknown-class", "no, yes"),
        ({"method": "gradcam"}, "unknown-method", "Nearest names: grad-cam"),
        ({"method": ["occlusion", "al"]}, "unknown-method", "Nearest names: all."),
        ({"method": "grad-cam"}, "method-not-possible", "occlusion"),
        ({"method": ["all", "grad-cam"]}, "method-not-possible", "occlusion"),
        ({"masks": "nowhere"}, "usage", "--test"),
        ({"masks": "nowhere", "test": True}, "no-masks", "Check the path"),
    ],
)
def test_wishes_that_cannot_be_served(images, asked, code, said):
    with pytest.raises(InputError) as caught:
        explain(spot_model(), images, **asked)
    assert caught.value.code == code and said in caught.value.remedy


def test_a_method_that_is_not_possible_is_refused_with_the_reason(images):
    with pytest.raises(InputError, match="Grad-CAM is not possible: the model has no gradients"):
        explain(spot_model(), images, method="grad-cam")


def test_a_class_may_be_given_by_its_number_and_all_in_a_list():
    picture = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    found = explain(spot_model(), picture, target=0, method=["rise", "all"])
    assert found.images[0].target == "no"
    assert list(found.content["methods"]) == ["rise", "occlusion", "occlusion-blur"]
    graded = spot_model()
    graded.classes, graded.positive = ("1", "2"), "2"
    # Where classes are called by numbers, a number is a name.
    assert explain(graded, picture, target=1).images[0].target == "1"
    with pytest.raises(InputError, match="no class 0"):
        explain(graded, picture, target=0)


def test_nothing_that_can_be_read_leaves_no_page(images, tmp_path):
    for given, said in ((tmp_path / "nothere.png", "The image could not be read"), (images / "notes.txt", "notes.txt")):
        with pytest.raises(InputError, match=said) as caught:
            explain(spot_model(), given, out=tmp_path / "out")
        assert caught.value.code == "no-readable-images" and caught.value.exit_code == 2
        assert not (tmp_path / "out").exists()
    # One that can be read is enough.
    assert explain(spot_model(), [tmp_path / "nothere.png", images / "wide.png"]).images[1].is_explained


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
    assert trials["labels"]["sentence"] == "Needs the run that made the model, with its training data."
    assert trials["weights"]["verdict"] == "fail"  # nothing in this model can be shuffled
    assert found.content["methods"]["occlusion"]["grey"] is True
    page = found.page.read_text()
    assert "is shown in grey" in page and "Can the heatmaps be believed?" in page
    with pytest.raises(InputError, match="No mask"):
        explain(spot_model(), tmp_path / "new", test=True, masks=tmp_path / "out" / "raw")


def lesions(folder, names, *, seed=0):
    """Noise with a bright square in the upper left quarter, under these names."""
    random = np.random.default_rng(seed)
    for name in names:
        picture = random.integers(40, 60, (64, 64)).astype(np.uint8)
        picture[4:24, 4:24] = 220
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(folder / name)


def squares(folder, names):
    for number, name in enumerate(names):
        mask = np.zeros((64, 64), np.uint8)
        mask[4 : 14 + number, 4:24] = 255
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(folder / name)


def trials_on(folder, model=None, **more):
    return explain(model or spot_model(), folder, method="occlusion", test=True, resamples=100, **more).content["tests"]


def test_masks_of_pictures_with_the_same_name_are_told_apart_by_folder(tmp_path):
    lesions(tmp_path / "new", [f"{side}/{n}.png" for side in "ab" for n in range(3)])
    squares(tmp_path / "masks", [f"{side}/{n}_mask.png" for side in "ab" for n in range(3)])
    pointing = trials_on(tmp_path / "new", masks=tmp_path / "masks")["methods"]["occlusion"]["trials"]["pointing"]
    areas = [(10 + number) * 20 / 64**2 for number in range(6)]
    assert pointing["more"]["lesion, part of the picture"] == pytest.approx(np.mean(areas), abs=1e-4)
    squares(tmp_path / "flat", ["0.png"])
    with pytest.raises(InputError, match=r"0.png could belong to several images: a/0.png, b/0.png"):
        trials_on(tmp_path / "new", masks=tmp_path / "flat")


def test_masks_of_another_class_than_the_one_explained_judge_nothing(tmp_path):
    names = [f"{n}.png" for n in range(6)]
    lesions(tmp_path / "new", names)
    squares(tmp_path / "masks", names)
    told = trials_on(tmp_path / "new", masks=tmp_path / "masks", target="no")
    trials = told["methods"]["occlusion"]["trials"]
    for name in ("pointing", "counterfactual"):
        assert trials[name]["sentence"] == "The masks show another class than the one explained."
    told = trials_on(tmp_path / "new", masks=tmp_path / "masks", target="no", mask_of="no")
    assert told["masks"] == 6 and told["methods"]["occlusion"]["trials"]["pointing"]["verdict"] != "not run"
    several = spot_model()
    several.positive = None
    with pytest.raises(InputError, match="several classes") as caught:
        trials_on(tmp_path / "new", several, masks=tmp_path / "masks")
    assert "--mask-of" in caught.value.remedy


def test_patients_are_counted_where_file_names_tell_them(tmp_path):
    names = [f"{10000 + n // 2}_{n:03d}.png" for n in range(6)]
    lesions(tmp_path / "known", names)
    squares(tmp_path / "masks", names)
    found = explain(
        spot_model(), tmp_path / "known", method="occlusion", test=True, resamples=100, masks=tmp_path / "masks"
    )
    told = found.content["tests"]
    assert told["patients"] == 3
    assert told["methods"]["occlusion"]["trials"]["pointing"]["value"]["n"] == 3
    assert "of these pictures, of 3 patients" in _page(found)
    lesions(tmp_path / "unknown", [f"{n}.png" for n in range(6)])
    found = explain(spot_model(), tmp_path / "unknown", method="occlusion", test=True, resamples=100)
    assert found.content["tests"]["patients"] is None
    assert "each taken for another patient since none are known" in _page(found)


def _page(found):
    from wetread.report.explain_page import _render

    return _render(found.content, found.files, 10, alone=True)


def test_pictures_that_the_model_learnt_from_are_told(tmp_path):
    from wetread.dataset.fingerprints import known_pixels
    from wetread.dataset.reading import read_images
    from wetread.dataset.table import Row, Table
    from wetread.images.source import Source

    names = [f"{n}.png" for n in range(6)]
    lesions(tmp_path / "new", names)
    table = Table(tmp_path, "folder", [Row(name, Source(tmp_path / "new" / name)) for name in names[:2]])
    read_images(table)
    model, events = spot_model(), []
    assert trials_on(tmp_path / "new", model)["known"] == ""
    model.facts = {"known_pixels": known_pixels(table.rows)}
    found = explain(model, tmp_path / "new", method="occlusion", test=True, resamples=100, listen=events.append)
    said = found.content["tests"]["known"]
    assert said.startswith("The model knows 2 of these 6 pictures (2 with the pixels of an image in its own data)")
    assert [event.text for event in events if isinstance(event, Notice)] == [said]
    assert said in _page(found)


def test_tests_end_after_the_time_that_was_given(tmp_path):
    lesions(tmp_path / "new", [f"{n}.png" for n in range(6)])
    trials = trials_on(tmp_path / "new", time_limit="0s")["methods"]["occlusion"]["trials"]
    assert trials["deletion"]["sentence"] == "The time for it was over."


def test_a_verdict_of_the_run_on_a_model_of_another_kind_does_not_count(images, tmp_path):
    small_model().save(tmp_path / "run" / "model")
    lesions(tmp_path / "new", [f"{n}.png" for n in range(5)])
    told = trials_on(tmp_path / "new", time_limit="0s")
    told["methods"]["occlusion"]["rung"] = "classical"
    badge = told["methods"]["occlusion"]["badge"] = "passes 3 of 4"
    (tmp_path / "run" / "run.json").write_text('{"status": "finished"}')
    stored = tmp_path / "run" / "explanations.json"
    stored.write_text(json.dumps(told))
    for place in ("run", "run/model"):
        found = explain(tmp_path / place, images / "tall.png", method="occlusion")
        assert found.content["methods"]["occlusion"]["badge"] == badge
    told["methods"]["occlusion"]["rung"] = "combined"
    stored.write_text(json.dumps(told))
    found = explain(tmp_path / "run", images / "tall.png", method="occlusion")
    one = found.content["methods"]["occlusion"]
    assert (one["badge"], one["grey"]) == ("not tested", False)
    assert one["why"] == "The run tested it on its combined model, and this is the classical model."
    assert "another model than the one chosen" in _page(found)


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
