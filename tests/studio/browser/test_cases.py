"""Cases in Chromium: the confusion matrix is a door, the address holds what is open, and all works by keyboard."""

import csv
import io
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from tests.studio.browser.hands import eventually, has_sideways_scroll
from tests.studio.browser.terminal_run import place_run

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


@pytest.fixture
def run(live, finished_run, chest_set):
    """A run made in the terminal; its first tested picture is one that the model refused."""
    folder = place_run(live, finished_run, chest_set)
    table = folder / "predictions.csv"
    rows = list(csv.DictReader(table.open(newline="")))
    rows[0]["status"] = "out"
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return folder


@pytest.fixture
def cases(page, live, run):
    def go(query=""):
        page.goto(f"{live.url}/p/terminal/r/run/cases{query}")
        page.wait_for_selector(".page-cases[data-state=ready], .page-cases[data-state=empty]")
        return page

    return go


def asked(page):
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def listed(page, live, query=""):
    return page.request.get(f"{live.url}/api/projects/terminal/runs/run/cases?split=test&limit=500{query}").json()


def test_a_cell_opens_its_pictures_and_the_address_keeps_them(cases, live):
    page = cases()
    everything = listed(page, live)
    wanted = max(("tp", "tn"), key=lambda name: everything["facets"]["outcome"][name])
    page.click(f"[data-outcome={wanted}]")
    page.wait_for_selector(f"[data-outcome={wanted}][aria-pressed=true]")
    page.wait_for_selector(".page-cases[data-state=ready]")
    found = listed(page, live, f"&outcome={wanted}")
    expect(page.locator(".thumb").first).to_have_attribute("aria-setsize", str(found["total"]))
    first, second = (str(one["id"]) for one in found["cases"][:2])
    assert eventually(page, lambda: asked(page) == {"outcome": wanted, "case": first}), page.url
    page.wait_for_selector(".viewer[data-state=ready]")
    page.keyboard.press("j")
    page.wait_for_selector(".cases-place:has-text('2 of')")
    assert eventually(page, lambda: asked(page) == {"outcome": wanted, "case": second}), page.url
    page.reload()
    page.wait_for_selector(".cases-place:has-text('2 of')")
    assert eventually(page, lambda: asked(page) == {"outcome": wanted, "case": second}), page.url
    page.go_back()
    page.wait_for_selector("[data-outcome=all][aria-pressed=true]")


def test_arrow_keys_walk_the_grid_with_one_tab_stop(cases):
    page = cases()
    expect(page.locator(".thumb[tabindex='0']")).to_have_count(1)
    page.locator(".thumb[tabindex='0']").focus()
    for key, place in (("ArrowRight", 2), ("ArrowRight", 3), ("ArrowLeft", 2), ("Home", 1)):
        page.keyboard.press(key)
        page.wait_for_selector(f".cases-place:has-text('{place} of')")
        expect(page.locator(":focus")).to_have_attribute("aria-posinset", str(place))
    everything = page.locator(".thumb").first.get_attribute("aria-setsize")
    page.keyboard.press("End")
    expect(page.locator(":focus")).to_have_attribute("aria-posinset", everything)


def test_a_refused_picture_shows_its_reason_and_no_percentage(cases):
    page = cases("?status=out")
    page.wait_for_selector(".refusal")
    assert "Not judged" in page.inner_text(".panel-told")
    assert not re.search(r"\d", page.inner_text(".panel-told")), page.inner_text(".panel-told")
    assert "%" not in page.inner_text(".viewer-said")
    assert "%" not in page.locator(".thumb").first.get_attribute("aria-label")
    expect(page.locator(".heat-toggle")).to_be_disabled()


def test_the_chips_add_up_and_say_that_refused_pictures_are_among_them(cases, live):
    page = cases()
    refused = listed(page, live)["facets"]["status"]["out"]

    def count(name):
        return int(page.locator(f".chip[data-outcome={name}] .chip-count").inner_text())

    def check(everything):
        assert count("tp") + count("fn") + count("fp") + count("tn") == everything
        assert count("right") + count("wrong") == everything

    expect(page.locator(".filter-count")).to_contain_text(f"{refused} not judged; the chips count")
    check(count("all"))
    page.keyboard.press("r")
    expect(page.locator(".chip[data-outcome=all] .chip-count")).to_have_text(str(refused))
    check(refused)
    expect(page.locator(".filter-count")).to_contain_text(f"{refused} not judged")


def said_of_the_note(page):
    """What is said of the note: Saving, Saved, Not saved, or nothing."""
    return page.locator(".panel-note [role=status]")


def test_a_note_and_a_doubt_stay(cases, live):
    page = cases()
    page.fill(".panel-note textarea", "<b>Looks</b> like a mass")
    page.check("text=Label looks wrong")
    expect(said_of_the_note(page)).to_have_text("Saved")
    page.reload()
    page.wait_for_selector(".viewer[data-state=ready]")
    expect(page.locator(".panel-note textarea")).to_have_value("<b>Looks</b> like a mass")
    page.check("text=Label doubted (1)")
    page.wait_for_selector(".cases-place:has-text('1 of 1')")
    assert eventually(page, lambda: asked(page).get("doubt") == "1"), page.url


def test_a_doubt_is_seen_at_once_and_an_empty_list_says_so(cases):
    page = cases()
    looks_wrong = page.locator(".panel-note").get_by_label("Label looks wrong")
    looks_wrong.check()
    page.wait_for_selector(".panel-verdict :text('Label doubted')")
    page.check("text=Label doubted (1)")
    page.wait_for_selector(".cases-place:has-text('1 of 1')")
    looks_wrong.uncheck()
    page.wait_for_selector("text=Label doubted (0)")
    expect(page.locator(".panel-verdict")).not_to_contain_text("Label doubted")
    page.reload()
    page.wait_for_selector(".page-cases[data-state=empty]")
    page.wait_for_selector("text=No case here.")


