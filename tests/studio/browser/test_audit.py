"""The Audit page: too little, not checked, checked, fixed, and not true any more."""

import pytest

from tests.studio.browser.hands import READY, check_look, fill, hold_toast, new_project, put, smooth_picture

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

#: A check on a busy machine of two cores.
SLOW = 400_000


def test_too_little_to_check(page, live, axe):
    project = new_project(page, live)
    fill(page, project, {"sick": 2})
    check_look(page, axe, f"{live.url}/p/{project}/audit")
    expect(page.get_by_role("heading", name="Too little to check.")).to_be_visible()
    expect(page.get_by_role("button", name="Check the data").first).to_be_disabled()


def test_a_copy_under_two_labels_is_found_and_left_out(page, live, axe, tmp_path):
    project = new_project(page, live)
    place = tmp_path / "one.png"
    for number in range(30):
        label = "sick" if number % 2 else "well"
        smooth_picture(place, number, 170 if number % 2 else 90)
        put(page, project, f"{number}.png", place.read_bytes(), label)
    smooth_picture(place, 1, 171)  # nearly the same as a sick one, under the other label
    put(page, project, "copy.png", place.read_bytes(), "well")
    page.goto(f"{live.url}/p/{project}/audit")
    expect(page.get_by_role("heading", name="Not checked yet.")).to_be_visible()
    page.get_by_role("button", name="Check the data").first.click()
    expect(page.locator(".live-step")).to_be_visible()
    finding = page.locator('.finding[data-code="WR103"]')
    expect(finding).to_be_visible(timeout=SLOW)
    expect(finding.locator(".shot-button")).to_have_count(2)
    finding.locator("summary").click()
    expect(finding.locator(".explanation p").first).to_be_visible()
    check_look(page, axe, page.url)
    finding.locator(".shot-button").first.click()
    expect(page.get_by_role("dialog").locator(".viewer[data-state=ready]")).to_be_visible()
    page.keyboard.press("Escape")
    finding.get_by_role("button", name="Both are sick").click()
    hold_toast(page)
    expect(page.locator(".stale")).to_be_visible()
    expect(finding.get_by_role("button", name="Both are sick")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(finding.get_by_role("button", name="Both are sick")).to_be_visible()
    # What was found stands on the Build page, before the Train button.
    page.get_by_role("link", name="Build", exact=True).click()
    page.locator(READY).wait_for()
    expect(page.locator(".warnings")).to_be_visible()
    above, below = page.locator(".warnings").bounding_box(), page.locator(".train-button").bounding_box()
    assert above["y"] < below["y"]
