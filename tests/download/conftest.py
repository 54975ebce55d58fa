"""A publisher on this computer; nothing here reaches the internet."""

import pytest

from download.server import Publisher
from wetread.download.patience import Patience


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def publisher():
    server = Publisher()
    yield server
    server.close()


@pytest.fixture
def patience():
    return Patience(connect=0.4, read=0.4, attempts=3, first_wait=0.01, longest_wait=0.05)


@pytest.fixture
def events():
    return []
