"""Answers that come late, two things under way at once, keys that are held: Build, Audit and the start page keep order.

A request is held where its order matters: `hold` stops it before the server has seen it, `delay` after the server has
answered, so that the page hears of an older state later than of a newer one.
"""

import re

import pytest

from tests.studio.browser.hands import (
    READY,
    call,
    eventually,
    expect_counts,
    fill,
    hold_toast,
    new_project,
    ready_to_type,
)
from tests.studio.browser.test_build import hand, open_class
from tests.studio.dropping import picture_bytes
from wetread.studio.guard import POLICY
from wetread.studio.queue import ENDED, new_job

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

#: Milliseconds in which what must not come would come.
WHILE = 300
#: Of an answer that no server gave.
SAFE = {"content-security-policy": POLICY, "content-type": "application/json"}


@pytest.fixture
def build(page, live):
    """The Build page of a project with five sick and four well."""
    project = new_project(page, live)
    fill(page, project, {"sick": 5, "well": 4})
    page.project = f"/api/projects/{project}"
    page.goto(f"{live.url}/p/{project}/build")
    page.locator(READY).wait_for()
    return page


def hold(page, pattern, method, most=99):
    """Stops the first requests of a kind, in the order in which they came; each has to be let go by `continue_`."""
    held = []

    def take(route):
        if route.request.method == method and len(held) < most:
            held.append(route)
        else:
            route.fallback()

    page.route(pattern, take)
    return held


def delay(page, pattern):
    """Lets the server answer the next GET of a kind and keeps the answer; returns what lets it go."""
    kept = []

    def take(route):
        if route.request.method == "GET" and not kept:
            kept.append((route, None))
            kept[0] = (route, route.fetch())
        else:
            route.fallback()

    page.route(pattern, take)

    def wait():
        assert eventually(page, lambda: kept and kept[0][1]), "it was not asked"

        def release():
            route, response = kept[0]
            with page.expect_event("requestfinished", lambda request: request == route.request):
                route.fulfill(response=response)

        return release

    return wait


def come(page, held, count):
    assert eventually(page, lambda: len(held) >= count), f"{len(held)} of {count} came"
    page.wait_for_timeout(WHILE)
    assert len(held) == count


def drop(page, place, *files):
    place.dispatch_event("drop", {"dataTransfer": hand(page, [(name, picture_bytes(one)) for name, one in files])})


def region(page, name):
    return page.get_by_role("region", name=name, exact=True)


def rename(page, name, text):
    region(page, name).get_by_role("button", name=name, exact=True).click()
    page.keyboard.type(text)


# Build: one change after the other ------------------------------------------------------------------------------------


def test_an_older_answer_does_not_bring_an_old_name_back(build):
    page = build
    late = delay(page, re.compile(rf"{page.project}$"))
    drop(page, region(page, "sick"), ("a.png", 77))
    release = late()
    rename(page, "well", "healthy")
    page.keyboard.press("Enter")
    expect_counts(page, {"sick": 6, "healthy": 4})
    release()
    page.locator(".import[data-state=done]").wait_for()
    expect_counts(page, {"sick": 6, "healthy": 4})


def test_undo_means_the_step_it_was_offered_for(build):
    page = build
    page.context.forgiven.append("400 (Bad Request)")
    options = open_class(page, "sick")
    options.first.focus()
    page.locator(".preview textarea").wait_for()
    page.keyboard.press("Delete")
    expect(options).to_have_count(4)
    hold_toast(page)
    with page.expect_response("**/changes"):
        page.locator(".preview textarea").evaluate(
            "node => { node.value = 'look'; node.dispatchEvent(new Event('change')); }"
        )
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("Something else was done since: Write a note.")
    assert call(page, "GET", page.project)["undo"] == "Write a note"
    expect(options).to_have_count(4)


def test_a_change_that_changes_nothing_offers_no_older_step(build):
    page = build
    page.keyboard.press("n")
    ready_to_type(page)
    page.keyboard.type("third")
    page.keyboard.press("Enter")
    page.locator(".toast").get_by_role("button", name="Close").click()
    item = call(page, "GET", f"{page.project}/items?class=c-1")["items"][0]["id"]
    moved = page.evaluate_handle(
        """(item) => {
            const transfer = new DataTransfer();
            transfer.setData("application/x-wetread-items", JSON.stringify([item]));
            return transfer;
        }""",
        item,
    )
    with page.expect_response("**/changes"):
        region(page, "sick").dispatch_event("drop", {"dataTransfer": moved})
    page.wait_for_timeout(WHILE)
    expect(page.locator(".toast")).to_have_count(0)


