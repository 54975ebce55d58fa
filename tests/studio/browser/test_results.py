"""The Results page in a browser: the matrix is a door, and the slider moves everything at once."""

import json
import re
from pathlib import Path

import pytest

import wetread
from tests.studio.browser.hands import eventually, has_sideways_scroll
from tests.studio.conftest import Live
from tests.studio.result_runs import findings, many, three_classes, write_result

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser
SLOW = 300_000  # milliseconds; a child process computes the table of thresholds
NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """One server for this file, with runs of every kind: the tests only read them."""
    folder = tmp_path_factory.mktemp("results")
    runs = folder / "wetread-runs"
    for name, made in {"two": many(), "three": three_classes(), "several": findings()}.items():
        write_result(runs / name, made)
    finding = {"code": "WR104", "title": NASTY, "severity": "red", "sentence": NASTY, "remedy": "", "images": []}
    (runs / "two" / "findings.json").write_text(json.dumps([finding]))
    error = {"message": "The disk is full.", "remedy": "Free some space.", "code": "disk"}
    (runs / "several" / "refusal.json").write_text(json.dumps(_refusal()))
    for status in ("failed", "stopped"):
        _edit(
            write_result(runs / status, many()) / "run.json", status=status, error=error if status == "failed" else None
        )
    few = write_result(runs / "few", many())
    _edit(few / "numbers.json", n={"images": 0, "patients": 0, "trained_on": 3, "per_class": {}})
    write_result(runs / "damaged", many())
    server = Live(folder)
    yield server
    server.stop()


def _refusal():
    """Of findings: one is told, one falls short on one side and was never without on the other, one is not told."""
    low = {"value": 0.76, "low": 0.71, "high": 0.81, "n": 47, "images": 47, "short": True}
    good = {**low, "value": 0.912, "low": 0.86, "high": 0.96, "images": 60, "short": False}
    own = {"refused": 0.02, "n": 100, "out": good, "edge": good}
    rows = [
        {"class": NASTY, "promised": 0.9, "with": low, "without": None, "unsure": 0.3, "empty": 0.02},
        {"class": "edema", "promised": 0.9, "with": good, "without": good, "unsure": 0.1, "empty": 0.0},
        {"class": "scar", "promised": 0.9, "why": "too few"},
    ]
    return {"sees": "classical", "own": own, "packs": {}, "probes": [], "sets": [], "facts": {}, "finding_sets": rows}


def _edit(path, **changes):
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def numbers_of(live, run):
    return json.loads((live.folder / "wetread-runs" / run / "numbers.json").read_text())


def open_results(page, live, run="two", state="ready"):
    page.goto(f"{live.url}/p/terminal/r/{run}/results")
    if state == "ready":
        page.locator(".operating[data-state=ready]").wait_for(timeout=SLOW)
    else:
        page.locator(f".page[data-state={state}]").wait_for()


def counts(page):
    return [int(text) for text in page.locator(".matrix.two .count").all_inner_texts()]


def shown(page, rate):
    return page.locator(f"tr[data-rate={rate}] b").inner_text()


def ask(page, path):
    """What the server answers to the page itself."""
    return page.evaluate("(path) => fetch('/api/projects/terminal/runs' + path).then((reply) => reply.json())", path)


def test_a_mean_and_an_average_are_called_so_beside_the_number(page, live):
    """As the terminal and the report say it: of one model, tested in one division, it would be another number."""
    divisions = {"auroc": [0.7, 0.74, 0.72], "mean": 0.72}
    _edit(live.folder / "wetread-runs" / "three" / "numbers.json", repeats=divisions)
    open_results(page, live, "three")
    expect(page.locator(".hero .value")).to_contain_text("AUROC, mean over the classes")
    expect(page.locator(".hero .facts")).to_contain_text("averaged over 3 divisions, one alone reaches 0.72")
    open_results(page, live, "several")
    expect(page.locator(".hero .value")).to_contain_text("mean AUROC of")
    open_results(page, live)
    assert page.locator(".hero .value strong").inner_text() == "AUROC"


def test_the_number_comes_in_plain_words_first_with_what_it_rests_on(page, live):
    numbers = numbers_of(live, "two")
    open_results(page, live)
    said = page.locator(".plainly").inner_text().replace("\u00a0", " ")
    found = numbers["metrics"]["sensitivity"]
    limits = f"{100 * found['low']:.0f} to {100 * found['high']:.0f}"
    assert f"Out of 100 images with ill it finds {100 * found['value']:.0f} ({limits})." in said
    assert page.locator("[data-headline]").get_attribute("data-headline") == f"{numbers['headline']['value']:.2f}"
    hero = page.locator(".hero").inner_text()
    assert "120 images" in hero and "60 patients" in hero and "95 % interval" in hero
    assert page.locator("h1").count() == 1
    assert page.locator(".gate[data-gate=green]").count() == 1
    assert "What this does not show" in page.locator("#limits").inner_text()
    assert "Research and teaching only. Not a medical device." in page.locator("body").inner_text()


