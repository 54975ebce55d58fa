"""Answers that come late, and keys that are held, on the pages of a run: Cases, Try and the reading room keep order."""

import json

import pytest

from tests.studio.browser.terminal_run import place_run
from tests.studio.browser.test_order import SAFE, WHILE, come, delay, hold
from tests.studio.browser.test_reading import answer, answers, at_case, begin, room, sign_in

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser

__all__ = ["room"]

#: A heatmap of one cell, and the one method there is.
HEAT = {
    "method": "one", "target": "effusion", "values": [[1.0]], "rows": 1, "cols": 1, "limit": 1.0, "held_out": True,
    "agreement": None, "badge": None,
}  # fmt: skip
METHODS = [{"name": "one", "title": "One", "usual": True, "badge": None}]


@pytest.fixture
def cases(page, live, finished_run, chest_set):
    """The page of cases of a run that was made in the terminal, with its first picture shown."""
    place_run(live, finished_run, chest_set)
    page.goto(f"{live.url}/p/terminal/r/run/cases")
    page.wait_for_selector(".viewer[data-state=ready]")
    return page


# Cases ----------------------------------------------------------------------------------------------------------------


def test_an_older_list_does_not_fill_in_newer_filters(cases):
    page = cases
    late = delay(page, "**/cases?*outcome=tp*")
    page.click(".chip[data-outcome=tp]")
    release = late()
    page.click(".chip[data-outcome=all]")
    page.wait_for_selector(".page-cases[data-state=ready]")
    said = page.inner_text(".filter-count")
    page.click(".chip[data-outcome=tn]")
    page.wait_for_selector(".chip[data-outcome=tn][aria-pressed=true]")
    newer = page.locator(".filter-count")
    expect(newer).not_to_have_text(said)
    words = newer.inner_text()
    release()
    page.wait_for_timeout(WHILE)
    expect(newer).to_have_text(words)


def test_a_list_that_could_not_be_had_is_there_when_it_is_asked_for_again(cases):
    page = cases
    page.context.forgiven.append("ERR_FAILED")
    page.route("**/cases?*", lambda route: route.abort())
    page.click(".chip[data-outcome=tp]")
    again = page.locator(".cases-list").get_by_role("button", name="Try again")
    again.wait_for()
    page.unroute("**/cases?*")
    again.click()
    expect(page.locator(".cases-list .thumb").first).to_be_visible()


def test_words_that_could_not_be_kept_are_there_for_whoever_comes_back(cases):
    page = cases
    page.context.forgiven.append("ERR_FAILED")
    note, said = page.locator(".panel-note textarea"), page.locator(".panel-note [role=status]")
    held = hold(page, "**/note", "POST", most=1)
    note.fill("a mass")
    page.get_by_role("button", name="Next", exact=True).click()
    come(page, held, 1)
    page.wait_for_selector(".cases-place:has-text('2 of')")
    held[0].abort()
    expect(page.locator(".toast.wrong")).to_be_visible()
    expect(said).to_have_text("")
    expect(note).to_have_value("")
    page.get_by_role("button", name="Previous", exact=True).click()
    expect(said).to_have_text("Not saved")
    expect(note).to_have_value("a mass")
    with page.expect_response("**/note") as kept:
        note.blur()
        page.get_by_role("button", name="Next", exact=True).click()
    assert kept.value.json()["note"] == "a mass"


def test_heat_waits_for_the_picture_it_belongs_to(cases):
    page = cases
    page.route("**/methods", lambda route: route.fulfill(json=METHODS, headers=SAFE))
    page.route("**/heatmap*", lambda route: route.fulfill(json=HEAT, headers=SAFE))
    page.wait_for_timeout(WHILE)  # in which the neighbours are fetched
    held = hold(page, "**/pixels*", "GET", most=1)
    page.locator(".thumb[tabindex='0']").focus()
    page.keyboard.press("End")
    come(page, held, 1)
    page.keyboard.press("h")
    page.wait_for_selector(".heat[data-state=shown]")
    expect(page.locator(".viewer-heat")).to_be_hidden()
    held[0].continue_()
    page.wait_for_selector(".viewer[data-state=ready]")
    expect(page.locator(".viewer-heat")).to_be_visible()