def test_what_is_known_of_an_image_waits_for_the_note_that_is_on_its_way(build):
    page = build
    options = open_class(page, "sick")
    options.first.click()
    note = page.locator(".preview textarea")
    note.fill("a mass")
    held = hold(page, "**/changes", "POST", most=1)
    options.nth(1).click()
    come(page, held, 1)
    options.first.click()
    page.wait_for_timeout(WHILE)
    held[0].continue_()
    expect(page.locator(".preview .file-name")).to_have_text("sick-0.png")
    expect(note).to_have_value("a mass")


def test_a_note_that_is_being_typed_outlives_the_page(build, live):
    page = build
    open_class(page, "sick").first.click()
    page.locator(".preview textarea").press_sequentially("Half a sen")
    page.goto("about:blank")
    told = f"{live.url}{page.project}/items?q=sick-0"
    assert eventually(page, lambda: page.request.get(told).json()["items"][0].get("note") == "Half a sen")


def test_who_types_elsewhere_meanwhile_goes_on_typing_there(build):
    page = build
    options = open_class(page, "sick")
    options.first.focus()
    note = page.locator(".preview textarea")
    note.wait_for()
    held = hold(page, "**/changes", "POST", most=1)
    page.keyboard.press("Delete")
    come(page, held, 1)
    note.focus()
    held[0].continue_()
    expect(options).to_have_count(4)
    page.wait_for_timeout(WHILE)
    expect(note).to_be_focused()


def test_a_key_that_is_held_does_once_what_it_does(build):
    page = build
    changes = []
    page.on("request", lambda one: changes.append(one.post_data_json) if one.url.endswith("/changes") else None)
    options = open_class(page, "sick")
    options.first.focus()
    for left in (4, 4):
        page.keyboard.down("Delete")
        expect(options).to_have_count(left)
        page.wait_for_timeout(WHILE)
    page.keyboard.up("Delete")
    assert [one["op"] for one in changes] == ["exclude"]
    page.locator("h1").click()
    for _ in range(3):
        page.keyboard.down("u")
        expect(options).to_have_count(5)
        page.wait_for_timeout(WHILE)
    page.keyboard.up("u")
    assert [one["op"] for one in changes] == ["exclude", "undo"]


# Build: files that come in --------------------------------------------------------------------------------------------


def test_a_second_import_waits_for_the_first(build):
    page = build
    held = hold(page, "**/items", "PUT", most=2)
    drop(page, region(page, "sick"), ("a.png", 71), ("b.png", 72))
    come(page, held, 2)
    sent = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "PUT" else None)
    drop(page, region(page, "well"), ("c.png", 73), ("d.png", 74))
    expect(page.locator(".toast")).to_contain_text("They are added after the files before them.")
    page.wait_for_timeout(WHILE)
    assert sent == []
    for route in held:
        route.continue_()
    expect_counts(page, {"sick": 7, "well": 6})
    page.locator(".import[data-state=done]").wait_for()
    undone = [call(page, "POST", f"{page.project}/changes", {"op": "undo"})["counts"]["items"] for _ in range(2)]
    assert undone == [11, 9]


def test_who_leaves_and_comes_back_sees_what_comes_in(build):
    page = build
    held = hold(page, "**/items", "PUT", most=1)
    drop(page, region(page, "sick"), ("a.png", 71))
    come(page, held, 1)
    for name in ("Audit", "Build"):
        page.locator("#bar").get_by_role("link", name=name).click()
        page.locator(f".page-{name.lower()}").wait_for()
        page.locator(READY).wait_for()
    held[0].continue_()
    page.locator(".import[data-state=done]").wait_for()
    expect_counts(page, {"sick": 6, "well": 4})


def test_no_file_is_sent_before_it_is_settled_whether_it_loses_what_tells_the_patient(build):
    page = build
    sent = []
    page.on("request", lambda one: sent.append(one.url) if one.method == "PUT" else None)
    held = hold(page, "**/changes", "POST", most=1)
    page.locator(".page-build").dispatch_event("drop", {"dataTransfer": hand(page, [("a.png", picture_bytes(71))])})
    page.get_by_role("checkbox", name="Take what tells the patient out").uncheck()
    page.get_by_role("button", name="Add them").click()
    come(page, held, 1)
    assert sent == []
    held[0].continue_()
    page.locator(".import[data-state=done]").wait_for()
    assert len(sent) == 1
    assert call(page, "GET", page.project)["settings"]["deidentify"] is False


