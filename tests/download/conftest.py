"""A publisher on this computer; nothing here reaches the internet."""

import socket
from dataclasses import replace

import pytest

from download.server import Publisher
from wetread.download.patience import Patience


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        for spelled in (name, name.lower()):
            monkeypatch.delenv(spelled, raising=False)


@pytest.fixture
def publisher():
    server = Publisher()
    yield server
    server.close()


@pytest.fixture
def patience():
    # Long for one computer that talks to itself: a busy machine must not look like a server that falls silent.
    return Patience(connect=120.0, read=120.0, attempts=3, first_wait=0.01, longest_wait=0.05)


@pytest.fixture
def hasty(patience):
    """For tests of silence itself, which have to wait it out. What is not silent must not be asked for with it."""
    return replace(patience, read=0.4)


@pytest.fixture
def nobody():
    """The address of a server that is not there, at a port that nobody else can take meanwhile."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{place.getsockname()[1]}"


@pytest.fixture
def events():
    return []
