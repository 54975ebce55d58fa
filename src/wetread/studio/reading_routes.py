"""The addresses of the reading room. What a reader is sent holds no truth, no name of a file and no header."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from wetread.dataset.table import unquote_formula
from wetread.errors import WetreadError
from wetread.images.source import Source
from wetread.images.view import WINDOWS
from wetread.run_folder import RunFolder
from wetread.studio.answers import Refusal, answer, in_thread, read_json, whole
from wetread.studio.case_files import case_source
from wetread.studio.cases import TEST, read_cases
from wetread.studio.guard import REPORT_POLICY
from wetread.studio.pixels import MOST_SIDE, read_pixels
from wetread.studio.reading import Reader, Reading, Readings
from wetread.studio.reading_order import ALL, MOST, ReadingCase, draw_cases
from wetread.studio.reading_order import TEST as TESTED
from wetread.studio.reading_results import ReadingResults

if TYPE_CHECKING:
    from wetread.studio.pixels import Pixels
    from wetread.studio.server import Studio

#: Headers that say how values are shown. Whatever else comes with pixels does not reach a reader.
SHOWN = ("X-Shape", "X-Channels", "X-Slope", "X-Intercept", "X-Unit", "X-Window", "X-Invert", "X-Original")
#: Names of windows that are ours; one of a file may be a free text, and is counted instead.
_OUR_WINDOWS = frozenset((*(name.capitalize() for name in WINDOWS), "Automatic", "Min-max"))


def routes(studio: Studio) -> list[Route]:
    """The routes of this file."""
    room = _Room(studio)
    all_, one = "/projects/{project}/readings", "/projects/{project}/readings/{reading}"
    reader = f"{one}/readers/{{reader}}"
    return [
        Route(all_, room.all, methods=["GET"]),
        Route(all_, room.create, methods=["POST"]),
        Route(one, room.tell, methods=["GET"]),
        Route(f"{one}/readers", room.join, methods=["POST"]),
        Route(f"{one}/cases/{{case}}/pixels", room.pixels, methods=["GET"]),
        Route(f"{one}/results", room.results, methods=["GET"]),
        Route(f"{one}/results", room.again, methods=["POST"]),
        Route(f"{one}/results/page", room.page, methods=["GET"]),
        Route(f"{reader}/next", room.next, methods=["GET"]),
        Route(f"{reader}/back", room.back, methods=["GET", "POST"]),
        Route(f"{reader}/answers", room.answer, methods=["POST"]),
    ]


class _Room:
    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._results = ReadingResults()

    # Sessions --------------------------------------------------------------------------------------------------------

    async def all(self, request: Request) -> Response:
        """GET .../readings"""
        readings = Readings(self._studio.home, request.path_params["project"])
        return answer({"readings": await in_thread(lambda: [one.tell() for one in readings.all()])})

    async def create(self, request: Request) -> Response:
        """POST .../readings {name, run, items, classes, seed}"""
        wish = await read_json(request)
        made = await in_thread(self._create, request.path_params["project"], wish)
        return answer({**made.tell(), "few": made.few})

    def _create(self, project: str, wish: dict[str, Any]) -> Reading:
        readings = Readings(self._studio.home, project)
        run, items, seed = _text(wish, "run"), wish.get("items", TESTED), wish.get("seed", 0)
        if not (items in (TESTED, ALL) or _is_whole(items, 1, MOST)) or not _is_whole(seed, 0, 2**31):
            raise Refusal(400, "Choose test, all or a number of cases, and a whole number as seed.", code="bad-wish")
        pool, classes, several, positive = self._pool_of_run(project, run) if run else self._pool_of_items(project)
        wanted = wish.get("classes") or classes
        if not isinstance(wanted, list) or not set(map(str, wanted)) <= set(classes):
            raise Refusal(400, "There is no such class.", f"Choose among {', '.join(classes)}.", "unknown-class")
        kept = [name for name in classes if name in wanted]
        if len(kept) < 2 and not several:
            raise Refusal(400, "A reader needs two classes to choose from.", "Choose one more.", "one-class")
        pool = [case for case in pool if several or case.truth in kept]
        cases = draw_cases(pool, items, seed)
        positive = positive if positive in kept and len(kept) == 2 else ""
        name = _text(wish, "name")
        return readings.create(name, run, cases, kept, several=several, positive=positive, seed=seed)

    def _pool_of_run(self, project: str, run: str) -> tuple[list[ReadingCase], list[str], bool, str]:
        """The labelled cases of a run; its classes; whether there can be several; the positive one of two."""
        folder = self._studio.home.run_folder(project, run)
        cases = read_cases(folder)
        labels = [unquote_formula(row["label"]) for row in RunFolder(folder).read_table("images.csv")]
        pool = [
            ReadingCase(
                image,
                labels[number],
                cases.patients[place],
                case=number,
                held_out=cases.splits[place] == TEST,
            )
            for place, (image, number) in enumerate(zip(cases.images, cases.ids.tolist(), strict=True))
            if labels[number]
        ]
        return pool, list(cases.classes), cases.task == "multilabel", cases.positive or ""

    def _pool_of_items(self, project: str) -> tuple[list[ReadingCase], list[str], bool, str]:
        """The same for the pictures of a project that has no run yet."""
        owner = self._studio.project(project)
        classes = {one["id"]: one["name"] for one in owner.summary()["classes"]}
        found = owner.items("all", limit=10**6)["items"]
        pool = [
            ReadingCase(one["id"], classes[one["class"]], str(one["patient"] or ""), item=one["id"])
            for one in found
            if one["class"] in classes and not one["excluded"]
        ]
        used = {case.truth for case in pool}
        return pool, [name for name in classes.values() if name in used], False, ""

    async def tell(self, request: Request) -> Response:
        """GET .../readings/ID"""
        return answer(await in_thread(lambda: self._reading(request).tell()))

    # Reading ---------------------------------------------------------------------------------------------------------

    async def join(self, request: Request) -> Response:
        """POST .../readings/ID/readers {nickname, experience}"""
        wish = await read_json(request)
        nickname, experience = _text(wish, "nickname"), _text(wish, "experience")

        def join() -> dict[str, Any]:
            reader = self._reading(request).join(nickname, experience)
            return {"reader": reader.id, **reader.tell()}

        return answer(await in_thread(join))

    async def next(self, request: Request) -> Response:
        """GET .../readers/X/next"""
        return answer(await in_thread(lambda: self._reader(request).next()))

    async def back(self, request: Request) -> Response:
        """GET or POST .../readers/X/back: the last answer, to be corrected; nothing changes by asking."""
        return answer(await in_thread(lambda: self._reader(request).back()))

    async def answer(self, request: Request) -> Response:
        """POST .../readers/X/answers {case, class, confidence, ms, correction}"""
        said = await read_json(request)

        def keep() -> dict[str, Any]:
            correction = said.get("correction", False) is True
            reader = self._reader(request)
            return reader.answer(
                _text(said, "case"), said.get("class"), said.get("confidence"), said.get("ms"), correction=correction
            )

        return answer(await in_thread(keep))

    async def pixels(self, request: Request) -> Response:
        """GET .../readings/ID/cases/CASE/pixels?size="""
        size = whole(request, "size", 1024, 16, MOST_SIDE)
        found = await in_thread(self._pixels, request, size)
        headers = {**blind_headers(found.headers), "cache-control": "no-store"}
        return Response(found.body, media_type="application/octet-stream", headers=headers)

    def _pixels(self, request: Request, size: int) -> Pixels:
        reading = self._reading(request)
        case = reading.case(request.path_params["case"])
        try:
            source = self._source(request.path_params["project"], reading, case)
            if source is not None:
                return read_pixels(self._studio.decoder, source, size)
        except (WetreadError, Refusal):
            # What went wrong would name the file, and folders are often named as the class.
            pass
        raise Refusal(404, "This picture cannot be shown.", "Answer that it cannot be judged.", "no-picture")

    def _source(self, project: str, reading: Reading, case: ReadingCase) -> Source | None:
        if case.item:
            return self._studio.project(project).source(case.item)
        run = self._studio.home.run_folder(project, reading.about["run"])
        return None if case.case is None else case_source(self._studio, project, run, case.case)

    # Results ---------------------------------------------------------------------------------------------------------

    async def results(self, request: Request) -> Response:
        """GET .../readings/ID/results"""
        return answer(await in_thread(self._tell_results, request))

    async def again(self, request: Request) -> Response:
        """POST .../readings/ID/results: try again what failed."""
        await in_thread(lambda: self._results.again(self._reading(request)))
        return await self.results(request)

    async def page(self, request: Request) -> Response:
        """GET .../readings/ID/results/page: readers.html, as nobody and without a way out."""
        reading = self._reading(request)
        place = await in_thread(self._results.page, reading, self._run_of(request, reading))
        if place is None:
            raise Refusal(404, "There are no results yet.", "Ask again in a moment.", "no-results")
        return FileResponse(place, media_type="text/html", headers={"content-security-policy": REPORT_POLICY})

    def _tell_results(self, request: Request) -> dict[str, Any]:
        reading = self._reading(request)
        return self._results.tell(reading, self._run_of(request, reading))

    def _run_of(self, request: Request, reading: Reading) -> Path | None:
        """The run whose model is compared; the readers' own results stand without it."""
        with contextlib.suppress(Refusal):
            if reading.about["run"]:
                return self._studio.home.run_folder(request.path_params["project"], reading.about["run"])
        return None

    def _reading(self, request: Request) -> Reading:
        return Readings(self._studio.home, request.path_params["project"]).get(request.path_params["reading"])

    def _reader(self, request: Request) -> Reader:
        return self._reading(request).reader(request.path_params["reader"])


def blind_headers(headers: dict[str, str]) -> dict[str, str]:
    """The headers of pixels that a reader may have: how values are shown, and nothing that a file says of itself."""
    shown = {name: headers[name] for name in SHOWN if name in headers}
    named = json.loads(headers.get("X-Presets", "[]"))
    presets = [
        [name if name in _OUR_WINDOWS else f"Window {number}", centre, width]
        for number, (name, centre, width) in enumerate(named, start=1)
    ]
    return shown | {"X-Presets": json.dumps(presets)}


def _text(wish: dict[str, Any], name: str) -> str:
    found = wish.get(name)
    if found is not None and not isinstance(found, str):
        raise Refusal(400, f"{name} has to be a text.", "Load the page again.", "bad-wish")
    return found or ""


def _is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high
