"""Routes of the pages Results, Cases, Compare and Export: what a run found, read from its files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from wetread.images.values import ValueImage
from wetread.run_folder import RunFolder
from wetread.studio.answers import Refusal, answer, in_thread, read_json, real, whole, word
from wetread.studio.case_files import case_row, case_source, gone, kept_thumbnail, remembered_picture
from wetread.studio.case_list import OUTCOMES, SORTS, STATUSES, Found, Wish, badge_of
from wetread.studio.cases import SPLITS, Cases, read_cases
from wetread.studio.comparison import compare_runs
from wetread.studio.exports import NAMES, TYPES, Preparations, download_name, find_export, list_exports, names_table
from wetread.studio.guard import REPORT_POLICY
from wetread.studio.notes import read_notes, write_note
from wetread.studio.operating import describe_operating, predictive_at
from wetread.studio.pixels import MOST_SIDE, pixel_headers, read_pixels
from wetread.studio.places import TERMINAL
from wetread.studio.results import describe_results, read_history
from wetread.studio.thumbnails import encode_thumbnail, thumbnail

if TYPE_CHECKING:
    from wetread.studio.server import Studio

#: Cases of one page at most.
MOST_CASES = 500
#: What is said of a picture from the cache.
SMALLER = "The file is no longer where the run read it; this is the smaller picture that the model saw."
#: Columns of images.csv that are wetread's own, or paths; the others are those of the user's table.
_OURS = re.compile(
    r"image|label|patient|group|split|fold(_\d+)?|sha256|status|reason|file|name|mask.*|uncertain|missing"
)


def routes(studio: Studio) -> list[Route]:
    """Every route of this file."""
    pages = _Pages(studio)
    run, case = "/projects/{project}/runs/{run}", "/projects/{project}/runs/{run}/cases/{case:int}"
    return [
        Route(f"{run}/results", pages.results),
        Route(f"{run}/history", pages.history),
        Route(f"{run}/operating", pages.operating),
        Route(f"{run}/ppv", pages.ppv),
        Route(f"{run}/cases", pages.cases),
        Route(case, pages.case),
        Route(f"{case}/thumb", pages.thumb),
        Route(f"{case}/pixels", pages.pixels),
        Route(f"{case}/note", pages.note, methods=["POST"]),
        Route(f"{run}/exports", pages.exports),
        Route(f"{run}/exports/{{name}}", pages.export),
        Route(f"{run}/exports/{{name}}", pages.prepare, methods=["POST"]),
        Route("/projects/{project}/compare", pages.compare),
    ]


class _Pages:
    """The routes, with what they share."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.preparations = Preparations()

    def _run(self, request: Request) -> Path:
        return self.studio.home.run_folder(request.path_params["project"], request.path_params["run"])

    # Results ---------------------------------------------------------------------------------------------------------

    async def results(self, request: Request) -> Response:
        run = self._run(request)
        self.studio.prepare(run)  # a run of the terminal, whose end nobody here saw
        return answer(await in_thread(describe_results, run))

    async def history(self, request: Request) -> Response:
        return answer({"rows": await in_thread(read_history, self._run(request))})

    async def operating(self, request: Request) -> Response:
        wanted = request.query_params.get("class")
        return answer(await in_thread(describe_operating, self._run(request), wanted))

    async def ppv(self, request: Request) -> Response:
        threshold = _threshold(request)
        prevalence = real(request, "prevalence", 0.5, 0, 1)
        wanted = request.query_params.get("class")
        return answer(await in_thread(predictive_at, self._run(request), wanted, threshold, prevalence))

    # Cases -----------------------------------------------------------------------------------------------------------

    def _find(self, request: Request) -> Found:
        run, wish = self._run(request), _wish(request)
        cases = read_cases(run)
        notes = read_notes(self.studio, request.path_params["project"], run, cases)
        return Found(cases, RunFolder(run).read_json("numbers.json"), wish, notes)

    async def cases(self, request: Request) -> Response:
        offset, limit = whole(request, "offset", 0, 0, 10**7), whole(request, "limit", 100, 1, MOST_CASES)
        return answer(await in_thread(lambda: self._find(request).page(offset, limit)))

    async def case(self, request: Request) -> Response:
        return answer(await in_thread(self._tell_case, request))

    def _tell_case(self, request: Request) -> dict[str, Any]:
        found, case = self._find(request), request.path_params["case"]
        place = _place(found.cases, case)
        run, project = self._run(request), request.path_params["project"]
        row = case_row(run, case)
        source = case_source(self.studio, project, run, case)
        smaller = source is None and remembered_picture(run, case) is not None
        return (
            found.tell(place)
            | found.neighbours(case)
            | {
                "reason": found.cases.reasons[place],
                "badge": badge_of(found.cases.splits[place]),
                "facts": {name: value for name, value in row.items() if value and not _OURS.fullmatch(name)},
                "picture": source is not None or smaller,
                "picture_reason": "" if source is not None else SMALLER if smaller else gone().message,
            }
        )

    async def note(self, request: Request) -> Response:
        said = await read_json(request)
        text, doubt = said.get("text", ""), said.get("doubt", False)
        if not isinstance(text, str) or not isinstance(doubt, bool):
            raise Refusal(400, "A note is a text, and a doubt is yes or no.", "Load the page again.", "bad-note")
        return answer(await in_thread(self._note, request, text, doubt))

    def _note(self, request: Request, text: str, doubt: bool) -> dict[str, Any]:
        run, case = self._run(request), request.path_params["case"]
        cases = read_cases(run)
        image = cases.images[_place(cases, case)]
        write_note(self.studio, request.path_params["project"], run, image, text, doubt)
        return {"id": case, "note": text.strip(), "doubt": doubt}

    # Pictures --------------------------------------------------------------------------------------------------------

    async def thumb(self, request: Request) -> Response:
        body = await in_thread(self._thumb, request)
        return Response(body, media_type="image/jpeg", headers={"cache-control": "no-store"})

    def _thumb(self, request: Request) -> bytes:
        run, project, case = self._run(request), request.path_params["project"], request.path_params["case"]
        sha256 = case_row(run, case)["sha256"]
        source = case_source(self.studio, project, run, case)
        if source is not None:
            part = "".join(f"-{one}" for one in (source.frame, source.item) if one is not None)
            folder = self.studio.home.cache_folder(project) / "thumbs" / (sha256[:2] or "none")
            place = folder / f"{sha256[:16] or f'{run.name}-{case}'}{part}.jpg"
            return thumbnail(self.studio.decoder, source, place)
        picture = remembered_picture(run, case)
        if picture is not None:
            return encode_thumbnail(picture)
        kept = kept_thumbnail(run, case)
        if kept is None:
            raise gone()
        return kept

    async def pixels(self, request: Request) -> Response:
        size = whole(request, "size", 1024, 16, MOST_SIDE)
        found = await in_thread(self._pixels, request, size)
        return Response(found[0], media_type="application/octet-stream", headers=found[1])

    def _pixels(self, request: Request, size: int) -> tuple[bytes, dict[str, str]]:
        run, project, case = self._run(request), request.path_params["project"], request.path_params["case"]
        source = case_source(self.studio, project, run, case)
        if source is not None:
            found = read_pixels(self.studio.decoder, source, size)
            return found.body, found.headers
        picture = remembered_picture(run, case)
        if picture is None:
            raise gone()
        rows, columns = picture.shape[:2]
        shown = picture if picture.ndim == 3 else picture.astype("<i2")
        seen = pixel_headers(ValueImage(shown, rows=rows, columns=columns))
        return shown.tobytes(), seen | {"X-Reduced": "1"}

    # Handing over ----------------------------------------------------------------------------------------------------

    async def exports(self, request: Request) -> Response:
        return answer(await in_thread(self._list_exports, request))

    def _list_exports(self, request: Request) -> list[dict[str, Any]]:
        found = list_exports(self._run(request), self.preparations)
        if request.path_params["project"] == TERMINAL:
            return found
        size = len(self._names(request).encode("utf-8"))
        told = {"name": NAMES.name, "title": NAMES.title, "kind": NAMES.kind, "bytes": size, "extra": ""}
        return [*found, told | {"ready": True, "why_not": ""}]

    def _names(self, request: Request) -> str:
        with self.studio.project(request.path_params["project"]).read() as contents:
            return names_table(sorted(contents.items.values(), key=lambda item: item.file))

    async def prepare(self, request: Request) -> Response:
        return answer(await in_thread(self.preparations.start, self._run(request), request.path_params["name"]))

    async def export(self, request: Request) -> Response:
        project, name = request.path_params["project"], request.path_params["name"]
        owner = self.studio.project(project).name if project != TERMINAL else self._run(request).name
        if name == NAMES.name and project != TERMINAL:
            saved = f"attachment; filename*=utf-8''{quote(download_name(owner, name))}"
            table = await in_thread(self._names, request)
            return Response(table, media_type=TYPES[".csv"], headers={"content-disposition": saved})
        one, path = await in_thread(find_export, self._run(request), name)
        kind = TYPES[Path(one.name).suffix]
        if one.kind == "page":
            # A page of ours, but made of names that others chose: it runs as nobody, and reaches nothing.
            return FileResponse(path, media_type=kind, headers={"content-security-policy": REPORT_POLICY})
        return FileResponse(path, media_type=kind, filename=download_name(owner, one.name))

    async def compare(self, request: Request) -> Response:
        project = request.path_params["project"]
        runs = [run for run in request.query_params.get("runs", "").split(",") if run]
        folders = {run: self.studio.home.run_folder(project, run) for run in runs}
        return answer(await in_thread(compare_runs, folders, self.studio.home.cache_folder(project)))


def _place(cases: Cases, case: int) -> int:
    place = cases.place.get(case)
    if place is None:
        raise Refusal(404, "There is no such case.", "Go back to the list of cases.", "no-case")
    return place


def _threshold(request: Request) -> float | None:
    return real(request, "threshold", 0.5, 0, 1) if request.query_params.get("threshold") else None


def _wish(request: Request) -> Wish:
    said = request.query_params
    return Wish(
        truth=said.get("truth", ""),
        predicted=said.get("predicted", ""),
        outcome=word(request, "outcome", "", OUTCOMES),
        status=word(request, "status", "", STATUSES),
        split=word(request, "split", "", SPLITS),
        finding=said.get("finding", ""),
        sort=word(request, "sort", "file", SORTS),
        threshold=_threshold(request),
        doubt=word(request, "doubt", "", ("1",)) == "1",
    )
