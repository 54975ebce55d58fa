"""The start page: projects, their names and the bin, archives, and nothing yet."""

import pytest

from tests.studio.browser.hands import READY, check_look, expect_counts, fill, hold_toast, new_project, ready_to_type
from tests.studio.dropping import picture_bytes, zip_bytes

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


def test_nothing_yet_shows_the_ways_in(page, axe, live):
    page.locator(READY).wait_for()
    expect(page.locator(".page-start")).to_have_attribute("data-state", "empty")
    for name in ("New project", "Choose a folder", "Open .zip or .tm"):
        expect(page.get_by_role("button", name=name)).to_be_visible()
    expect(page.get_by_role("heading", name="Try the sample")).to_be_visible()
    check_look(page, axe, live.url)


def test_a_project_by_keyboard_alone(page, live):
    page.locator(READY).wait_for()
    page.keyboard.press("n")
    ready_to_type(page)
    page.keyboard.type("  Effusion on chest radiographs ")
    page.keyboard.press("Enter")
    page.wait_for_url("**/build")
    expect(page.locator(".project-name")).to_have_text("Effusion on chest radiographs")


def test_cards_rename_bin_and_undo(page, live, axe):
    project = new_project(page, live)
    fill(page, project, {"sick": 3, "well": 2})
    page.goto(live.url)
    card = page.get_by_role("listitem").filter(has_text="Chests")
    expect(card).to_contain_text("5 images · 2 classes")
    assert card.locator(".shots img").first.evaluate("node => node.decode().then(() => node.naturalWidth)") > 0
    card.get_by_role("button", name="More for Chests").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_label("Name", exact=True).fill("Lungs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Lungs")).to_be_visible()
    page.get_by_role("button", name="More for Lungs").click()
    page.get_by_role("menuitem", name="Move to the bin").click()
    hold_toast(page)
    expect(page.get_by_role("link", name="Lungs")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Lungs")).to_be_visible()
    check_look(page, axe, live.url)


def test_an_archive_becomes_a_project(page, live, tmp_path):
    archive = tmp_path / "bones.zip"
    members = {
        f"{label}/{number}.png": picture_bytes(number + base)
        for label, base in (("broken", 0), ("whole", 50))
        for number in range(4)
    }
    archive.write_bytes(zip_bytes({**members, "whole/readme.txt": b"no image"}))
    page.locator(READY).wait_for()
    page.locator("#archive-field").set_input_files(archive)
    expect(page.get_by_label("Name", exact=True)).to_have_value("bones")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/build")
    page.locator(".import[data-state=done]").wait_for()
    expect(page.locator(".import h3")).to_contain_text("8 added")
    expect(page.locator(".class-card")).to_have_count(2)
    expect_counts(page, {"broken": 4, "whole": 4})