# Try ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["Remove", "Clear all"])
def test_a_picture_that_is_removed_on_its_way_does_not_come_back(page, live, finished_run, chest_set, how):
    place_run(live, finished_run, chest_set)
    page.goto(f"{live.url}/p/terminal/r/run/try")
    page.wait_for_selector(".page-try[data-state=empty]")
    judged = {
        "status": "in",
        "p": {"effusion": 1.0},
        "predicted": "effusion",
        "unsure": [],
        "nearest": [],
        "seen": None,
    }
    held = hold(page, "**/tries?run=*", "PUT")
    page.set_input_files("input[type=file]", sorted((chest_set / "images").iterdir())[0])
    come(page, held, 1)
    if how == "Remove":
        page.locator(".try-remove").click()
    else:
        page.get_by_role("button", name=how).click()
    page.wait_for_selector(".page-try[data-state=empty]")
    with page.expect_request(lambda one: one.method == "DELETE" and one.url.endswith("/tries/0123456789abcdef")):
        held[0].fulfill(json={"try": "0123456789abcdef", "prediction": judged}, headers=SAFE)


# The reading room -----------------------------------------------------------------------------------------------------


def test_two_clicks_begin_one_session(page, live, finished_run, chest_set):
    place_run(live, finished_run, chest_set)
    page.goto(f"{live.url}/p/terminal/reading")
    page.fill("#reading-name", "Once")
    held = hold(page, "**/readings", "POST")
    page.get_by_role("button", name="Begin the session").dblclick()
    come(page, held, 1)
    held[0].continue_()
    page.wait_for_selector("#reader-nickname")


def test_an_answer_whose_reply_was_lost_is_no_dead_end(room, live):
    page = room
    page.context.forgiven += ["ERR_FAILED", "409 (Conflict)"]
    sign_in(page, "Ann")
    begin(page)
    lost = []

    def lose(route):
        if lost:
            route.fallback()
        else:
            lost.append(route.fetch())
            route.abort()

    page.route("**/answers", lose)
    answer(page, 1)
    hint = page.locator(".read-hint")
    expect(hint).to_contain_text("does not answer")
    page.keyboard.press("Enter")
    at_case(page, 2)
    expect(hint).to_have_text("That case had an answer already; one back shows it.")
    answer(page, 2)
    at_case(page, 3)
    assert len(answers(live)) == 2


def test_nothing_is_answered_while_one_goes_a_step_back(room, live):
    page = room
    sign_in(page, "Bo")
    begin(page)
    answer(page, 1)
    at_case(page, 2)
    held = hold(page, "**/back", "GET")
    page.keyboard.press("Backspace")
    come(page, held, 1)
    answer(page, 2)
    page.wait_for_timeout(WHILE)
    assert len(answers(live)) == 1
    held[0].continue_()
    at_case(page, 1)
    answer(page, 2)
    at_case(page, 2)
    assert [one["correction"] for one in answers(live)] == [False, True]


def test_the_clock_stands_in_a_pause_also_where_the_answer_did_not_arrive(room, live):
    page = room
    page.context.forgiven.append("ERR_FAILED")
    sign_in(page, "Cat")
    begin(page)
    held = hold(page, "**/answers", "POST", most=1)
    answer(page, 1)
    come(page, held, 1)
    page.keyboard.press("Escape")
    page.wait_for_selector(".read[data-state=pause]")
    held[0].abort()
    expect(page.locator(".read-hint")).to_contain_text("does not answer")
    page.wait_for_timeout(1500)
    page.keyboard.press("Escape")
    page.wait_for_selector(".read[data-state=reading]")
    page.keyboard.press("Enter")
    at_case(page, 2)
    sent = json.loads(held[0].request.post_data)["ms"]
    assert answers(live)[0]["ms"] - sent < 1500


def test_a_held_key_pauses_once(room):
    page = room
    sign_in(page, "Di")
    begin(page)
    for _ in range(2):
        page.keyboard.down("Escape")
    page.keyboard.up("Escape")
    page.wait_for_timeout(WHILE)
    expect(page.locator(".read")).to_have_attribute("data-state", "pause")
