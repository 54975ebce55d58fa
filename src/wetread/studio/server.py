"""Routes -> files of the project folder; nothing is remembered between requests that a restart would miss."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import sys
import threading
import traceback
import warnings
import webbrowser
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wetread.errors import InputError, OutputError, WetreadError
from wetread.images.cache import default_cache
from wetread.images.decoder import Decoder
from wetread.progress import Listener, silent
from wetread.studio import project_routes, reading_routes, result_routes, run_routes, start_routes, try_routes
from wetread.studio.answers import Refusal, answer_refusal
from wetread.studio.guard import Access, Guard
from wetread.studio.jobs import Jobs
from wetread.studio.operating import prepare_soon
from wetread.studio.places import Home
from wetread.studio.predictor import Predictors
from wetread.studio.project import Project
from wetread.writing import FolderLock, atomic_write

STATIC = Path(__file__).with_name("static")
#: Not guessed: the types that a system has registered may be wrong, and with nosniff a wrong one is no script.
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
#: Connections at a time; a browser keeps six per tab group open.
MOST_CONNECTIONS = 200


class Studio:
    """What all routes share: where things lie, who decodes, who works.

    Args:
        home: Where projects and runs lie.
        decoder: Decodes pictures in child processes; None: two of them, with the user's cache.
        prepare: Is given the folder of a run that ended or is opened, to make ready what its pages will ask for.
    """

    def __init__(
        self, home: Home, decoder: Decoder | None = None, prepare: Callable[[Path], None] = prepare_soon
    ) -> None:
        self.home, self.prepare = home, prepare
        self.decoder = decoder or Decoder(2, cache=default_cache())
        self.jobs = Jobs(home, ended=prepare)
        self.predictors = Predictors()
        self._projects: dict[str, Project] = {}
        self._lock = threading.Lock()

    def project(self, project: str) -> Project:
        """One project, the same object each time; raises `Refusal` (404) where there is none."""
        folder = self.home.project_folder(project)
        with self._lock:
            found = self._projects.get(project)
            if found is None:
                found = self._projects[project] = Project(folder, self.decoder)
        return found

    def forget(self, project: str) -> None:
        """Lets go of a project whose folder moves."""
        with self._lock:
            self._projects.pop(project, None)

    def close(self) -> None:
        """Ends the helpers of the server; a training goes on."""
        self.jobs.close()
        self.predictors.close()
        self.decoder.close()


def build(studio: Studio, access: Access) -> ASGIApp:
    """The application: guard, routes, and what becomes of faults.

    Args:
        studio: What the routes share.
        access: Who may come in.
    """
    app = Starlette(
        routes=[*page_routes(), Mount("/api", Router(api_routes(studio), redirect_slashes=False))],
        middleware=[Middleware(Faults)],
        exception_handlers={Refusal: _refuse, WetreadError: _refuse, HTTPException: _refuse_http},
    )
    # A path with or without a slash at its end are two addresses; Starlette would build the other from the Host header.
    app.router.redirect_slashes = False
    return Guard(app, access)


def api_routes(studio: Studio) -> list[BaseRoute]:
    """All routes below ``/api``."""
    rooms = (start_routes, project_routes, run_routes, result_routes, try_routes, reading_routes)
    return [route for room in rooms for route in room.routes(studio)]


def page_routes() -> list[BaseRoute]:
    """The shell for every page of the browser, and what it is made of."""
    return [
        Route("/", show_shell),
        Route("/p/{rest:path}", show_shell),
        Route("/favicon.ico", show_icon),
        Mount("/static", Static(directory=STATIC, check_dir=False)),
    ]


def show_shell(request: Request) -> Response:
    """The one page; its modules read the address."""
    del request
    return _static_file(STATIC / "index.html")


def show_icon(request: Request) -> Response:
    """Asked for by browsers that open a report or a picture by itself."""
    del request
    return _static_file(STATIC / "icon.svg")


class Static(StaticFiles):
    """Files of the package, each with its own type; asked for again at each load, sent again only if changed."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, or 304 where the browser has it; raises `HTTPException` (404) for anything else."""
        kind = TYPES.get(Path(path).suffix)
        if kind is None or scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["content-type"] = kind
        response.headers["cache-control"] = "no-cache"
        return response


