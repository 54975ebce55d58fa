"""How Sphinx makes the site; `docs/make_site.py` gathers the pages. Nothing is fetched, here or in a browser."""

from __future__ import annotations

from typing import Any

from latex2mathml.converter import convert

project = "wetread"
copyright = "the wetread developers, Apache License 2.0"
extensions = ["myst_nb"]
html_theme = "furo"
html_title = "wetread"
html_copy_source = False
html_show_sourcelink = False
html_permalinks_icon = "#"
html_theme_options = {"footer_icons": []}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
# The lessons come with their outputs. The scripts for sliders would come from a server; the outputs hold none.
nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, Any] = {}
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
suppress_warnings = ["misc.highlighting_failure"]


def _inline(self: Any, node: Any) -> None:
    self.body.append(convert(node.astext()))


def _display(self: Any, node: Any) -> None:
    self.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')


def _leave_out(visit: Any) -> Any:
    """The text of a formula has been written; what Sphinx would add is not wanted."""
    from docutils import nodes

    def visited(self: Any, node: Any) -> None:
        visit(self, node)
        raise nodes.SkipNode

    return visited


def setup(app: Any) -> None:
    """Formulas as MathML, which every browser draws by itself."""
    app.add_html_math_renderer("mathml", (_leave_out(_inline), None), (_leave_out(_display), None))
