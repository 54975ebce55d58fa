"""Writes a document as Markdown (the GitHub dialect, for its tables). What could become markup is escaped."""

from __future__ import annotations

import re

from wetread.paper.document import Document, Figure, Heading, Items, Paragraph, Table
from wetread.paper.wording import GAP

#: Signs that start markup somewhere in a line. Brackets are left, since `[1]` is a citation: a link needs `](`.
_SIGNS = re.compile(r"([\\`*_<>|~])")
#: What would begin a list, a heading or a quotation at the start of a line.
_START = re.compile(r"^(\s*)([#+>-]|\d+[.)])(?=\s|#|$)")


def to_markdown(document: Document) -> str:
    """The text of paper.md.

    Args:
        document: What to write.
    """
    parts = [f"# {escape(document.title)}", f"*{escape(document.notice)}*"]
    for block in document.blocks:
        if isinstance(block, Heading):
            parts.append(f"{'#' * (block.level + 1)} {escape(block.text)}")
        elif isinstance(block, Paragraph):
            text = _marked(block.text)
            parts.append("\n".join(f"> {line}" for line in text.splitlines()) if block.note else _begin(text))
        elif isinstance(block, Items):
            parts.append("\n".join(f"{number}. {escape(item)}" for number, item in enumerate(block.items, start=1)))
        elif isinstance(block, Table):
            parts.append(_table(block))
        elif isinstance(block, Figure):
            parts.append(f"![{_in_brackets(block.about)}]({block.file})\n\n**{escape(block.caption)}**")
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Text that stays text: no tag, link, image, table cell or emphasis comes of it."""
    flat = " ".join(str(text).split())
    safe = _SIGNS.sub(r"\\\1", flat.replace("&", "&amp;"))
    return safe.replace("](", "]\\(").replace("![", "!\\[").replace("]:", "]\\:")


def _in_brackets(text: str) -> str:
    return escape(text).replace("[", "(").replace("]", ")")


def _marked(text: str) -> str:
    """Escaped text with gaps for the author in bold."""
    return GAP.sub(lambda found: f"**{found[0]}**", escape(text))


def _begin(text: str) -> str:
    return _START.sub(r"\1\\\2", text)


def _table(table: Table) -> str:
    lines = [
        f"**{escape(table.caption)}**",
        "",
        _row(tuple(map(escape, table.columns))),
        _row(("---",) * len(table.columns)),
    ]
    for number, row in enumerate(table.rows):
        cells = [_marked(cell) for cell in row]
        lines.append(_row(tuple(f"**{cell}**" if cell and number in table.strong else cell for cell in cells)))
    return "\n".join(lines) + (f"\n\n{_marked(table.note)}" if table.note else "")


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cell or ' ' for cell in cells)} |"
