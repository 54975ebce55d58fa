"""Every check has its page, named after its code, with what a reader looks for."""

import re
from pathlib import Path

import pytest

import wetread.checks
from wetread.checks.finding import Finding
from wetread.checks.run_checks import CHECKS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = Path(wetread.checks.__file__).parent / "pages"
CODES = sorted(check.__module__.rsplit(".", 1)[1][:5].upper() for check in CHECKS)


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_a_page_with_meaning_evidence_method_and_limits(code):
    text = (PAGES / Finding(code, "t", "info", "s.", "r.").page).read_text(encoding="utf-8")
    assert text.startswith(f"# {code}: ")
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert titles == [
        "Why it matters",
        "How it is found",
        "When it is red, amber or for information",
        "What to do",
        "What it cannot see",
    ]
    for link in re.findall(r"\]\(([^)]+\.md)\)", text):
        assert (PAGES / link).is_file()


@pytest.mark.parametrize("check", CHECKS)
def test_a_page_bears_the_title_that_the_finding_has(check):
    source = Path(check.__globals__["__file__"]).read_text(encoding="utf-8")
    code = re.search(r'"(WR\d{3})",\n', source)[1]
    title = re.search(rf'"{code}",\n\s*(?:"([^"]+)")', source)[1]
    assert (PAGES / f"{code}.md").read_text(encoding="utf-8").splitlines()[0] == f"# {code}: {title}"


def test_the_list_of_pages_names_them_all():
    listed = re.findall(r"\[(WR\d{3})\]\(\S*/\1\.md\)", (DOCS / "checks" / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == CODES
    assert sorted(path.stem for path in PAGES.glob("WR*.md")) == CODES
