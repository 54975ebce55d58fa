"""Addresses of one project: its summary, its items, what is dropped, changes, thumbnails and pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wetread.errors import InputError
from wetread.studio.answers import Refusal, answer, in_thread, read_json, whole
from wetread.studio.pixels import MOST_SIDE, read_pixels
from wetread.studio.project import Project
from wetread.studio.receiving import Upload
from wetread.studio.thumbnails import thumbnail, thumbnail_place
from wetread.studio.uploads import Received

if TYPE_CHECKING:
    from wetread.studio.server import Studio

#: Bytes of a change: 100,000 items by their ids.
MOST_CHANGE = 4 << 20
#: Bytes that are collected before a thread writes them.
_PIECE = 1 << 20
_NO_STORE = {"Cache-Control": "no-store"}


def routes(studio: Studio) -> list[Route]:
    """The routes, below ``/api``."""

    def project_of(request: Request) -> Project:
        return studio.project(request.path_params["project"])

    async def show(request: Request) -> Response:
        return answer(await in_thread(lambda: project_of(request).summary()))

    async def list_items(request: Request) -> Response:
        query = request.query_params
        offset = whole(request, "offset", 0, 0, 1_000_000)
        limit = whole(request, "limit", 200, 1, 1000)
        class_id, part = query.get("class", "all")[:40], query.get("q", "")[:200]
        mark = query.get("mark", "present")[:40]
        return answer(await in_thread(lambda: project_of(request).items(class_id, part, offset, limit, mark)))

    async def show_item(request: Request) -> Response:
        return answer(await in_thread(lambda: _found(project_of(request).item, request)))

    async def put_item(request: Request) -> Response:
        project = await in_thread(project_of, request)
        return answer((await _receive(project, request)).as_dict())

    async def show_task(request: Request) -> Response:
        state = await in_thread(lambda: project_of(request).tasks.state(request.path_params["task"]))
        if state is None:
            raise Refusal(404, "There is no such task.", "Load the page again.", "no-task")
        return answer(state)

    async def change(request: Request) -> Response:
        wish = await read_json(request, MOST_CHANGE)
        return answer(await in_thread(lambda: project_of(request).change(wish)))

    async def show_thumb(request: Request) -> Response:
        return await in_thread(lambda: _thumb(project_of(request), request))

    async def show_pixels(request: Request) -> Response:
        size = whole(request, "size", 1024, 16, MOST_SIDE)
        return await in_thread(lambda: _pixels(project_of(request), request, size))

    base = "/projects/{project}"
    return [
        Route(base, show),
        Route(f"{base}/items", list_items),
        Route(f"{base}/items", put_item, methods=["PUT"]),
        Route(f"{base}/items/{{item}}", show_item),
        Route(f"{base}/tasks/{{task}}", show_task),
        Route(f"{base}/changes", change, methods=["POST"]),
        Route(f"{base}/thumbs/{{item}}", show_thumb),
        Route(f"{base}/pixels/{{item}}", show_pixels),
    ]


async def _receive(project: Project, request: Request) -> Received:
    """Streams a body to the disk, a piece at a time, beside the loop."""
    length = request.headers.get("content-length", "")
    expected = int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None
    name = unquote(request.headers.get("x-name", ""), errors="replace")
    class_name = unquote(request.headers.get("x-class", ""), errors="replace")
    batch = request.headers.get("x-batch", "")
    upload = await in_thread(Upload, project, name, class_name, expected, batch)
    try:
        waiting = bytearray()
        async for piece in request.stream():
            waiting += piece
            if len(waiting) >= _PIECE:
                await in_thread(upload.write, bytes(waiting))
                waiting.clear()
        if waiting:
            await in_thread(upload.write, bytes(waiting))
        return await in_thread(upload.finish)
    except InputError as error:
        status = 413 if error.code == "file-too-large" else 400
        raise Refusal(status, error.message, error.remedy, error.code) from error
    finally:
        upload.discard()  # also where the browser went away in the middle


def _found(look: Any, request: Request) -> Any:
    try:
        return look(request.path_params["item"])
    except InputError as error:
        if error.code != "no-item":
            raise
        raise Refusal(404, error.message, error.remedy, error.code) from error


def _thumb(project: Project, request: Request) -> Response:
    item = request.path_params["item"]
    source = _found(project.source, request)
    data = thumbnail(project.decoder, source, thumbnail_place(project.folder, item))
    return Response(data, media_type="image/jpeg", headers=_NO_STORE)


def _pixels(project: Project, request: Request, size: int) -> Response:
    pixels = read_pixels(project.decoder, _found(project.source, request), size)
    return Response(pixels.body, media_type="application/octet-stream", headers={**pixels.headers, **_NO_STORE})
