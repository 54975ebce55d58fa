"""Writes a document as a Word file: real headings, tables with repeated head rows, an alternative text for the figure.

The same run gives the same bytes: the file holds no time but that of the run, and its members bear none.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wetread.paper.document import Document, Figure, Heading, Items, Paragraph, Table
from wetread.paper.word_table import INK, MUTED, clean, split_gaps, table_xml
from wetread.writing import atomic_zip

#: Centimetres: A4, its margins, and what is left between them upright and on its side.
PAGE, MARGIN = (21.0, 29.7), 2.2
UPRIGHT, SIDEWAYS = PAGE[0] - 2 * MARGIN, PAGE[1] - 2 * MARGIN

FONT = "Calibri"
#: Before this no file can be dated in a zip.
NO_TIME = (1980, 1, 1, 0, 0, 0)


def write_word_file(document: Document, path: Path) -> Path:
    """Writes paper.docx.

    Args:
        document: What to write.
        path: Where.

    Raises:
        OutputError: The file cannot be written.
    """
    with zipfile.ZipFile(io.BytesIO(_packed(document))) as loose, atomic_zip(path) as packed:
        for name in loose.namelist():
            member = zipfile.ZipInfo(name, NO_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(member, loose.read(name))
    return path


def _packed(document: Document) -> bytes:
    import docx

    word = docx.Document()
    _set_up(word, document)
    word.add_heading(clean(document.title), 0)
    _runs(word.add_paragraph(style="Subtitle"), document.notice)
    sideways = False
    for number, block in enumerate(document.blocks):
        if isinstance(block, Heading) and block.level == 1 and _is_wide(document, number) != sideways:
            _turn(word, upright=sideways)
            sideways = not sideways
        _add(word, block, SIDEWAYS if sideways else UPRIGHT)
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


def _is_wide(document: Document, number: int) -> bool:
    """Whether the part whose heading has this number holds a table that needs a page on its side."""
    for block in document.blocks[number + 1 :]:
        if isinstance(block, Heading) and block.level == 1:
            return False
        if isinstance(block, Table) and block.wide:
            return True
    return False


def _add(word: Any, block: Heading | Paragraph | Items | Table | Figure, width: float) -> None:
    if isinstance(block, Heading):
        word.add_heading(clean(block.text), block.level)
    elif isinstance(block, Paragraph):
        _runs(word.add_paragraph(style="Note" if block.note else None), block.text)
    elif isinstance(block, Items):
        for item in block.items:
            _runs(word.add_paragraph(style="List Number"), item)
    elif isinstance(block, Figure):
        _figure(word, block)
    else:
        _table(word, block, width)


def _set_up(word: Any, document: Document) -> None:
    """Page, styles, foot and properties."""
    from docx.enum.style import WD_STYLE_TYPE
    from docx.shared import Cm, Pt, RGBColor

    section = word.sections[0]
    section.page_width, section.page_height = Cm(PAGE[0]), Cm(PAGE[1])
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(MARGIN)
    word.styles.add_style("Note", WD_STYLE_TYPE.PARAGRAPH).base_style = word.styles["Normal"]
    looks = {
        "Normal": (10.5, INK, False, 0, 6), "Title": (20, INK, True, 0, 4), "Subtitle": (10, MUTED, False, 0, 10),
        "Heading 1": (15, INK, True, 18, 4), "Heading 2": (11.5, INK, True, 10, 2), "Caption": (10, INK, True, 12, 4),
        "List Number": (9.5, INK, False, 0, 3), "Note": (9, MUTED, False, 4, 6),
    }  # fmt: skip
    for name, (size, colour, bold, before, after) in looks.items():
        style = word.styles[name]
        style.font.name, style.font.size, style.font.bold, style.font.italic = FONT, Pt(size), bold, False
        style.font.color.rgb = RGBColor.from_string(colour)
        style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
        _own_font(style)
    word.styles["Normal"].paragraph_format.line_spacing = 1.15
    _foot(section, document.notice)
    told = word.core_properties
    told.title, told.subject, told.author, told.comments = (
        clean(document.title),
        "Research and teaching",
        "",
        document.notice,
    )
    told.last_modified_by, told.keywords, told.revision, told.language = "", "", 1, "en-GB"
    told.created = told.modified = told.last_printed = _moment(document.date)


def _own_font(style: Any) -> None:
    """The theme's fonts win over a style's own unless they are taken out."""
    from docx.oxml.ns import qn

    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for key in [key for key in fonts.attrib if key.endswith(("Theme", "theme"))]:
        del fonts.attrib[key]
    for key in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(key), FONT)
    for border in style.element.iter(qn("w:pBdr")):
        border.getparent().remove(border)
        break


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    except ValueError:
        return datetime(*NO_TIME)


def _foot(section: Any, notice: str) -> None:
    paragraph = section.footer.paragraphs[0]
    paragraph.style = "Note"
    paragraph.add_run(f"{notice}   Page ")
    run = paragraph.add_run()
    for kind, text in ("begin", ""), ("", "PAGE"), (("end", "")):
        run._r.append(_element("w:instrText", text) if text else _element("w:fldChar", **{"w:fldCharType": kind}))


def _turn(word: Any, upright: bool = False) -> None:
    """Goes on with a page on its side, or upright again."""
    from docx.enum.section import WD_ORIENT, WD_SECTION
    from docx.shared import Cm

    section = word.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.PORTRAIT if upright else WD_ORIENT.LANDSCAPE
    width, height = PAGE if upright else PAGE[::-1]
    section.page_width, section.page_height = Cm(width), Cm(height)


def _figure(word: Any, figure: Figure) -> None:
    from docx.shared import Cm

    paragraph = word.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    shape = paragraph.add_run().add_picture(io.BytesIO(figure.png), width=Cm(min(15.5, UPRIGHT)))
    tall = Cm(19)
    if shape.height > tall:
        shape.width, shape.height = int(shape.width * tall / shape.height), tall
    for told in shape._inline.iter("{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}docPr"):
        told.set("descr", clean(figure.about))
        told.set("title", clean(figure.caption))
    _runs(word.add_paragraph(style="Caption"), figure.caption)


def _table(word: Any, table: Table, width: float) -> None:
    from docx.oxml import parse_xml

    caption = word.add_paragraph(style="Caption")
    caption.paragraph_format.keep_with_next = True
    _runs(caption, table.caption)
    word.element.body.sectPr.addprevious(parse_xml(table_xml(table, width)))
    _runs(word.add_paragraph(style="Note"), table.note)


def _runs(paragraph: Any, text: str) -> None:
    """Text with gaps for the author on yellow."""
    from docx.enum.text import WD_COLOR_INDEX
    from docx.shared import RGBColor

    for part, is_gap in split_gaps(clean(text)):
        run = paragraph.add_run(part)
        if is_gap:
            run.font.highlight_color = WD_COLOR_INDEX.YELLOW
            run.font.color.rgb = RGBColor.from_string(INK)


def _element(name: str, text: str = "", **attributes: str) -> Any:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(key), value)
    if text:
        made.text = text
    return made
