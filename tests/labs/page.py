"""What a page of a lab must hold, and what it must not."""

import re
from html.parser import HTMLParser

#: Attributes that make a browser ask for something.
ASKING = {"src", "href", "srcset", "data", "action", "poster", "xlink:href"}


class Asked(HTMLParser):
    """What a page would ask for."""

    def __init__(self):
        super().__init__()
        self.addresses, self.tags = [], set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ASKING]


def check_page(folder, content):
    """No request to anywhere, and everything that a reader needs; returns its text without the style sheet."""
    page = (folder / "lab.html").read_text(encoding="utf-8")
    asked = Asked()
    asked.feed(page)
    assert not asked.tags & {"script", "link", "iframe", "object", "embed", "img"}
    for address in asked.addresses:
        assert not re.match(r"[a-z]+:|//", address), address  # only files beside the page
        assert (folder / address).is_file(), address
    assert "url(" not in page and "@import" not in page
    assert "default-src 'none'" in page
    for heading in ("What to see", "What not to conclude", "What was done", "Sources"):
        assert f"<h2>{heading}</h2>" in page
    assert "Research and teaching only. Not a medical device." in page
    assert "Its numbers mean nothing" in page
    assert content["see"] and content["not"] and content["sources"] and content["commands"]
    assert str(folder) not in page  # a page may be handed on
    return page
