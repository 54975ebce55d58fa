"""What every page of wetread shares: templates, escaping, the style sheet, and how numbers are said."""

from __future__ import annotations

import re
import shlex
from decimal import Decimal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from wetread.outcome import counted, in_units, in_words, say_percent, say_share
from wetread.report.check_pages import check_page
from wetread.report.rungs import SHORT, THE_SAME


def page_environment() -> Environment:
    """Templates with escaping on, an error for every name that is missing, and the common style sheet as `style`."""
    environment = Environment(
        loader=PackageLoader("wetread.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["two"] = say_share
    environment.filters["interval"] = lambda one: f"{say_share(one['low'])} to {say_share(one['high'])}"
    environment.filters["percent"] = say_percent
    environment.filters["three"] = lambda value: f"{value:.3f}"
    environment.filters["words"] = in_words
    environment.filters["rung"] = lambda name: SHORT.get(name, in_words(name))
    environment.filters["the_rung"] = lambda name: THE_SAME.get(name, in_words(name))
    environment.filters["counted"] = counted
    environment.filters["in_units"] = in_units
    environment.filters["number"] = say_number
    environment.filters["signed"] = lambda value: f"{value:z.2f}"  # without a minus before zero
    environment.filters["change"] = lambda value: f"{value:+z.2f}"
    environment.filters["took"] = say_seconds
    environment.filters["shell"] = shlex.join  # so that >= of an option, pasted, does not become a file
    environment.filters["unbroken"] = keep_options_whole
    environment.globals["check_page"] = check_page
    environment.globals["style"] = Markup(environment.loader.get_source(environment, "report.css")[0])  # type: ignore[union-attr]  # noqa: S704
    return environment


def keep_options_whole(command: str) -> Markup:
    """A command, or words about one, whose lines do not end inside ``--set``; what is copied stays the same."""
    text = str(escape(command))  # a plain string, since pieces that are put together as markup are escaped again
    return Markup(re.sub(r"(?<!\S)--?[A-Za-z][\w-]*", r'<span class="tight">\g<0></span>', text))  # noqa: S704


def say_number(value: float) -> str:
    """Two digits that count, without powers of ten and without a minus before zero: ``0.000013``, ``-1.3``, ``130``."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{Decimal(f'{value:.2g}'):zf}" if value else "0"


def say_seconds(seconds: float | None) -> str:
    """``8.2 s``, ``3 min 20 s``; empty for None."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
