"""No server, and no network between, holds a person up for longer than was said."""

import contextlib
import socket
import threading
import time

import pytest

from download.server import BODY
from wetread.download.fetch import fetch
from wetread.download.look import look, read_small
from wetread.download.patience import Patience
from wetread.download.remote_file import RemoteFile
from wetread.errors import InputError

#: What no server gets to in these tests; each of them would go on for an hour.
LONG = 300
SOON = Patience(connect=0.3, read=0.3, attempts=2, first_wait=0.01, longest_wait=0.05)


class Raw:
    """A server that sends some bytes, and then one byte again and again, an hour long."""

    def __init__(self, head, again=b"a"):
        self.over = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/a"
        self._head, self._again, self.asked, self.hung_up = head, again, 0, threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._answer, args=(self._listening.accept()[0],), daemon=True).start()

    def _answer(self, connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(1 << 16)
            self.asked += 1
            connection.sendall(self._head)
            while not self.over.wait(0.02):
                connection.sendall(self._again)
        if not self.over.is_set():
            self.hung_up.set()

    def close(self):
        self.over.set()
        self._listening.close()


@pytest.fixture
def raw():
    servers = []

    def work(*words):
        servers.append(Raw(*words))
        return servers[-1]

    yield work
    for one in servers:
        one.close()


def refusal(work, *args, **words):
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        work(*args, **words)
    assert time.monotonic() - started < LONG
    return caught.value


@pytest.mark.parametrize("ask", [look, read_small])
def test_headers_without_an_end_are_given_up(raw, ask):
    server = raw(b"HTTP/1.1 200 OK\r\nX-A: ")
    error = refusal(ask, server.url, patience=SOON)
    assert error.code == "unreachable"
    assert "hardly anything" in error.message
    assert server.hung_up.wait(LONG), "the connection stayed open behind our back"


@pytest.mark.parametrize("again", [b"a", b"1\r\na\r\n"], ids=["around the parts", "parts"])
def test_a_body_in_parts_without_an_end_is_given_up(raw, tmp_path, again):
    server = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"5;" if again == b"a" else b""), again)
    assert refusal(read_small, server.url, patience=SOON).code == "unreachable"
    assert refusal(fetch, RemoteFile(server.url, "a.bin"), tmp_path, patience=SOON).code == "unreachable"
    assert server.hung_up.wait(LONG)


def test_a_body_that_ends_with_its_connection_is_not_taken_for_whole_when_we_ended_it(raw, tmp_path):
    server = raw(b"HTTP/1.1 200 OK\r\n\r\nhalf a file", b"")
    assert refusal(fetch, RemoteFile(server.url, "a.bin"), tmp_path, patience=SOON).code == "unreachable"
    assert not (tmp_path / "a.bin").exists()


@pytest.mark.parametrize("ask", [look, read_small])
def test_a_server_of_many_addresses_that_all_drop_packets_is_offline_soon(monkeypatch, ask):
    """httpx waits for each address; a system that tries a hundred of them is held up here instead."""
    over = threading.Event()

    def slowly(*some, **words):
        over.wait(600)
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", slowly)
    try:
        error = refusal(ask, "http://127.0.0.1:9/a", patience=SOON)
        assert error.code == "offline"
        assert not over.is_set()
    finally:
        over.set()


def test_only_exceptions_from_a_proxy_are_no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "localhost")
    over = threading.Event()

    def slowly(*some, **words):
        over.wait(600)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    try:
        assert refusal(look, "http://publisher.invalid/a", patience=SOON).code == "offline"
    finally:
        over.set()


def test_an_interrupted_wait_hangs_up(raw, monkeypatch):
    server = raw(b"HTTP/1.1 200 OK\r\nX-A: ")
    wait = threading.Event.wait

    def interrupted(event, seconds=None):
        if seconds == patient.longest_read:
            raise KeyboardInterrupt
        return wait(event, seconds)

    patient = Patience(connect=LONG, read=LONG)
    monkeypatch.setattr(threading.Event, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        look(server.url, patience=patient)
    assert wait(server.hung_up, LONG)


def test_a_file_that_comes_slowly_and_steadily_is_taken(publisher, tmp_path):
    """No limit counts from the beginning of a file: 0.6 seconds of silence are too many, two seconds of work not."""

    def steadily(handler, served):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for start in range(0, len(BODY), 25_600):
            time.sleep(0.05)
            handler.wfile.write(b"6400\r\n" + BODY[start : start + 25_600] + b"\r\n")
        handler.wfile.write(b"0\r\n\r\n")

    patient = Patience(connect=30.0, read=0.6, attempts=3, first_wait=0.01)
    url = publisher.serve("/a", acts=[steadily] * 3)
    assert fetch(RemoteFile(url, "a.bin"), tmp_path, patience=patient).read_bytes() == BODY
