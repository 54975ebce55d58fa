"""Fingers on the viewer: real touch events of Chromium, as a tablet sends them."""

import pytest

from tests.studio.browser.hands import eventually
from tests.studio.conftest import PATIENCE, Live
from tests.studio.result_runs import many, write_pictures, write_result

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """One server for this file, with one run whose pictures are there."""
    folder = tmp_path_factory.mktemp("touch")
    made = many()
    contents = write_pictures(folder / "data", made.images)
    command = ["wetread", "run", str(folder / "data")]
    write_result(folder / "wetread-runs" / "run", made, contents=contents, command=command)
    server = Live(folder)
    yield server
    server.stop()


class Fingers:
    """Fingers on the screen, each with a number of its own, moved in small steps as a hand does."""

    def __init__(self, page):
        self.wire = page.context.new_cdp_session(page)
        self.places = {}

    def _send(self, kind, places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in places.items()]
        self.wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def down(self, number, x, y):
        self.places[number] = (x, y)
        self._send("touchStart", self.places)

    def move(self, by, steps=8):
        """Moves each finger of `by` so far to the right and down, all at once."""
        first = dict(self.places)
        for step in range(1, steps + 1):
            for number, (right, down) in by.items():
                x, y = first[number]
                self.places[number] = (x + right * step / steps, y + down * step / steps)
            self._send("touchMove", self.places)

    def up(self, number):
        self._send("touchEnd", {number: self.places.pop(number)})


@pytest.fixture
def context(chromium, live):
    """A tablet: coarse pointer, touch."""
    context = chromium.new_context(viewport={"width": 1100, "height": 900}, has_touch=True, is_mobile=True)
    context.set_default_timeout(PATIENCE)
    complaints = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert not complaints


@pytest.fixture
def stage(page, live):
    page.goto(f"{live.url}/p/terminal/r/run/cases")
    expect(page.locator(".viewer[data-state=ready]")).to_be_visible()
    stage = page.locator(".viewer-stage")
    stage.scroll_into_view_if_needed()
    return stage


def middle(stage):
    box = stage.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def moved_by(page, first, by):
    """Whether the picture comes to lie so far from where it was."""
    return eventually(page, lambda: [now - was for now, was in zip(place(page)[:2], first, strict=False)] == approx(by))


def approx(values):
    return pytest.approx(list(values), abs=1.5)


def place(page):
    box = page.locator(".viewer-layers").bounding_box()
    return box["x"], box["y"], box["width"]


def test_two_fingers_zoom_where_they_are_and_move_and_leave_the_window(page, stage):
    before = page.get_attribute(".viewer", "data-window")
    x, y = middle(stage)
    hand = Fingers(page)
    hand.down(1, x - 40, y)
    hand.down(2, x + 40, y)
    hand.move({1: (-40, -30), 2: (40, 30)})
    wanted = (80**2 + 30**2) ** 0.5 / 40
    expect(page.locator(".viewer")).to_have_attribute("data-zoom", f"{wanted:.2f}")
    left, _, width = place(page)
    assert [left + width / 2] == approx([x]), "what lay between the fingers lies there still"
    first = place(page)
    hand.move({1: (35, 20), 2: (35, 20)})
    expect(page.locator(".viewer")).to_have_attribute("data-zoom", f"{wanted:.2f}")
    assert moved_by(page, first, (35, 20))
    first = place(page)
    hand.up(2)
    hand.move({1: (-15, 0)})
    assert moved_by(page, first, (-15, 0)), "the finger that stays goes on moving"
    hand.up(1)
    assert page.get_attribute(".viewer", "data-window") == before


def test_a_window_that_the_first_finger_moved_is_given_back_to_a_pinch(page, stage):
    page.get_by_role("button", name="Move", exact=True).click()
    expect(stage).to_have_css("touch-action", "none")
    before = page.get_attribute(".viewer", "data-window")
    preset = page.input_value(".viewer-presets")
    x, y = middle(stage)
    hand = Fingers(page)
    hand.down(1, x - 60, y)
    hand.move({1: (20, 12)})
    expect(page.locator(".viewer")).not_to_have_attribute("data-window", before)
    hand.down(2, x + 40, y)
    hand.move({1: (-40, 0), 2: (40, 0)})
    expect(page.locator(".viewer")).to_have_attribute("data-window", before)
    assert page.input_value(".viewer-presets") == preset
    assert eventually(page, lambda: float(page.get_attribute(".viewer", "data-zoom")) > 1.5)
    hand.up(1)
    hand.up(2)


def test_one_finger_scrolls_the_page_until_the_picture_is_zoomed(page, stage):
    page.set_viewport_size({"width": 700, "height": 500})
    stage.scroll_into_view_if_needed()
    expect(stage).to_have_css("touch-action", "pan-y")
    x, y = middle(stage)
    hand = Fingers(page)
    before = page.evaluate("scrollY")
    page.evaluate("() => addEventListener('scrollend', () => (window.came = true), {capture: true})")
    hand.down(1, x, y)
    hand.move({1: (0, -160)}, steps=12)
    hand.up(1)
    # A finger leaves the page in motion; what is looked at below is read once it stands.
    assert eventually(page, lambda: page.evaluate("window.came === true && scrollY") > before + 60)
    stage.focus()
    for _ in range(4):
        page.keyboard.press("+")
    expect(stage).to_have_css("touch-action", "none")
    scrolled, first = page.evaluate("scrollY"), place(page)
    x, y = middle(stage)
    hand.down(1, x, y)
    hand.move({1: (-20, -30)})
    hand.up(1)
    assert moved_by(page, first, (-20, -30))
    assert page.evaluate("scrollY") == scrolled


def test_a_pinch_that_drifts_down_does_not_scroll_the_page_away(page, stage):
    page.set_viewport_size({"width": 700, "height": 500})
    stage.scroll_into_view_if_needed()
    x, y = middle(stage)
    expect(stage).to_have_css("touch-action", "pan-y")
    hand = Fingers(page)
    before = page.evaluate("scrollY")
    hand.down(1, x - 40, y)
    hand.down(2, x + 40, y)
    hand.move({1: (-30, -60), 2: (30, -60)}, steps=12)
    expect(page.locator(".viewer")).to_have_attribute("data-zoom", "1.75")
    hand.up(1)
    hand.up(2)
    assert page.evaluate("scrollY") == before
