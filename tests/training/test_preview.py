"""What the network sees while it is trained: the same engine, in words, and in the run folder."""

import io

import numpy as np
import pytest
from PIL import Image

from wetread.dataset.table import Row
from wetread.run_folder import RunFolder
from wetread.training.augment import augment, draw_changes
from wetread.training.fingerprint import Fingerprint
from wetread.training.plan import make_plan
from wetread.training.preview import COPIES, describe_changes, make_previews, preview_for_run, say_ranges
from wetread.training.ranges import Augment

STILL = dict.fromkeys(
    ("rotation", "zoom", "shift", "gamma", "contrast", "noise", "mirror", "flip", "turns", "stretch", "shear",
     "brightness", "blur", "erasing", "saturation", "hue", "stain"), 0.0,
)  # fmt: skip


def plan_for(classes=("a", "b"), **changes):
    data = Fingerprint(40, 40, tuple(classes), 20, 0.0, 64, "column")
    return make_plan(data).replace({"network_side": 32, "rungs": ("classical", "network"), **changes}, lambda _: "test")


def rows_of(labels, shape=(48, 40)):
    pixels = np.random.default_rng(0)
    return [
        Row(f"{n}.png", f"{n}.png", label=label, picture=pixels.integers(0, 256, shape).astype(np.uint8))
        for n, label in enumerate(labels)
    ]


def test_copies_are_those_of_the_training_engine():
    rows, plan = rows_of("ab" * 5), plan_for()
    previews = make_previews(rows, plan)
    assert [preview.label for preview in previews] == ["a"] * 3 + ["b"] * 3
    number = next(n for n, row in enumerate(rows) if row.image == previews[4].image)
    original = previews[4].seen[0]
    assert original.shape == (32, 32) and previews[4].shown[0].shape == (224, 224)
    for epoch in range(COPIES):
        copy = augment(original[None, None], np.array([number]), plan.augment, plan.seed, epoch)[0, 0]
        np.testing.assert_array_equal(previews[4].seen[epoch + 1], (255 * copy).round().byte().numpy())


def test_colour_stays_colour_where_the_network_sees_colour():
    rows = rows_of("ab", (20, 20, 3))
    assert make_previews(rows, plan_for(channels=3))[0].shown[3].shape == (224, 224, 3)
    assert make_previews(rows, plan_for())[0].shown[3].shape == (224, 224)


def test_many_classes_get_fewer_pictures_each_and_rows_without_one_are_passed_over():
    classes = [f"c{n:02d}" for n in range(12)]
    previews = make_previews(rows_of(classes * 4), plan_for(classes))
    assert [preview.label for preview in previews] == [name for name in classes for _ in (1, 2)]
    assert make_previews([Row("x.png", "x.png", label="a")], plan_for()) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"mirror": 1.0}, "mirrored"), ({"flip": 1.0}, "upside down"), ({}, "hardly changed")],
)
def test_changes_are_said_in_words(changes, said):
    drawn = draw_changes(np.arange(3), Augment(**(STILL | changes)), 0, 0)
    assert [describe_changes(drawn, number, 64) for number in range(3)] == [said] * 3


def test_colours_are_said_of_coloured_pictures_alone():
    drawn = draw_changes(np.arange(40), Augment(**(STILL | {"saturation": 0.3, "hue": 10.0, "stain": 0.2})), 0, 0)
    said = [describe_changes(drawn, number, 64) for number in range(40)]
    for number, words in enumerate(said):
        if abs(drawn.hue[number]) >= 1:
            assert f"hue {drawn.hue[number]:+.0f}°" in words
        if drawn.saturation[number] < 0.95:
            assert "less colour" in words
    for number, densities in enumerate(0.5 * (drawn.stain[:, 0] - 1) + drawn.stain[:, 1]):
        most = int(np.abs(densities).argmax())
        stain = f"{'more' if densities[most] > 0 else 'less'} {('haematoxylin', 'eosin', 'DAB')[most]}"
        assert (stain in said[number]) == (abs(densities[most]) >= 0.02)
    assert describe_changes(drawn, 0, 64, coloured=False) == "hardly changed"


def test_words_of_a_grey_picture_in_a_coloured_set_name_no_colours():
    rows = rows_of("ab", (20, 20, 3))
    rows[0].picture[:] = rows[0].picture[..., :1]
    plan = plan_for(channels=3, **STILL).replace({"saturation": 0.3, "hue": 20.0}, lambda _: "test")
    grey, coloured = make_previews(rows, plan)
    assert set(grey.words) == {"hardly changed"} and "hue" in " ".join(coloured.words)
    assert all(np.array_equal(copy, grey.seen[0]) for copy in grey.seen)


def test_words_follow_the_draw():
    ranges = Augment(**(STILL | {"rotation": 20.0, "zoom": 0.3, "gamma": 0.5}))
    drawn = draw_changes(np.arange(40), ranges, 0, 0)
    for number in range(40):
        said = describe_changes(drawn, number, 64)
        if abs(drawn.angle[number]) > 1:
            assert f"{abs(drawn.angle[number]):.0f}° {'left' if drawn.angle[number] > 0 else 'right'}" in said
        if drawn.zoom[number, 0] > 1.05:  # a wider field of view
            assert "smaller" in said
        if drawn.gamma[number] > 1.2:
            assert "darker" in said


def test_to_the_left_is_against_the_clock():
    square = np.zeros((1, 1, 64, 64), dtype=np.uint8)
    square[0, 0, 4:12, 28:36] = 255  # at twelve o'clock
    ranges = Augment(**(STILL | {"rotation": 40.0}))
    for row in range(4):
        angle = float(draw_changes(np.array([row]), ranges, 0, 0).angle[0])
        found = augment(square, np.array([row]), ranges, 0, 0)[0, 0].numpy()
        column = (found.sum(0) * np.arange(64)).sum() / found.sum()
        assert (column < 31.5) == (angle > 0)


def test_every_range_is_said_with_its_reason_and_without_its_unit():
    said = say_ranges(Augment(), {"rotation": "degrees: tilt", "zoom": "part of the field of view: distance"})
    assert len(said) == 17
    assert said[0] == ("Rotation", "up to 7° either way", "tilt")
    assert ("Zoom", "up to 10 % larger or smaller", "distance") in said
    assert ("Left-right flip", "", "") in said


def test_the_run_folder_gets_a_strip_per_picture(tmp_path):
    folder = RunFolder(tmp_path)
    preview_for_run(folder, rows_of("ab" * 5), plan_for())
    index = folder.read_json("augmented/index.json")
    assert len(index["rows"]) == 6 and index["side"] == 32 and len(index["ranges"]) == 17
    for row in index["rows"]:
        strip = Image.open(io.BytesIO((tmp_path / "augmented" / row["file"]).read_bytes()))
        assert strip.size == (8 * 32 + 7, 32) and len(row["words"]) == COPIES


def test_large_squares_are_shrunk_and_a_run_without_a_network_leaves_nothing(tmp_path):
    preview_for_run(RunFolder(tmp_path / "large"), rows_of("ab"), plan_for(network_side=256))
    strip = Image.open(tmp_path / "large" / "augmented" / "01.jpeg")
    assert strip.size == (8 * 128 + 7 * 2, 128)
    preview_for_run(RunFolder(tmp_path / "none"), rows_of("ab"), plan_for(rungs=("classical",)))
    assert not (tmp_path / "none").exists()
