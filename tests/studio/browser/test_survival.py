"""Training outlives the tab and the server: the page, not reloaded, catches up; stop keeps what is finished."""

import hashlib
import json
import os
import shutil
import signal
import time

import pytest

from wetread.studio.items import Item
from wetread.studio.processes import born
from wetread.studio.project import Project
from wetread.studio.queue import ENDED, jobs_of

expect = pytest.importorskip("playwright.sync_api", reason="playwright is not installed").expect
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1500)]

P = "p-0000000a"
SLOW = 600_000  # milliseconds; a busy machine of two cores


@pytest.fixture
def project(live, chest_set):
    """Sixty small phantoms in two classes, and the address of their page."""
    project = Project.create(live.home / P, "Chests", decoder=None)
    (project.folder / "images").mkdir()
    ids = {name: project.find_class(name) for name in ("effusion", "no_effusion")}
    for row in (chest_set / "labels.csv").read_text().splitlines()[1:]:
        image, label, patient, *_ = row.split(",")
        file = chest_set / image
        one = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
        item = Item(one, file.name, ".dcm", "DICOM", class_id=ids[label], patient=patient, width=96, height=96)
        shutil.copy(file, project.folder / item.file)
        project.add_item(item)
    yield project
    for job in jobs_of(project.folder):
        if job.pid and born(job.pid) == job.born:
            os.killpg(job.pid, 9)


def train(page, live, preset):
    page.goto(f"{live.url}/p/{P}/build")
    page.locator(f'input[name="preset"][value="{preset}"]').check(force=True)
    page.locator(".train-button").click()
    page.locator('.train-card[data-state="running"]').wait_for()


def wait(what, seconds=300):
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)
    return found


def events_of(job):
    try:
        whole = job.events.read_text().rpartition("\n")[0]  # behind the last end of line stands what is being written
    except OSError:
        return []
    return [json.loads(line) for line in whole.splitlines()]


def test_the_server_is_killed_in_mid_run_and_the_page_catches_up_without_reload(context, page, live, project):
    # While nobody listens, and until the new link is opened, requests of the page fail; Chromium says so.
    context.forgiven += ["ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "401"]
    train(page, live, "quick")
    page.evaluate("window.stillTheSamePage = true")
    job = wait(lambda: [one for one in jobs_of(project.folder) if one.pid and events_of(one)])[0]
    # Held still meanwhile, so that it cannot be done before the server is gone.
    os.killpg(job.pid, signal.SIGSTOP)
    live.kill()
    seen = len(events_of(job))
    assert born(job.pid) == job.born, "the training went with the server"
    os.killpg(job.pid, signal.SIGCONT)
    wait(lambda: len(events_of(job)) > seen)
    live.restart()
    other = context.new_page()
    other.goto(live.open_url)
    page.locator('.ending[data-state="finished"]').wait_for(timeout=SLOW)
    assert page.evaluate("window.stillTheSamePage")
    expect(page.locator(".ending-number")).to_contain_text("AUROC")
    wait(lambda: jobs_of(project.folder)[0].state == ENDED)
    numbers = [one["seq"] for one in events_of(job)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_tab_is_closed_and_another_one_stops_the_run(context, page, live, project):
    train(page, live, "standard")
    job = wait(lambda: [one for one in jobs_of(project.folder) if one.pid])[0]
    page.close()
    wait(lambda: any(one["kind"] == "epoch_done" for one in events_of(job)), seconds=600)
    # Held still until the page is there, so that it is not done before.
    os.killpg(job.pid, signal.SIGSTOP)
    assert born(job.pid) == job.born
    again = context.new_page()
    again.goto(f"{live.url}/p/{P}/build")
    again.locator('.train-card[data-state="running"] .live-curves svg').wait_for()
    os.killpg(job.pid, signal.SIGCONT)  # what is held still may hear with a thread that does not listen
    again.get_by_role("button", name="Stop").click()
    again.locator('.ending[data-state="stopped"]').wait_for(timeout=SLOW)
    expect(again.locator(".ending").get_by_role("button", name="Go on with it")).to_be_visible()
    assert wait(lambda: not born(job.pid))
    assert json.loads((job.run_folder / "run.json").read_text())["status"] == "stopped"
    assert wait(lambda: jobs_of(project.folder)[0].state == ENDED)
