"""The viewer in Chromium: what a hand, a key and a field do to the picture."""

import pytest

from tests.studio.browser.hands import drawn, eventually
from tests.studio.browser.terminal_run import place_run

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


@pytest.fixture
def cases(page, live, finished_run, chest_set):
    """The page of cases of a run that was made in the terminal, with its first picture shown."""
    place_run(live, finished_run, chest_set)
    page.goto(f"{live.url}/p/terminal/r/run/cases")
    page.wait_for_selector(".viewer[data-state=ready]")
    return page


def window(page):
    centre, width = page.get_attribute(".viewer", "data-window").split(",")
    return int(centre), int(width)


def drag(page, right, down, button="left"):
    box = page.locator(".viewer-stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down(button=button)
    page.mouse.move(x + right / 2, y + down / 2)
    page.mouse.move(x + right, y + down)
    page.mouse.up(button=button)
    drawn(page)


def grey_at(page, row, column):
    """Red of a pixel of the quick canvas."""
    script = "([r, c]) => document.querySelector('.viewer-quick').getContext('2d').getImageData(c, r, 1, 1).data[0]"
    return page.evaluate(script, [row, column])


@pytest.mark.parametrize("button", ["left", "right"])
def test_a_drag_to_the_right_widens_and_down_raises_the_centre(cases, button):
    centre, width = window(cases)
    drag(cases, 120, 0, button)
    assert window(cases)[1] > width
    assert window(cases)[0] == centre
    drag(cases, 0, 80, button)
    assert window(cases)[0] > centre
    assert cases.input_value("[aria-label='Window width']") == str(window(cases)[1])
    cases.click("text=Reset")
    cases.wait_for_selector(f".viewer[data-window='{centre},{width}']")


def test_fields_presets_and_invert_change_what_is_drawn(cases):
    shape = cases.evaluate(
        "(() => { const c = document.querySelector('.viewer-quick'); return [c.height, c.width]; })()"
    )
    middle = (shape[0] // 2, shape[1] // 2)
    before = grey_at(cases, *middle)
    cases.click("text=Invert")
    drawn(cases)
    assert grey_at(cases, *middle) == 255 - before
    cases.click("text=Invert")
    low = cases.locator("[aria-label='Window centre']")
    low.fill("-100000")
    low.press("Enter")
    drawn(cases)
    assert grey_at(cases, *middle) in (0, 255), "the whole picture lies above such a window"
    assert cases.input_value(".viewer-presets") == "", "a window of one's own is no preset"
    cases.select_option(".viewer-presets", "As stored")
    drawn(cases)
    assert grey_at(cases, *middle) == before


def test_wheel_zooms_and_shift_drag_moves_without_touching_the_window(cases):
    first = window(cases)
    cases.locator(".viewer-stage").hover()
    cases.mouse.wheel(0, -300)  # which returns before the page has heard of it
    assert eventually(cases, lambda: float(cases.get_attribute(".viewer", "data-zoom")) > 1.1)
    drawn(cases)
    place = cases.evaluate("document.querySelector('.viewer-layers').style.transform")
    cases.keyboard.down("Shift")
    drag(cases, 40, 30)
    cases.keyboard.up("Shift")
    assert cases.evaluate("document.querySelector('.viewer-layers').style.transform") != place
    assert window(cases) == first


def test_keys_do_all_that_a_hand_does(cases):
    centre, width = window(cases)
    cases.locator(".viewer-stage").focus()
    for key in ("ArrowRight", "ArrowDown", "+", "i"):
        cases.keyboard.press(key)
    drawn(cases)
    assert window(cases)[0] > centre
    assert window(cases)[1] > width
    assert float(cases.get_attribute(".viewer", "data-zoom")) > 1
    expect(cases.locator("button:has-text('Invert')")).to_have_attribute("aria-pressed", "true")
    cases.keyboard.press("0")
    cases.wait_for_selector(f".viewer[data-window='{centre},{width}'][data-zoom='1.00']")
    assert "case=" in cases.url, "arrows on the picture change the window, not the case"


def test_heat_is_off_at_first_and_its_opacity_is_a_style(cases):
    assert cases.locator(".viewer-heat").is_hidden()
    cases.keyboard.press("h")
    cases.wait_for_selector(".heat[data-state=shown]", timeout=300_000)
    expect(cases.locator(".viewer-heat")).to_be_visible()
    cases.fill("[aria-label='Opacity in per cent']", "20")
    cases.press("[aria-label='Opacity in per cent']", "Enter")
    expect(cases.locator(".viewer-heat")).to_have_css("opacity", "0.2")
    assert "heat" in cases.inner_text(".viewer-said").lower(), "where the heat is, in words"
    cases.keyboard.press("Escape")
    before = cases.get_attribute(".viewer", "data-drawn")
    cases.locator(".thumb[aria-selected=true]").focus()
    cases.keyboard.press("ArrowRight")
    expect(cases.locator(".viewer")).not_to_have_attribute("data-drawn", before)
    assert cases.locator(".viewer-heat").is_hidden(), "the next picture is seen without heat first"
