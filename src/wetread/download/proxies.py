"""The proxies of the environment, as httpx wants them; what it cannot use is named instead of a fault."""

from __future__ import annotations

import ipaddress
import ssl
import urllib.request

import httpx

from wetread.errors import InputError


def proxy_variable(url: httpx.URL) -> str:
    """Which variable names a proxy for addresses of this kind, that looks up names of servers; empty for none."""
    found = _find(url.scheme)
    return found[0] if found else ""


def mount_proxies(url: httpx.URL, certificates: ssl.SSLContext) -> dict[str, httpx.BaseTransport | None]:
    """How to reach servers, by pattern of their addresses; empty where no proxy is set.

    Args:
        url: The first address that will be asked for.
        certificates: For the connection.

    Raises:
        InputError: ``proxy``: a variable holds no proxy that can be used. Its value may hold a password, and is not
            told.
    """
    direct = [entry.strip() for entry in urllib.request.getproxies().get("no", "").split(",")]
    if "*" in direct:
        return {}
    mounts: dict[str, httpx.BaseTransport | None] = {}
    # Nothing leads from https to http.
    for scheme in ("https",) if url.scheme == "https" else ("http", "https"):
        found = _find(scheme)
        if found is not None:
            mounts[f"{scheme}://"] = _transport(*found, certificates)
    return {**mounts, **dict.fromkeys(filter(None, map(_pattern, direct)))} if mounts else {}


def _find(scheme: str) -> tuple[str, str] | None:
    """Which variable names the proxy for a kind of address, and what it holds."""
    told = urllib.request.getproxies()  # "no" is a key of it as well
    return next(((f"{one.upper()}_PROXY", told[one]) for one in (scheme, "all") if told.get(one)), None)


def _transport(variable: str, address: str, certificates: ssl.SSLContext) -> httpx.HTTPTransport:
    try:
        proxy = httpx.Proxy(address if "://" in address else f"http://{address}")
        if "%" in proxy.url.host or not 0 <= (proxy.url.port or 0) < 1 << 16:  # httpx takes what it cannot read
            raise ValueError
        return httpx.HTTPTransport(verify=certificates, proxy=proxy, limits=httpx.Limits(max_keepalive_connections=0))
    except (httpx.InvalidURL, ValueError, ImportError):  # the last: SOCKS, for which httpx wants another package
        raise InputError(
            f"The proxy that {variable} names cannot be used.",
            remedy=f"Set {variable} to the address of an HTTP proxy, such as http://proxy.example:3128, or remove it.",
            code="proxy",
        ) from None


def _pattern(entry: str) -> str:
    """Addresses that an entry of ``NO_PROXY`` exempts; empty for one that cannot be read, such as a whole network."""
    if not entry:
        return ""
    host = entry.removeprefix("*")
    if "://" in entry:
        pattern = entry
    elif _is_address(host.strip("[]")):
        pattern = f"all://[{host.strip('[]')}]" if ":" in host else f"all://{host}"
    else:
        pattern = f"all://{host}" if host.lower() == "localhost" else f"all://*{host}"
    try:
        httpx.URL(pattern)
    except httpx.InvalidURL:
        return ""
    return pattern


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