def test_a_later_change_never_overtakes_an_earlier(cases):
    page = cases()
    held = []
    page.route("**/note", lambda route: held.append(route) if not held else route.continue_())
    page.fill(".panel-note textarea", "The first")
    with page.expect_response("**/note") as marked:
        page.locator(".panel-note").get_by_label("Label looks wrong").check()
        assert eventually(page, lambda: held), "the first change was not sent"
        page.wait_for_timeout(300)  # in which the second would come, did it not wait for the first
        assert [json.loads(route.request.post_data) for route in held] == [{"text": "The first", "doubt": False}]
        expect(said_of_the_note(page)).to_have_text("Saving")
        held[0].continue_()
    assert marked.value.ok
    expect(said_of_the_note(page)).to_have_text("Saved")
    page.reload()
    page.wait_for_selector(".viewer[data-state=ready]")
    expect(page.locator(".panel-note textarea")).to_have_value("The first")
    expect(page.locator(".panel-note").get_by_label("Label looks wrong")).to_be_checked()


def test_words_being_typed_outlive_the_page(cases, live):
    page = cases()
    (case,) = parse_qs(urlsplit(page.url).query)["case"]
    page.locator(".panel-note textarea").press_sequentially("Half a sen")
    address = page.url
    page.goto("about:blank")
    # The words are on their way while the page goes, and nobody is there to be told that they came.
    told = f"{live.url}/api/projects/terminal/runs/run/cases/{case}"
    assert eventually(page, lambda: page.request.get(told).json()["note"] == "Half a sen")
    page.goto(address)
    page.wait_for_selector(".viewer[data-state=ready]")
    expect(page.locator(".panel-note textarea")).to_have_value("Half a sen")


def test_what_could_not_be_kept_is_said_and_tried_again(cases):
    page = cases()
    page.context.forgiven.append("ERR_FAILED")
    page.route("**/note", lambda route: route.abort())
    note = page.locator(".panel-note textarea")
    note.fill("Kept at last")
    note.blur()
    expect(said_of_the_note(page)).to_have_text("Not saved")
    page.unroute("**/note")
    note.fill("Kept at last.")
    note.blur()
    expect(said_of_the_note(page)).to_have_text("Saved")


def test_a_threshold_in_the_address_is_said_and_can_be_taken_back(cases):
    page = cases("?threshold=0.9")
    expect(page.locator(".filter-count")).to_contain_text("Called effusion from 0.90 on")
    page.click("text=Back to its own")
    page.wait_for_selector(".filter-count:not(:has-text('0.90'))")
    assert eventually(page, lambda: "threshold" not in asked(page)), page.url


def test_nothing_passes_the_filters(cases):
    page = cases("?status=out&outcome=wrong&doubt=1")
    expect(page.locator("main")).to_contain_text("No case here")
    page.click("text=Show all held-out cases")
    page.wait_for_selector(".page-cases[data-state=ready]")


def test_ten_thousand_cases_leave_the_document_small(cases, page, context):
    context.forgiven += ["404 (Not Found)", "400 (Bad Request)"]  # the made-up cases have no pictures and no files
    one = {"name": "a", "truth": "effusion", "predicted": "effusion", "p": {}, "outcome": "tp", "status": "in"}
    one |= {"split": "test", "unsure": [], "fold": "", "patient": "", "note": "", "doubt": False, "cut": None}
    facets = {"truth": {"effusion": 10_000, "no_effusion": 0}, "outcome": {}}
    picture = io.BytesIO()
    Image.new("L", (8, 8)).save(picture, "PNG")

    def many(route):
        query = parse_qs(urlsplit(route.request.url).query)
        first = int(query["offset"][0])
        told = [one | {"id": first + number} for number in range(int(query["limit"][0]))]
        content = {"total": 10_000, "counted": 10_000, "facets": facets, "asked": "effusion", "cases": told}
        route.fulfill(json=content, headers={"content-security-policy": "sandbox"})

    page.route("**/cases?*offset=*", many)
    small = {"body": picture.getvalue(), "content_type": "image/png", "headers": {"content-security-policy": "sandbox"}}
    page.route("**/thumb", lambda route: route.fulfill(**small))
    cases()
    page.wait_for_selector(".thumb img")
    assert page.locator(".thumb").count() < 80
    page.locator(".thumb[tabindex='0']").focus()
    page.keyboard.press("End")
    page.wait_for_selector(".thumb[aria-posinset='10000'][aria-selected=true] img")
    assert page.locator(".thumb").count() < 80


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_scrolls_sideways(cases, page, width):
    page.set_viewport_size({"width": width, "height": 844})
    cases()
    assert not has_sideways_scroll(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(cases, page, axe, theme):
    page.emulate_media(color_scheme=theme)
    cases()
    page.wait_for_selector(".viewer[data-state=ready]")
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert not axe(page)


def test_the_link_of_a_case_outside_its_filters_says_so(cases, live):
    page = cases()
    first = json.loads(page.request.get(f"{live.url}/api/projects/terminal/runs/run/cases?split=test").text())
    right = next(one for one in first["cases"] if one["outcome"] in ("tp", "tn"))
    cases(f"?outcome=wrong&case={right['id']}")
    expect(page.locator(".cases-view")).to_contain_text("does not pass the filters")
