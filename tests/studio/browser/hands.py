"""What a user's hands do in the browser: make a project, add files, look whether a page is fit to be shown."""

import time
from urllib.parse import quote

import numpy as np
from PIL import Image

from tests.studio.dropping import picture_bytes

READY = "main[data-state=ready]"


def new_project(page, live, name="Chests"):
    """Makes a project without clicks; returns its id."""
    return call(page, "POST", "/api/projects", {"name": name})["id"]


def call(page, method, path, body=None):
    """What the page's own modules ask, from inside the page."""
    return page.evaluate(
        """async ([method, path, body]) => {
            const headers = {"X-Wetread": "1", "Content-Type": "application/json"};
            const answer = await fetch(path, {method, headers, body: body === null ? undefined : JSON.stringify(body)});
            if (!answer.ok) throw new Error(await answer.text());
            return answer.json();
        }""",
        [method, path, body],
    )


def put(page, project, name, data, label):
    """Adds one file as the uploader does."""
    return page.evaluate(
        """async ([project, name, label, bytes]) => {
            const headers = {"X-Wetread": "1", "X-Name": name, "X-Class": label};
            const body = new Uint8Array(bytes);
            return (await fetch(`/api/projects/${project}/items`, {method: "PUT", headers, body})).json();
        }""",
        [project, quote(name, safe=""), quote(label, safe=""), list(data)],
    )


def fill(page, project, classes, start=0):
    """Adds so many random pictures to each class; returns the next free number."""
    number = start
    for label, count in classes.items():
        for _ in range(count):
            answer = put(page, project, f"{label}-{number}.png", picture_bytes(number), label)
            assert answer["status"] == "added", answer
            number += 1
    return number


def folder_of_classes(place, classes):
    """A folder with a folder of pictures per class."""
    number = 1000
    for label, count in classes.items():
        (place / label).mkdir(parents=True)
        for _ in range(count):
            (place / label / f"{number}.png").write_bytes(picture_bytes(number))
            number += 1
    return place


def smooth_picture(place, number, bright):
    """A small picture with a soft spot, so that copies of it are seen as copies and others are not."""
    rng = np.random.default_rng(number)
    rows, columns = np.mgrid[0:48, 0:48]
    centre = rng.uniform(12, 36, 2)
    spot = np.exp(-((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / rng.uniform(30, 120))
    Image.fromarray((40 + bright * spot + rng.normal(0, 6, spot.shape)).clip(0, 255).astype(np.uint8)).save(place)


def expect_counts(page, wanted):
    """Waits until the cards of the classes say so."""
    from playwright.sync_api import expect

    cards = page.locator(".class-card")
    expect(cards).to_have_count(len(wanted))
    expect(cards.locator("h3")).to_have_text(list(wanted))
    expect(cards.locator(".class-head .badge")).to_have_text([str(count) for count in wanted.values()])


def eventually(page, look, *, seconds=60):
    """Waits until `look()` holds; returns what it gave, or what it gave last. For what no locator can be asked."""
    until = time.monotonic() + seconds
    while not (found := look()) and time.monotonic() < until:
        page.wait_for_timeout(50)
    return found


def drawn(page):
    """Waits until the page has drawn what the last hand or key did, which it does with its next frame."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def ready_to_type(page):
    """Waits until the field of the open dialog takes words."""
    from playwright.sync_api import expect

    expect(page.locator("dialog[open] input").first).to_be_focused()


def press_in_turn(page, keys):
    """Presses keys after each other, with nothing between them that a busy machine could draw out."""
    page.evaluate(
        """(keys) => keys.forEach((key) => document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true})))""",
        keys.split(),
    )


def hold_toast(page):
    """Lays the mouse on the message at the foot of the page, which stays as long as it lies there."""
    page.locator(".toast").hover()


def noting(locator):
    """Notes what a node says from now on, however briefly; returns what gives it, as a list of texts."""
    locator.evaluate(
        """(node) => {
            node.noted = [];
            const note = () => node.noted.push(node.innerText);
            new MutationObserver(note).observe(node, {childList: true, characterData: true, subtree: true});
        }"""
    )
    return lambda: locator.evaluate("(node) => node.noted")


def has_sideways_scroll(page):
    """Whether it still has one after the page has laid itself out anew: some of it follows the width a frame later."""
    drawn(page)
    return page.locator("html").evaluate("node => node.scrollWidth > node.clientWidth")


def check_look(page, axe, path):
    """No sideways scroll at any width, and nothing serious for axe in either theme."""
    page.goto(path)
    page.locator("main[data-state]:not([data-state=loading])").wait_for()
    for theme in ("light", "dark"):
        page.locator("html").evaluate("(node, theme) => { node.dataset.theme = theme; }", theme)
        assert axe(page) == []
    for width in (390, 1024):
        page.set_viewport_size({"width": width, "height": 844})
        assert not has_sideways_scroll(page), width
    page.set_viewport_size({"width": 1440, "height": 900})
