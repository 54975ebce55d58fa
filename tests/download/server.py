"""A publisher on this computer, who can be asked to misbehave."""

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: Enough for several pieces of a socket.
BODY = bytes(range(256)) * 2000


@dataclass
class Served:
    """A file as the publisher holds it, and what is done before it is sent: one act per request, then none."""

    body: bytes = BODY
    headers: dict = field(default_factory=lambda: {"ETag": '"one"'})
    ranges: bool = True
    if_range: bool = True
    says_length: bool = True
    acts: list = field(default_factory=list)


class Publisher:
    def __init__(self):
        self.files, self.asked, self.released = {}, [], threading.Event()
        self.heads, self.looked = {}, []
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                publisher.asked.append((self.path, dict(self.headers)))
                self.close_connection = True
                served = publisher.files.get(self.path.split("?")[0])
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    answer(self, served)

            def do_HEAD(self):
                publisher.looked.append((self.path, dict(self.headers)))
                self.close_connection = True
                acts = publisher.heads.get(self.path, [refuse(404)])
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    (acts.pop(0) if len(acts) > 1 else acts[0])(self, None)

            def log_message(self, *words):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def serve(self, path, body=BODY, **words):
        """Publishes a file and returns its address."""
        self.files[path] = Served(body, **words)
        return self.url + path

    def head(self, path, *acts):
        """Answers HEAD with these, the last one again and again."""
        self.heads[path] = list(acts)

    def ranges_asked(self):
        return [headers.get("Range") for _, headers in self.asked]

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def answer(handler, served):
    if served is None:
        return refuse(404)(handler, served)
    if served.acts:
        return served.acts.pop(0)(handler, served)
    send(handler, served, len(served.body))


def send(handler, served, at_most):
    """Sends the file, or the range asked for, and hangs up after so many bytes of it."""
    start = 0
    wanted, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
    current = condition in (None, served.headers.get("ETag"), served.headers.get("Last-Modified"))
    if served.ranges and wanted and (current or not served.if_range):
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
    if start and start >= len(served.body):
        return refuse(416)(handler, served)
    rest = served.body[start:]
    handler.send_response(206 if start else 200)
    if start:
        handler.send_header("Content-Range", f"bytes {start}-{len(served.body) - 1}/{len(served.body)}")
    if served.says_length:
        handler.send_header("Content-Length", str(len(rest)))
    for name, value in served.headers.items():
        handler.send_header(name, value)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(rest[:at_most])


# Acts ----------------------------------------------------------------------------------------------------------------


def drop(after):
    """Promises the whole file and hangs up early."""
    return lambda handler, served: send(handler, served, after)


def refuse(status, **headers):
    def act(handler, served):
        handler.send_response(status)
        for name, value in {"Content-Length": "0", "Connection": "close", **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return act


def redirect(to, status=302):
    return refuse(status, Location=to)


def hang(publisher):
    """Accepts the request and says nothing until the test is over."""
    return lambda handler, served: publisher.released.wait(600)


def endless(handler, served):
    """Never stops sending, and never said how much it would be."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    for _ in range(2000):
        handler.wfile.write(b"x" * (1 << 16))


def another_range(handler, served):
    """Sends a range that was not asked for."""
    handler.send_response(206)
    handler.send_header("Content-Range", f"bytes 0-9/{len(served.body)}")
    handler.send_header("Content-Length", "10")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(served.body[:10])


def replace(body, **headers):
    """The publisher puts another file in place, and sends that."""

    def act(handler, served):
        served.body, served.headers = body, headers
        send(handler, served, len(body))

    return act
