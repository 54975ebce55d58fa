"""Try an image in Chromium: answers, refusals, errors; nothing stays after clearing."""

import base64
import re

import pytest

from tests.studio.browser.hands import eventually, has_sideways_scroll
from tests.studio.browser.terminal_run import place_run
from tests.studio.test_predictor import colourful

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


@pytest.fixture
def trying(page, live, finished_run, chest_set):
    place_run(live, finished_run, chest_set)
    page.goto(f"{live.url}/p/terminal/r/run/try")
    page.wait_for_selector(".page-try[data-state=empty]")
    return page


def settled(page):
    page.wait_for_selector(".page-try[data-state=ready]", timeout=300_000)


def test_several_pictures_an_answer_a_refusal_and_an_error(trying, context, chest_set, tmp_path):
    page = trying
    # A file that is no picture is answered with 400, which the browser notes in its console.
    context.forgiven.append("400 (Bad Request)")
    known = sorted((chest_set / "images").iterdir())[0]
    note = tmp_path / "note.txt"
    note.write_text("no picture")
    page.set_input_files("input[type=file]", [known, colourful(tmp_path), note])
    settled(page)
    states = [page.locator(".try-card").nth(at).get_attribute("data-state") for at in range(3)]
    assert sorted(states) == ["error", "judged", "refused"]

    page.click(".try-card[data-state=judged] .try-choose")
    page.wait_for_selector(".viewer[data-state=ready]")
    told = page.inner_text(".panel-told")
    assert "Seen in training" in told
    assert "%" in told
    expect(page.locator(".nearest img")).to_have_count(5)

    page.click(".try-card[data-state=refused] .try-choose")
    page.wait_for_selector(".refusal")
    assert not re.search(r"\d", page.inner_text(".refusal"))
    assert "effusion" not in page.inner_text(".panel")
    assert "%" not in page.inner_text(".try-card[data-state=refused]")
    assert "%" not in page.inner_text(".viewer-said")
    expect(page.locator(".heat")).to_be_hidden()

    page.click(".try-card[data-state=error] .try-choose")
    expect(page.locator(".panel .error")).not_to_be_empty()

    page.click("text=Clear all")
    page.wait_for_selector(".page-try[data-state=empty]")
    page.reload()
    page.wait_for_selector(".page-try[data-state=empty]")


def test_what_was_tried_is_there_after_a_reload_and_by_its_link(trying, chest_set):
    page = trying
    page.set_input_files("input[type=file]", sorted((chest_set / "images").iterdir())[:2])
    settled(page)
    before = page.url
    page.locator(".try-choose").nth(1).click()
    assert eventually(page, lambda: re.search(r"try=[0-9a-f]{16}", page.url) and page.url != before), page.url
    link = page.url
    page.goto(link)
    settled(page)
    expect(page.locator(".try-card")).to_have_count(2)
    expect(page.locator(".try-choose[aria-pressed=true]")).to_have_count(1)
    assert page.url == link


def test_a_picture_is_pasted_and_dropped(trying, tmp_path):
    page = trying
    content = base64.b64encode(colourful(tmp_path).read_bytes()).decode()
    script = """([text, kind]) => {
        const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
        const data = new DataTransfer();
        data.items.add(new File([bytes], "a.png", { type: "image/png" }));
        const init = { bubbles: true, cancelable: true, clipboardData: data, dataTransfer: data };
        if (kind === "paste") document.dispatchEvent(new ClipboardEvent("paste", init));
        else document.querySelector(".try-drop").dispatchEvent(new DragEvent("drop", init));
    }"""
    page.evaluate(script, [content, "paste"])
    settled(page)
    expect(page.locator(".try-card[data-state=refused]")).to_have_count(1)
    # What is dropped is collected first; by the time it is sent, the page says that it is being read.
    with page.expect_response(lambda answer: answer.request.method == "PUT"):
        page.evaluate(script, [content, "drop"])
    settled(page)
    assert page.locator(".try-card").count() == 1, "the same bytes are one picture"


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing_serious(trying, axe, chest_set, tmp_path, theme, width):
    page = trying
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 844})
    assert not axe(page)
    page.set_input_files("input[type=file]", [sorted((chest_set / "images").iterdir())[0], colourful(tmp_path)])
    settled(page)
    assert not axe(page)
    assert not has_sideways_scroll(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
