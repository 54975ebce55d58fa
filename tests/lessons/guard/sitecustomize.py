"""Loaded by every Python process that a lesson starts: no connection to another machine."""

import sys


def _refuse(event, arguments):
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "", "localhost", "127.0.0.1", "::1"):
        raise RuntimeError(f"a lesson looks up {arguments[0]}")
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in ("127.0.0.1", "::1"):
        raise RuntimeError(f"a lesson connects to {arguments[1][0]}")


sys.addaudithook(_refuse)