def test_every_cell_of_the_matrix_opens_its_images(page, live, context):
    context.forgiven.append("404 (Not Found)")  # the runs made by hand have no pictures behind their doors
    matrix = numbers_of(live, "two")["confusion"]["matrix"]
    open_results(page, live)
    assert counts(page) == [*matrix[0], *matrix[1]]
    door = page.locator("a.cell[data-truth=ill][data-called=well]")
    assert "open these images" in door.get_attribute("aria-label")
    door.click()
    page.wait_for_url(re.compile(r"/p/terminal/r/two/cases\?truth=ill&predicted=well$"))
    assert ask(page, "/two/cases?truth=ill&predicted=well")["total"] == matrix[0][1]


def test_the_slider_moves_matrix_rates_sentence_point_and_address_together(page, live):
    open_results(page, live)
    table = ask(page, "/two/operating")
    before = page.locator(".moving circle").first.get_attribute("cx")
    page.locator("#cut").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    row = table["rows"][int(page.locator("#cut").input_value())]
    assert counts(page) == [row["tp"], row["fn"], row["fp"], row["tn"]]
    assert shown(page, "sensitivity") == f"{100 * row['sensitivity']['value']:.0f} %"
    assert f"it finds {100 * row['sensitivity']['value']:.0f} (" in page.locator(".spoken").inner_text()
    assert page.locator(".moving circle").first.get_attribute("cx") != before
    assert eventually(page, lambda: f"threshold={row['threshold']:g}" in page.url), page.url
    href = page.locator("a.cell[data-truth=well][data-called=well]").get_attribute("href")
    assert href.endswith(f"?truth=well&predicted=well&threshold={row['threshold']:g}")
    page.reload()
    page.locator(".operating[data-state=ready]").wait_for(timeout=SLOW)
    assert counts(page) == [row["tp"], row["fn"], row["fp"], row["tn"]]
    page.get_by_role("button", name="As tested").click()
    chosen = table["chosen"]
    assert counts(page) == [chosen["tp"], chosen["fn"], chosen["fp"], chosen["tn"]]
    assert eventually(page, lambda: "threshold" not in page.url), page.url


def test_a_typed_threshold_and_a_named_one_are_the_same_slider(page, live):
    open_results(page, live)
    rows = ask(page, "/two/operating")["rows"]
    field = page.get_by_label("Threshold, as a number")
    field.fill("0.9")
    field.press("Enter")
    nearest = min(rows, key=lambda row: abs(row["threshold"] - 0.9))
    assert counts(page)[0] == nearest["tp"]
    assert page.locator("#cut").input_value() == str(rows.index(nearest))
    assert page.get_by_role("button", name="As tested").get_attribute("aria-pressed") == "false"


def test_a_typed_prevalence_changes_ppv_and_npv_with_their_intervals(page, live):
    open_results(page, live)
    own = shown(page, "ppv")
    page.locator("#prevalence").fill("3")
    expect(page.locator("tr[data-rate=ppv] b")).not_to_have_text(own)
    asked = ask(page, "/two/ppv?prevalence=0.03")
    assert shown(page, "ppv") in (f"{100 * asked['ppv']['value']:.0f} %", f"{100 * asked['ppv']['value']:.1f} %")
    assert page.locator("tr[data-rate=npv] .range").count() == 1
    assert eventually(page, lambda: "prevalence=0.03" in page.url), page.url
    page.locator("#prevalence").fill("0")
    assert "more than 0" in page.locator("tr[data-rate=ppv]").inner_text()


def test_three_classes_have_their_own_matrix_and_a_choice_of_class(page, live):
    matrix = numbers_of(live, "three")["confusion"]["matrix"]
    open_results(page, live, "three")
    cells = page.locator("#confusion .count").all_inner_texts()
    assert [int(text) for text in cells] == [count for row in matrix for count in row]
    page.locator(".line-controls select").select_option("b")
    page.locator("a.cell[data-truth='not b'], span.cell[data-truth='not b']").first.wait_for()
    assert counts(page)[0] == matrix[1][1]
    assert eventually(page, lambda: "class=b" in page.url), page.url
    assert page.locator("tr[data-class]").count() == 3


