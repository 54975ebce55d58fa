"""What a server says of a file, and files so small that they are read whole: both within seconds, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import httpx

from wetread.download.answer import ask, ask_head, offline, open_client, require_content
from wetread.download.connection import Dropped, pieces
from wetread.download.patience import PATIENCE, Patience
from wetread.errors import InputError

#: What a file may weigh that is read whole, in bytes.
SMALL = 1 << 20

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Look:
    """What a server said of a file.

    Attributes:
        status: The number of its answer.
        headers: By name in lower case; those of the first server, before it sends elsewhere.
    """

    status: int
    headers: Mapping[str, str]


def look(url: str, *, headers: Mapping[str, str] | None = None, patience: Patience = PATIENCE) -> Look:
    """Asks what a server says of a file, without the file.

    A redirect within the server is followed, one to another server is not: what the first one says of the file stands
    in its own answer.

    Raises:
        InputError: ``offline``, within seconds; ``unreachable``, ``redirect``, ``certificate``.
    """

    def once(client: httpx.Client) -> Look:
        answer = ask_head(client, url, dict(headers or {}), patience)
        return Look(answer.status_code, {name.lower(): value for name, value in answer.headers.items()})

    return _persist(url, once, patience)


def read_small(url: str, *, headers: Mapping[str, str] | None = None, patience: Patience = PATIENCE) -> bytes | None:
    """Reads a small file whole; None where the server has none of that name.

    Raises:
        InputError: As `look`; and ``too-large``, ``refused``, ``web-page``.
    """

    def once(client: httpx.Client) -> bytes | None:
        with ask(client, url, dict(headers or {}), patience) as answer:
            if answer.status_code in (404, 410):
                return None
            require_content(answer, 0)
            return _read(answer, patience)

    return _persist(url, once, patience)


def _read(answer: httpx.Response, patience: Patience) -> bytes:
    began, kept, size = time.monotonic(), [], 0
    for piece in pieces(answer, patience):
        size += len(piece)
        if size > SMALL:
            raise InputError(f"{answer.url.host} sends more than a small file.", remedy="Try later.", code="too-large")
        if time.monotonic() - began > 2 * patience.read:
            raise Dropped("it sends hardly anything")
        kept.append(piece)
    return b"".join(kept)


def _persist(url: str, once: Callable[[httpx.Client], _Found], patience: Patience) -> _Found:
    """Tries until there is an answer; who cannot be reached at all is given up after ``patience.connect``."""
    host = httpx.URL(url).host
    began, failures = time.monotonic(), 0
    with open_client(patience) as client:
        while True:
            try:
                return once(client)
            except Dropped as error:
                failures += 1
                wait = max(error.wait, patience.first_wait * 2 ** (failures - 1))
                if error.unreachable:
                    # Offline, most likely: a person should not wait for all attempts to hear that.
                    left = patience.connect - (time.monotonic() - began)
                    if left <= 0 or error.lasting:
                        raise offline(error.unreachable) from error
                    wait = min(wait, left)
                elif failures >= patience.attempts:
                    raise _gave_up(host, str(error)) from error
                time.sleep(min(patience.longest_wait, wait))


def _gave_up(host: str, reason: str) -> InputError:
    return InputError(
        f"{host} gave no useful answer: {reason}.", remedy="Repeat the command later.", code="unreachable"
    )
