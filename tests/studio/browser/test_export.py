"""The Export page in a browser: everything says what it holds, and is there or says why not."""

import csv
import zipfile

import pytest

from tests.studio.browser.hands import has_sideways_scroll, noting
from tests.studio.conftest import Live
from tests.studio.result_runs import many, write_result

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser
PAGE = "/p/terminal/r/run/export"


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """One server for this file, with one run."""
    folder = tmp_path_factory.mktemp("export")
    run = write_result(folder / "wetread-runs" / "run", many())
    (run / "model").mkdir()
    for name in ("model.json", "golden.json"):
        (run / "model" / name).write_text("{}")
    (run / "report.html").write_text("<!doctype html><title>the report</title><h1>Report</h1>")
    server = Live(folder)
    yield server
    server.stop()


@pytest.fixture
def shown(page, live):
    page.goto(f"{live.url}{PAGE}")
    page.locator(".page[data-state=ready]").wait_for()
    return page


def test_what_is_there_is_saved_and_what_is_not_says_why(shown):
    with shown.expect_download() as found:
        shown.get_by_role("link", name="Save predictions.csv").click()
    assert found.value.suggested_filename == "run-predictions.csv"
    with open(found.value.path(), newline="") as handle:
        assert len(list(csv.DictReader(handle))) == 120
    missing = shown.locator(".thing[data-name='paper.md']")
    assert missing.get_attribute("data-ready") == "false"
    assert "Nothing was written for a paper yet." in missing.inner_text()
    assert missing.get_by_role("link").count() == 0


def test_what_has_to_be_made_is_made_first_and_then_saved(shown, live):
    model = shown.locator(".thing[data-name='model.zip']")
    with shown.expect_download() as found:
        model.get_by_role("button", name="Save model.zip").click()
    assert found.value.suggested_filename == "run-model.zip"
    with zipfile.ZipFile(found.value.path()) as packed:
        assert "model/model.json" in packed.namelist()
    expect(model.get_by_role("link", name="Save model.zip")).to_be_focused()
    project = shown.locator(".thing[data-name='teachable-machine.tm']")
    noted = noting(project)
    project.get_by_role("button", name="Save teachable-machine.tm").click()
    expect(project.get_by_role("alert")).to_contain_text("no longer in the cache", timeout=300_000)
    assert any("Preparing" in text for text in noted()), "it is said while it is made"
    expect(project.get_by_role("button", name="Save teachable-machine.tm")).to_be_visible()
    shown.reload()
    expect(model.get_by_role("link", name="Save model.zip")).to_be_visible()
    expect(project.get_by_role("alert")).to_contain_text("wetread export")


def test_the_report_opens_in_a_tab_of_its_own(shown, context):
    with context.expect_page() as opened:
        shown.get_by_role("link", name="Open report.html in a new tab").click()
    opened.value.wait_for_load_state()
    expect(opened.value).to_have_title("the report")


def test_everything_says_what_it_holds(shown):
    for thing in shown.locator(".thing").all():
        assert thing.locator(".about p").first.inner_text(), thing.get_attribute("data-name")
    told = shown.locator("main").inner_text()
    assert "It names your image files" in told and "Not a medical device" in told


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_serious_for_axe_and_no_sideways_scroll(shown, axe, theme):
    shown.emulate_media(color_scheme=theme)
    assert axe(shown) == []
    for width in (1024, 390):
        shown.set_viewport_size({"width": width, "height": 800})
        assert not has_sideways_scroll(shown), width
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
