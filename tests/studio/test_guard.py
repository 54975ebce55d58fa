"""Hostile requests. Each has one intended end; whatever route there will be is covered without a new line here."""

import contextlib
import http.client
import itertools
import json
import re
import socket
import time
from pathlib import Path

import pytest
from starlette.routing import Mount, Route

from wetread.studio import guard
from wetread.studio.guard import POLICY, REPORT_POLICY, SAFETY_HEADERS, Access, Guard
from wetread.studio.places import Home
from wetread.studio.server import Studio, api_routes

ACCESS = Access(port=8000)
START = "/api/start"
PROJECTS = "/api/projects"

# What asks, and from where --------------------------------------------------------------------------------------------

HOSTS = {
    "another site": "evil.example",
    "another site on our port": "evil.example:8000",
    "rebinding by name": "127.0.0.1.nip.example:8000",
    "another port": "127.0.0.1:8001",
    "no port": "127.0.0.1",
    "any address": "0.0.0.0:8000",
    "loopback by another number": "127.1:8000",
    "IPv6": "[::1]:8000",
    "user before the host": "evil@127.0.0.1:8000",
    "blank behind": "127.0.0.1:8000 ",
    "two in one": "127.0.0.1:8000, evil.example",
    "upper case": "LOCALHOST:8000",
    "dot behind": "localhost.:8000",
    "empty": "",
    "port twice": "127.0.0.1:8000:8000",
    "nothing": None,
}
ORIGINS = {
    "another site": "http://evil.example",
    "null": "null",
    "https": "https://127.0.0.1:8000",
    "another port": "http://127.0.0.1:3000",
    "ours as a part": "http://127.0.0.1:8000.evil.example",
    "the other name of this machine": "http://localhost:8000",
    "empty": "",
    "extension": "chrome-extension://abcdef",
    "file": "file://",
    "slash behind": "http://127.0.0.1:8000/",
}
SITES = ("cross-site", "same-site", "CROSS-SITE", "", "same-origin, none", "unknown")
COOKIES = {
    "none": None,
    "empty": "",
    "wrong": f"{ACCESS.cookie}=wrong",
    "another port": "wetread-8001={pass_}",
    "only the beginning": f"{ACCESS.cookie}={{start}}",
    "one letter more": f"{ACCESS.cookie}={{pass_}}x",
    "the key of the link": f"{ACCESS.cookie}={{key}}",
    "in upper case": "WETREAD-8000={pass_}",
    "as part of another": "x={pass_}",
    "not ASCII": f"{ACCESS.cookie}=\xe4\xf6\xfc",
    "empty value": f"{ACCESS.cookie}=",
}


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_only_our_own_host_is_answered(raw, host):
    assert raw("GET", START, {"host": host}).status == 421


def test_two_hosts_are_one_too_many(raw):
    ours = ("host", "127.0.0.1:8000")
    assert raw("GET", START, [ours, ours]).status == 421
    assert raw("GET", START, [ours, ("host", "evil.example")]).status == 421


def test_both_names_of_this_machine_are_ours(raw):
    assert raw("GET", START, {"host": "localhost:8000"}).status == 200
    assert raw("GET", START).status == 200


@pytest.mark.parametrize("name", ("x-forwarded-host", "x-host", "forwarded", "x-original-url", "x-rewrite-url"))
def test_headers_of_proxies_change_nothing(raw, name):
    assert raw("GET", START, {name: "evil.example"}).body == raw("GET", START).body
    # A path may not be smuggled in either.
    assert raw("GET", START, {name: "/api/nothing"}).status == 200


@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS)
@pytest.mark.parametrize("method", ("GET", "POST"))
def test_a_foreign_origin_is_refused(raw, method, origin):
    assert raw(method, START if method == "GET" else PROJECTS, {"origin": origin}, b'{"name":"x"}').status == 403


@pytest.mark.parametrize("site", SITES)
@pytest.mark.parametrize("method", ("GET", "POST"))
def test_fetch_metadata_of_another_site_are_refused(raw, method, site):
    assert raw(method, START if method == "GET" else PROJECTS, {"sec-fetch-site": site}, b"{}").status == 403


def test_two_origins_or_sites_do_not_help(raw):
    assert raw("GET", START, [("origin", ACCESS.url), ("origin", "http://evil.example")]).status == 403
    assert raw("GET", START, [("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")]).status == 403


