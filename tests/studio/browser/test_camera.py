"""Camera and clipboard in Chromium, granted and refused: on Try an image, and to fill a class on Build."""

import base64
import re

import pytest

from tests.studio.browser.hands import READY, eventually, fill, has_sideways_scroll, new_project
from tests.studio.browser.terminal_run import place_run
from tests.studio.conftest import CHROMIUM
from tests.studio.dropping import picture_bytes
from tests.studio.test_predictor import colourful

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

#: A camera that films a test pattern, and what the person at the prompt says.
FAKE = "--use-fake-device-for-media-stream"
ANSWERS = {"granted": "--use-fake-ui-for-media-stream", "refused": "--deny-permission-prompts"}
CLIPBOARD = ["clipboard-read", "clipboard-write"]


@pytest.fixture(scope="module")
def chromium(chromium, request):
    """A browser of its own: what it does with a camera is said when it starts."""
    answer = ANSWERS[getattr(request, "param", "granted")]
    arguments = ["--no-sandbox", "--disable-gpu", FAKE, answer]
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    yield browser
    browser.close()


def by_answer(answer):
    return pytest.mark.parametrize("chromium", [answer], indirect=True)


@pytest.fixture
def trying(page, live, finished_run, chest_set):
    place_run(live, finished_run, chest_set)
    page.goto(f"{live.url}/p/terminal/r/run/try")
    expect(page.locator(".page-try[data-state=empty]")).to_be_visible()
    return page


@pytest.fixture
def build(page, live):
    """The Build page of a project with three sick."""
    project = new_project(page, live)
    fill(page, project, {"sick": 3})
    page.goto(f"{live.url}/p/{project}/build")
    page.locator(READY).wait_for()
    return page


def from_menu(page, name):
    page.get_by_role("button", name="More for sick").click()
    page.get_by_role("menuitem", name=name).click()


def put_on_clipboard(page, data):
    page.evaluate(
        """async (text) => {
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const blob = new Blob([bytes], { type: "image/png" });
            await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
        }""",
        base64.b64encode(data).decode(),
    )


def tracks(page):
    """How many cameras still film: every stream that the page was given is asked."""
    return page.evaluate(
        "window.seen.flatMap((stream) => stream.getTracks()).filter((one) => one.readyState === 'live').length"
    )


@pytest.fixture
def watched(context):
    """Every stream that a page is given, in window.seen."""
    context.add_init_script(
        """window.seen = [];
        const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
        if (ask) navigator.mediaDevices.getUserMedia = async (wish) => {
            const stream = await ask(wish);
            window.seen.push(stream);
            return stream;
        };"""
    )


def test_a_picture_of_the_camera_is_tried(watched, trying, axe):
    page = trying
    page.get_by_role("button", name="Camera", exact=True).click()
    dialog = page.get_by_role("dialog", name="Camera")
    shutter = dialog.get_by_role("button", name="Take a picture")
    expect(shutter).to_be_enabled()
    video = dialog.locator("video")
    expect(video).to_have_js_property("readyState", 4)
    assert video.evaluate("node => node.clientWidth <= node.closest('dialog').clientWidth")
    assert tracks(page) == 1
    assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    expect(shutter).to_be_in_viewport()
    assert not has_sideways_scroll(page)
    shutter.click()
    expect(dialog.get_by_role("status")).to_have_text("1 taken")
    shutter.press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("2 taken")
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".page-try[data-state=ready]")).to_be_visible(timeout=300_000)
    expect(page.locator(".try-card").first).to_have_attribute("data-state", re.compile("judged|refused"))
    expect(page.locator(".try-card").first).to_contain_text("camera-")
    assert eventually(page, lambda: tracks(page) == 0), "a closed dialog leaves no camera on"


def test_holding_the_button_fills_a_class(watched, build):
    page = build
    from_menu(page, "Camera")
    dialog = page.get_by_role("dialog", name="Camera for sick")
    shutter = dialog.get_by_role("button", name="Hold to take")
    expect(shutter).to_be_enabled()
    expect(dialog.locator("video")).to_have_js_property("readyState", 4)
    shutter.hover()
    page.mouse.down()
    expect(dialog.get_by_role("status")).to_have_text(re.compile(r"^([3-9]|\d\d) taken"))
    page.mouse.up()
    taken = int(dialog.get_by_role("status").inner_text().split()[0])
    dialog.press("Escape")
    expect(dialog).to_have_count(0)
    # Each frame of the test pattern differs from the last; the same one twice would be one picture.
    expect(page.locator(".class-card .class-head .badge").first).to_have_text(re.compile(r"^([4-9]|\d\d)$"))
    assert taken >= 3
    assert eventually(page, lambda: tracks(page) == 0)


@by_answer("refused")
@pytest.mark.parametrize("place", ["trying", "build"])
def test_a_refused_camera_says_what_to_do(request, chromium, place):
    page = request.getfixturevalue(place)
    if place == "build":
        from_menu(page, "Camera")
    else:
        page.get_by_role("button", name="Camera", exact=True).click()
    dialog = page.get_by_role("dialog", name="Camera")
    expect(dialog.get_by_role("status")).to_contain_text("Allow it in the address bar")
    expect(dialog.get_by_role("button", name=re.compile("take", re.I))).to_be_disabled()
    dialog.get_by_role("button", name="Done").click()
    expect(dialog).to_have_count(0)


def test_a_picture_on_the_clipboard_is_pasted_by_keys_and_by_the_button(trying, context, tmp_path):
    page = trying
    context.grant_permissions(CLIPBOARD)
    put_on_clipboard(page, colourful(tmp_path).read_bytes())
    page.keyboard.press("Control+v")
    expect(page.locator(".page-try[data-state=ready]")).to_be_visible(timeout=300_000)
    expect(page.locator(".try-card[data-state=refused]")).to_have_count(1)
    put_on_clipboard(page, picture_bytes(3))
    page.get_by_role("button", name="Paste", exact=True).click()
    expect(page.locator(".try-card")).to_have_count(2)
    expect(page.locator(".page-try[data-state=ready]")).to_be_visible(timeout=300_000)
    page.evaluate("navigator.clipboard.writeText('words')")
    page.get_by_role("button", name="Paste", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("The clipboard holds no picture")


def test_a_picture_on_the_clipboard_joins_the_open_class_or_that_of_the_menu(build, context):
    page = build
    count = page.locator(".class-card .class-head .badge").first
    context.grant_permissions(CLIPBOARD)
    put_on_clipboard(page, picture_bytes(50))
    from_menu(page, "Paste an image")
    expect(count).to_have_text("4")
    page.get_by_role("button", name="Show all images of sick").click()
    page.locator(".browser[data-state=ready]").wait_for()
    put_on_clipboard(page, picture_bytes(51))
    page.keyboard.press("Control+v")
    expect(count).to_have_text("5")


@by_answer("refused")
@pytest.mark.parametrize("place", ["trying", "build"])
def test_a_refused_clipboard_says_which_keys_to_press(request, chromium, place):
    page = request.getfixturevalue(place)
    if place == "build":
        from_menu(page, "Paste an image")
    else:
        page.get_by_role("button", name="Paste", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Ctrl+V")
