"""Several findings per image, from a table and phantoms to Results; and said by hand, by mouse and by keyboard."""

import csv
import shutil

import pytest

from tests.studio.browser.hands import READY, check_look, hold_toast, new_project, put
from tests.studio.dropping import picture_bytes
from wetread.phantoms.findings_dataset import make_chest_findings

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]

SLOW = 400_000  # milliseconds; a busy machine of two cores
TABLE = b"image,Edema,Mass\n" + b"".join(f"{n}.png,{n % 2},{'' if n == 5 else n // 2 % 2}\n".encode() for n in range(6))


@pytest.fixture(scope="module")
def chests(tmp_path_factory):
    """Sixty-four small phantoms and a table of three findings: one too rare, one uncertain in places."""
    folder = tmp_path_factory.mktemp("findings") / "chests"
    make_chest_findings(folder, images=64, patients=64, seed=7, size=96)
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table))
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table)
        writer.writerow(["image", "Cardiomegaly", "Effusion", "Fracture", "patient"])
        for number, row in enumerate(rows):
            has = [int(name in row["label"].split("|")) for name in ("cardiomegaly", "effusion")]
            unsure = "u" if number % 20 == 3 and not has[1] else has[1]
            writer.writerow([row["image"], has[0], unsure, int(number < 4), row["patient"]])
    shutil.rmtree(folder / "masks")
    (folder / "README.txt").unlink()
    return folder


def test_a_table_of_findings_and_its_phantoms_are_dropped_trained_and_seen(page, live, chests, axe):
    project = new_project(page, live)
    page.goto(f"{live.url}/p/{project}/build")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(chests)
    page.get_by_role("button", name="Add them").click()
    page.locator(".import[data-state=done]").wait_for(timeout=SLOW)
    expect(page.locator(".import")).to_contain_text("Each image may have several findings in this project")
    expect(page.locator(".class-card h3")).to_have_text(["Cardiomegaly", "Effusion", "Fracture", "No finding"])
    expect(page.get_by_role("region", name="Fracture")).to_contain_text("60 absent")
    expect(page.get_by_role("region", name="Effusion")).to_contain_text("unknown")
    # Said before training, by the rule of the run.
    expect(page.locator(".audit-card")).to_contain_text("Fracture (4 with it)")
    page.locator('input[name="preset"][value="quick"]').check(force=True)
    page.locator(".advanced summary").click()
    page.get_by_label("Settings", exact=True).fill("epochs=2\nrepeats=1\nresamples=200\ncases=4")
    page.locator(".train-button").click()
    page.locator('.ending[data-state="finished"]').wait_for(timeout=SLOW)
    page.get_by_role("link", name="See the results").click()
    page.locator(".operating[data-state=ready]").wait_for(timeout=SLOW)
    expect(page.locator("main")).to_contain_text("Finding by finding")
    expect(page.locator("main")).to_contain_text("mean AUROC of 2 findings")
    check_look(page, axe, f"{live.url}/p/{project}/build?class=c-2")


@pytest.fixture
def build(page, live):
    """The Build page of six pictures of two findings; of the last one is not said."""
    project = new_project(page, live)
    for number in range(6):
        put(page, project, f"{number}.png", picture_bytes(number), "")
    put(page, project, "t.csv", TABLE, "")
    page.goto(f"{live.url}/p/{project}/build")
    page.locator(READY).wait_for()
    return page


def spread(page, name):
    card = page.get_by_role("region", name=name, exact=True)
    return card.locator(".badge"), card.locator(".finding-spread")


def test_findings_are_said_by_keyboard_and_by_mouse_and_taken_back(build):
    page = build
    count, rest = spread(page, "Mass")
    expect(count).to_have_text("2")
    expect(rest).to_have_text("3 absent · 1 unknown")
    page.get_by_role("button", name="Show all images of Mass").click()
    page.get_by_role("button", name="Unknown 1").click()
    expect(page.locator(".shot")).to_have_count(1)
    page.locator(".shot").focus()
    page.keyboard.press("p")
    hold_toast(page)
    expect(count).to_have_text("3")
    expect(page.locator(".shot")).to_have_count(0)
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(rest).to_have_text("3 absent · 1 unknown")
    page.get_by_role("button", name="Present 2").click()
    expect(page.locator(".shot")).to_have_count(2)  # not the unknown one any more, which nobody shall click
    page.locator(".shot").first.click()
    page.keyboard.press("Shift+ArrowRight")
    page.locator(".chosen-bar").get_by_label("Finding").select_option("Every finding")
    page.locator(".chosen-bar").get_by_role("button", name="Absent").click()
    expect(count).to_have_text("0")
    expect(page.get_by_role("region", name="No finding").locator(".badge")).to_have_text("4")


def test_one_image_is_told_finding_by_finding(build):
    page = build
    page.get_by_role("button", name="Show all images of Edema").click()
    page.locator(".shot").first.click()
    marks = page.get_by_role("group", name="Findings of this image")
    expect(marks.get_by_role("radio", name="Edema present")).to_be_checked()
    marks.get_by_role("radio", name="Mass present").check(force=True)
    expect(spread(page, "Mass")[0]).to_have_text("3")
    expect(marks.get_by_role("radio", name="Mass present")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(spread(page, "Mass")[0]).to_have_text("2")
    page.get_by_role("button", name="Undo: Mass absent in 1 image").click()
    expect(marks.get_by_role("radio", name="Mass present")).to_be_checked()


def test_findings_are_merged_and_classes_are_a_press_away(build):
    page = build
    page.get_by_role("button", name="More for Edema").click()
    page.get_by_role("menuitem", name="Merge into Mass").click()
    expect(page.locator(".class-card h3")).to_have_text(["Mass", "No finding"])
    page.keyboard.press("u")
    expect(page.locator(".class-card h3")).to_have_text(["Edema", "Mass", "No finding"])
    page.get_by_role("button", name="Classes", exact=True).click()
    expect(page.locator(".class-card h3")).to_have_text(["Without a class"])
    page.get_by_role("button", name="Findings", exact=True).click()
    expect(page.locator(".class-card h3")).to_have_text(["Edema", "Mass", "No finding"])