@pytest.mark.parametrize("cookie", COOKIES.values(), ids=COOKIES)
def test_without_the_cookie_nobody_comes_in(raw, studio, cookie):
    access = studio.access
    text = cookie and cookie.format(pass_=access.pass_, key=access.key, start=access.pass_[:-1])
    for path in (START, "/", "/static/app.js", "/favicon.ico", "/nothing"):
        assert raw("GET", path, {"cookie": text}).status == 401


def test_the_cookie_may_stand_among_others(raw, studio):
    ours = f"{studio.access.cookie}={studio.access.pass_}"
    assert raw("GET", START, {"cookie": f"a=b; {ours}; {studio.access.cookie}=old"}).status == 200


def test_a_person_without_the_cookie_is_told_where_the_link_is(raw):
    reply = raw("GET", "/", {"cookie": None, "accept": "text/html,*/*"})
    assert reply.status == 401
    assert reply.headers["content-type"].startswith("text/html")
    assert "the link that the terminal shows" in reply.text


# The link -------------------------------------------------------------------------------------------------------------


def test_the_link_gives_the_cookie_and_leaves_the_address(raw, studio):
    reply = raw("GET", f"/open?t={studio.access.key}", {"cookie": None, "sec-fetch-site": "none"})
    assert (reply.status, reply.headers["location"]) == (303, "/")
    cookie = reply.headers["set-cookie"]
    assert cookie.startswith(f"wetread-8000={studio.access.pass_};")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie and "Max-Age" not in cookie
    assert studio.access.key not in reply.text and reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "query", ("", "?t=", "?t=x", "?t={key}x", "?t={half}", "?t={key}&t={key}", "?T={key}", "?t={pass_}", "?t={key}%00")
)
def test_another_link_does_not(raw, studio, query):
    access = studio.access
    query = query.format(key=access.key, pass_=access.pass_, half=access.key[:20])
    reply = raw("GET", f"/open{query}", {"cookie": None})
    assert reply.status in (401, 404) and "set-cookie" not in reply.headers


@pytest.mark.parametrize("method", ("HEAD", "POST", "PUT", "DELETE"))
def test_the_link_is_only_opened(raw, studio, method):
    reply = raw(method, f"/open?t={studio.access.key}", {"cookie": None})
    assert reply.status == 401 and "set-cookie" not in reply.headers


def test_another_site_cannot_open_the_link(raw, studio):
    assert raw("GET", f"/open?t={studio.access.key}", {"sec-fetch-site": "cross-site"}).status == 403


def test_secrets_are_long_differ_and_are_not_printed():
    one, other = Access(8000), Access(8000)
    assert len({one.key, one.pass_, other.key, other.pass_}) == 4
    assert min(len(one.key), len(one.pass_)) >= 43  # 256 bits, six to a letter
    assert one.key not in repr(one) and one.pass_ not in repr(one)


# Methods, addresses, headers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ("OPTIONS", "TRACE", "CONNECT", "PATCH", "PROPFIND", "get", "GE\tT", ""))
def test_other_methods_are_refused(raw, method):
    reply = raw(method, START)
    assert reply.status == 405
    assert not any(name.startswith("access-control") for name in reply.headers)


@pytest.mark.parametrize("name", ("x-http-method-override", "x-method-override", "x-http-method"))
def test_a_method_cannot_be_overridden(raw, studio, name):
    raw("POST", PROJECTS, body=b'{"name":"kept"}')
    project = studio.home.projects()[0].name
    raw("GET", f"{PROJECTS}/{project}", {name: "DELETE"})
    raw("GET", f"{PROJECTS}/{project}?_method=DELETE")
    assert [folder.name for folder in studio.home.projects()] == [project]


def test_upgrades_are_refused(raw):
    for protocol in ("websocket", "h2c", "TLS/1.0"):
        assert raw("GET", START, {"connection": "Upgrade", "upgrade": protocol}).status == 400


def test_a_websocket_is_closed_at_once(studio):
    closed = []

    async def send(message):
        closed.append(message)

    # Without an event loop: it neither waits nor asks anybody.
    running = studio.app({"type": "websocket", "path": "/", "headers": []}, None, send)
    with pytest.raises(StopIteration):
        running.send(None)
    assert closed == [{"type": "websocket.close", "code": 1008}]


