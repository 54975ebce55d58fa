"""One ASGI layer that every request passes: Host, Origin, fetch metadata, cookie, the header of our own page, size.

It is pure ASGI and reads ``scope["path"]``, never an address built from the Host header (CVE-2026-48710). It answers
before any byte of a body is read. What it asks for, in order:

1. HTTP, no upgrade, a method and a path of ours, no control characters;
2. exactly one Host that is this server (against DNS rebinding), else 421;
3. no foreign Origin, and fetch metadata that say same-origin or none, else 403;
4. the cookie of this start of the server, else 401; only ``/open`` hands it out;
5. for everything that changes something the header ``X-Wetread: 1``, which no foreign page can send, else 403;
6. a body that is neither longer nor slower than its kind may be, else 413 or 408.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wetread.studio.answers import Refusal, answer_refusal

#: What a page may do: code and styles from here, pictures from here or made by its own code, talk to here only.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
#: For a report that is shown: it carries its own styles, scripts and pictures, has no origin and reaches nothing.
REPORT_POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; font-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
SAFETY_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), clipboard-read=(self), microphone=(), geolocation=(), usb=(), payment=()",
}
#: For a report: it asks the person who opens it for nothing.
REPORT_PERMISSIONS = SAFETY_HEADERS["permissions-policy"].replace("(self)", "()")

#: Most bytes of one picture, and of one archive of pictures; larger ones come by `wetread studio --import`.
MOST_FILE = 512 << 20
MOST_ARCHIVE = 5 << 30
#: Most bytes of a request that brings no file.
MOST_BODY = 1 << 20
#: Seconds that may pass without a byte of a body, and bytes per second on average once these are over.
PATIENCE = 20.0
SLOWEST = 16_384

READING = frozenset({"GET", "HEAD"})
CHANGING = frozenset({"POST", "PUT", "DELETE"})
LONGEST_ADDRESS = 4096
# Ids, file names of ours and slashes: what an encoded "..", a NUL, a drive or a backslash decodes to is none of it.
# Each segment begins with its slash, so that there is one way only to read an address, however long.
_PATH = re.compile(r"/|(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?", re.ASCII)
_CONTROL = re.compile(r"%[01][0-9a-f]|%7f|[\x00-\x20\x7f-\xff]", re.IGNORECASE)


@dataclass(frozen=True)
class Access:
    """Who may come in: the browser that opened the link of this start.

    Args:
        port: Where the server listens, on 127.0.0.1.
        key: 256 bits, part of the link.
        pass_: 256 bits, the value of the cookie.
    """

    port: int
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    pass_: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    @property
    def cookie(self) -> str:
        """The name of the cookie; cookies ignore ports, so the port is part of it."""
        return f"wetread-{self.port}"

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def link(self) -> str:
        """What the user opens."""
        return f"{self.url}/open?t={self.key}"

    @property
    def hosts(self) -> frozenset[str]:
        """The Host headers of this server."""
        return frozenset({f"127.0.0.1:{self.port}", f"localhost:{self.port}"})


class Guard:
    """Lets in what may come in, and gives every answer its safety headers.

    Args:
        app: What answers.
        access: Who may come in.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            return
        sealed = _seal(send)
        try:
            admitted = self._examine(scope)
        except Refusal as refusal:
            page = refusal.status == 401 and "text/html" in Headers(scope=scope).get("accept", "")
            refused = _door(refusal) if page else answer_refusal(refusal)
            # What is left of a body is not read, so the connection cannot be used again.
            refused.headers["connection"] = "close"
            await refused(scope, receive, sealed)
            return
        if admitted is not None:
            await admitted(scope, receive, sealed)
        else:
            await self._app(scope, _patient(scope, receive), sealed)

    def _examine(self, scope: Scope) -> Response | None:
        """Raises `Refusal`, or answers the one address that needs no cookie; None: go on."""
        headers = Headers(scope=scope)
        _check_shape(scope, headers)
        host = self._check_host(headers)
        _check_origin(headers, host)
        if scope["path"] == "/open":
            return self._open(scope)
        self._check_cookie(headers)
        if scope["method"] in CHANGING and headers.getlist("x-wetread") != ["1"]:
            raise Refusal(403, "This request does not come from the studio's own page.", code="no-header")
        return None

    def _check_host(self, headers: Headers) -> str:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._access.hosts:
            raise Refusal(421, "This server answers to 127.0.0.1 and localhost only.", code="wrong-host")
        return hosts[0]

    def _check_cookie(self, headers: Headers) -> None:
        pairs = (pair.strip().partition("=") for line in headers.getlist("cookie") for pair in line.split(";"))
        values = [value for name, _, value in pairs if name == self._access.cookie]
        if not any(_same(value, self._access.pass_) for value in values):
            raise Refusal(
                401,
                "The studio does not know this browser, or was started again since.",
                "Open the link that the terminal shows.",
                "no-cookie",
            )

    def _open(self, scope: Scope) -> Response:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("t", [])
        if scope["method"] != "GET" or len(given) != 1 or not _same(given[0], self._access.key):
            raise Refusal(401, "This link is not that of the studio.", "Open the link that the terminal shows.", "key")
        response = RedirectResponse("/", 303, {"cache-control": "no-store"})
        response.set_cookie(self._access.cookie, self._access.pass_, path="/", httponly=True, samesite="strict")
        return response


