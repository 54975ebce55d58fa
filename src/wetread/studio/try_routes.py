"""The addresses of the page Try, and of heatmaps and nearest cases everywhere."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wetread.errors import WetreadError
from wetread.images.source import Source
from wetread.studio.answers import Refusal, answer, in_thread, whole
from wetread.studio.case_files import case_source, gone
from wetread.studio.cases import Cases, read_cases
from wetread.studio.guard import MOST_FILE
from wetread.studio.heatmaps import Heatmaps, stamp
from wetread.studio.pixels import MOST_SIDE, read_pixels
from wetread.studio.tries import Incoming, Tries, label_case, tell_prediction

if TYPE_CHECKING:
    from wetread.studio.server import Studio


def routes(studio: Studio) -> list[Route]:
    """The routes of this file."""
    desk = _Desk(studio)
    run, tries = "/projects/{project}/runs/{run}", "/projects/{project}/tries"
    return [
        Route(f"{run}/methods", desk.methods, methods=["GET"]),
        Route(f"{run}/cases/{{case}}/heatmap", desk.case_heatmap, methods=["GET"]),
        Route(f"{run}/cases/{{case}}/nearest", desk.case_nearest, methods=["GET"]),
        Route(tries, desk.list_tries, methods=["GET"]),
        Route(tries, desk.put_try, methods=["PUT"]),
        Route(tries, desk.clear_tries, methods=["DELETE"]),
        Route(f"{tries}/{{number}}", desk.judge_try, methods=["GET"]),
        Route(f"{tries}/{{number}}", desk.remove_try, methods=["DELETE"]),
        Route(f"{tries}/{{number}}/pixels", desk.try_pixels, methods=["GET"]),
        Route(f"{tries}/{{number}}/heatmap", desk.try_heatmap, methods=["GET"]),
    ]


class _Desk:
    """Answers the routes; everything that may wait goes to a thread."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._heatmaps = Heatmaps(studio.predictors)

    # Of runs and their cases -----------------------------------------------------------------------------------------

    async def methods(self, request: Request) -> Response:
        """GET .../runs/R/methods"""
        run = self._run(request)
        return answer(await in_thread(self._heatmaps.methods, run))

    async def case_heatmap(self, request: Request) -> Response:
        """GET .../cases/ID/heatmap?method=&target="""
        return answer(await in_thread(self._case_heatmap, request))

    def _case_heatmap(self, request: Request) -> dict[str, Any]:
        run, case = self._run(request), _case(request)
        source = self._case_source(request, run, case)
        method, target = _asked(request)
        return self._heatmaps.find(run, source, run / "studio" / "heat", str(case), method, target, case)

    async def case_nearest(self, request: Request) -> Response:
        """GET .../cases/ID/nearest"""
        return answer(await in_thread(self._case_nearest, request))

    def _case_nearest(self, request: Request) -> list[dict[str, Any]]:
        run, case = self._run(request), _case(request)
        stamp(run)
        found = self._studio.predictors.nearest(run, self._case_source(request, run, case))
        cases = _cases(run)
        # The shipped model has learnt every case of a cross-validation, so the nearest one is the case itself.
        return [label_case(one, cases) for one in found if one["case"] != case]

    def _run(self, request: Request) -> Path:
        return self._studio.home.run_folder(request.path_params["project"], request.path_params["run"])

    def _case_source(self, request: Request, run: Path, case: int) -> Source:
        found = case_source(self._studio, request.path_params["project"], run, case)
        if found is None:
            raise gone()
        return found

    # Tries -----------------------------------------------------------------------------------------------------------

    async def list_tries(self, request: Request) -> Response:
        """GET .../tries"""
        return answer({"tries": await in_thread(self._tries(request).all)})

    async def put_try(self, request: Request) -> Response:
        """PUT .../tries?run=R: one picture, raw."""
        tries, run = self._tries(request), self._asked_run(request)
        name = unquote(request.headers.get("x-name", ""), errors="replace")
        async with _incoming(tries) as incoming:
            async for piece in request.stream():
                await in_thread(incoming.append, piece)
                if incoming.size > MOST_FILE:
                    raise Refusal(413, "The file is larger than 512 MB.", "Export one frame of it.", "too-long")
            number = await in_thread(incoming.keep, name)
        try:
            found = await in_thread(self._judge, run, tries.source(number))
        except WetreadError:
            # What is no picture, or cannot be read, is not kept either.
            await in_thread(tries.remove, number)
            raise
        return answer({"try": number, "prediction": found})

    async def judge_try(self, request: Request) -> Response:
        """GET .../tries/T?run=R: the prediction again."""
        run, source = self._asked_run(request), self._try_source(request)
        found = await in_thread(self._judge, run, source)
        return answer({"try": request.path_params["number"], "prediction": found})

    def _judge(self, run: Path, source: Source) -> dict[str, Any]:
        (found,) = self._studio.predictors.predict(run, [source])
        return tell_prediction(found, _cases(run))

    async def try_heatmap(self, request: Request) -> Response:
        """GET .../tries/T/heatmap?run=R&method=&target="""
        return answer(await in_thread(self._try_heatmap, request))

    def _try_heatmap(self, request: Request) -> dict[str, Any]:
        run, source, number = self._asked_run(request), self._try_source(request), request.path_params["number"]
        method, target = _asked(request)
        folder = self._tries(request).heat_folder(number)
        return self._heatmaps.find(run, source, folder, run.name, method, target)

    async def try_pixels(self, request: Request) -> Response:
        """GET .../tries/T/pixels?size="""
        source, size = self._try_source(request), whole(request, "size", 1024, 16, MOST_SIDE)
        found = await in_thread(read_pixels, self._studio.decoder, source, size)
        headers = {**found.headers, "cache-control": "no-store"}
        return Response(found.body, media_type="application/octet-stream", headers=headers)

    async def remove_try(self, request: Request) -> Response:
        """DELETE .../tries/T"""
        await in_thread(self._tries(request).remove, request.path_params["number"])
        return answer({})

    async def clear_tries(self, request: Request) -> Response:
        """DELETE .../tries"""
        await in_thread(self._tries(request).clear)
        return answer({})

    def _tries(self, request: Request) -> Tries:
        return Tries(self._studio.home, request.path_params["project"])

    def _try_source(self, request: Request) -> Source:
        return self._tries(request).source(request.path_params["number"])

    def _asked_run(self, request: Request) -> Path:
        run = request.query_params.get("run", "")
        if not run:
            raise Refusal(400, "No run was chosen.", "Choose one.", "no-run")
        folder = self._studio.home.run_folder(request.path_params["project"], run)
        stamp(folder)
        return folder


@contextlib.asynccontextmanager
async def _incoming(tries: Tries) -> AsyncIterator[Incoming]:
    incoming = await in_thread(Incoming, tries)
    try:
        yield incoming
    finally:
        incoming.discard()


def _case(request: Request) -> int:
    text = request.path_params["case"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Refusal(404, "There is no such case.", "Go back to the list.", "no-case")
    return int(text)


def _asked(request: Request) -> tuple[str, str]:
    return request.query_params.get("method", ""), request.query_params.get("target", "")


def _cases(run: Path) -> Cases | None:
    """The cases of a run; a model without a test of its own has none that can be named."""
    with contextlib.suppress(WetreadError):
        return read_cases(run)
    return None
