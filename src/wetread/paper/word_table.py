"""A table as WordprocessingML (ISO/IEC 29500-1, section 17.4), written as text: a cell at a time it would take seconds.

Lines above, below and under the head; the head is repeated on each page, and no row is torn.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from wetread.paper.document import Table
from wetread.paper.wording import GAP

INK, MUTED = "17202C", "5B6676"
EDGE, LINE = "6B7686", "D9DEE6"
#: Colours of the states of a checklist.
STATES = {"filled": "1F7A45", "begun": "9A5B00", "author": MUTED}

#: Twentieths of a point per centimetre: the unit of widths.
TWIPS = 567

_NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#: Letters that XML 1.0 does not know.
_NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF), " ")


def clean(text: str) -> str:
    """Text without letters that XML cannot hold."""
    return text.translate(_NOT_XML)


def split_gaps(text: str) -> Iterable[tuple[str, bool]]:
    """Pieces of a text, and whether each is a gap for the author."""
    start = 0
    for found in GAP.finditer(text):
        if found.start() > start:
            yield text[start : found.start()], False
        yield found[0], True
        start = found.end()
    if start < len(text):
        yield text[start:], False


def table_xml(table: Table, width: float) -> str:
    """A table as a ``w:tbl`` element.

    Args:
        table: What to write; its caption and note stand outside.
        width: Of the whole table in centimetres.
    """
    shares = table.widths or (1.0,) * len(table.columns)
    widths = [round(TWIPS * width * share / sum(shares)) for share in shares]
    size = 17 if table.wide or len(table.columns) > 5 else 18
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="{thick}" w:space="0" w:color="{colour}"/>'
        for side, thick, colour in (("top", 8, EDGE), ("bottom", 8, EDGE), ("insideH", 2, LINE))
    )
    grid = "".join(f'<w:gridCol w:w="{one}"/>' for one in widths)
    rows = [_row(table.columns, widths, size, bold=True, head=True)]
    for number, texts in enumerate(table.rows):
        state = table.states[number] if table.states else ""
        rows.append(_row(texts, widths, size, bold=number in table.strong, state=state))
    return (
        f'<w:tbl xmlns:w="{_NAMESPACE}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f'<w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/></w:tblCellMar>'
        f'<w:tblLook w:firstRow="1" w:noVBand="1"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(rows)}</w:tbl>'
    )


def _row(
    texts: Iterable[str], widths: list[int], size: int, *, bold: bool = False, head: bool = False, state: str = ""
) -> str:
    below = (
        f'<w:tcBorders><w:bottom w:val="single" w:sz="6" w:space="0" w:color="{EDGE}"/></w:tcBorders>' if head else ""
    )
    cells = []
    for column, (text, wide) in enumerate(zip(texts, widths, strict=True)):
        colour = STATES.get(state, "") if column == 2 else ""
        runs = "".join(_run(part, size, bold or bool(colour), colour, gap) for part, gap in split_gaps(clean(text)))
        cells.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{wide}" w:type="dxa"/>{below}</w:tcPr>'
            f"<w:p><w:pPr>{'<w:keepNext/>' if bold else ''}<w:spacing "
            'w:before="40" '
            'w:after="40" '
            'w:line="240" '
            'w:lineRule="auto"/>'
            f"</w:pPr>{runs}</w:p></w:tc>"
        )
    repeated = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def _run(text: str, size: int, bold: bool, colour: str, gap: bool) -> str:
    look = ("<w:b/>" if bold else "") + (f'<w:color w:val="{colour}"/>' if colour else "") + f'<w:sz w:val="{size}"/>'
    mark = '<w:highlight w:val="yellow"/>' if gap else ""
    return f'<w:r><w:rPr>{look}{mark}</w:rPr><w:t xml:space="preserve">{escape(text, quote=False)}</w:t></w:r>'
