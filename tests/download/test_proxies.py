"""Proxies of the environment are used; a setting that cannot be used is named, and its password is not."""

from dataclasses import replace

import httpx
import pytest

from download.server import BODY
from wetread.download.look import look, read_small
from wetread.download.proxies import find_proxy
from wetread.errors import InputError


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY", "http_proxy"])
def test_a_proxy_is_asked_in_place_of_the_server(publisher, patience, monkeypatch, variable):
    publisher.serve("http://nowhere.invalid/a", b"{}")
    monkeypatch.setenv(variable, publisher.url)
    assert read_small("http://nowhere.invalid/a", patience=patience) == b"{}"


def test_a_proxy_without_a_scheme_is_one_of_http(publisher, patience, monkeypatch):
    publisher.serve("http://nowhere.invalid/a", b"{}")
    monkeypatch.setenv("HTTP_PROXY", publisher.url.removeprefix("http://"))
    assert read_small("http://nowhere.invalid/a", patience=patience) == b"{}"


@pytest.mark.parametrize(
    "exempt", ["127.0.0.1", "*", "[::1], 127.0.0.1", "::1,fe80::/10,*.local,127.0.0.1", "10.0.0.0/8,:,[,127.0.0.1"]
)
def test_what_is_exempt_is_asked_itself_beside_entries_that_cannot_be_read(
    publisher, nobody, patience, monkeypatch, exempt
):
    monkeypatch.setenv("HTTP_PROXY", nobody)
    monkeypatch.setenv("NO_PROXY", exempt)
    assert read_small(publisher.serve("/a", BODY), patience=patience) == BODY


@pytest.mark.parametrize(
    ("exempt", "url", "direct"),
    [
        ("*.local", "https://a.local/x", True),
        (".local", "https://a.local/x", True),
        ("*.local", "https://local.org/x", False),
        ("[::1]", "https://[::1]/x", True),
        ("::1", "https://[::1]:8443/x", True),
        ("10.0.0.0/8", "https://10.1.1.1/x", False),  # whole networks are not understood
        ("example.org", "https://www.example.org/x", True),
        ("https://example.org", "https://example.org/x", True),
        ("fe80::/10", "https://example.org/x", False),
        ("ample.org", "https://example.org/x", False),
        ("http://example.org", "https://example.org/x", False),
        ("example.org:8443", "https://example.org:8443/x", True),
        ("example.org:8443", "https://example.org/x", False),
        (" , EXAMPLE.org ", "https://example.org/x", True),
        (",", "https://example.org/x", False),
    ],
)
def test_what_an_exemption_covers(monkeypatch, exempt, url, direct):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", exempt)
    assert (find_proxy(httpx.URL(url)) is None) == direct


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize(
    "value",
    [
        "socks5://me:s3cret@127.0.0.1:1080",
        "foo://me:s3cret@127.0.0.1:1",
        "http://me:s3cret@127.0.0.1:port",
        "http://me:s3cret@127.0.0.1:99999999",
        "http://[",
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)
    with pytest.raises(InputError) as caught:
        look("https://publisher.invalid/a")
    assert caught.value.code == "proxy"
    assert variable in caught.value.message and variable in caught.value.remedy
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_proxy_that_cannot_be_reached_is_named(nobody, patience, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", nobody)
    with pytest.raises(InputError) as caught:
        look("http://publisher.invalid/a", patience=replace(patience, connect=0.3))
    assert caught.value.code == "offline"
    assert "through the proxy that HTTP_PROXY names" in caught.value.message


def test_a_server_that_is_exempt_is_not_said_to_be_behind_a_proxy(nobody, patience, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", nobody)
    monkeypatch.setenv("NO_PROXY", ".invalid")
    with pytest.raises(InputError) as caught:
        look("http://publisher.invalid/a", patience=patience)
    assert caught.value.code == "offline"
    assert "proxy" not in caught.value.message


def test_a_proxy_of_the_system_is_not_said_to_be_one_of_a_variable(nobody, patience, monkeypatch):
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"http": nobody})  # as Windows and macOS do
    with pytest.raises(InputError) as caught:
        look("http://publisher.invalid/a", patience=replace(patience, connect=0.3))
    assert "through the proxy of the system settings" in caught.value.message
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"http": "foo://"})
    with pytest.raises(InputError) as caught:
        look("http://publisher.invalid/a", patience=patience)
    assert "the proxy of the system settings" in caught.value.message
    assert "Set HTTP_PROXY" in caught.value.remedy and "remove" not in caught.value.remedy


SOCKS = "socks5://127.0.0.1:1080"


def test_a_proxy_for_other_addresses_does_not_matter(publisher, patience, monkeypatch):
    publisher.serve("http://nowhere.invalid/a", b"{}")
    monkeypatch.setenv("ALL_PROXY", SOCKS)  # desktops set it beside the others
    monkeypatch.setenv("HTTP_PROXY", publisher.url)
    assert read_small("http://nowhere.invalid/a", patience=patience) == b"{}"


@pytest.mark.parametrize("settings", [{"ALL_PROXY": SOCKS, "NO_PROXY": "127.0.0.1"}, {"HTTPS_PROXY": SOCKS}])
def test_a_proxy_that_cannot_be_used_does_not_matter_where_none_is_used(publisher, patience, monkeypatch, settings):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert read_small(publisher.serve("/a", b"{}"), patience=patience) == b"{}"
