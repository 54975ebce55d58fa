"""One answer of a server: where it led, what it promises, whether it may be believed."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache

import httpx

from wetread.download.addresses import NoAddress
from wetread.download.connection import Dropped, send
from wetread.download.patience import Patience
from wetread.download.proxies import find_proxy
from wetread.download.way import Way
from wetread.errors import InputError

MOST_REDIRECTS = 8
#: Answers after which trying again may help: RFC 9110, 15.5.9 and 15.6; RFC 6585, 4.
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


@cache
def _certificates() -> ssl.SSLContext:
    # Reading them takes longer than many a file; SSL_CERT_FILE and SSL_CERT_DIR are honoured.
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one as well
        raise InputError(
            "The certificates named by SSL_CERT_FILE or SSL_CERT_DIR cannot be read.",
            remedy="Correct or remove that environment variable.",
            code="certificate",
        ) from error


def open_client(patience: Patience) -> httpx.Client:
    """A client that honours the proxy and the certificates of the environment, and follows nothing by itself.

    Raises:
        InputError: ``certificate``: the environment names some that cannot be used.
    """
    return httpx.Client(
        transport=Way(_certificates(), patience.connect),
        trust_env=False,  # what that would read is read there
        timeout=httpx.Timeout(patience.read, connect=patience.connect),
        follow_redirects=False,
        # Identity: the bytes of a .gz are wanted as they are, and ranges count them.
        headers={"Accept-Encoding": "identity", "User-Agent": "wetread"},
    )


def offline(url: httpx.URL) -> InputError:
    """An error for a server that cannot be reached; a proxy that is set for it may be the reason."""
    proxy = find_proxy(url)
    way = f" through {proxy}" if proxy else ""
    return InputError(f"{url.host} cannot be reached from this computer{way}.", remedy="", code="offline")


@contextmanager
def ask(client: httpx.Client, url: str, headers: dict[str, str], patience: Patience) -> Iterator[httpx.Response]:
    """Asks for a file and yields the answer behind all redirects; its body is not read yet.

    A header ``Authorization`` is for the server of the first address, and is not shown to any other.

    Raises:
        InputError: It leads somewhere else than to a web address, from https to http, or in circles.
        Dropped: No connection, or one that broke.
    """
    here = httpx.URL(url)
    for _ in range(MOST_REDIRECTS + 1):
        with _translated(here, first=here == url):
            answer = send(client, client.build_request("GET", here, headers=headers), patience)
            with closing(answer):
                if not answer.has_redirect_location:
                    yield answer
                    return
                there = _follow(here, answer.headers["location"])
        if _server(there) != _server(here):
            headers = {name: value for name, value in headers.items() if name != "Authorization"}
        here = there
    raise _circles(url)


def ask_head(client: httpx.Client, url: str, headers: dict[str, str], patience: Patience) -> httpx.Response:
    """Asks what a server says of a file; redirects within that server are followed, others are left to the caller.

    Raises:
        InputError: As `ask`.
        Dropped: No connection, one that broke, or a busy server.
    """
    here = httpx.URL(url)
    for _ in range(MOST_REDIRECTS + 1):
        with _translated(here, first=here == url):
            answer = send(client, client.build_request("HEAD", here, headers=headers), patience)
            answer.close()
        if answer.status_code in _PASSING:
            raise _busy(answer)
        if not answer.has_redirect_location:
            return answer
        there = _follow(here, answer.headers["location"])
        if _server(there) != _server(here):
            return answer
        here = there
    raise _circles(url)


@contextmanager
def _translated(url: httpx.URL, *, first: bool = True) -> Iterator[None]:
    """Turns what httpx raises into `Dropped`, or into an error that says what to do."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise InputError(
                f"The certificate of {url.host} cannot be verified.",
                remedy="If your institution inspects connections, set SSL_CERT_FILE to the certificate file that its "
                "IT department gives out.",
                code="certificate",
            ) from error
        # Only of the first server it lasts: another attempt may be sent somewhere else.
        lasting = first and isinstance(error, NoAddress)
        raise Dropped("it could not be reached", unreachable=url, lasting=lasting) from error
    except httpx.InvalidURL as error:  # httpx looks at the address of a redirect as well
        raise _unsafe(url) from error
    except httpx.TimeoutException as error:
        raise Dropped("it stopped sending") from error
    except httpx.TransportError as error:
        raise Dropped("the connection broke") from error


def _follow(here: httpx.URL, location: str) -> httpx.URL:
    there = here.join(location)
    if there.scheme not in ("http", "https") or not there.host or (here.scheme == "https" and there.scheme == "http"):
        raise _unsafe(here)
    return there


def _server(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _circles(url: str) -> InputError:
    return InputError(f"{httpx.URL(url).host} sends in circles.", remedy="Try again later.", code="redirect")


def _unsafe(here: httpx.URL) -> InputError:
    return InputError(
        f"{here.host} sends to an address that is not safe to follow.",
        remedy="Try again from another network; this one may interfere.",
        code="redirect",
    )


def require_content(answer: httpx.Response, offset: int) -> None:
    """Passes answers that carry the file, or its rest from ``offset``.

    Raises:
        Dropped: The server is busy, or its rest is another one than that asked for.
        InputError: There is no such file, or a web page in its place.
    """
    host = answer.url.host
    if answer.status_code in _PASSING:
        raise _busy(answer)
    if answer.status_code in (404, 410):
        raise InputError(f"{host} does not have the file any more.", remedy="", code="gone")
    if answer.status_code not in (200, 206):
        raise InputError(f"{host} refused the file (answer {answer.status_code}).", remedy="", code="refused")
    if answer.status_code == 206 and range_of(answer)[0] != offset:
        raise Dropped("it sent another part than asked for")
    if answer.headers.get("content-type", "").startswith("text/html"):
        raise InputError(
            f"{host} sent a web page instead of the file.",
            remedy="If this network asks for a login in the browser, log in first.",
            code="web-page",
        )


def _busy(answer: httpx.Response) -> Dropped:
    wait = answer.headers.get("retry-after", "")
    return Dropped(f"it answered {answer.status_code}", wait=float(wait) if wait.isdecimal() else 0.0)


def range_of(answer: httpx.Response) -> tuple[int, int | None]:
    """First byte and size of the whole file, as an answer 206 states them; -1 where it states nothing sensible."""
    match = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    if match is None:
        return -1, None
    return int(match[1]), None if match[3] == "*" else int(match[3])


def size_of(answer: httpx.Response) -> int | None:
    """Bytes of the whole file, where the answer states them."""
    if answer.status_code == 206:
        return range_of(answer)[1]
    length = answer.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def version_of(answer: httpx.Response) -> str:
    """What tells one version of the file from another, for If-Range (RFC 9110, 13.1.5); empty if nothing does."""
    tag = str(answer.headers.get("etag", ""))
    # A weak tag may stand for other bytes with the same meaning.
    return tag if tag and not tag.startswith("W/") else str(answer.headers.get("last-modified", ""))
