"""What comes in, in the browser: contradictions that are shown, drops that miss, the bin, what trains elsewhere."""

import base64
import json

import pytest

from tests.studio.browser.hands import READY, call, expect_counts, fill, new_project
from tests.studio.dropping import picture_bytes
from wetread.studio.guard import POLICY

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


def build(page, live, project):
    page.goto(f"{live.url}/p/{project}/build")
    page.locator(READY).wait_for()


def hand(page, files):
    """A DataTransfer with files {name: bytes}, as a drag brings it."""
    texts = {name: base64.b64encode(data).decode() for name, data in files.items()}
    return page.evaluate_handle(
        """(texts) => {
            const transfer = new DataTransfer();
            for (const [name, text] of Object.entries(texts)) {
                const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], name));
            }
            return transfer;
        }""",
        texts,
    )


def drop(page, files, label=""):
    """Drops files anywhere on the page, into one class, and waits until they are in."""
    page.locator("main").dispatch_event("drop", {"dataTransfer": hand(page, files)})
    page.get_by_label("Class of Files in no folder").fill(label)
    page.get_by_role("button", name="Add them").click()
    page.locator(".import[data-state=done]").wait_for()


def test_a_picture_of_two_classes_is_named_and_can_be_moved_or_left_out(page, live, axe):
    project = new_project(page, live)
    fill(page, project, {"malignant": 3})
    build(page, live, project)
    drop(page, {f"twin{one}.png": picture_bytes(one) for one in range(2)}, "benign")
    panel = page.locator(".import[data-state=done]")
    expect(panel).to_contain_text("2 images lie in malignant and came as benign too.")
    expect_counts(page, {"malignant": 3, "benign": 0})
    expect(panel.locator(".given-twice")).to_contain_text("twin0.png")
    expect(panel.locator("summary")).to_have_text("Not taken, and why (2)")
    assert axe(page) == []
    panel.get_by_role("button", name="Move to benign").click()
    expect_counts(page, {"malignant": 1, "benign": 2})
    expect(panel.locator(".given-twice")).to_have_count(0)
    page.get_by_role("button", name="Undo: Move 2 images to benign").click()
    expect_counts(page, {"malignant": 3, "benign": 0})
    page.goto(f"{live.url}/p/{project}/audit")
    expect(page.get_by_role("heading", name="Two classes are needed")).to_be_visible()
    card = page.locator("[data-code=given-twice]")
    expect(card).to_contain_text("Given as malignant and as benign")
    card.get_by_role("button", name="Leave out, label in doubt").click()
    expect(card).to_have_count(0)


def test_what_was_taken_back_leaves_no_card_and_reasons_stand_once(page, live):
    project = new_project(page, live)
    build(page, live, project)
    table = b"image,label\n0.png,sick\n1.png,well\n"
    pictures = {f"{one}.png": picture_bytes(one) for one in range(2)}
    drop(page, {**pictures, "labels.csv": table, "notes.docx": b"no picture"})
    expect(page.locator(".import")).to_contain_text("2 images labelled by it")
    expect(page.get_by_text("Not taken, and why")).to_have_count(1)
    page.get_by_role("button", name="Undo: Labels from labels.csv").click()
    expect(page.locator(".import")).to_have_count(0)
    expect(page.get_by_text("Not taken, and why")).to_have_count(1)


def test_preview_and_buttons_follow_a_new_name_a_merge_and_undo(page, live):
    project = new_project(page, live)
    fill(page, project, {"sick": 2, "well": 2})
    build(page, live, project)
    facts = page.locator(".preview-facts")
    expect(facts).to_contain_text("sick")
    page.get_by_role("button", name="sick", exact=True).click()
    page.get_by_label("New name of sick").fill("ill")
    page.keyboard.press("Enter")
    expect(facts.locator("dd").first).to_have_text("ill")
    expect(page.get_by_role("button", name="Add images to ill")).to_be_visible()
    page.get_by_role("button", name="More for ill").click()
    page.get_by_role("menuitem", name="Merge into well").click()
    expect(facts.locator("dd").first).to_have_text("well")
    page.get_by_role("button", name="Undo: Merge ill into well").click()
    expect(facts.locator("dd").first).to_have_text("ill")
    expect(page.get_by_role("button", name="More for ill")).to_be_visible()