ADDRESSES = (
    "/static/../server.py",
    "/static/%2e%2e/server.py",
    "/static/..%2fserver.py",
    "/static/%2e%2e%2f%2e%2e%2ferrors.py",
    "/static/..%5cserver.py",
    "/static/%252e%252e/server.py",
    "/static/....//server.py",
    "/static/%c0%ae%c0%ae/server.py",
    "/static//etc/passwd",
    "/static/%2fetc%2fpasswd",
    "/static/app.js%00.css",
    "/static/app.js%20",
    "/static/C:%5cwindows%5cwin.ini",
    "/static/%5c%5cevil.example%5cshare%5cx.js",
    "/static/pages",
    "/static/pages/",
    "/static/",
    "/static",
    "/static/.hidden.js",
    "/static/../../../pyproject.toml",
    "//evil.example/",
    "/%2f%2fevil.example",
    "/\\evil.example",
    "http://evil.example/api/start",
    "*",
    "/api/start%0d%0aset-cookie:%20a=b",
    "/api/start%00",
    "/api/start/",
    "/api//start",
    "/api/../api/start",
    "/api/START",
    "/api",
    "/api/",
    "/.git/config",
    "/server.py",
    "/etc/passwd",
    "/api/start?x=%00",
    "/api/start?x=%0d%0a",
    "/api/start?x=%1b[2J",
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ("GET", "POST"))
def test_there_is_nothing_at_such_an_address(raw, method, address):
    reply = raw(method, address)
    assert reply.status in (404, 405)
    assert reply.headers["content-type"] == "application/json" and "location" not in reply.headers


def test_an_endless_address_is_refused(raw):
    assert raw("GET", f"{START}?x={'a' * 5000}").status == 414
    assert raw("GET", f"/{'a' * 5000}").status == 414


def test_an_address_is_read_in_no_time_however_odd(raw):
    started = time.monotonic()
    for part in ("a" * 4000 + "%00", "a/" * 2000 + "!", "a." * 2000 + "%5c"):
        assert raw("GET", f"/{part}").status == 404
        assert raw("GET", f"{START}?{part}").status in (200, 404)
    assert time.monotonic() - started < 60  # a pattern that turns back at each sign would not be done in a day


@pytest.mark.parametrize("length", ("-1", "1e3", "0x10", "+5", " 5", "5, 5", "", "\xb2"))
def test_a_length_is_a_number(raw, length):
    assert raw("POST", PROJECTS, {"content-length": length}, b"{}").status == 400


def test_two_lengths_are_refused(raw):
    assert raw("POST", PROJECTS, [("content-length", "2"), ("content-length", "50")], b"{}").status == 400


# Bodies ---------------------------------------------------------------------------------------------------------------


def test_what_is_too_long_is_refused_before_it_comes(raw):
    never = raw("POST", PROJECTS, {"content-length": str(guard.MOST_BODY + 1)}, pieces=[])
    assert never.status == 413
    assert raw("PUT", f"{PROJECTS}/p-00000000/items", {"content-length": str(10**30)}, pieces=[]).status == 413


def test_what_hides_its_length_is_counted(raw):
    pieces = [b"x" * 65_536] * 18
    assert raw("POST", PROJECTS, {"content-length": None, "transfer-encoding": "chunked"}, pieces=pieces).status == 413


def test_what_comes_too_slowly_is_cut_off(raw, monkeypatch):
    monkeypatch.setattr(guard, "PATIENCE", 0.15)
    assert raw("POST", PROJECTS, {"content-length": "20"}, pieces=[b"{"], wait=5).status == 408
    # Each piece in time, and yet it would take all day.
    started = time.monotonic()
    assert raw("POST", PROJECTS, {"content-length": "900"}, pieces=[b" "] * 900, wait=0.05).status == 408
    assert time.monotonic() - started < 30  # of 45


