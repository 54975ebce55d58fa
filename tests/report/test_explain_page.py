"""explain.html: many maps have room, each method says what its colours mean, and numbers are said plainly."""

import re

import numpy as np
import pytest

from tests.explanation.toys import bright, marked
from wetread.explanation.methods import MEANINGS, METHODS, TITLES, UNITS
from wetread.explanation.on_files import ExplainedImage, find_training_cases
from wetread.model.inputs import Inputs
from wetread.model.refusal_sights import classical_blocks
from wetread.report.explain_page import describe, fragment, write_explain_page
from wetread.report.page import say_number
from wetread.report.thumbnails import encode_thumbnail
from wetread.run_folder import RunFolder
from wetread.steps.explain import explain


@pytest.fixture(scope="module")
def all_methods():
    return explain(bright(), [marked(0, 1)], method="all")


def page_of(found, folder):
    return write_explain_page(RunFolder(folder), found.content, found.files).read_text()


def test_from_three_maps_on_a_case_has_the_whole_width(all_methods, tmp_path):
    page = page_of(all_methods, tmp_path)
    assert 'class="cases many"' in page and page.count("<figcaption>") == 1 + len(METHODS)
    style = page[: page.index("</head>")]
    assert "repeat(auto-fill, minmax(min(200px, 44%), 1fr))" in style
    assert "position" not in re.search(r"\.case \.views figcaption \{[^}]*\}", style)[0]  # below, not upon
    two = page_of(explain(bright(), [marked(0, 1)], method=["occlusion", "grad-cam"]), tmp_path)
    assert 'class="cases"' in two and 'class="cases many"' not in two


def test_each_method_says_what_its_colours_mean_and_how_strong_the_full_colour_is(all_methods, tmp_path):
    page = page_of(all_methods, tmp_path)
    for name, one in all_methods.content["methods"].items():
        (scale,) = {found["scale"] for found in all_methods.content["images"][0]["maps"] if found["method"] == name}
        assert (one["scale"], one["meaning"], one["unit"]) == (scale, MEANINGS[name], UNITS[name])
        reading = re.search(rf"<li>((?!</li>).)*<b>{re.escape(TITLES[name])}\.</b>.*?</li>", page, re.DOTALL)[0]
        assert f"<span>-{say_number(scale)}</span><span>{say_number(scale)}</span><span>{one['unit']}" in reading
        assert one["meaning"] in reading.replace("&#39;", "'")
    assert "speaks for the class that is explained, blue against it" not in page
    for name in ("grad-cam++", "score-cam"):
        assert "does not speak against it" in MEANINGS[name] and "not the opposite" in MEANINGS[name]
    assert set(MEANINGS) == set(UNITS) == set(METHODS)


def test_settings_stand_once_where_they_are_the_same_and_else_with_each_map(tmp_path):
    found = explain(bright(), [marked(0, 1), marked(1, 0)], method=["occlusion", "grad-cam"])
    assert page_of(found, tmp_path).count("atches of 1/8 of the side") == 1
    found.content["images"][1]["maps"][0]["settings"] = "other patches"
    page = page_of(found, tmp_path)
    assert "patches of 1/8 of the side" in page and "other patches" in page


def test_findings_are_listed_in_words_and_an_edge_is_a_warning(tmp_path):
    found = explain(bright(), [marked(0, 1)])
    (one,) = found.content["images"]
    one.update(predicted="nodule|pleural_effusion|mass", status="edge", reason="unlike the training pictures")
    assert "nodule|pleural effusion|mass" in page_of(found, tmp_path)  # one class with bars in its name
    found.content["task"] = "multilabel"
    page = page_of(found, tmp_path)
    assert "nodule, pleural effusion and mass" in page and "the logit of the finding" in page
    assert "On the edge of what the model knows</b> (unlike the training pictures): take" in page
    assert "On the edge" in fragment(found.content, found.files)
    one.update(predicted="", status="in", reason="")
    assert "no finding called" in page_of(found, tmp_path) and "On the edge" not in page_of(found, tmp_path)


def test_no_number_is_minus_zero(tmp_path):
    found = explain(bright(), [marked(0, 1)], method=["occlusion", "grad-cam"])
    found.content["images"][0]["agreement"] = -0.0004
    page = page_of(found, tmp_path)
    assert "agree by 0.00" in page and not re.search(r"-0(\.0+)?(?![.\d])", re.sub(r"<style.*?</style>", "", page))


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (-0.0, "0"), (1.31e-5, "0.000013"), (-1.26, "-1.3"), (99.9, "100"), (131, "131"), (-1e-6, "-0.000001")],
)  # fmt: skip
def test_numbers_have_two_digits_that_count(value, said):
    assert say_number(np.float64(value)) == say_number(value) == said


class Kept:
    """What a refusal keeps of training pictures."""

    sees = "classical"

    def __init__(self, pictures):
        self.space = self
        self.references = classical_blocks(Inputs(pictures).classical())
        self.rows = np.arange(len(pictures)) + 7


def nearest_of(run=None):
    model = bright()
    model.refusal = Kept([marked(0, 0), marked(1, 1)])
    images = [
        ExplainedImage("a.png", marked(1, 1), predicted="yes", target="yes"),
        ExplainedImage("refused.png", marked(0, 0)),
    ]
    find_training_cases(model, images, run)
    return model, images


def test_nearest_training_cases_are_named_with_class_and_thumbnail_where_the_run_has_them(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.write_table("refusal.csv", ["row", "image"], [[7, "P1.png"], [8, "P2.png"]])
    run.write_table("images.csv", ["image", "label"], [["P0.png", "no"], ["P1.png", "no"], ["P2.png", "no_finding"]])
    run.write_json("thumbnails/index.json", {"P2.png": "0001.jpg"})
    run.write_bytes("thumbnails/0001.jpg", encode_thumbnail(marked(1, 1)))
    model, images = nearest_of(run)
    assert [(one.name, one.label, bool(one.thumbnail)) for one in images[0].nearest] == [
        ("P2.png", "no_finding", True),
        ("P1.png", "no", False),
    ]
    same, other = images[0].nearest
    assert same.likeness == pytest.approx(1, abs=1e-5) and other.likeness < 0.99
    assert not images[1].nearest  # nothing is said of a picture without an answer
    content, files = describe(model, images, (), {})
    told = content["images"][0]["nearest"]
    assert [(one["case"], one["class"]) for one in told] == [("P2.png", "no_finding"), ("P1.png", "no")]
    assert told[0]["file"] in files and told[1]["file"] == ""
    for page in (write_explain_page(RunFolder(tmp_path), content, files).read_text(), fragment(content, files)):
        assert "Nearest training cases" in page and "no finding · likeness 1.00" in page and "They are no map" in page


def test_nearest_cases_without_a_run_have_numbers_and_without_features_there_are_none(tmp_path):
    model, images = nearest_of()
    assert [(one.name, one.label) for one in images[0].nearest] == [("case 8", ""), ("case 7", "")]
    model.refusal = None
    images[0].nearest = []
    find_training_cases(model, images, None)
    content, files = describe(model, images, (), {})
    page = write_explain_page(RunFolder(tmp_path), content, files).read_text()
    assert images[0].nearest == [] and "Nearest training cases" not in page
