"""A server is asked at that of its addresses which works; a name without any that does is offline within seconds."""

import socket
import threading
import time
from dataclasses import replace

import httpx
import pytest

from download.server import BODY
from wetread.download.addresses import find_address
from wetread.download.fetch import fetch
from wetread.download.look import look, read_small
from wetread.download.patience import Patience
from wetread.download.remote_file import RemoteFile
from wetread.errors import InputError

#: What no test gets to; a dead address would be silent for twice as long.
LONG = 60
GOOD = "127.0.0.1"
DEAD_6, DEAD_4 = [f"2001:db8::{number:x}" for number in range(1, 41)], ["192.0.2.1", "192.0.2.2"]
PATIENT = Patience(connect=20.0, read=60.0, attempts=2, first_wait=0.01)


class Network:
    """Names under ``.test`` have the addresses told; whatever is not this computer is silent until the test is over."""

    def __init__(self):
        self.addresses, self.tried, self.looked_up, self.over = [], [], [], threading.Event()
        self.pause = 0.0  # seconds that a look-up takes, and a connection
        self._look_up, self._connect = socket.getaddrinfo, socket.create_connection

    def look_up(self, host, port, *some, **words):
        if not str(host).endswith(".test"):
            return self._look_up(host, port, *some, **words)
        self.looked_up.append(host)
        time.sleep(self.pause)
        if not self.addresses:
            raise socket.gaierror
        families = [(socket.AF_INET6 if ":" in one else socket.AF_INET, one) for one in self.addresses]
        return [(family, socket.SOCK_STREAM, 6, "", (one, port)) for family, one in families]

    def connect(self, address, *some, **words):
        self.tried.append(address[0])
        if address[0] != GOOD:
            self.over.wait(2 * LONG)
            raise TimeoutError
        time.sleep(self.pause)
        return self._connect(address, *some, **words)


@pytest.fixture
def network(monkeypatch):
    made = Network()
    monkeypatch.setattr(socket, "getaddrinfo", made.look_up)
    monkeypatch.setattr(socket, "create_connection", made.connect)
    yield made
    made.over.set()


def named(url):
    """The address of a file of a server on this computer, by a name."""
    return url.replace(GOOD, "publisher.test")


@pytest.mark.parametrize("dead", [DEAD_6[:1], DEAD_4[:1], DEAD_4, DEAD_6[:8]], ids=["IPv6", "IPv4", "two", "eight"])
def test_dead_addresses_before_a_good_one_do_not_matter(network, publisher, tmp_path, dead):
    network.addresses = [*dead, GOOD]
    url = named(publisher.serve("/a"))
    assert fetch(RemoteFile(url, "a.bin"), tmp_path, patience=PATIENT).read_bytes() == BODY
    assert publisher.asked[0][1]["Host"] == httpx.URL(url).netloc.decode()
    assert network.tried[0] == dead[0], "the system's first choice is tried first"
    assert network.tried.index(GOOD) == (2 if dead == DEAD_4 else 1), "IPv6 and IPv4 by turns"


def test_a_proxy_with_a_dead_address_is_reached_at_its_good_one(network, publisher, monkeypatch):
    publisher.serve("http://nowhere.invalid/a", b"{}")
    network.addresses = [*DEAD_6[:1], GOOD]
    monkeypatch.setenv("HTTP_PROXY", named(publisher.url))
    assert read_small("http://nowhere.invalid/a", patience=PATIENT) == b"{}"


def test_a_good_address_that_is_alone_is_not_tried_beforehand(network, publisher):
    network.addresses = [GOOD]
    assert read_small(named(publisher.serve("/a", b"{}")), patience=PATIENT) == b"{}"
    assert network.tried == [GOOD]


@pytest.mark.parametrize("dead", [DEAD_4[:1], [*DEAD_6, *DEAD_4]], ids=["one", "forty-two"])
def test_dead_addresses_alone_are_offline_soon_and_all_kinds_are_tried(network, dead):
    network.addresses = dead
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        look("http://publisher.test/a", patience=replace(PATIENT, connect=0.3))
    assert time.monotonic() - started < LONG
    assert caught.value.code == "offline"
    assert set(DEAD_4[: len(dead)]) <= set(network.tried)
    assert len(set(network.tried)) <= 16


def test_addresses_that_all_refuse_are_not_waited_for(network, monkeypatch):
    def refuse(*some, **words):
        raise ConnectionRefusedError

    network.addresses = [*DEAD_6, *DEAD_4]
    monkeypatch.setattr(socket, "create_connection", refuse)
    started = time.monotonic()
    with pytest.raises(httpx.ConnectTimeout):
        find_address(httpx.URL("http://publisher.test/a"), 2 * LONG)
    assert time.monotonic() - started < LONG


def test_a_name_without_an_address_is_offline_at_once(network):
    started = time.monotonic()
    with pytest.raises(InputError) as caught:
        look("http://publisher.test/a", patience=replace(PATIENT, connect=2 * LONG))
    assert time.monotonic() - started < LONG
    assert caught.value.code == "offline"
    assert network.looked_up == ["publisher.test"]


def test_looking_up_a_name_and_connecting_have_their_own_seconds(network, publisher):
    network.addresses, network.pause = [GOOD], 1.8
    url = named(publisher.serve("/a", b"{}"))
    assert read_small(url, patience=replace(PATIENT, connect=3.0)) == b"{}"


def test_an_encrypted_server_is_asked_by_its_name(network):
    network.addresses = [GOOD, *DEAD_4]
    heard = []
    with socket.create_server((GOOD, 0)) as listening:

        def listen():
            while not any(heard):  # the first connection only tries the address
                with listening.accept()[0] as connection:
                    heard.append(connection.recv(1 << 16))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        with pytest.raises(InputError):
            look(f"https://publisher.test:{listening.getsockname()[1]}/a", patience=replace(PATIENT, connect=1.0))
        thread.join(LONG)
    assert b"publisher.test" in heard[-1]
