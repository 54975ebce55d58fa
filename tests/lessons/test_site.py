"""The site of `make docs`: formulas without a script, and nothing that comes from elsewhere."""

import importlib.util
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PACKAGES = ("sphinx", "myst_nb", "furo", "latex2mathml", "nbformat")
needs_sphinx = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, PACKAGES)), reason="the site needs the extra docs"
)
PAGE = """# A page

Inline $a^2$, and

$$ \\mathrm{grey} = \\frac{x - c}{w}, \\quad \\text{cut off} $$

[The other](lesson.ipynb). [A link that a reader may follow](https://example.org).

```{toctree}
lesson
```
"""


@pytest.fixture(scope="module")
def site_room():
    """docs/make_site.py, which is a script beside the package."""
    spec = importlib.util.spec_from_file_location("make_site", DOCS / "make_site.py")
    room = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(room)
    return room


@pytest.fixture(scope="module")
def tiny_site(site_room, tmp_path_factory):
    """Two pages made with the settings of the site: one of Markdown, one a notebook with an output."""
    import nbformat

    folder = tmp_path_factory.mktemp("site")
    source, site = folder / "source", folder / "site"
    site_room.set_up(source)
    (source / "index.md").write_text(PAGE, encoding="utf-8")
    output = nbformat.v4.new_output("stream", text="seventeen films\n")
    cells = [
        nbformat.v4.new_markdown_cell("# A lesson\n\n$$ E = \\sum_i x_i $$"),
        nbformat.v4.new_code_cell("print('seventeen films')", outputs=[output], execution_count=1),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), source / "lesson.ipynb")
    assert site_room.build(source, site) == 0
    return site


@needs_sphinx
def test_formulas_are_mathml_and_outputs_are_there(tiny_site):
    page, lesson = ((tiny_site / name).read_text(encoding="utf-8") for name in ("index.html", "lesson.html"))
    assert page.count("<math") == 2
    assert re.search(r"<mfrac>.*<mi>w</mi>", page)
    assert "$$" not in page
    assert lesson.count("<math") == 1
    assert "seventeen films\n" in lesson
    assert "MathJax" not in page + lesson


@needs_sphinx
def test_no_page_asks_another_machine_for_anything(site_room, tiny_site):
    assert site_room.foreign_loads(tiny_site) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<script src="https://example.org/x.js"></script>', True),
        ('<link rel="stylesheet" href="//example.org/x.css">', True),
        ("<img srcset='https://example.org/x.png 2x'>", True),
        ("<p style=\"background: url('http://example.org/x.png')\">", True),
        ('<script>require(["a"]); fetch("https://example.org/x")</script>', True),
        ('<a href="https://example.org">read</a>', False),
        ('<img src="images/x.png"><img src="data:image/png;base64,AAAA">', False),
        ("<p>see https://example.org</p>", False),
    ],
)
def test_foreign_loads_are_told_from_links(site_room, tmp_path, text, found):
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    assert bool(site_room.foreign_loads(tmp_path)) is found


@pytest.mark.parametrize(
    "rule", ["@import 'https://example.org/a.css';", "a { src: url(https://example.org/a.woff2) }"]
)
def test_style_sheets_are_looked_through_too(site_room, tmp_path, rule):
    (tmp_path / "a.css").write_text("a { background: url(b.png) }", encoding="utf-8")
    assert site_room.foreign_loads(tmp_path) == []
    (tmp_path / "b.css").write_text(rule, encoding="utf-8")
    assert len(site_room.foreign_loads(tmp_path)) == 1


def test_every_page_of_the_docs_is_found_once(site_room):
    pages = ["docs/data", "docs/teaching/README", "docs/zebra", "docs/checks/README", "src/wetread/checks/pages/WR101"]
    text = site_room.contents(["lessons/lesson_01"], pages)
    lines = text.splitlines()
    assert all(lines.count(page) == 1 for page in [*pages, "lessons/lesson_01"])
    assert text.index("docs/zebra") > text.index(":caption: More")


def test_what_a_page_links_to_comes_along(site_room):
    names = {path.name for path in site_room.linked(DOCS / "phantoms.md")}
    assert "phantoms-chest.png" in names
    assert {path.name for path in site_room.linked(DOCS / "training.md")} >= {"rules.py"}