def _check_shape(scope: Scope, headers: Headers) -> None:
    if scope["method"] not in READING | CHANGING:
        raise Refusal(405, "The studio knows GET, POST, PUT and DELETE.", code="method")
    if "upgrade" in headers:
        raise Refusal(400, "The studio speaks plain HTTP only.", code="upgrade")
    query = scope["query_string"].decode("latin-1")
    if len(scope.get("raw_path") or b"") + len(query) > LONGEST_ADDRESS:
        raise Refusal(414, "The address is too long.", "Go back to the start page.", "too-long")
    if not _PATH.fullmatch(scope["path"]) or _CONTROL.search(query):
        raise Refusal(404, "There is nothing at this address.", "Go back to the start page.", "no-page")
    length = headers.getlist("content-length")
    if len(length) > 1 or any(not (text.isascii() and text.isdigit()) for text in length):
        raise Refusal(400, "The request does not say how long it is.", code="length")
    if length and int(length[0]) > _limit(scope):
        raise Refusal(
            413, "The file is too large for the browser.", "Use `wetread studio --import FOLDER`.", "too-long"
        )


def _check_origin(headers: Headers, host: str) -> None:
    if any(origin != f"http://{host}" for origin in headers.getlist("origin")):
        raise Refusal(403, "Another site asked for this.", code="foreign-origin")
    if any(site not in ("same-origin", "none") for site in headers.getlist("sec-fetch-site")):
        raise Refusal(403, "Another site asked for this.", code="foreign-site")


def _limit(scope: Scope) -> int:
    return MOST_ARCHIVE if scope["method"] == "PUT" else MOST_BODY


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _door(refusal: Refusal) -> Response:
    """What a person sees who comes without the cookie."""
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>wetread studio</title>'
        f"<h1>wetread studio</h1><p>{refusal.message}</p><p>{refusal.remedy}</p></html>",
        refusal.status,
        {"cache-control": "no-store"},
    )


def _seal(send: Send) -> Send:
    async def sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            report = headers.get("content-security-policy") == REPORT_POLICY
            if not report:
                headers["content-security-policy"] = POLICY
            headers.update(SAFETY_HEADERS)
            if report:
                headers["permissions-policy"] = REPORT_PERMISSIONS
            headers.setdefault("cache-control", "no-store")
        await send(message)

    return sealed


def _patient(scope: Scope, receive: Receive) -> Receive:
    """Counts and times what comes; raises `Refusal` in the route that reads it."""
    limit, size, started, ended = _limit(scope), 0, anyio.current_time(), False

    async def counted() -> Message:
        nonlocal size, ended
        if ended:  # waiting for the browser to go away may take as long as the answer takes
            return await receive()
        allowed = started + PATIENCE + size / SLOWEST - anyio.current_time()
        try:
            with anyio.fail_after(min(PATIENCE, max(allowed, 0.0))):
                message = await receive()
        except TimeoutError as error:
            raise Refusal(408, "The file came too slowly.", "Send it again.", "too-slow") from error
        size += len(message.get("body", b""))
        ended = not message.get("more_body", False)
        if size > limit:
            raise Refusal(413, "The file is too large for the browser.", "Use `wetread studio --import`.", "too-long")
        return message

    return counted
