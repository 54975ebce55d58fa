"""The proxies of the environment: which one is set for an address, and who names it."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class Proxy:
    """A proxy that is set for an address.

    Attributes:
        address: As it is set; it may hold a password, and need not be one.
        variable: That names it, or that would be heard before the settings of the system.
        named: By that variable; else by the settings of the system, which Windows and macOS have.
    """

    address: str
    variable: str
    named: bool

    def __str__(self) -> str:
        return f"the proxy that {self.variable} names" if self.named else "the proxy of the system settings"


def find_proxy(url: httpx.URL) -> Proxy | None:
    """The proxy for an address; None where its server is asked directly, as ``NO_PROXY`` may want it."""
    told = urllib.request.getproxies()  # "no" is a key of it as well
    if any(_exempts(entry.strip(), url) for entry in told.get("no", "").split(",")):
        return None
    named = urllib.request.getproxies_environment()
    set_for = (one for one in (url.scheme, "all") if told.get(one))
    return next((Proxy(told[one], f"{one.upper()}_PROXY", one in named) for one in set_for), None)


def _exempts(entry: str, url: httpx.URL) -> bool:
    """Whether an entry of ``NO_PROXY`` covers an address; one that is unreadable, such as a whole network, does not."""
    if entry == "*":
        return True
    scheme, _, server = entry.rpartition("://")
    server = server.lstrip("*.")
    try:
        there = httpx.URL(f"all://[{server}]" if server.count(":") > 1 and "[" not in server else f"all://{server}")
    except httpx.InvalidURL:
        return False
    inside = url.host == there.host or url.host.endswith(f".{there.host}")
    return there.host != "" and inside and scheme in ("", "all", url.scheme) and there.port in (None, url.port)
