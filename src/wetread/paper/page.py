"""Writes a document as one self-contained HTML page: no script, no request, light, dark and print."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

from wetread.paper.document import Document, Figure, Heading, Items, Paragraph, Table
from wetread.paper.wording import GAP

STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def to_page(document: Document) -> str:
    """The text of paper.html.

    Args:
        document: What to write.
    """
    body = "\n".join(_block(block) for block in document.blocks)
    links = "".join(f'<a href="#{_anchor(part)}">{escape(part)}</a>' for part in document.parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(document.title)}</title><style>{STYLE}</style></head><body><main>"
        f'<header><h1>{escape(document.title)}</h1><span class="notice">{escape(document.notice)}</span></header>'
        f"<nav>{links}</nav>\n{body}\n<footer>{escape(document.notice)}</footer></main></body></html>\n"
    )


def _block(block: Heading | Paragraph | Items | Table | Figure) -> str:
    if isinstance(block, Heading):
        level = block.level + 1
        return f'<h{level} id="{_anchor(block.text)}">{escape(block.text)}</h{level}>'
    if isinstance(block, Paragraph):
        return f'<p class="note">{_marked(block.text)}</p>' if block.note else f"<p>{_marked(block.text)}</p>"
    if isinstance(block, Items):
        return "<ol>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ol>"
    if isinstance(block, Figure):
        return f"<figure>{block.svg}<figcaption>{escape(block.caption)}</figcaption></figure>"
    return _table(block)


def _marked(text: str) -> str:
    """Escaped text with gaps for the author set apart."""
    return GAP.sub(lambda found: f"<mark>{found[0]}</mark>", escape(text))


def _anchor(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _table(table: Table) -> str:
    kind = "checklist" if table.states else "many" if len(table.columns) > 4 else ""
    heads = "".join(
        f'<th scope="col"{_width(table, number)}>{escape(name)}</th>' for number, name in enumerate(table.columns)
    )
    rows = []
    for number, row in enumerate(table.rows):
        state = table.states[number] if table.states else ""
        classes = " ".join(filter(None, ("strong" if number in table.strong else "", state)))
        cells = "".join(
            f'<td class="state">{escape(cell)}</td>' if state and column == 2 else f"<td>{_marked(cell)}</td>"
            for column, cell in enumerate(row)
        )
        rows.append(f'<tr class="{classes}">{cells}</tr>' if classes else f"<tr>{cells}</tr>")
    note = f'<p class="note">{_marked(table.note)}</p>' if table.note else ""
    head = f"<thead><tr>{heads}</tr></thead>"
    body = f"<tbody>{''.join(rows)}</tbody>"
    return (
        f'<p class="caption">{escape(table.caption)}</p>'
        f'<div class="wide"><table class="{kind}">{head}{body}</table></div>{note}'
    )


def _width(table: Table, column: int) -> str:
    if not table.widths:
        return ""
    return f' style="width:{100 * table.widths[column] / sum(table.widths):.0f}%"'
