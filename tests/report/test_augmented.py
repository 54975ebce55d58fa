"""The page and the sheet of `wetread show --augmented`, and the part of the report."""

import io
import json
import re
import subprocess
import sys
from dataclasses import fields, replace

import numpy as np
from PIL import Image

from wetread.outcome import DISCLAIMER
from wetread.report.augmented import read_augmented, write_augmented
from wetread.report.page import page_environment
from wetread.run_folder import RunFolder
from wetread.training.fingerprint import Fingerprint
from wetread.training.plan import make_plan
from wetread.training.preview import Preview
from wetread.training.ranges import Augment

ODD = "<b>&_class"


def plan_for(**changes):
    plan = make_plan(Fingerprint(40, 40, (ODD, "b"), 20, 0.0, 64, "column"))
    return plan.replace({"rungs": ("classical", "network"), **changes}, lambda _: "since <i>I</i> say so")


def previews(n=2):
    shown = tuple(np.full((224, 224), 20 * k, np.uint8) for k in range(8))
    seen = tuple(np.full((32, 32), 20 * k, np.uint8) for k in range(8))
    return [
        Preview(f"x/<{k}>.png", label, shown, seen, tuple(f"{k}° left, <mirrored>" for k in range(7)))
        for label in (ODD, "b")
        for k in range(n)
    ]


def page_of(tmp_path, plan):
    return write_augmented(previews(), plan, tmp_path / "a.html", "set <1>").read_text(encoding="utf-8")


def test_page_holds_every_copy_and_escapes_every_name(tmp_path):
    page = page_of(tmp_path, plan_for(gamma=0.3))
    assert page.count("data:image/jpeg") == 4 * 8 and page.count("data:image/png") == 2 * 8
    assert "0° left, &lt;mirrored&gt;" in page and "since &lt;i&gt;I&lt;/i&gt; say so" in page
    assert "<i>I" not in page and "<mirrored>" not in page and "set <1>" not in page
    assert DISCLAIMER in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)


def test_the_question_is_put_where_nobody_answered(tmp_path):
    assert "nothing is mirrored" in page_of(tmp_path, plan_for())
    assert "Does it matter which side is left?" not in re.sub(
        "<li>.*?</li>", "", page_of(tmp_path, plan_for(laterality="free", mirror=0.5))
    )
    recipe = page_of(tmp_path, plan_for(recipe="lakhani", mirror=0.5))
    assert "as the recipe has it" in recipe and "--set mirror=0" in recipe
    assert "nothing in such pictures has a side" in page_of(tmp_path, plan_for(modality="microscopy", mirror=0.5))


def plan_without_changes(**changes):
    return plan_for(**{field.name: 0 for field in fields(Augment)}, **changes)


def test_where_nothing_changes_each_picture_stands_once_and_no_copy_is_asked_about(tmp_path):
    page = page_of(tmp_path, plan_without_changes())
    assert page.count("data:image/jpeg") == 4 and page.count("data:image/png") == 2
    assert "Nothing is changed." in page and "nothing is changed: in every epoch" in page
    for false in ("changed a little", "Would you still call", "mirrored&gt;", "The copies", "The same draws"):
        assert false not in page
    sheet = np.asarray(Image.open(write_augmented(previews(), plan_without_changes(), tmp_path / "a.png", "set")))
    whole = np.asarray(Image.open(write_augmented(previews(), plan_for(), tmp_path / "b.png", "set")))
    assert sheet.shape[0] < whole.shape[0] and not (sheet == 140).all(axis=2).any()


def test_beside_a_recipe_that_mirrors_nothing_the_answer_is_no_way_out(tmp_path):
    """`--laterality free` allows what the recipe does not do."""
    page = page_of(tmp_path, plan_without_changes(recipe="carpentries"))
    assert "doubles the variety" not in page and "--set mirror=0.5" in page
    assert "doubles the variety" in page_of(tmp_path, plan_without_changes())


def test_a_plan_without_a_network_says_so(tmp_path):
    assert "This plan trains no network" in page_of(tmp_path, plan_for(rungs=("classical",)))
    assert "This plan trains no network" not in page_of(tmp_path, plan_for())


def test_the_sheet_is_one_picture_with_a_row_per_preview(tmp_path):
    path = write_augmented(previews(1), plan_for(), tmp_path / "a.png", "set")
    one = np.asarray(Image.open(path))
    two = np.asarray(Image.open(write_augmented(previews(2), plan_for(), tmp_path / "b.png", "set")))
    assert one.shape[1] == two.shape[1] == 1600 and two.shape[0] > one.shape[0]
    # As many lines as there are words: of ranges above, and of changes below the copies.
    wordy = [replace(one, words=("mirrored, " * 12 + "redder",) * 7) for one in previews(1)]
    assert np.asarray(Image.open(write_augmented(wordy, plan_for(), tmp_path / "c.png", "set"))).shape[0] > one.shape[0]
    busy = write_augmented(previews(1), plan_for(hue=5.0, saturation=0.2, stain=0.1), tmp_path / "d.png", "set")
    assert np.asarray(Image.open(busy)).shape[0] > one.shape[0]
    # The last copies are grey 140, as they came.
    assert (one == 140).all(axis=2).sum() > 2 * 150**2


def test_the_report_shows_what_lies_in_the_run_folder(tmp_path):
    folder = RunFolder(tmp_path)
    assert read_augmented(folder) == {}
    buffer = io.BytesIO()
    Image.new("L", (263, 32)).save(buffer, "PNG")
    folder.write_bytes("augmented/01.png", buffer.getvalue())
    row = {"image": "<x>.png", "label": ODD, "file": "01.png", "words": ["mirrored"] * 7}
    index = {"side": 32, "ranges": [["Zoom", "", "w"], ["Left-right flip", "50 % of the copies", "w"]], "rows": [row]}
    folder.write_text("augmented/index.json", json.dumps(index))
    found = read_augmented(folder)
    assert found["rows"][0]["strip"].startswith("data:image/png;base64,")
    source = '{% from "augmented_part.html.j2" import augmented_part with context %}{{ augmented_part(a) }}'
    part = page_environment().from_string(source)
    html = part.render(a=found)
    assert html.count("mirrored") == 7 and "&lt;x&gt;.png" in html and "<b>&lt;b&gt;&amp; class</b>" in html
    assert "is changed a little" in html and "Nothing is changed" not in html
    assert part.render(a={}).strip() == ""
    folder.write_text("augmented/index.json", json.dumps(index | {"ranges": [["Zoom", "", "none in the root"]]}))
    still = part.render(a=read_augmented(folder))
    assert "Nothing is changed: in every epoch the network sees the same pictures, at 32 × 32." in still
    assert "<img" not in still and "none in the root" in still and "is changed a little" not in still
    folder.write_text("augmented/index.json", json.dumps(index))
    (tmp_path / "augmented" / "01.png").unlink()
    assert read_augmented(folder) == {}


def test_drawing_loads_no_torch():
    code = "import sys, wetread.report.augmented; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
