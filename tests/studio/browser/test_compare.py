"""The Compare page in a browser: runs on one axis, ranked only on the same cases."""

import numpy as np
import pytest

from tests.studio.browser.hands import eventually, has_sideways_scroll
from tests.studio.conftest import Live
from tests.studio.result_runs import many, two_classes, write_result

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser
PAGE = "/p/terminal/compare"


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """One server for this file, with two runs on the same cases and one on others."""
    folder = tmp_path_factory.mktemp("compare")
    made, runs = many(80), folder / "wetread-runs"
    truth = np.where(made.truth == 0, 1, 0)
    worse = two_classes(truth, np.random.default_rng(1).random(80), 0.5, patients=made.patients)
    write_result(runs / "one", made, plan={"epochs": 10})
    write_result(runs / "two", worse, plan={"epochs": 20})
    write_result(runs / "other", made, contents={image: b"other" + image.encode() for image in made.images})
    server = Live(folder)
    yield server
    server.stop()


def done(page, state):
    page.locator(f".compared[data-state={state}]").wait_for(timeout=300_000)
    return page.locator(".compared").inner_text()  # drawn in the same breath as the state is set


def test_two_runs_are_chosen_with_the_keyboard_and_compared(page, live):
    page.goto(f"{live.url}{PAGE}")
    button = page.get_by_role("button", name="Choose two or more runs")
    expect(button).to_be_disabled()
    # What tells runs of the terminal apart: the folder, and of which data each is.
    expect(page.locator("tr[data-run=other]")).to_contain_text("data · 2 classes · quick")
    expect(page.locator("label[for=run-other]")).to_have_text("other")
    for run in ("one", "two"):
        page.locator(f"input[value={run}]").focus()
        page.keyboard.press("Space")
    page.get_by_role("button", name="Compare these 2 runs").press("Enter")
    told = done(page, "done")
    assert "two minus one" in told or "one minus two" in told
    assert "Settings that differ" in told and "epochs" in told
    assert "80 images" in told
    expect(page.locator("tr[data-measure=auroc] .range")).to_have_count(1)
    assert eventually(page, lambda: "runs=one%2Ctwo" in page.url), page.url
    page.reload()
    done(page, "done")
    expect(page.locator("input[value=two]")).to_be_checked()


def test_other_cases_are_not_ranked_and_the_reason_is_given(page, live):
    page.goto(f"{live.url}{PAGE}?runs=one,other")
    told = done(page, "refused")
    assert "These runs are not ranked." in told and "different cases" in told
    assert page.locator("tr[data-measure]").count() == 0


def test_without_a_run_it_says_what_to_do(page, live):
    project = page.evaluate(
        "fetch('/api/projects', {method: 'POST', headers: {'X-Wetread': '1', 'Content-Type': 'application/json'}, "
        "body: JSON.stringify({name: 'new'})}).then((reply) => reply.json())"
    )["id"]
    page.goto(f"{live.url}/p/{project}/compare")
    page.locator(".page[data-state=empty]").wait_for()
    expect(page.locator("main")).to_contain_text("No finished run yet.")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_serious_for_axe_and_no_sideways_scroll(page, live, axe, theme):
    page.emulate_media(color_scheme=theme)
    page.goto(f"{live.url}{PAGE}?runs=one,two")
    done(page, "done")
    assert axe(page) == []
    for width in (1024, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert not has_sideways_scroll(page), width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
