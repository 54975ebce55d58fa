"""The server: light, quick, quiet, alone on its machine, and gone when asked."""

import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.conftest import Live
from wetread.errors import InputError, OutputError
from wetread.studio import server as serving

HEAVY = ("torch", "torchvision", "timm", "openvino", "sklearn", "scipy", "skimage", "pandas", "pydicom")
LOOK = f"import sys; print(' '.join(name for name in {HEAVY!r} if name in sys.modules))"


class Browser:
    """Signed in at a live server, without a browser."""

    def __init__(self, live) -> None:
        self.live = live
        self.cookie = self._ask("GET", f"/open?t={live.open_url.split('?t=')[1]}")[1]["set-cookie"].split(";")[0]

    def __call__(self, method, path, body=None, **headers):
        return self._ask(method, path, body, {"Cookie": self.cookie, "X-Wetread": "1", **headers})

    def _ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=300)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()


def fill(browser, chest_set):
    """A project with a few DICOM files; returns its id."""
    project = json.loads(browser("POST", "/api/projects", b'{"name":"Adam Example, born 1950"}')[2])["id"]
    for number, file in enumerate(sorted(chest_set.glob("images/*.dcm"))[:6]):
        status, _, text = browser(
            "PUT",
            f"/api/projects/{project}/items",
            file.read_bytes(),
            **{"X-Name": f"Example%5EAdam-{number}.dcm", "X-Class": ("sick", "well")[number % 2]},
        )
        assert status < 300 and json.loads(text)["status"] == "added", text
    return project


def looked_at(browser, project):
    """Asks what the pages ask for."""
    items = json.loads(browser("GET", f"/api/projects/{project}/items")[2])["items"]
    asked = ["/", "/static/app.js", "/api/start", f"/api/projects/{project}", f"/api/projects/{project}/runs"]
    for item in items:
        asked += [
            f"/api/projects/{project}/thumbs/{item['id']}",
            f"/api/projects/{project}/pixels/{item['id']}?size=512",
        ]
    for path in asked:
        assert browser("GET", path)[0] == 200, path
    return items


def test_no_heavy_package_is_loaded():
    command = [sys.executable, "-c", f"import wetread.studio.server\n{LOOK}"]
    assert subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout.strip() == ""


def test_it_stays_below_100_mb_while_it_works(live, chest_set):
    status = Path(f"/proc/{live.process.pid}/status")
    if not status.exists():
        pytest.skip("no /proc here")
    browser = Browser(live)
    looked_at(browser, fill(browser, chest_set))
    highest = int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024
    assert highest < 100, f"{highest:.0f} MB"


def test_it_starts_within_a_second_and_a_half_of_work(tmp_path):
    """CPU seconds of a start, the best of three: the machine is shared."""
    code = (
        "import resource\nfrom wetread.studio import server\nfrom pathlib import Path\n"
        "class Ready(Exception): pass\n"
        "def announce(line):\n    raise Ready\n"
        "try: server.serve(Path('home'), open_browser=False, announce=announce)\n"
        "except Ready: print(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))"
    )
    spent, bare = [], []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=300)
        spent.append(float(done.stdout))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        bare.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # A slow machine starts Python itself slowly, too: it is about fifty bare starts, and torch alone another hundred.
    assert min(spent) < max(1.5, 120 * min(bare))


WATCHED = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.sendmsg"):
        print("LEFT", event, arguments[1:], file=sys.stderr, flush=True)
