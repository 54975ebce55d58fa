"""The page of a check inside a report."""

import pytest

from wetread.checks.run_checks import CHECKS
from wetread.report.check_pages import check_page

CODES = sorted(check.__module__.rsplit(".", 1)[1][:5].upper() for check in CHECKS)


@pytest.mark.parametrize("code", CODES)
def test_each_page_reads_well_inside_a_report(code):
    page = check_page(f"{code}.md")
    assert page.count("<h4>") == 5
    assert "<h1>" not in page
    assert "<a " not in page
    assert ".md" not in page
    assert "|---" not in page


@pytest.mark.parametrize("name", ["WR999.md", "../pages/WR101.md", "finding.py", "", "WR101.md/../../finding.py"])
def test_anything_else_is_ignored(name):
    assert check_page(name) == ""