def test_a_file_that_misses_is_not_opened_and_the_whole_page_takes_drops(page, live):
    project = new_project(page, live)
    build(page, live, project)
    for place in ("#bar", "body"):
        for kind in ("dragover", "drop"):
            prevented = page.evaluate(
                """([place, kind, dataTransfer]) => !document.querySelector(place).dispatchEvent(
                    new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer}))""",
                [place, kind, hand(page, {"a.png": b"x"})],
            )
            assert prevented, (place, kind)
    for path, name in ((f"/p/{project}/build", ".page-build"), ("/", ".page-start")):
        page.goto(f"{live.url}{path}")
        page.locator(READY).wait_for()
        box, bar = page.locator("main").bounding_box(), page.locator("#bar").bounding_box()
        assert box["width"] == 1440 and box["height"] > 900 - bar["height"] - 60
        page.locator("main").dispatch_event("dragover", {"dataTransfer": hand(page, {"a.png": b"x"})})
        expect(page.locator(f"{name}.over")).to_have_count(1)
    expect(page.get_by_role("button", name="Choose a folder")).to_be_visible()
    expect(page.get_by_text("anywhere on this page")).to_be_visible()


def test_the_bin_is_there_after_its_message_is_gone(page, live, axe):
    for name in ("Chests", "Knees"):
        project = new_project(page, live, name)
        call(page, "DELETE", f"/api/projects/{project}")
    page.goto(live.url)
    page.get_by_text("Bin (2)").click()
    expect(page.get_by_text("Knees")).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Restore Chests").click()
    expect(page.get_by_role("link", name="Chests")).to_be_visible()
    expect(page.get_by_text("Bin (1)")).to_be_visible()
    page.get_by_role("button", name="Empty the bin").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Bin (1)")).to_be_visible()
    page.get_by_role("button", name="Empty the bin").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator(".bin")).to_have_count(0)
    assert call(page, "GET", "/api/trash") == {"projects": []}


def test_what_trains_and_what_waits_is_said_on_the_start_page_as_it_goes_on(page, live):
    """The jobs are files, as a server before this one may have left them; the page looks at them again by itself."""
    first, second = new_project(page, live, "First"), new_project(page, live, "Second")
    answers = call(page, "GET", "/api/start")
    now = {first: {"status": "running", "fraction": 0.4, "waits_for": None}}
    now[second] = {"status": "queued", "fraction": None, "waits_for": {"id": first, "name": "First"}}

    def start(route):
        cards = [{**card, "runs": 1, "live": now[card["id"]]} for card in answers["projects"]]
        route.fulfill(
            body=json.dumps({**answers, "projects": cards}),
            headers={"content-type": "application/json", "content-security-policy": POLICY},
        )

    page.route("**/api/start", start)
    page.goto(live.url)
    expect(page.locator(f"[data-standing={first}]")).to_have_text("Training, 40 %")
    expect(page.locator(f"[data-standing={second}]")).to_have_text("Waiting for First")
    now[first] = None
    now[second] = {"status": "running", "fraction": 0, "waits_for": None}
    expect(page.locator(f"[data-standing={first}]")).to_have_text("No finished run yet")
    expect(page.locator(f"[data-standing={second}]")).to_have_text("Training")


def test_the_audit_of_one_class_has_no_blank_button_and_no_inner_words(page, live):
    project = new_project(page, live)
    fill(page, project, {"sick": 2})
    page.goto(f"{live.url}/p/{project}/audit")
    page.locator(READY).wait_for()
    button = page.get_by_role("button", name="Check the data")
    expect(button).to_have_class("button")
    expect(page.get_by_role("heading", name="Two classes are needed")).to_be_visible()
    expect(page.get_by_text("two-classes")).to_have_count(0)


def test_the_list_of_keys_shows_arrows_and_those_of_the_viewer(page, live):
    project = new_project(page, live)
    fill(page, project, {"sick": 2})
    build(page, live, project)
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    expect(keys).to_contain_text("Next window preset")
    expect(keys).to_contain_text("→")
    expect(keys).not_to_contain_text("Arrow")