sys.addaudithook(watch)
sys.argv = ["wetread", "studio", "home", "--no-browser"]
from wetread.cli.app import main
main()
"""


def test_it_asks_nobody_anything(tmp_path, monkeypatch, chest_set):
    """Neither a name nor a connection: every attempt of the process would be printed by an audit hook."""
    started = subprocess.Popen

    def watched(command, **settings):
        return started([sys.executable, "-c", WATCHED], **settings)

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", watched)
        live = Live(tmp_path)
    browser = Browser(live)
    looked_at(browser, fill(browser, chest_set))
    live.stop()
    assert live.log.read_text() == ""


def test_the_audit_hook_would_have_seen_it():
    code = (
        WATCHED.split("sys.argv")[0]
        + "import socket\ntry: socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError: 0"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert "LEFT socket.connect" in done.stderr


def test_neither_output_nor_answers_of_errors_name_a_file(live, chest_set):
    browser = Browser(live)
    project = fill(browser, chest_set)
    looked_at(browser, project)
    browser("PUT", f"/api/projects/{project}/items", b"no image", **{"X-Name": "Example%5EAdam.png", "X-Class": ""})
    _, _, missing = browser("GET", f"/api/projects/{project}/items/0000000000000000")
    live.stop()
    printed = live.log.read_text() + "".join(path.read_text() for path in live.folder.glob("*.out"))
    assert "Adam" not in printed and "Adam" not in missing.decode()
    assert "GET" not in printed and project not in printed


def test_ctrl_c_ends_it_in_good_order(live):
    browser = Browser(live)
    assert browser("GET", "/api/start")[0] == 200
    live.stop()
    assert live.process.returncode == 0
    assert live.log.read_text() == ""
    assert "The studio is closed." in "".join(path.read_text() for path in live.folder.glob("*.out"))
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", live.port), 1)


def test_a_restart_has_the_same_port_and_another_link(live):
    port, link, cookie = live.port, live.open_url, Browser(live).cookie
    live.kill()
    live.port = 0  # not asked for: remembered
    live.restart()
    assert live.port == port and live.open_url != link
    fresh = Browser(live)
    assert fresh.cookie != cookie and fresh("GET", "/api/start")[0] == 200
    fresh.cookie = cookie
    assert fresh("GET", "/api/start")[0] == 401


def test_a_second_studio_on_the_same_home_is_refused(live):
    command = [sys.executable, "-m", "wetread", "studio", str(live.home), "--no-browser"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2 and "Another studio works in" in done.stderr


def test_a_port_that_is_taken_is_an_error_and_not_another_port(live, tmp_path):
    with pytest.raises(InputError) as caught:
        serving.serve(tmp_path / "other", port=live.port, open_browser=False)
    assert caught.value.code == "port-taken"


def test_a_home_that_cannot_be_is_an_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError):
        serving.serve(tmp_path / "file", open_browser=False)


@pytest.mark.parametrize("option", ("--host", "--no-token", "--share", "--reload"))
def test_nothing_opens_it_to_others(option):
    command = [sys.executable, "-m", "wetread", "studio", option, "0.0.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2 and "No such option" in done.stderr


def test_sigterm_ends_it_too(live):
    os.kill(live.process.pid, signal.SIGTERM)
    assert live.process.wait(120) == 0


def test_a_folder_becomes_a_project_first(tmp_path, chest_set):
    """As `wetread studio --import FOLDER` does, up to the line with the link."""

    class ReadyError(Exception):
        pass

    def announce(line):
        raise ReadyError

    with pytest.raises(ReadyError):
        serving.serve(tmp_path / "home", open_browser=False, folder=chest_set, announce=announce)
    (project,) = (tmp_path / "home").glob("p-*")
    assert json.loads((project / "project.json").read_text())["name"] == chest_set.name
    journal = (project / "items.jsonl").read_text()
    assert '"effusion"' in journal and '"no_effusion"' in journal
    assert len(list((project / "images").glob("*.dcm"))) == 60


def test_a_folder_without_images_becomes_none(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "nowhere"):
        with pytest.raises(InputError):
            serving.serve(tmp_path / "home", open_browser=False, folder=folder, announce=pytest.fail)
    assert not list((tmp_path / "home").glob("p-*"))


def test_the_link_works_as_soon_as_it_is_printed(tmp_path):
    started = time.monotonic()
    live = Live(tmp_path)
    try:
        assert Browser(live)("GET", "/")[0] == 200
        print(f"{time.monotonic() - started:.2f} s from the command to the first page")
    finally:
        live.stop()