BODIES = {
    "nothing of JSON": b"name=x",
    "a list": b'["name"]',
    "null": b"null",
    "a number": b"7",
    "cut off": b'{"name": "x',
    "not UTF-8": b'{"name": "\xff\xfe"}',
    "NaN": b'{"name": NaN}',
    "a thousand levels": b'{"name":' + b"[" * 30_000,
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "a pickle": b"cos\nsystem\n(S'true'\ntR.",
    "NUL bytes": b"\0" * 100,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_only_a_json_object_is_understood(raw, studio, body):
    assert raw("POST", PROJECTS, body=body).status == 400
    assert not studio.home.projects()


def test_a_form_of_another_page_is_not_understood(raw):
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
    for kind in kinds:
        reply = raw("POST", PROJECTS, {"content-type": kind, "x-wetread": None}, b'{"name":"x"}')
        assert reply.status == 403


NAMES = {
    "no text": 7,
    "nothing": None,
    "blank": "  ",
    "a list": ["x"],
    "too long": "x" * 81,
    "NUL": "a\0b",
    "escape": "a\x1b[2Jb",
    "text turned round": "a\u202eb",
    "lone surrogate": "\ud800",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_such_a_name_is_refused(raw, studio, name):
    assert raw("POST", PROJECTS, body=json.dumps({"name": name}).encode()).status == 400
    assert not studio.home.projects()


SCRIPTS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "../../../etc/passwd",
    "..\\..\\windows",
    "{{7*7}} ${7*7} %s %n",
    "'; DROP TABLE x; --",
    "=HYPERLINK('http://evil.example')",
    "CON",
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_name_is_text_and_nothing_else(raw, studio, name):
    made = raw("POST", PROJECTS, body=json.dumps({"name": name}).encode())
    assert made.status == 201
    assert re.fullmatch(r"p-[0-9a-f]{8}", json.loads(made.body)["id"])
    shown = raw("GET", START)
    assert json.loads(shown.body)["projects"][0]["name"] == name
    assert (shown.headers["content-type"], shown.headers["x-content-type-options"]) == ("application/json", "nosniff")
    assert name not in raw("GET", "/").text
    # Nothing on the disk bears the name.
    assert not [path for path in studio.home.path.rglob("*") if "script" in path.name or "passwd" in path.name]


# Every route that there is --------------------------------------------------------------------------------------------


def all_routes():
    """(method, path) of every route below /api, as the application has them."""
    home = Home(Path(__file__).parent)  # only looked at: nothing is made or answered here
    found = []
    studio = Studio(home)
    routes = api_routes(studio)
    studio.close()
    for route in routes:
        assert isinstance(route, Route) and not isinstance(route, Mount)
        found += [(method, f"/api{route.path}") for method in sorted(route.methods)]
    return sorted(found, key=lambda one: (one[1], one[0]))


ROUTES = all_routes()
PLACEHOLDER = re.compile(r"\{(\w+)(?::\w+)?\}")
WRITES = [one for one in ROUTES if one[0] not in ("GET", "HEAD")]
TRAVERSALS = (
    "..",
    "%2e%2e",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2fproject.json",
    "..%5c..%5cproject.json",
    "%252e%252e%252fproject.json",
    "....%2f%2fproject.json",
    "%c0%ae%c0%ae",
    ".trash",
    ".lock",
    "p-00000000%00",
    "%00",
    "%0a",
    "C:",
    "~root",
    "-rf",
    "--out=x",
    "p-%EF%BC%90000000",
    "a" * 300,
    "%3Cscript%3E",
    "'%20OR%201=1",
    "1e9",
    "-1",
    "99999999999999999999999",
    "%2fetc%2fpasswd",
    "%7e",
    "*",
)


@pytest.fixture
def furnished(studio):
    """A project and a run folder, both empty, so that a hostile part stands among true ones."""
    project = studio.post("/api/projects", json={"name": "furnished"}).json()["id"]
    run = studio.home.run_folder(project, "20260101-000000-abcd", exists=False)
    run.mkdir(parents=True)
    (run / "events.jsonl").touch()
    (studio.home.path / "secret.txt").write_text("secret-of-the-home")
    return {"project": project, "run": run.name}


def filled(path, values):
    return PLACEHOLDER.sub(lambda match: values.get(match[1], "0"), path)


def test_the_pack_sees_the_routes():
    assert ("POST", "/api/projects") in WRITES and ("DELETE", "/api/projects/{project}") in WRITES
    assert ("GET", START) in ROUTES


@pytest.mark.parametrize(("method", "path"), WRITES, ids=lambda one: one)
def test_nothing_is_changed_without_our_own_header(raw, furnished, method, path):
    target = filled(path, furnished)
    for header in (None, "", "0", "true", "1, 1"):
        assert raw(method, target, {"x-wetread": header}, b"{}").status == 403
    assert raw(method, target, [("x-wetread", "1"), ("x-wetread", "1")], b"{}").status == 403


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda one: one)
def test_no_route_answers_without_cookie_or_to_another_site(raw, furnished, method, path):
    target = filled(path, furnished)
    assert raw(method, target, {"cookie": None}, b"{}").status == 401
    assert raw(method, target, {"host": "evil.example"}, b"{}").status == 421
    assert raw(method, target, {"sec-fetch-site": "cross-site"}, b"{}").status == 403
    assert raw(method, target, {"origin": "http://evil.example"}, b"{}").status == 403


@pytest.mark.parametrize(
    ("method", "path"), [one for one in ROUTES if "{" in one[1] and one[0] != "HEAD"], ids=lambda one: one
)
def test_no_part_of_an_address_leads_out(raw, studio, furnished, method, path):
    before = _everything(studio.home.path)
    for name, value in itertools.product(PLACEHOLDER.findall(path), TRAVERSALS):
        reply = raw(method, filled(path, furnished | {name: value}), body=b"[")
        # To remove what is not there is no error.
        refused = 400 <= reply.status < 500 or (method, reply.body) == ("DELETE", b"{}")
        assert refused, f"{name}={value}: {reply.status} {reply.text[:200]}"
        assert "secret-of-the-home" not in reply.text and "root:" not in reply.text
    assert _everything(studio.home.path) == before


QUERY = (
    *("after", "class", "q", "offset", "limit", "size", "run", "runs", "method", "target", "truth", "predicted"),
    *("outcome", "status", "split", "finding", "sort", "threshold", "prevalence", "doubt", "case"),
)
ODD = ("../../secret.txt", "-1", "99999999999999999999", "1e999", "nan", "%3Cscript%3E", "a" * 150)


@pytest.mark.parametrize(("method", "path"), [one for one in ROUTES if one[0] == "GET"], ids=lambda one: one)
def test_no_query_leads_out_or_causes_a_fault(raw, furnished, method, path):
    for shift in range(len(ODD)):
        query = "&".join(f"{name}={ODD[(row + shift) % len(ODD)]}" for row, name in enumerate(QUERY))
        reply = raw(method, f"{filled(path, furnished)}?{query}")
        assert reply.status < 500, reply.text
        assert "secret-of-the-home" not in reply.text and "<script>" not in reply.headers["content-type"]


@pytest.mark.parametrize(("method", "path"), [one for one in WRITES if one[0] == "POST"], ids=lambda one: one)
def test_no_body_causes_a_fault(raw, furnished, monkeypatch, method, path):
    _forbid_processes(monkeypatch)
    for body in BODIES.values():
        reply = raw(method, filled(path, furnished), body=body)
        assert reply.status < 500, f"{body[:20]!r}: {reply.text}"
    huge = raw(method, filled(path, furnished), pieces=[b" " * 65_536] * 18, headers={"content-length": "1179648"})
    assert huge.status == 413


def _everything(folder):
    return {path.relative_to(folder) for path in folder.rglob("*")}


def _forbid_processes(monkeypatch):
    """A request that is refused starts nothing."""
    import subprocess

    monkeypatch.setattr(subprocess.Popen, "__init__", lambda *args, **kwargs: pytest.fail("a process was started"))


# What every answer bears ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/", {}),
        ("/p/p-00000000/build", {}),
        ("/static/app.js", {}),
        ("/static/nothing.js", {}),
        (START, {}),
        ("/api/nothing", {}),
        (START, {"host": "evil.example"}),
        (START, {"cookie": None}),
        ("/", {"cookie": None, "accept": "text/html"}),
        (START, {"origin": "null"}),
    ],
    ids=str,
)
def test_every_answer_bears_the_safety_headers(raw, target, headers):
    found = raw("GET", target, headers).headers
    assert found["content-security-policy"] == POLICY
    assert SAFETY_HEADERS.items() <= found.items()
    assert found["cache-control"] == ("no-store" if "/api" in target or headers else found["cache-control"])
    assert "server" not in found and not any(name.startswith("access-control") for name in found)


