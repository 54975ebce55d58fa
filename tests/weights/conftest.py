"""A weights home of its own, and a hub on this computer; nothing here reaches the internet."""

import pytest
import torch
from download.conftest import events, hasty, no_proxy, nobody, patience, publisher
from threadpoolctl import threadpool_limits

from weights.hub_server import Hub

__all__ = ["events", "hasty", "no_proxy", "nobody", "patience", "publisher"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    place = tmp_path / "home"
    monkeypatch.setenv("WETREAD_WEIGHTS", str(place))
    return place


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """These sums are small, and threads that wait for each other on a shared machine cost more than they bring."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        yield
    torch.set_num_threads(before)


@pytest.fixture
def hub(monkeypatch):
    server = Hub()
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    yield server
    server.close()
