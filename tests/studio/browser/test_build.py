"""The Build page: files to classes by mouse and by keyboard, and every change undone."""

import base64

import pytest

from tests.studio.browser.hands import (
    READY,
    check_look,
    expect_counts,
    fill,
    folder_of_classes,
    has_sideways_scroll,
    hold_toast,
    new_project,
    put,
    ready_to_type,
)
from tests.studio.dropping import picture_bytes

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = pytest.mark.browser


@pytest.fixture
def build(page, live):
    """The Build page of a project with five sick and four well."""
    project = new_project(page, live)
    fill(page, project, {"sick": 5, "well": 4})
    page.goto(f"{live.url}/p/{project}/build")
    page.locator(READY).wait_for()
    return page


def open_class(page, name):
    page.get_by_role("button", name=f"Show all images of {name}").click()
    page.locator(".browser[data-state=ready]").wait_for()
    return page.locator(".shot")


def hand(page, names_and_bytes):
    """A DataTransfer that holds these files."""
    files = [[name, base64.b64encode(data).decode()] for name, data in names_and_bytes]
    return page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, text] of files) {
                const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
                transfer.items.add(new File([bytes], name, {type: "image/png"}));
            }
            return transfer;
        }""",
        files,
    )


def test_a_folder_is_mapped_then_taken_in(page, live, tmp_path):
    place = folder_of_classes(tmp_path / "set", {"sick": 6, "well": 5, "junk": 2})
    (place / "sick" / "copy.png").write_bytes((place / "sick" / "1000.png").read_bytes())
    (place / "well" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing more")
    (place / "well" / ".DS_Store").write_bytes(b"x")
    project = new_project(page, live)
    page.goto(f"{live.url}/p/{project}/build")
    expect(page.get_by_role("heading", name="Drop images here")).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a folder").click()
    chooser.value.set_files(place)
    dialog = page.get_by_role("dialog", name="Add 15 files")
    expect(dialog.get_by_label("Class of sick")).to_have_value("sick")
    dialog.get_by_label("Class of well").fill("healthy")
    dialog.get_by_role("checkbox", name="junk").uncheck()
    dialog.get_by_role("button", name="Add them").click()
    page.locator(".import[data-state=done]").wait_for()
    expect(page.locator(".import h3")).to_have_text("11 added, 1 already here, 1 not taken")
    page.locator(".import summary").click()
    expect(page.locator(".import .rejected")).to_contain_text("broken.png")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()
    expect_counts(page, {"sick": 6, "healthy": 5})


def test_files_dropped_on_a_class_and_on_the_page(build):
    page = build
    page.get_by_role("region", name="sick").dispatch_event(
        "drop", {"dataTransfer": hand(page, [("a.png", picture_bytes(77))])}
    )
    page.locator(".import[data-state=done]").wait_for()
    expect_counts(page, {"sick": 6, "well": 4})
    page.locator(".page-build").dispatch_event("drop", {"dataTransfer": hand(page, [("b.png", picture_bytes(78))])})
    page.get_by_label("Class of Files in no folder").fill("third")
    page.get_by_role("button", name="Add them").click()
    expect(page.get_by_role("region", name="third")).to_be_visible()


def test_a_pasted_image_goes_into_the_open_class(build):
    page = build
    open_class(page, "well")
    page.locator("main").evaluate_handle("node => node").evaluate(
        "(node, transfer) => node.dispatchEvent(new ClipboardEvent('paste', {bubbles: true, clipboardData: transfer}))",
        hand(page, [("image.png", picture_bytes(99))]),
    )
    page.locator(".import[data-state=done]").wait_for()
    expect_counts(page, {"sick": 5, "well": 5})


def test_move_by_keyboard_and_undo(build):
    page = build
    options = open_class(page, "sick")
    expect(options).to_have_count(5)
    for at, stop in enumerate(["0", "-1", "-1", "-1", "-1"]):
        expect(options.nth(at)).to_have_attribute("tabindex", stop)
    options.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".chosen-bar")).to_contain_text("2 chosen")
    page.keyboard.press("m")
    expect(page.get_by_role("menuitem", name="well")).to_be_focused()
    page.keyboard.press("Enter")
    hold_toast(page)
    expect(options).to_have_count(3)
    expect_counts(page, {"sick": 3, "well": 6})
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(options).to_have_count(5)
    expect_counts(page, {"sick": 5, "well": 4})


def test_move_by_drag(build):
    page = build
    options = open_class(page, "sick")
    options.nth(0).click()
    options.nth(2).click(modifiers=["Shift"])
    options.nth(1).drag_to(page.get_by_role("region", name="well"))
    expect(options).to_have_count(2)
    expect_counts(page, {"sick": 2, "well": 7})


def test_exclude_by_key_and_take_back_in(build):
    page = build
    options = open_class(page, "sick")
    options.first.focus()
    page.keyboard.press("Delete")
    expect(options).to_have_count(4)
    excluded = page.get_by_role("region", name="Excluded")
    expect(excluded.locator(".badge")).to_have_text("1")
    open_class(page, "Excluded")
    page.locator(".shot").first.click()
    page.get_by_role("button", name="Take back in").click()
    expect(excluded).to_have_count(0)
    expect_counts(page, {"sick": 5, "well": 4})


def test_rename_in_place_and_merge(build):
    page = build
    page.get_by_role("region", name="sick").get_by_role("button", name="sick", exact=True).click()
    field = page.get_by_label("New name of sick")
    field.fill("ill")
    page.keyboard.press("Escape")
    expect_counts(page, {"sick": 5, "well": 4})
    page.get_by_role("region", name="sick").get_by_role("button", name="sick", exact=True).click()
    field.fill("ill")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="ill")).to_be_visible()
    page.get_by_role("button", name="More for sick").or_(page.get_by_role("button", name="More for ill")).click()
    page.get_by_role("menuitem", name="Merge into well").click()
    expect(page.get_by_role("region", name="ill")).to_have_count(0)
    expect_counts(page, {"well": 9})
    page.keyboard.press("u")
    expect(page.get_by_role("region", name="ill")).to_be_visible()


def test_preview_note_and_doubt_are_kept(build):
    page = build
    open_class(page, "well").nth(2).click()
    expect(page.locator(".preview .file-name")).to_have_text("well-7.png")
    page.locator(".viewer[data-state=ready]").wait_for()
    page.get_by_label("The label looks wrong").check()
    expect(page.locator(".mark-doubt")).to_have_count(1)
    page.get_by_label("Note").fill("rotated")
    page.get_by_label("Note").blur()
    expect(page.get_by_role("button", name="Undo: Write a note")).to_be_enabled()
    page.reload()
    expect(page.get_by_role("option", name="well-7.png, label in doubt, has a note")).to_be_visible()


@pytest.fixture
def columns(page, live):
    """The Build page of a project with three classes and a table that says more of their images."""
    project = new_project(page, live)
    fill(page, project, {"sick": 6, "well": 6, "odd": 6})
    names = [
        f"{name}-{6 * order + number}.png" for order, name in enumerate(("sick", "well", "odd")) for number in range(6)
    ]
    lines = [f"{name},{name.split('-')[0]},{'FM'[k % 2]},{'ABCDE'[k % 5]},Doe^{k}" for k, name in enumerate(names)]
    table = "\n".join(["image,label,sex,hospital,PatientName", *lines])
    assert len(put(page, project, "labels.csv", table.encode(), "")["items"]) == 18
    page.goto(f"{live.url}/p/{project}/build")
    page.locator(READY).wait_for()
    return page


def test_columns_of_a_table_are_told_and_shown_with_the_image(columns):
    page = columns
    expect(page.locator(".classes-column")).to_contain_text("Columns kept: hospital, sex")
    shot = open_class(page, "sick").nth(1)
    expect(shot).to_have_attribute("title", "sick-1.png · sex M · hospital B")
    shot.click()
    expect(page.locator(".preview .file-name")).to_have_text("sick-1.png")
    expect(page.locator(".facts div", has_text="hospital")).to_have_text("hospitalB")
    assert "Doe^" not in page.content()


def test_what_few_need_is_folded_away_and_sent_as_it_was_ticked(columns, context):
    page = columns
    sent = []

    def answer(route):
        if route.request.method != "POST":
            return route.continue_()
        sent.append(route.request.post_data_json)
        refused = {"message": "Not in a test.", "remedy": "", "code": "bad-wish"}
        return route.fulfill(status=400, json=refused)

    context.forgiven += ["Failed to load resource", "no strict policy"]  # answered here, not by the server
    train = page.get_by_role("button", name="Train", exact=True)
    expect(train).to_be_enabled()
    expect(page.get_by_text("Classes that take part")).to_be_hidden()
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Settings").fill("epochs=3\n\n epoch=4")
    train.click()
    told = page.locator("#settings-wrong")
    expect(told).to_have_text("There is no decision epoch. Remove it, or write epochs.")
    expect(page.get_by_label("Settings")).to_be_focused()
    page.get_by_label("Settings").fill("epochs=3\nloss=focal\n")
    expect(told).to_be_hidden()
    page.route("**/api/projects/*/runs", answer)
    page.get_by_role("checkbox", name="odd").uncheck()
    page.get_by_role("checkbox", name="sex").check()
    page.get_by_label("Keep on one side of every division").select_option("hospital")
    train.click()
    expect(page.locator(".toast")).to_contain_text("Not in a test.")
    assert {name: sent[0].get(name) for name in ("classes", "subgroups", "together", "settings")} == {
        "classes": ["sick", "well"],
        "subgroups": ["sex"],
        "together": "hospital",
        "settings": ["epochs=3", "loss=focal"],
    }
    # One class alone is told at the boxes, and mended there.
    page.get_by_role("checkbox", name="well").uncheck()
    page.get_by_text("Advanced", exact=True).click()
    train.click()
    expect(page.get_by_role("checkbox", name="sick")).to_be_focused()
    assert len(sent) == 1
    page.get_by_role("checkbox", name="well").check()
    page.get_by_role("checkbox", name="odd").check()
    page.get_by_role("checkbox", name="sex").uncheck()
    page.get_by_label("Keep on one side of every division").select_option("")
    page.get_by_label("Settings").fill("")
    with page.expect_response("**/api/projects/*/runs"):
        train.click()
    assert sent[1] == {"preset": "standard", "seed": 0}


def test_choices_stay_when_the_data_change(columns):
    page = columns
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_role("checkbox", name="hospital").check()
    page.get_by_role("checkbox", name="odd").uncheck()
    page.get_by_label("Name of the run").fill("Mine")
    page.get_by_role("button", name="More for well").click()
    page.get_by_role("menuitem", name="Merge into sick").click()
    expect(page.get_by_role("checkbox", name="odd")).to_have_count(0)  # of two classes none can be spared
    expect(page.get_by_role("checkbox", name="hospital")).to_be_checked()
    expect(page.get_by_label("Name of the run")).to_have_value("Mine")
    expect(page.get_by_label("Which class are you looking for?")).to_be_visible()


def test_the_open_disclosure_looks_right(columns, axe):
    page = columns
    page.get_by_text("Advanced", exact=True).click()
    page.get_by_label("Published recipe").select_option(label="Teachable Machine")
    expect(page.locator(".advanced")).to_contain_text("a frozen MobileNetV2")
    for theme in ("light", "dark"):
        page.locator("html").evaluate("(node, theme) => { node.dataset.theme = theme; }", theme)
        assert axe(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert not has_sideways_scroll(page)


def test_the_page_looks_right(build, axe):
    page = build
    open_class(page, "sick").first.click()
    page.locator(".viewer[data-state=ready]").wait_for()
    check_look(page, axe, page.url)


def test_a_server_that_is_away_is_said(build, live, context):
    page = build
    context.forgiven += ["ERR_CONNECTION", "Failed to load resource"]
    live.kill()
    page.keyboard.press("n")
    ready_to_type(page)
    page.keyboard.type("third")
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_contain_text("The studio does not answer.")
    live.restart()