def test_the_policy_is_the_strict_one():
    assert POLICY.startswith("default-src 'none'; ")
    for word in ("unsafe", "data:", "http", "*"):
        assert word not in POLICY
    assert REPORT_POLICY.startswith("sandbox ") and "allow-same-origin" not in REPORT_POLICY
    assert "connect-src" not in REPORT_POLICY and "default-src 'none'" in REPORT_POLICY


def test_a_route_cannot_loosen_the_policy(studio):
    async def loose(scope, receive, send):
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-security-policy", b"default-src *"), (b"x-frame-options", b"ALLOWALL")],
            }
        )
        await send({"type": "http.response.body", "body": b""})

    from studio.conftest import call_asgi

    headers = [("host", "127.0.0.1:8000"), ("cookie", f"{ACCESS.cookie}={ACCESS.pass_}")]
    found = call_asgi(Guard(loose, ACCESS), "GET", "/", headers).headers
    assert (found["content-security-policy"], found["x-frame-options"]) == (POLICY, "DENY")


# On the wire ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wire(tmp_path_factory):
    from studio.conftest import Live

    server = Live(tmp_path_factory.mktemp("wire"))
    key = server.open_url.split("?t=")[1]
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
    connection.request("GET", f"/open?t={key}")
    server.cookie = connection.getresponse().headers["set-cookie"].split(";")[0]
    connection.close()
    yield server
    server.stop()