def test_a_setting_that_could_not_be_kept_sends_no_file(build):
    page = build
    page.context.forgiven.append("ERR_FAILED")
    page.route("**/changes", lambda route: route.abort())
    drop(page, page.locator(".page-build"), ("a.png", 71))
    box = page.get_by_role("checkbox", name="Take what tells the patient out")
    box.click()
    page.get_by_role("button", name="Add them").click()
    expect(page.locator(".toast.wrong")).to_be_visible()
    expect(box).to_be_checked()
    expect(page.locator(".import")).to_have_count(0)


def test_a_name_that_is_being_typed_outlives_a_class_that_comes_in(build):
    page = build
    held = hold(page, "**/items", "PUT", most=1)
    drop(page, page.locator(".page-build"), ("a.png", 71))
    page.get_by_label("Class of Files in no folder").fill("third")
    page.get_by_role("button", name="Add them").click()
    come(page, held, 1)
    rename(page, "sick", "very")
    held[0].continue_()
    expect(region(page, "third")).to_be_visible()
    field = page.get_by_label("New name of sick")
    expect(field).to_be_focused()
    page.keyboard.type(" ill")
    page.keyboard.press("Enter")
    expect_counts(page, {"very ill": 5, "well": 4, "third": 1})


# Build: training and check --------------------------------------------------------------------------------------------


def test_a_check_is_started_once_by_two_clicks(build):
    page = build
    page.context.forgiven.append("404 (Not Found)")  # nothing is checked: the server has no such folder
    held = hold(page, "**/audit", "POST")
    page.locator(".audit-card").get_by_role("button", name="Check").dblclick()
    come(page, held, 1)
    held[0].fulfill(json={"run": "audit"}, headers=SAFE)
    page.locator(".audit-card").get_by_role("button", name="Check").wait_for()
    expect(page.locator(".toast")).to_have_count(0)


def test_an_older_plan_does_not_let_train_what_cannot_be_trained(build):
    page = build
    train = page.get_by_role("button", name="Train", exact=True)
    expect(train).to_be_enabled()
    late = delay(page, "**/plan")
    page.keyboard.press("n")
    ready_to_type(page)
    page.keyboard.type("third")
    page.keyboard.press("Enter")
    release = late()
    with page.expect_response("**/plan"):
        page.get_by_role("button", name="More for well").click()
        page.get_by_role("menuitem", name="Remove the class").click()
    expect(page.locator("#why-not")).to_contain_text("Drop images of a second class")
    release()
    page.wait_for_timeout(WHILE)
    expect(train).to_be_disabled()


def test_a_run_goes_on_once_by_two_clicks(build, live):
    page = build
    folder = live.home / page.project.rpartition("/")[2]
    (folder / "runs" / "r1").mkdir(parents=True)
    (folder / "runs" / "r1" / "run.json").write_text('{"status": "stopped", "started": "2024-01-01T00:00:00+00:00"}')
    new_job(folder, "r1", "run", ["run"]).write(state=ENDED, stop=1.0)
    page.reload()
    held = hold(page, "**/resume", "POST")
    page.get_by_role("button", name="Go on", exact=True).dblclick()
    come(page, held, 1)
    held[0].fulfill(json={"run": "r1"}, headers=SAFE)
    page.locator(".ending[data-state=stopped]").wait_for()
    expect(page.locator(".toast")).to_have_count(0)


# The start page -------------------------------------------------------------------------------------------------------


def test_a_removed_project_does_not_come_back_with_an_older_list(page, live):
    for name in ("First", "Second", "Third"):
        new_project(page, live, name)
    page.goto(live.url)
    page.locator(READY).wait_for()

    def remove(name):
        page.get_by_role("button", name=f"More for {name}").click()
        page.get_by_role("menuitem", name="Move to the bin").click()

    late = delay(page, "**/start")
    remove("First")
    release = late()
    remove("Second")
    links = page.locator(".projects h2")
    expect(links).to_have_text(["Third"])
    release()
    page.wait_for_timeout(WHILE)
    expect(links).to_have_text(["Third"])
