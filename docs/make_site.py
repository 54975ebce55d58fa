"""Makes the site: lessons with their outputs and the pages of docs/, readable offline, in build/site.

python docs/make_site.py

Gathers everything in build/site_source, where each file keeps its place relative to the others, lets Sphinx make pages
of it, and then looks through them: nothing may be loaded from anywhere else. Warnings are errors.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE, SITE = ROOT / "build" / "site_source", ROOT / "build" / "site"
LESSONS = ROOT / "build" / "lessons"
CHECK_PAGES = "src/wetread/checks/pages"
#: The pages of docs/ by what they are for; what is not named here follows under "More".
GROUPS = {
    "Begin": ("data", "phantoms", "studio", "recipes", "weights", "privacy"),
    "Train and judge": ("training", "augmentation", "numbers", "intervals", "trust-gate", "learning-curve", "external"),
    "Look inside": ("explanations", "look", "refusal", "compare", "readers", "paper-kit"),
    "Teach": (
        "teaching/index",
        "teaching/schedule",
        "teaching/goals_and_outputs",
        "teaching/misunderstandings",
        "teaching/exercises",
        "teaching/glossary",
        "labs",
    ),
    "Measured": ("measured", "accuracy", "performance", "false_alarms", "traps", "fix"),
}
INDEX = """# wetread

From a folder of medical images to a classifier, and an honest report of what it is worth.

**Research and teaching only. Not a medical device.** These pages are readable without a network. The lessons below
stand here with the results of a run; `wetread learn NUMBER` gives you one to change and to run.
"""


def gather(source: Path = SOURCE, lessons: Path = LESSONS) -> None:
    """Copies the pages, what they link to, and the lessons that were run; writes the page of contents."""
    shutil.rmtree(source, ignore_errors=True)
    (source / "lessons").mkdir(parents=True)
    set_up(source)
    pages = [*sorted(ROOT.glob("docs/**/*.md")), *sorted((ROOT / CHECK_PAGES).glob("*.md"))]
    for page in pages:
        for path in (page, *linked(page)):
            place = source / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    found = sorted(lessons.glob("lesson_*.ipynb"))
    for path in found:
        shutil.copy(path, source / "lessons")
    names = [page.relative_to(ROOT).with_suffix("").as_posix() for page in pages]
    (source / "index.md").write_text(contents([f"lessons/{path.stem}" for path in found], names), encoding="utf-8")


def set_up(source: Path) -> None:
    """Lays down what the site is built with."""
    (source / "_static").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "conf.py", source)
    shutil.copy(ROOT / "docs" / "site.css", source / "_static")


def linked(page: Path) -> Iterator[Path]:
    """Files of the repository, other than pages, to which a page links."""
    for target in re.findall(r"\]\(([^)#:\s]+)[^):\s]*\)", page.read_text(encoding="utf-8")):
        path = (page.parent / target).resolve()
        if path.is_file() and path.suffix != ".md" and path.is_relative_to(ROOT):
            yield path


def contents(lessons: list[str], pages: list[str]) -> str:
    """The first page: an introduction and one list for each group."""
    left = dict.fromkeys(pages)
    parts = [INDEX, tree("Lessons", lessons)]
    for title, names in GROUPS.items():
        chosen = [page for name in names for page in left if page in (f"docs/{name}", f"docs/{name}/README")]
        parts.append(tree(title, chosen))
        left = {page: None for page in left if page not in chosen}
    checks = [page for page in left if page.startswith(CHECK_PAGES) or page.startswith("docs/checks")]
    parts += [tree("More", [page for page in left if page not in checks]), tree("Checks", checks)]
    return "\n".join(part for part in parts if part)


def tree(title: str, pages: list[str]) -> str:
    """A list of pages under a title; nothing where there are none."""
    lines = "\n".join(pages)
    return f"```{{toctree}}\n:maxdepth: 1\n:caption: {title}\n\n{lines}\n```\n" if pages else ""


def build(source: Path = SOURCE, site: Path = SITE) -> int:
    """Lets Sphinx make the pages; returns its exit code. Warnings are errors."""
    from sphinx.cmd.build import build_main

    shutil.rmtree(site, ignore_errors=True)
    return int(
        build_main(["-q", "-W", "--keep-going", "-b", "html", "-d", str(source / ".doctrees"), str(source), str(site)])
    )


class _Loads(HTMLParser):
    """Collects what a browser fetches by itself when it shows a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Links that a reader may follow are no loads; all other addresses are."""
        given = dict(attrs)
        if tag not in ("a", "area", "base"):
            self.found += [value for name in ("src", "href", "srcset", "data", "poster") if (value := given.get(name))]
        self.found += re.findall(r"url\(([^)]+)\)", given.get("style") or "")


def foreign_loads(site: Path) -> list[str]:
    """Every page or style sheet that would make a browser ask another machine: ``file: address``."""
    found = []
    for path in sorted(site.rglob("*")):
        if path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            reader = _Loads()
            reader.feed(text)
            addresses = [*reader.found, *re.findall(r"""(?:fetch|import|require)\w*\(\s*['"]([^'"]+)""", text)]
        elif path.suffix == ".css":
            addresses = re.findall(r"""(?:@import|url\()\s*['"]?([^'")\s]+)""", path.read_text(encoding="utf-8"))
        else:
            continue
        name = path.relative_to(site).as_posix()
        found += [f"{name}: {one}" for one in addresses if re.match(r"\s*['\"]?(https?:|wss?:|//)", one)]
    return found


def main() -> int:
    """Makes the site and looks through it."""
    gather()
    code = build()
    foreign = foreign_loads(SITE)
    print("\n".join(foreign) or f"{SITE / 'index.html'}: nothing on these pages comes from elsewhere.")
    return 1 if foreign else code


if __name__ == "__main__":
    sys.exit(main())
