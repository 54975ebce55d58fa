"""A small model of a document, so that Markdown, HTML and Word say the same: headings, paragraphs, tables, figures.

All text is plain. A gap for the author (`wording.GAP`) is the only thing in it that writers set apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A heading; ``level`` 1 is a part of the document, 2 stands inside one."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a note is set smaller."""

    text: str
    note: bool = False


@dataclass(frozen=True)
class Items:
    """A numbered list, such as references."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table with one line of column names.

    Attributes:
        caption: ``Table 1. ...``
        columns: Names, one per column.
        rows: Cells as text, as many per row as there are columns.
        widths: Share of the width of each column; even where empty.
        note: What must be known to read it, below it.
        wide: Needs a page on its side.
        strong: Numbers of rows that head those below them.
        states: For each row a word that colours its state cell (filled, partly, author), or nothing.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...] = ()
    note: str = ""
    wide: bool = False
    strong: frozenset[int] = frozenset()
    states: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A drawing.

    Attributes:
        caption: ``Figure 1. ...``
        about: What it shows, for those who cannot see it.
        svg: For a page.
        png: For Word.
        file: Its name beside the text, for Markdown.
    """

    caption: str
    about: str
    svg: str
    png: bytes
    file: str


Block = Heading | Paragraph | Items | Table | Figure


@dataclass
class Document:
    """A document.

    Attributes:
        title: Its title.
        notice: Stands below the title and at the foot of every page.
        date: When the run was made, ISO 8601; the only date in it.
        blocks: In order.
    """

    title: str
    notice: str
    date: str
    blocks: list[Block] = field(default_factory=list)

    def add(self, *blocks: Block) -> Document:
        """Adds blocks at the end."""
        self.blocks.extend(blocks)
        return self

    @property
    def parts(self) -> Sequence[str]:
        """The headings of level 1."""
        return [block.text for block in self.blocks if isinstance(block, Heading) and block.level == 1]
