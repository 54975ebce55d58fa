"""Markdown, page and Word say the same, and names from the data stay text in all of them."""

import io
import re
import zipfile

import docx
import pytest
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from wetread.paper.document import Document, Figure, Heading, Items, Paragraph, Table
from wetread.paper.markdown import escape, to_markdown
from wetread.paper.page import to_page
from wetread.paper.word_file import write_word_file

NASTY = "<script>alert(1)</script>|`x` *b* _i_ [l](javascript:x) ![p](q) \\ & \x07 \ud800"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000 3a7e9b55".replace(" ", "")
    + "0000000a49444154789c63f80f0001010100 1bb6ee56".replace(" ", "")
    + "0000000049454e44ae426082"
)


@pytest.fixture
def document():
    table = Table(
        "Table 1. " + NASTY, ("a", NASTY), ((NASTY, "[AUTHOR: dates]"), ("head", "")), note=NASTY, strong=frozenset({1})
    )
    listed = Table(
        "Table 2.", ("Item", "asks", "State", "x"), (("1", "y", "from this run", "z"),), wide=True, states=("filled",)
    )
    figure = Figure("Figure 1. " + NASTY, NASTY, "<svg></svg>", PNG, "flow.svg")
    text = Document("Title", "Research and teaching only.", "2026-01-02T03:04:05+00:00")
    return text.add(
        Paragraph("A note [AUTHOR: me].", note=True), Heading("Part"), Heading(NASTY, 2), Paragraph("# " + NASTY),
        figure, table, Heading("Lists"), listed, Heading("End"), Items((NASTY, "two")),
    )  # fmt: skip


def test_page(document):
    page = to_page(document)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<mark>[AUTHOR: dates]</mark>" in page
    assert '<tr class="strong">' in page
    assert 'href="#part"' in page
    assert page.count("<table") == page.count("</table>") == 2
    assert "http" not in page.replace("http-equiv", "")


def test_markdown(document):
    text = to_markdown(document)
    assert "<script" not in text.replace("\\<script", "")
    assert "](javascript" not in text
    assert "**[AUTHOR: dates]**" in text
    assert "\n\\# " in text  # a paragraph that begins like a heading is none
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows[:4]} == {3}
    assert "1. " in text


@pytest.mark.parametrize(
    ("text", "safe"),
    [("a_b", "a\\_b"), ("a|b", "a\\|b"), ("[1]", "[1]"), ("[x](y)", "[x]\\(y)"), ("a\nb", "a b"), ("<b>", "\\<b\\>")],
)
def test_markdown_signs(text, safe):
    assert escape(text) == safe


def test_word(document, tmp_path):
    path = write_word_file(document, tmp_path / "paper.docx")
    word = docx.Document(str(path))
    assert [p.text for p in word.paragraphs if p.style.name == "Heading 1"] == ["Part", "Lists", "End"]
    first = word.tables[0]
    assert "<script>alert(1)</script>" in first.cell(1, 0).text
    assert first.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in first.rows)
    marked = [run for p in word.paragraphs for run in p.runs if run.font.highlight_color]
    assert [run.text for run in marked] == ["[AUTHOR: me]"]
    assert first._tbl.xml.count("w:highlight") == 1
    shape = word.inline_shapes[0]
    assert shape._inline.docPr.get("descr").startswith("<script>")
    assert [section.orientation for section in word.sections] == [
        WD_ORIENT.PORTRAIT, WD_ORIENT.LANDSCAPE, WD_ORIENT.PORTRAIT,
    ]  # fmt: skip
    assert word.core_properties.created.isoformat() == "2026-01-02T03:04:05+00:00"
    assert word.core_properties.author == ""


def test_tables_fit_their_page(document, tmp_path):
    word = docx.Document(str(write_word_file(document, tmp_path / "paper.docx")))
    for table, section in zip(word.tables, word.sections, strict=False):
        room = section.page_width.twips if hasattr(section.page_width, "twips") else section.page_width / 635
        room -= (section.left_margin + section.right_margin) / 635
        wide = sum(int(column.get(qn("w:w"))) for column in table._tbl.tblGrid)
        assert 0.98 * room < wide <= 1.01 * room


def test_word_bears_no_time_of_its_own(document, tmp_path):
    first = write_word_file(document, tmp_path / "a.docx").read_bytes()
    assert first == write_word_file(document, tmp_path / "b.docx").read_bytes()
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert {member.date_time for member in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert packed.testzip() is None


def test_a_run_without_a_date_still_has_a_word_file(document, tmp_path):
    document.date = ""
    assert docx.Document(str(write_word_file(document, tmp_path / "a.docx"))).core_properties.created.year == 1980
