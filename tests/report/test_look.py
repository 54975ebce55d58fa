"""The page and the sheet of `wetread show`: everything is on them, nothing leaves them, names are escaped."""

import io
import re

import numpy as np
import pytest
from fake.dicoms import write_dicom
from fake.pictures import write_jpeg, write_png
from markupsafe import escape
from PIL import Image

from wetread.dataset.table import Row, Table
from wetread.images.read import decode_image
from wetread.outcome import DISCLAIMER
from wetread.report.look import write_look
from wetread.report.look_facts import compare, make_groups
from wetread.report.look_sheet import FOOT, HEAD, MARGIN, ROW, TILE, WIDTH

ODD = "<script>alert('x')</script> & \"Ödème\""
PIXELS = np.random.default_rng(0)


def grey(height, width, level):
    return PIXELS.integers(level, level + 40, (height, width)).astype(np.uint8)


def make_row(folder, image, label, write, pixels, **more):
    path = folder / f"{len(list(folder.iterdir()))}.bin"
    decoded = decode_image(write(path, pixels))
    return Row(image, path, label, facts=decoded.facts, picture=decoded.pixels, **more)


@pytest.fixture
def table(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [make_row(folder, f"a/a{n}.png", ODD, write_png, grey(40, 60, 10), patient=f"P{n % 3}") for n in range(10)]
    rows += [
        make_row(folder, f"b/b{n}.jpg", "b_class", write_jpeg, grey(90, 30 + n, 200), patient="P0") for n in range(4)
    ]
    rows.append(make_row(folder, "c/<i>.png", "", write_png, grey(20, 20, 0)))
    rows.append(Row("a/broken<b>.png", folder / "x", ODD, status="skipped", reason="the file ends & too early"))
    return Table(folder, "folder", rows, notes=["A <note>."])


def page_of(table, tmp_path, **options):
    return write_look(table, tmp_path / "look.html", "set <1>", **options).read_text(encoding="utf-8")


def test_page_holds_every_class_and_sample(table, tmp_path):
    page = page_of(table, tmp_path)
    for group in make_groups(table, 0):
        assert str(escape(group.name.replace("_", " "))) in page
        for row in group.samples:
            assert f">{row.image.rsplit('/')[-1]}</span>{row.facts.width} × {row.facts.height}" in page
    assert len(re.findall("<figcaption><span title", page)) == 8 + 4 + 1
    assert DISCLAIMER in page
    assert "A &lt;note&gt;." in page
    assert "the file ends &amp; too early" in page


def test_page_is_self_contained_and_escaped(table, tmp_path):
    page = page_of(table, tmp_path)
    assert set(re.findall(r"https?://[^\"' )]*", page)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "<i>.png" not in page
    assert "<b>.png" not in page
    assert "set &lt;1&gt;" in page
    assert all(source.startswith("data:image/") for source in re.findall(r'src="([^"]*)"', page))
    assert all(alt for alt in re.findall(r'<img[^>]* alt="([^"]*)"', page))
    assert page.count("<img") == page.count(" alt=")


def test_differences_are_pointed_out(table, tmp_path):
    remarks = [line.remark for line in compare(make_groups(table, 0)) if line.remark]
    assert any(remark.startswith("Size in pixels, 60 × 40: all 10 pictures of") for remark in remarks)
    assert any(remark.startswith("Format, PNG: all 10") and "none of the 4 others" in remark for remark in remarks)
    page = page_of(table, tmp_path)
    assert "1 patient occurs in more than one class" in page
    assert "Difference" in page


def test_like_classes_raise_no_remark(tmp_path):
    rows = [make_row(tmp_path, f"{n}.png", "ab"[n % 2], write_png, grey(40, 40, 10)) for n in range(8)]
    table = Table(tmp_path, "folder", rows)
    # Noise: bytes may differ by a few, but no middle halves lie apart by a hundredth of a byte per pixel.
    lines = compare(make_groups(table, 0))
    assert not [line.remark for line in lines if line.remark]
    assert {"Format", "Size in pixels"} <= {line.title for line in lines if line.same}
    assert "Nothing stands out" in page_of(table, tmp_path)


def test_value_of_one_class_only_is_pointed_out(tmp_path):
    writers = [write_jpeg] * 12 + [write_png] * 8 + [write_jpeg] * 20
    rows = [make_row(tmp_path, f"{n}", "ab"[n >= 20], writer, grey(9, 9, 9)) for n, writer in enumerate(writers)]
    lines = {line.title: line for line in compare(make_groups(Table(tmp_path, "folder", rows), 0))}
    assert lines["Format"].remark == "Format, PNG: 8 of the 20 pictures of a, none of the 20 others."


def test_header_facts_are_counted_by_class(tmp_path):
    rows = []
    for number in range(6):
        path = write_dicom(
            tmp_path / f"{number}.dcm", grey(32, 32, 10), modality="CR", ViewPosition=["AP", "PA"][number % 2]
        )
        decoded = decode_image(path)
        rows.append(Row(path.name, path, "xy"[number % 2], facts=decoded.facts, picture=decoded.pixels))
    table = Table(tmp_path, "folder", rows)
    lines = {line.title: line for line in compare(make_groups(table, 0))}
    assert lines["View (header)"].cells == [[("AP", "all")], [("PA", "all")]]
    assert "all 3 pictures of x, none of the 3 others" in lines["View (header)"].remark
    assert lines["Modality (header)"].same
    assert "Manufacturer (header)" not in lines
    assert "Test^Person" not in page_of(table, tmp_path)


def test_only_harmless_columns_of_the_own_table_are_summed_up(table):
    for number, row in enumerate(table.used):
        row.extra = {"Sex": "FM"[number % 2], "name": "Somebody", "age": str(20 + number)}
    titles = {line.title for line in compare(make_groups(table, 0))}
    assert {"Sex (your table)", "age (your table)"} <= titles
    assert not any("name" in title for title in titles)


def test_seed_draws_the_sample(table):
    first, again, other = (
        [[row.image for row in group.samples] for group in make_groups(table, seed)] for seed in (0, 0, 3)
    )
    assert first == again != other


@pytest.mark.parametrize("labels", [[""] * 3, ["only"] * 3, [f"class {n}" for n in range(13)]])
def test_any_number_of_classes(tmp_path, labels):
    rows = [make_row(tmp_path, f"{n}.png", label, write_png, grey(8, 8, 10)) for n, label in enumerate(labels)]
    table = Table(tmp_path, "folder", rows)
    page = page_of(table, tmp_path)
    assert len(re.findall("<figcaption><span title", page)) == len(labels)
    sheet = Image.open(write_look(table, tmp_path / "look.png", "x"))
    assert sheet.height == HEAD + ROW * len(set(labels)) + FOOT


def test_sheet_has_a_row_per_class(table, tmp_path):
    path = write_look(table, tmp_path / "look.PNG", "Größe 肺")
    sheet = Image.open(io.BytesIO(path.read_bytes()))
    assert sheet.format == "PNG"
    assert sheet.size == (WIDTH, HEAD + 3 * ROW + FOOT)
    middles = [sheet.getpixel((MARGIN + TILE // 2, HEAD + ROW * number + 44 + TILE // 2)) for number in range(3)]
    assert 10 <= middles[0][0] < 60 and middles[1][0] >= 180
    # The upright pictures of the second class stand on black, their shape kept.
    assert sheet.getpixel((MARGIN + 4, HEAD + ROW + 44 + TILE // 2)) == (0, 0, 0)
