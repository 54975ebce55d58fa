"""Limits that hold: those of httpx begin anew with every address of a server and with every byte that it sends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx

from wetread.download.patience import Patience


class Dropped(Exception):  # noqa: N818 - what happened to the connection; never reaches a user
    """An attempt failed in a way that may pass.

    Args:
        reason: In a few words.
        wait: Seconds the server asks to wait.
        unreachable: The server to which no connection came about at all, which may be one that another one sent to;
            None where there was one.
        lasting: Asking again at once is of no use.
    """

    def __init__(
        self, reason: str, *, wait: float = 0.0, unreachable: httpx.URL | None = None, lasting: bool = False
    ) -> None:
        super().__init__(reason)
        self.wait = wait
        self.unreachable = unreachable
        self.lasting = lasting


def send(client: httpx.Client, request: httpx.Request, patience: Patience) -> httpx.Response:
    """Sends a request; its answer is there with all headers when this returns, its body is not read yet.

    Args:
        client: Sends it.
        request: To be sent.
        patience: Three times ``connect`` seconds until the server, or the proxy, takes the request: its name is looked
            up, it is reached, the connection is encrypted. Then ``longest_read`` seconds until all headers of its
            answer are there.

    Raises:
        Dropped: It took longer.
        httpx.HTTPError: As httpx raises it.
    """
    asking = _Asking(client, request)
    asking.start()
    try:
        if not asking.connected.wait(3 * patience.connect):
            raise Dropped("it could not be reached", unreachable=request.url)
        if not asking.over.wait(patience.longest_read):
            raise Dropped("it sends hardly anything")
    except BaseException:
        asking.leave()
        raise
    return asking.result()


def pieces(answer: httpx.Response, patience: Patience) -> Iterator[bytes]:
    """Yields the body as it comes.

    Raises:
        Dropped: No part of it came for ``longest_read`` seconds, even where other bytes did: what stands around the
            parts of a body (RFC 9112, 7.1.1) may be endless.
        httpx.HTTPError: As httpx raises it.
    """
    cut = _Cut(answer.extensions["network_stream"].get_extra_info("socket"), patience.longest_read)
    try:
        for piece in answer.iter_raw():
            yield piece
            cut.put_off()
    except httpx.TransportError as error:
        if cut.happened:
            raise Dropped("it sends hardly anything") from error
        raise
    finally:
        cut.cancel()
    if cut.happened:  # a body without a length ends with its connection
        raise Dropped("it sends hardly anything")


class _Asking(threading.Thread):
    """Sends a request in a thread of its own, which can be left behind: nothing else ends a look-up of addresses."""

    def __init__(self, client: httpx.Client, request: httpx.Request) -> None:
        super().__init__(daemon=True)
        self.connected, self.over = threading.Event(), threading.Event()
        self._client, self._request = client, request
        self._answer: httpx.Response | None = None
        self._error: BaseException | None = None
        self._socket: socket.socket | None = None
        self._left = False
        self._lock = threading.Lock()
        request.extensions = {**request.extensions, "trace": self._note}

    def run(self) -> None:
        """Ends with an answer or an error."""
        try:
            answer = self._client.send(self._request, stream=True)
            with self._lock:
                self._answer = answer
                if self._left:
                    answer.close()
        except BaseException as error:  # raised where it is waited for
            self._error = error
        self.connected.set()
        self.over.set()

    def result(self) -> httpx.Response:
        """The answer, once it is over; raises what the thread raised."""
        if self._answer is None:
            assert self._error is not None
            raise self._error
        return self._answer

    def leave(self) -> None:
        """Nobody waits any more: what is open is closed, here or by the thread."""
        with self._lock:
            self._left = True
            if self._answer is not None:
                self._answer.close()
        _shut(self._socket)

    def _note(self, event: str, told: Mapping[str, Any]) -> None:
        # "trace" is an extension of httpx: it names each step of a request as it begins and ends.
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._socket = told["return_value"].get_extra_info("socket")
            if self._left:
                _shut(self._socket)
        elif event.endswith("send_request_headers.started"):
            self.connected.set()


class _Cut:
    """Cuts a connection off where it is not put off in time; a read that waits for it ends at once."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self.happened = False
        self._socket, self._seconds = connection, seconds
        self._cancelled = threading.Event()
        self.put_off()
        threading.Thread(target=self._wait, daemon=True).start()

    def put_off(self) -> None:
        """Begins the time anew."""
        self._end = time.monotonic() + self._seconds

    def cancel(self) -> None:
        """The connection may go on as it likes."""
        self._cancelled.set()

    def _wait(self) -> None:
        while (left := self._end - time.monotonic()) > 0:
            if self._cancelled.wait(left):
                return
        self.happened = True
        _shut(self._socket)


def _shut(connection: socket.socket | None) -> None:
    if connection is not None:
        with suppress(OSError):
            # That of an encrypted socket would take its encryption off while the other thread reads.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
