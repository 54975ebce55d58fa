"""The page of a check, inside a report: what it means, how it was found, what to do, what it cannot see."""

from __future__ import annotations

import re
from importlib.resources import files

from markupsafe import Markup

_NAME = re.compile(r"WR\d{3}\.md")


def check_page(name: str) -> Markup:
    """The page of a check as HTML, without its title; empty where there is no such page.

    Args:
        name: As findings.json names it. It came from a file, so anything but the name of a page is ignored.
    """
    page = files("wetread.checks") / "pages" / name
    if not _NAME.fullmatch(name) or not page.is_file():
        return Markup()
    # Imported here: most runs have a few findings, and looking at numbers needs none of it.
    from markdown_it import MarkdownIt

    text = page.read_text(encoding="utf-8").split("\n", 1)[1]
    # A report stands alone: a link to another page would lead nowhere.
    text = re.sub(r"\[([^\]]+)\]\([^)]+\.md[^)]*\)", r"\1", text)
    text = re.sub(r"^## ", "#### ", text, flags=re.MULTILINE)
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))  # noqa: S704 - HTML in it is escaped
