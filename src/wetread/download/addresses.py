"""Which address of a server takes connections.

Left alone, httpx tries the addresses of a name one after the other. Where IPv6 is broken, as in many a network, the
dead ones come first; behind a firewall all are dead. With a limit for each of them, a person without internet waits for
a minute; with one for all of them, the first dead address uses it up and a good one behind it is never tried. So they
are tried beside each other here (RFC 8305), and httpx is given the one that answers first. Looking up a name has a
limit of its own: that it took long is no reason to connect in less time.

The price is a second connection, one journey to the server and back, and only where a name has several addresses. The
asynchronous half of httpx could do all that, but a look-up that it started would hold up the end of the program.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

import httpx

#: Addresses of one server that are tried, all within half of the time. Of four seconds that is an eighth of a second
#: between two of them; RFC 8305, 5, recommends a tenth or more.
_MOST = 16


class NoAddress(httpx.ConnectError):
    """A name has no address here; asking again at once is of no use."""


def find_address(url: httpx.URL, seconds: float) -> str:
    """The address of a server that takes a connection first; one that is alone is not tried.

    Args:
        url: Of the server.
        seconds: For looking up its name, and as many again for all of its addresses.

    Raises:
        NoAddress: The name cannot be looked up in time; the system itself may take half a minute for a no.
        httpx.ConnectTimeout: None of the addresses takes a connection in time.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    found = _look_up(url.raw_host.decode("ascii"), port, seconds)
    if not found:
        raise NoAddress(f"{url.host} has no address")
    return found[0] if len(found) == 1 else _first(_in_turn(found)[:_MOST], port, seconds)


def _look_up(host: str, port: int, seconds: float) -> list[str]:
    found: list[str] = []

    def ask() -> None:
        with suppress(OSError, UnicodeError):  # the second: what cannot be the name of a server
            told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(one[4][0]) for one in told))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return found


def _in_turn(addresses: list[str]) -> list[str]:
    """IPv6 and IPv4 by turns, the system's first one first: of a broken one, all are dead (RFC 8305, 4)."""

    def place(address: str) -> int:
        return [one for one in addresses if (":" in one) == (":" in address)].index(address)

    return sorted(addresses, key=place)


def _first(addresses: list[str], port: int, seconds: float) -> str:
    answers: SimpleQueue[str] = SimpleQueue()

    def knock(address: str) -> None:
        taken = ""
        with suppress(OSError), socket.create_connection((address, port), seconds):
            taken = address
        answers.put(taken)

    end, pause = time.monotonic() + seconds, seconds / 2 / _MOST
    waiting, knocking = list(addresses), 0
    while waiting or knocking:
        if waiting:
            threading.Thread(target=knock, args=(waiting.pop(0),), daemon=True).start()
            knocking += 1
        left = end - time.monotonic()
        if left <= 0:
            break
        with suppress(Empty):
            if taken := answers.get(timeout=pause if waiting else left):
                return taken
            knocking -= 1
    raise httpx.ConnectTimeout("no address takes a connection")
