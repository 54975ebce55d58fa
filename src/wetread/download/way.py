"""The way to a server: through the proxy that is set for it, or to the first of its addresses that answers."""

from __future__ import annotations

import ssl

import httpx

from wetread.download.addresses import find_address
from wetread.download.proxies import Proxy, find_proxy
from wetread.errors import InputError


class Way(httpx.BaseTransport):
    """Sends each request on its way; every one has a connection of its own, which can be cut off.

    Args:
        certificates: For the connection.
        seconds: For looking up a name, and as many again until one of its addresses takes a connection.
    """

    def __init__(self, certificates: ssl.SSLContext, seconds: float) -> None:
        self._certificates, self._seconds = certificates, seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request.

        Raises:
            InputError: ``proxy``: the one that is set for its address cannot be used.
            httpx.HTTPError: As httpx raises it, and `wetread.download.addresses.find_address`.
        """
        proxy = find_proxy(request.url)
        if proxy is not None:
            return self._through(proxy).handle_request(request)
        # Its name reaches the server in the header Host, which the request has already, and in the encryption.
        told = {**request.extensions, "sni_hostname": request.url.raw_host.decode("ascii")}
        there = request.url.copy_with(host=find_address(request.url, self._seconds))
        again = httpx.Request(request.method, there, headers=request.headers, extensions=told)
        return self._open().handle_request(again)

    def _through(self, proxy: Proxy) -> httpx.HTTPTransport:
        try:
            found = httpx.Proxy(proxy.address if "://" in proxy.address else f"http://{proxy.address}")
            if "%" in found.url.host or not 0 <= (found.url.port or 0) < 1 << 16:  # httpx takes what it cannot read
                raise ValueError
            if found.url.scheme == "http":  # an encrypted one must be asked by its name
                found.url = found.url.copy_with(host=find_address(found.url, self._seconds))
            return self._open(found)
        except (httpx.InvalidURL, ValueError, ImportError):  # the last: SOCKS, for which httpx wants another package
            raise InputError(
                f"Nothing can be fetched through {proxy}: that is no HTTP proxy.",
                remedy=f"Set {proxy.variable} to the address of an HTTP proxy, such as http://proxy.example:3128"
                + (", or remove it." if proxy.named else "."),
                code="proxy",
            ) from None

    def _open(self, proxy: httpx.Proxy | None = None) -> httpx.HTTPTransport:
        limits = httpx.Limits(max_keepalive_connections=0)
        return httpx.HTTPTransport(verify=self._certificates, proxy=proxy, limits=limits)
