"""The reading room in Chromium: a blinded session by keyboard, its clock, a reload in the middle, and its results."""

import json

import pytest

from tests.studio.browser.hands import has_sideways_scroll
from tests.studio.browser.terminal_run import place_run

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

CASES = 4


@pytest.fixture
def room(page, live, finished_run, chest_set):
    """A new session of four cases; the page shows it."""
    place_run(live, finished_run, chest_set)
    page.goto(f"{live.url}/p/terminal/reading")
    page.fill("#reading-name", "Two readers")
    page.select_option("#reading-run", "run")
    page.select_option("#reading-items", "some")
    page.fill("#reading-number", str(CASES))
    page.click("text=Begin the session")
    page.wait_for_selector("#reader-nickname")
    return page


def sign_in(page, nickname):
    page.fill("#reader-nickname", nickname)
    page.fill("#reader-experience", "resident")
    page.press("#reader-experience", "Enter")
    page.wait_for_selector(".read[data-state=ready]")


def begin(page, case=1):
    page.keyboard.press("Enter")
    at_case(page, case)


def at_case(page, number):
    page.wait_for_selector(f".read-position:has-text('Case {number} of')")
    page.wait_for_selector(".read .viewer[data-state=ready]")


def answer(page, number, sure="f"):
    page.keyboard.press(str(number))
    page.keyboard.press(sure)
    page.keyboard.press("Enter")


def answers(live):
    (log,) = live.home.rglob("readers/*.jsonl")
    return [json.loads(line) for line in log.read_text().splitlines()]


def check_blind(told):
    """What came over the line names no file, no patient and no truth. Forgets what was checked."""
    while told:
        response = told.pop()
        text = json.dumps(dict(response.headers))
        if "json" in response.headers.get("content-type", ""):
            text += response.text()
        assert not any(word in text for word in ("SYN-", ".dcm", "truth", "images/")), response.url


def test_a_session_by_keyboard_alone(room, live):
    page = room
    told = []
    page.on("response", lambda response: told.append(response) if "/readings/" in response.url else None)
    sign_in(page, "Ada")
    begin(page)

    page.keyboard.press("Enter")
    expect(page.locator(".read-hint")).to_contain_text("Choose an answer")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator(".read-hint")).to_contain_text("How sure")
    answer(page, 1, "f")
    at_case(page, 2)

    page.keyboard.press("Backspace")
    at_case(page, 1)
    expect(page.locator(".read-option.chosen")).to_contain_text("effusion")
    expect(page.locator("[aria-label='How sure, 0 to 100']")).to_have_value("75")
    page.keyboard.press("Backspace")
    page.wait_for_selector(".read-hint:has-text('Only one step')")
    answer(page, 2, "g")
    at_case(page, 2)
    given = answers(live)
    assert [one["confidence"] for one in given] == [75, 100]
    assert [one["correction"] for one in given] == [False, True]
    assert given[0]["case"] == given[1]["case"]
    assert given[0]["class"] != given[1]["class"]

    page.keyboard.press("0")
    page.keyboard.press("Enter")
    at_case(page, 3)
    assert answers(live)[-1]["class"] is None

    check_blind(told)
    page.reload()
    page.wait_for_selector(".read[data-state=ready]")
    expect(page.locator(".read-cover")).to_contain_text("case 3 of 4")
    begin(page, 3)
    answer(page, 1)
    at_case(page, 4)
    answer(page, 2)
    page.wait_for_selector(".read[data-state=done]")

    check_blind(told)
    page.keyboard.press("Enter")
    page.wait_for_selector(".reading-results[data-state=offered]")
    assert "Ada" not in page.inner_text(".reading-results")
    page.click("text=Show the results")
    page.wait_for_selector(".reading-results[data-state=done]", timeout=300_000)
    results = page.inner_text(".reading-results")
    assert "Ada" in results
    assert "model" in results
    assert "Too little to judge by" in results
    assert "Not a medical device" in results


def test_the_clock_stands_while_the_reader_pauses(room, live):
    page = room

    def now():
        return page.evaluate("performance.now()")

    sign_in(page, "Ben")
    begun = now()
    begin(page)
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    page.wait_for_selector(".read[data-state=pause]")
    assert page.evaluate("document.querySelector('.read-room').inert")
    paused = now()
    page.wait_for_timeout(2500)
    resumed = now()
    page.keyboard.press("Escape")
    page.wait_for_selector(".read[data-state=reading]")
    seen = now()
    page.wait_for_timeout(400)
    looked = now()
    page.keyboard.press("g")
    page.keyboard.press("Enter")
    at_case(page, 2)
    # By the clock of the page itself, however long each of these steps took: all of the looking, none of the pause.
    assert looked - seen - 1 <= answers(live)[0]["ms"] <= paused - begun + now() - resumed + 1


def test_nothing_of_the_studio_shows_through(room):
    page = room
    sign_in(page, "Cy")
    begin(page)
    expect(page.locator("#bar")).to_have_js_property("inert", True)
    box = page.locator(".read").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 1440, 900)
    page.keyboard.press("Escape")
    page.click("text=Leave")
    page.wait_for_selector("#reader-nickname")
    expect(page.locator("#bar")).to_have_js_property("inert", False)


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_serious(room, axe, theme, width):
    page = room
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_selector(".reading-results[data-state=locked]")
    assert not axe(page)
    sign_in(page, "Di")
    assert not axe(page)
    begin(page)
    assert not axe(page)
    assert not has_sideways_scroll(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelectorAll('h1').length") <= 2