def test_several_findings_open_their_cases_by_outcome(page, live):
    open_results(page, live, "several")
    assert page.locator("tr[data-class]").count() == 2
    href = page.locator(".matrix.two a.cell").first.get_attribute("href")
    assert "finding=edema" in href and "outcome=tp" in href
    assert ask(page, "/several/cases" + href[href.index("?") :])["total"] == counts(page)[0]


def test_what_unsure_reaches_is_told_finding_by_finding_as_in_the_report(page, live):
    open_results(page, live, "several")
    part = page.locator("details.finding-sets")
    part.locator("summary").click()
    rows = [[cell.strip() for cell in row.locator("th, td").all_inner_texts()] for row in part.locator("tr").all()]
    assert rows == [
        ["Finding", "With it", "Reached", "Without", "Reached", "Unsure", "Neither"],
        [NASTY, "47", "76 % (71 % to 81 %)", "0", "not judged", "30 %", "2 %"],
        ["edema", "60", "91 % (86 % to 96 %)", "60", "91 % (86 % to 96 %)", "10 %", "0 %"],
    ]
    text = part.inner_text()
    assert f"more than chance: {NASTY}. Their flag" in text
    assert "Nothing is said of scar: too few." in text
    report = (Path(wetread.__file__).parent / "report/templates/refusal_part.html.j2").read_text()
    for sentence in part.locator("p.muted").first.inner_text().split(". "):
        assert sentence.rstrip(".") in report, sentence
    open_results(page, live, "two")
    assert page.locator("details.finding-sets").count() == 0


def test_on_paper_it_is_light_unfolded_and_without_controls(page, live):
    open_results(page, live)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.set_viewport_size({"width": 720, "height": 1000})
    page.emulate_media(media="print")
    colour = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).color]"
    assert page.locator("body").evaluate(colour) == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"]
    for control in (".tabs", ".in-page", ".runbar", "input[type=range]", "main .button"):
        found = page.locator(control)
        assert found.count() and not any(one.is_visible() for one in found.all()), control
    inside = page.locator("details:not([open]) table").first
    assert inside.evaluate("e => e.checkVisibility({contentVisibilityAuto: true}) && e.offsetHeight > 20")
    assert page.evaluate("document.documentElement.scrollWidth") <= 720
    assert page.locator(".hero").evaluate("e => getComputedStyle(e).gridTemplateColumns.split(' ').length") == 2
    page.emulate_media(media="screen")
    assert page.locator("body").evaluate(colour)[0] != "rgb(255, 255, 255)"


def test_markup_in_a_name_stays_a_name(page, live):
    open_results(page, live)
    assert NASTY in page.locator("#finding-WR104").inner_text()
    assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize(
    ("run", "state", "sentence"),
    [
        ("failed", "failed", "The disk is full."),
        ("stopped", "stopped", "This run was stopped."),
        ("few", "too-little", "Too little data to test."),
    ],
)
def test_a_run_without_a_number_says_why(page, live, run, state, sentence):
    open_results(page, live, run, state)
    assert sentence in page.locator("main").inner_text()
    assert page.locator("[data-headline]").count() == 0


def test_a_damaged_file_gives_a_sentence_and_a_way_to_try_again(page, live, context):
    context.forgiven.append("400")
    findings_file = live.folder / "wetread-runs" / "damaged" / "findings.json"
    findings_file.write_text("{")
    open_results(page, live, "damaged", "error")
    findings_file.write_text("[]")
    page.get_by_role("button", name="Try again").click()
    page.locator(".operating[data-state=ready]").wait_for(timeout=SLOW)


def test_the_page_is_reached_section_by_section_with_the_keyboard(page, live):
    open_results(page, live)
    link = page.locator(".in-page a", has_text="The ladder")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#ladder-title")).to_be_focused()
    assert page.url.endswith("/results"), "the address is not changed by moving on the page"


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_serious_for_axe_and_no_sideways_scroll(page, live, axe, theme):
    page.emulate_media(color_scheme=theme)
    open_results(page, live)
    page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))")
    assert axe(page) == []
    for width in (1024, 390):
        page.set_viewport_size({"width": width, "height": 800})
        assert not has_sideways_scroll(page), width
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_precision_has_its_band_and_what_is_missing_leaves_no_trace(page, live):
    open_results(page, live)
    figures = page.locator("#curves figure")
    assert "precision_band" in numbers_of(live, "two")["curves"][0]
    assert figures.nth(0).locator("polygon").count() == 1
    assert "The band is the 95 % interval" in figures.nth(0).inner_text()
    # The run has no decision curves; a number of none is not a text.
    assert page.locator("#curves .charts").evaluate("node => [...node.childNodes].map((one) => one.nodeName)") == [
        "FIGURE",
        "FIGURE",
    ]