WIRE = {
    "two hosts": (b"GET /api/start HTTP/1.1\r\nHost: {host}\r\nHost: evil.example\r\nCookie: {cookie}\r\n\r\n", 400),
    "no host": (b"GET /api/start HTTP/1.1\r\nCookie: {cookie}\r\n\r\n", 400),
    "HTTP/1.0 without host": (b"GET /api/start HTTP/1.0\r\nCookie: {cookie}\r\n\r\n", 421),
    "full address": (b"GET http://evil.example/api/start HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n", 404),
    "blank before the colon": (b"GET /api/start HTTP/1.1\r\nHost : {host}\r\nCookie: {cookie}\r\n\r\n", 400),
    "folded header": (b"GET /api/start HTTP/1.1\r\nHost: {host}\r\n evil.example\r\nCookie: {cookie}\r\n\r\n", 421),
    "NUL in a header": (b"GET /api/start HTTP/1.1\r\nHost: {host}\r\nX-A: \0\r\nCookie: {cookie}\r\n\r\n", 400),
    "NUL in the address": (b"GET /api/start\0 HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n", 400),
    "raw bytes in the address": (b"GET /\xff\xfe HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n", 400),
    "endless header": (b"GET / HTTP/1.1\r\nHost: {host}\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n", 400),
    "both lengths": (
        b"POST /api/projects HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX-Wetread: 1\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n",
        400,
    ),
    "two lengths": (
        b"POST /api/projects HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX-Wetread: 1\r\nContent-Length: 4\r\n"
        b"Content-Length: 40\r\n\r\n{{}}",
        400,
    ),
    "unknown coding": (
        b"POST /api/projects HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX-Wetread: 1\r\n"
        b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        400,
    ),
    "a chunk without end": (
        b"POST /api/projects HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nX-Wetread: 1\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFFFFFF\r\n",
        400,
    ),
    "websocket": (
        b"GET / HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        400,
    ),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64 + b"\r\n\r\n", 400),
    "nonsense": (b"hello\r\n\r\n", 400),
}


@pytest.mark.parametrize(("request_", "status"), WIRE.values(), ids=WIRE)
def test_on_the_wire(wire, request_, status):
    host = f"127.0.0.1:{wire.port}".encode()
    request_ = request_.replace(b"{host}", host).replace(b"{cookie}", wire.cookie.encode()).replace(b"{{}}", b"{}")
    with socket.create_connection(("127.0.0.1", wire.port), timeout=120) as line:
        with contextlib.suppress(OSError):  # who has read enough answers, and closes before all of it is there
            line.sendall(request_)
        answer = line.recv(65_536)
    assert answer.split(b" ", 2)[:2] == [b"HTTP/1.1", str(status).encode()], answer[:200]
    assert b"root:" not in answer and b"Traceback" not in answer


def test_the_server_listens_on_loopback_only(wire):
    places = Path("/proc/net/tcp")
    if not places.exists():
        pytest.skip("no /proc/net/tcp here")
    port = f"{wire.port:04X}"
    rows = [line.split() for line in places.read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[1].endswith(f":{port}") and row[3] == "0A"]
    assert listening == [f"0100007F:{port}"]


def test_it_still_answers_after_all_of_this(wire):
    connection = http.client.HTTPConnection("127.0.0.1", wire.port, timeout=120)
    connection.request("GET", "/api/start", headers={"Cookie": wire.cookie})
    reply = connection.getresponse()
    assert reply.status == 200 and reply.headers["server"] is None
    connection.close()
