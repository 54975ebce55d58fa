"""The studio in one process, as a real server, and in a real browser.

- ``studio``: a client with cookie and header on an empty home (``studio.home``, ``studio.studio``).
- ``raw``: ``raw(method, target, headers, body)`` against the same, where nothing tidies an address up.
- ``live``: a server process (``.url``, ``.open_url``, ``.home``, ``.kill()``, ``.restart()``).
- ``page``: a page of Chromium, signed in at ``live``; console errors, page errors and requests to anywhere else fail.
- ``axe``: ``axe(page)`` gives the serious and critical violations.
"""

import asyncio
import contextlib
import os
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from starlette.testclient import TestClient

from wetread.studio.guard import POLICY, Access
from wetread.studio.places import Home
from wetread.studio.server import Studio, build

#: Milliseconds until a page is given up. Met in failure alone, so it may be long: on a busy machine a page that does
#: well needs many seconds.
PATIENCE = 60_000
CHROMIUM = os.environ.get("WETREAD_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


AXE_IS_DONE = "axe is done"


class Client(TestClient):
    """A browser that is signed in, without a browser."""

    def __init__(self, home: Path, terminal: Path) -> None:
        self.access = Access(port=8000)
        self.home = Home(home, terminal)
        # What is made ready ahead is asked for by its own tests alone: elsewhere it would only take time.
        self.studio = Studio(self.home, prepare=lambda run: None)
        super().__init__(
            build(self.studio, self.access),
            base_url=self.access.url,
            headers={"X-Wetread": "1"},
            cookies={self.access.cookie: self.access.pass_},
            follow_redirects=False,
        )


@pytest.fixture
def studio(tmp_path, monkeypatch):
    # A fault of the server shows its traceback in the test's output.
    monkeypatch.setenv("WETREAD_DEBUG", "1")
    client = Client(tmp_path / "home", tmp_path / "wetread-runs")
    yield client
    client.studio.close()


@dataclass
class Reply:
    """What came back: status, headers by name, and all of the body."""

    status: int
    headers: dict
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def call_asgi(app, method, target, headers, pieces=(b"",), *, wait=0.0):
    """One request as uvicorn hands it over. A name of ``headers`` may come twice; ``pieces`` come ``wait`` s apart."""
    path, _, query = target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
    sent, left = [], list(pieces)

    async def receive():
        if not left:
            await asyncio.sleep(3600)
        if wait:
            await asyncio.sleep(wait)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    async def send(message):
        sent.append(message)

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 240))
    assert sent[0]["type"] == "http.response.start"
    found = {}
    for name, value in sent[0]["headers"]:
        assert name not in found or name == b"set-cookie", f"{name} twice"
        found[name] = value
    named = {name.decode().lower(): value.decode("latin-1") for name, value in found.items()}
    return Reply(sent[0]["status"], named, b"".join(one.get("body", b"") for one in sent[1:]))


@pytest.fixture
def raw(studio):
    """A request byte by byte. ``headers`` replaces what a browser of ours sends; None takes a header away."""

    def ask(method, target, headers=None, body=b"", *, pieces=None, wait=0.0):
        access = studio.access
        usual = {
            "host": f"127.0.0.1:{access.port}",
            "cookie": f"{access.cookie}={access.pass_}",
            "sec-fetch-site": "same-origin",
            "x-wetread": "1",
        }
        if method not in ("GET", "HEAD"):
            usual |= {"origin": access.url, "content-length": str(len(body))}
        asked = headers.items() if isinstance(headers, dict) else (headers or [])
        replaced = {name.lower() for name, _ in asked}
        kept = [(name, value) for name, value in usual.items() if name not in replaced]
        return call_asgi(
            studio.app,
            method,
            target,
            [*kept, *((name, value) for name, value in asked if value is not None)],
            pieces if pieces is not None else [body],
            wait=wait,
        )

    return ask


def quiet_port():
    """A free port of those that the system gives to nobody by itself, so that it is still free after a restart."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as place, contextlib.suppress(OSError):
            place.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a hundred ports are taken")


class Live:
    """A server process. Its standard error is in ``log``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.log = folder / "studio.log"
        self.process = None
        self.port = quiet_port()
        self.open_url = self.url = ""
        self.start()

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        output = self.folder / f"studio-{secrets.token_hex(3)}.out"
        with open(output, "wb") as out, open(self.log, "ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "wetread", "studio", str(self.home), "--port", str(self.port), "--no-browser"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=self.folder,
                start_new_session=True,
            )
        deadline = time.monotonic() + 180
        # With what stands behind it: half a link is none.
        while not (found := re.search(r"(http://127\.0\.0\.1:(\d+))/open\?t=\S+(?=\s)", output.read_text())):
            assert self.process.poll() is None, f"the server ended: {self.log.read_text()}"
            assert time.monotonic() < deadline, "the server printed no link within three minutes"
            time.sleep(0.02)
        self.open_url, self.url, self.port = found[0], found[1], int(found[2])

    def kill(self) -> None:
        """As a crash does; what the server started lives on."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """The same home on the same port, with a new link."""
        if self.process.poll() is None:
            self.kill()
        self.start()

    def stop(self) -> None:
        """As Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()


@pytest.fixture
def live(tmp_path):
    server = Live(tmp_path / "live")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests, or a skip that says why."""
    if not CHROMIUM:
        pytest.skip("no Chromium here (apt-get install chromium, or WETREAD_CHROMIUM=/path)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    playwright.expect.set_options(timeout=PATIENCE)  # what is expected of a page has five seconds otherwise
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def context(chromium, live):
    """A browser context, signed in at ``live``, that lets nothing leave the origin and notes every complaint."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    complaints = []
    #: Texts of complaints that a test expects, such as the failed requests while the server is down.
    context.forgiven = []
    context.complaints = complaints

    def watch(page):
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.on("console", lambda line: complaints.append(f"console: {line.text}") if line.type == "error" else None)
        page.on("response", check_policy)

    def check_request(request):
        if not request.url.startswith((f"{live.url}/", "blob:", "about:blank")):
            complaints.append(f"a request off the origin: {request.url}")

    def check_policy(response):
        policy = response.headers.get("content-security-policy", "")
        if response.url.startswith(live.url) and policy != POLICY and not policy.startswith("sandbox"):
            complaints.append(f"no strict policy: {response.url}")

    context.on("page", watch)
    context.on("request", check_request)
    yield context
    context.close()
    left = [text for text in complaints if not any(part in text for part in context.forgiven)]
    assert not left, "\n".join(left)


@pytest.fixture
def page(context, live):
    page = context.new_page()
    page.goto(live.open_url)
    return page


@pytest.fixture
def axe():
    """Runs axe-core in a page; returns its serious and critical violations, each as one line."""
    module = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")

    def run(page):
        before = list(page.context.complaints)
        found = module.Axe().run(page).response["violations"]
        # Axe tries inline styles of its own, which our policy refuses. The console is told in order: what stands before
        # these words has been noted once they are heard.
        with page.expect_console_message(lambda line: line.text == AXE_IS_DONE):
            page.evaluate("words => console.log(words)", AXE_IS_DONE)
        page.context.complaints[len(before) :] = [
            text for text in page.context.complaints[len(before) :] if "inline style" not in text
        ]
        return [
            f"{one['id']} ({one['impact']}): {one['help']}: {[node['target'] for node in one['nodes']]}"
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    return run
