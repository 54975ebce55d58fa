"""The shell: addresses, tabs, keys, theme, and names that hold markup."""

import re

import pytest

from tests.studio.browser.hands import READY, call, eventually, fill, new_project, press_in_turn, ready_to_type

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


def test_tabs_keep_the_project_and_the_back_button_goes_back(page, live):
    project = new_project(page, live)
    page.goto(f"{live.url}/p/{project}/build")
    page.locator(READY).wait_for()
    page.get_by_role("link", name="Audit", exact=True).click()
    expect(page).to_have_url(f"{live.url}/p/{project}/audit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    expect(page).to_have_title("Audit · Chests · wetread")
    expect(page.locator("main")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Build")
    # A page of a run, without a run, says where to get one.
    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.get_by_text("No run yet.")).to_be_visible()
    page.get_by_role("link", name="wetread").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Projects")


def test_an_unknown_address_and_an_unknown_project_say_so(page, live, context):
    context.forgiven += ["404"]
    page.goto(f"{live.url}/p/p-00000000/nothing")
    page.locator("main[data-state=missing]").wait_for()
    page.goto(f"{live.url}/p/p-00000000/build")
    page.locator("main[data-state=error]").wait_for()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("link", name="To the projects").click()
    page.locator(READY).wait_for()


def test_keys_work_outside_fields_and_are_listed(page, live):
    project = new_project(page, live)
    page.goto(f"{live.url}/p/{project}/build")
    page.locator(READY).wait_for()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog.get_by_text("New class")).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    press_in_turn(page, "g a")  # within 1.2 s, or they are two keys
    expect(page).to_have_url(re.compile("/audit$"))
    press_in_turn(page, "g b")
    expect(page).to_have_url(re.compile("/build$"))  # the page that is left is ready as well
    page.locator(READY).wait_for()
    page.keyboard.press("n")
    expect(page.get_by_role("dialog").get_by_role("textbox")).to_be_focused()
    ready_to_type(page)
    page.keyboard.type("gas ?")  # in a field, keys are letters
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="gas ?")).to_be_visible()


def test_the_theme_follows_the_system_until_it_is_chosen(page, live):
    html = page.locator("html")
    page.locator(READY).wait_for()
    expect(html).to_have_attribute("data-theme", "light")
    page.emulate_media(color_scheme="dark")
    expect(html).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Light theme").click()
    expect(html).to_have_attribute("data-theme", "light")
    page.reload()
    page.locator(READY).wait_for()
    expect(html).to_have_attribute("data-theme", "light")
    expect(page.get_by_role("button", name="Dark theme")).to_be_visible()


def test_the_first_tab_stop_skips_to_the_page(page):
    page.locator(READY).wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()


def test_markup_in_names_is_text(page, live):
    name = "<img src=x onerror=alert(1)>"
    project = new_project(page, live, name)
    fill(page, project, {"<b>sick</b>": 1})
    call(page, "POST", f"/api/projects/{project}/changes", {"op": "add-class", "name": "<i>well</i>"})
    page.goto(live.url)
    expect(page.get_by_role("link", name=name)).to_be_visible()
    page.goto(f"{live.url}/p/{project}/build")
    expect(page.get_by_role("region", name="<b>sick</b>")).to_be_visible()
    assert page.locator("main img[src=x], main b:text-is('sick')").count() == 0


def test_every_page_says_local_and_research(page, live):
    page.locator(READY).wait_for()
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for words in ("Local only", "Research use only"):
            said = page.get_by_text(words, exact=True)
            assert eventually(page, lambda said=said: sum(one.is_visible() for one in said.all()) == 1)
