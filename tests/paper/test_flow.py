"""The flow adds up, and its drawing holds every box."""

import io
import xml.etree.ElementTree as ET
from itertools import pairwise

from PIL import Image

from paper.paper_run import build, numbers
from wetread.dataset.table import NO_FILE
from wetread.paper.facts import read_facts
from wetread.paper.flow import Box, Step, flow_table, make_flow, say_exclusions, say_flow
from wetread.paper.flow_figure import MARGIN, WIDTH, draw_png, draw_svg, lay_out

SKIPPED = (
    ("scans/x1.png", "the file is damaged and cannot be decoded"),
    ("scans/x2.png", "the file is damaged and cannot be decoded"),
    ("scans/x3.png", "not named in labels.csv"),
)


def test_each_level_is_the_one_above_minus_what_left(tmp_path):
    steps = make_flow(read_facts(build(tmp_path / "run", skipped=SKIPPED)))
    titles = [box.title for step in steps for box in step.boxes]
    assert titles == [
        "Files found: 13", "Images of the set: 12", "Labelled images: 9", "Tested by cross-validation: 9",
        "Called positive: 5", "Called negative: 4",
    ]  # fmt: skip
    assert steps[0].beside == Box("Not images of the set: 1", ("no image by its content: 1",))
    assert steps[1].beside == Box(
        "Excluded: 3",
        ("the file is damaged and cannot be decoded: 2", "not named in the table of labels: 1"),
    )
    (files,) = make_flow(read_facts(build(tmp_path / "more", skipped=(*SKIPPED, ("scans/x4.png", NO_FILE)))))[0].boxes
    assert files == Box("Files found: 13", ("named in the table, but not there: 1",))
    assert steps[2].boxes[0].lines == (
        "6 patients",
        "effusion: 5 images of 4 patients",
        "no effusion: 4 images of 3 patients",
    )
    assert steps[-1].boxes[0].lines == ("reference effusion: 4", "reference no effusion: 1")


def test_copies_are_one_picture_where_patients_are_not_known(tmp_path):
    steps = make_flow(read_facts(build(tmp_path / "run", stored=numbers(grouping="none"))))
    assert steps[2].boxes[0].lines[:2] == (
        "patients not known; 6 different pictures",
        "effusion: 5 images of 4 different pictures",
    )


def test_partitions_stand_side_by_side_and_only_the_test_is_called(tmp_path):
    splits = ["train"] * 5 + ["test"] * 4
    steps = make_flow(read_facts(build(tmp_path / "run", splits=splits, stored=numbers(estimate="locked test"))))
    assert [box.title for box in steps[-2].boxes] == ["Training: 5 images", "Test: 4 images"]
    assert steps[-1].parent == 1


def test_sentences(tmp_path, facts):
    assert say_exclusions(facts) == (
        "Of 10 files found, 1 was no image of the data set (tables, masks, texts) and none of 9 images was excluded."
    )
    told = say_exclusions(read_facts(build(tmp_path / "other", skipped=SKIPPED[:1])))
    assert "1 image (10\N{NO-BREAK SPACE}% of all images) was excluded: the file is damaged" in told


def test_many_reasons_are_summed_up_in_the_box(tmp_path):
    skipped = [(f"scans/y{number}.png", f"reason {'abcdefgh'[number]}") for number in range(8)]
    steps = make_flow(read_facts(build(tmp_path / "run", skipped=skipped)))
    assert len(steps[1].beside.lines) == 6
    assert steps[1].beside.lines[-1] == "other reasons: 3"


def test_the_table_says_what_the_drawing_says(facts):
    steps = make_flow(facts)
    table = flow_table(steps)
    assert ("Files found", "10", "") in table.rows
    assert sum(len(step.boxes) + (step.beside is not None) for step in steps) == len(table.rows)


def test_boxes_stay_inside_and_apart(facts):
    layout = lay_out(make_flow(facts))
    for box in layout.boxes:
        assert box.left >= MARGIN
        assert box.left + box.width <= WIDTH - MARGIN + 1
        assert box.top + box.height <= layout.height
    ordered = sorted(layout.boxes, key=lambda box: box.top)
    for upper, lower in pairwise(ordered):
        apart = lower.top >= upper.top + upper.height or lower.left >= upper.left + upper.width
        assert apart or upper.left >= lower.left + lower.width


def test_the_drawing_is_sound_and_escaped():
    steps = [Step((Box("<script>&: 1", ("a" * 300, "\"'")),), Box("x: 2")), Step((Box("left: 1"), Box("right: 2")))]
    for standalone in (False, True):
        text = draw_svg(steps, standalone=standalone)
        assert "<script" not in text
        root = ET.fromstring(text)
        assert root.get("aria-label") == say_flow(steps)
        shown = "".join(node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text"))
        assert "<script>&: 1" in shown
        assert shown.count("a") >= 300
    picture = Image.open(io.BytesIO(draw_png(steps)))
    assert picture.width > 2000
    assert picture.getextrema() == (25, 255)