class Faults:
    """A fault of ours: one sentence for the user, and one line on standard error that names no file of theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            return
        except Exception as error:
            place = _report(error)
            if begun:
                raise ConnectionError("the answer broke off") from None
            fault = Refusal(500, f"wetread met a fault of its own ({place}).", "Please report it.", "fault")
            await answer_refusal(fault)(scope, receive, send)


def serve(
    home: Path | None = None,
    *,
    port: int = 0,
    open_browser: bool = True,
    folder: Path | None = None,
    listen: Listener = silent,
    announce: Callable[[str], None] = print,
) -> None:
    """Serves the studio on this machine until Ctrl-C. A training that was started goes on afterwards.

    Args:
        home: The folder with all projects; None: ``wetread`` among the documents of this user.
        port: Where to listen on 127.0.0.1; 0: where this studio listened last, else any free port, so that pages that
            are still open find it again.
        open_browser: Whether the link is opened.
        folder: First made a project of; None: nothing is.
        listen: Is told how far that is.
        announce: Is given each line for the terminal.

    Raises:
        OutputError: The folder cannot be made, or another studio works in it.
        InputError: The port is taken, or the folder has no images.
    """
    warnings.filterwarnings("ignore", module=r"PIL\.")  # what it says of odd EXIF helps nobody
    place = Home(home or default_home())
    lock = _lock(place)
    try:
        studio = Studio(place)
        try:
            with _listen(place, port) as listener:
                if folder is not None:
                    start_routes.project_of(studio, folder, listen)
                _serve(studio, listener, open_browser, announce)
        finally:
            studio.close()
    finally:
        lock.release()


def default_home() -> Path:
    """The folder ``wetread`` among the documents of this user."""
    from platformdirs import user_documents_path

    return user_documents_path() / "wetread"


def _serve(studio: Studio, listener: socket.socket, open_browser: bool, announce: Callable[[str], None]) -> None:
    access = Access(listener.getsockname()[1])
    server = uvicorn.Server(_settings(build(studio, access)))
    # Only now: before the socket listens, a browser would be told that nobody is there.
    announce(f"wetread studio: {access.link}")
    announce(f"Projects: {studio.home.path}")
    announce("Only this machine can reach it. Ctrl-C ends it; trainings go on.")
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(access.link,), daemon=True).start()
    # uvicorn ends in good order and then raises the signal again.
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    announce("The studio is closed.")


def _settings(app: ASGIApp) -> uvicorn.Config:
    # No log: addresses and texts of errors could hold what belongs to a patient. No WebSockets, no proxy, no banner.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    return uvicorn.Config(
        app,
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=2,
    )


def _lock(home: Home) -> FolderLock:
    try:
        return FolderLock(home.path / ".lock")
    except OutputError as error:
        if error.code != "run-busy":
            raise
        raise OutputError(
            f"Another studio works in {home.path}.",
            remedy="Use that one, or end it, or name another folder: wetread studio FOLDER.",
            file=home.path,
            code="studio-busy",
        ) from error


def _listen(home: Home, port: int) -> socket.socket:
    """A socket that listens on 127.0.0.1; the port of last time where none is asked for and it is free."""
    last = home.path / ".port"
    for wanted in [port] if port else [_last_port(last), 0]:
        try:
            listener = _bind(wanted)
        except OSError:
            continue
        atomic_write(last, f"{listener.getsockname()[1]}\n", durable=False)
        return listener
    raise InputError(
        f"Port {port} is taken, or may not be used.",
        remedy="Leave --port out: a free one is found.",
        code="port-taken",
    )


def _bind(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # After a restart at once on the same port. On Windows the same word would let others listen there as well.
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _last_port(file: Path) -> int:
    try:
        port = int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
    return port if 1024 <= port <= 65535 else 0


def _report(error: Exception) -> str:
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
    print(f"wetread studio: a fault of its own: {place}", file=sys.stderr, flush=True)
    if os.environ.get("WETREAD_DEBUG"):
        traceback.print_exception(error)
    return place


def _refuse(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, Refusal | WetreadError)
    return answer_refusal(error)


def _refuse_http(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, HTTPException)
    messages = {404: "There is nothing at this address.", 405: "This address does not take that method."}
    message = messages.get(error.status_code, "The request cannot be understood.")
    return answer_refusal(Refusal(error.status_code, message, "Go back to the start page.", "no-page"))


def _static_file(path: Path) -> Response:
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, headers={"cache-control": "no-cache"}, media_type=TYPES[path.suffix])
