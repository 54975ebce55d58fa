"""The start page: projects, the trash, samples, runs of the terminal."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

import wetread
from wetread.errors import InputError, OutputError
from wetread.progress import Listener, silent
from wetread.run_folder import RUNNING
from wetread.studio.answers import Refusal, answer, in_thread, read_json
from wetread.studio.archives import import_folder
from wetread.studio.project import Project
from wetread.studio.queue import WORKING, job_of, jobs_of
from wetread.studio.run_state import run_folders, run_summary
from wetread.studio.run_status import QUEUED
from wetread.studio.run_status import read_json as read_file
from wetread.studio.samples import SAMPLES, fill_with_sample, sample_rows
from wetread.writing import atomic_write, make_folder

if TYPE_CHECKING:
    from wetread.studio.server import Studio

#: Letters of the name of a project.
LONGEST_NAME = 80


def routes(studio: Studio) -> list[Route]:
    """The routes below ``/api`` that belong to no project yet."""

    def start(request: Request) -> Response:
        del request
        return answer(start_page(studio))

    async def create(request: Request) -> Response:
        name = read_name(await read_json(request))
        return answer({"id": await in_thread(create_project, studio, name)}, 201)

    async def rename(request: Request) -> Response:
        folder = studio.home.project_folder(request.path_params["project"])
        name = read_name(await read_json(request))
        await in_thread(rename_project, folder, name)
        return answer({"id": folder.name, "name": name})

    def remove(request: Request) -> Response:
        return answer({"trash": throw_away(studio, request.path_params["project"])})

    def restore(request: Request) -> Response:
        return answer({"id": take_back(studio, request.path_params["project"])})

    def show_trash(request: Request) -> Response:
        del request
        return answer({"projects": trash_list(studio)})

    def clear(request: Request) -> Response:
        del request
        return answer({"removed": empty_trash(studio)})

    async def sample(request: Request) -> Response:
        name = (await read_json(request)).get("name")
        if not isinstance(name, str) or name not in SAMPLES:
            raise Refusal(404, "There is no such sample.", "Choose one of the start page.", "no-sample")
        return answer(await in_thread(make_sample, studio, name), 201)

    return [
        Route("/start", start),
        Route("/projects", create, methods=["POST"]),
        Route("/projects/{project}/rename", rename, methods=["POST"]),
        Route("/projects/{project}", remove, methods=["DELETE"]),
        Route("/trash", show_trash),
        Route("/trash", clear, methods=["DELETE"]),
        Route("/trash/{project}/restore", restore, methods=["POST"]),
        Route("/samples", sample, methods=["POST"]),
    ]


def start_page(studio: Studio) -> dict[str, Any]:
    """What the start page shows."""
    home = studio.home
    in_terminal = run_folders(home.terminal)
    return {
        "version": wetread.__version__,
        "home_name": home.path.name,
        "projects": [card for folder in home.projects() if (card := _card_of(studio, folder)) is not None],
        "trash": len(home.trashed()),
        "terminal": {"runs": len(in_terminal)} if in_terminal else None,
        "samples": sample_rows(),
        "free_gb": round(shutil.disk_usage(home.path).free / 2**30, 1),
    }


def project_card(studio: Studio, folder: Path) -> dict[str, Any]:
    """One project in a few words; where its files are damaged, that it is."""
    runs = run_folders(folder / "runs")
    card: dict[str, Any] = {"id": folder.name, "name": folder.name, "runs": len(runs), "last": None, "damaged": True}
    card["live"] = None
    card |= {"items": 0, "use": "classes", "classes": [], "thumbs": [], "changed": _iso(_changed(folder))}
    # One damaged project must not hide the others.
    with contextlib.suppress(InputError, OutputError, Refusal):
        summary = studio.project(folder.name).summary()
        classes = summary["classes"]
        card |= {
            "name": summary["name"],
            "items": summary["counts"]["items"],
            "use": summary["use"],
            "classes": [one["name"] for one in classes],
            "thumbs": _covers(classes),
            "damaged": False,
        }
    for run in runs:
        with contextlib.suppress(InputError, OutputError):
            found = run_summary(run)
            if found["status"] in (QUEUED, RUNNING) and (card["live"] or {}).get("status") != RUNNING:
                card["live"] = {
                    "status": found["status"],
                    "fraction": found["fraction"],
                    "waits_for": waits_for(studio, run) if found["status"] == QUEUED else None,
                }
            if found["status"] == "finished":
                card["last"] = {"run": run.name, "headline": found["headline"], "gate": found["gate"]}
                break
    return card


def waits_for(studio: Studio, run: Path) -> dict[str, str] | None:
    """The id and name of the project whose job works in the line in which the job of a run waits; None: not known."""
    job = job_of(run)
    if job is None:
        return None
    for folder in studio.home.projects():
        if any(one.line == job.line and one.state == WORKING for one in jobs_of(folder)):
            with contextlib.suppress(InputError, OutputError, Refusal):
                return {"id": folder.name, "name": studio.project(folder.name).name}
    return None


def _card_of(studio: Studio, folder: Path) -> dict[str, Any] | None:
    """Its card; None where it went to the trash while the page was made."""
    try:
        card = project_card(studio, folder)
    except FileNotFoundError:
        card = {}
    return card if studio.home.has(folder.name) else None


def create_project(studio: Studio, name: str) -> str:
    """Makes an empty project; returns its id."""
    return Project.create(studio.home.path / studio.home.new_id(), name, studio.decoder).id


def project_of(studio: Studio, folder: Path, listen: Listener = silent) -> str:
    """Makes a project of a folder on this machine; returns its id.

    Raises:
        InputError: There is no such folder, or no image in it can be used.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder.", remedy="Look at its name.", file=folder, code="no-folder")
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in folder.resolve().name).split())
    fresh = create_project(studio, name[:LONGEST_NAME] or "Project")
    try:
        if not import_folder(studio.project(fresh), folder, listen).get("added"):
            raise InputError(
                f"No image in {folder} can be used.",
                remedy="See what wetread reads: wetread check FOLDER.",
                file=folder,
                code="no-images",
            )
    except InputError:
        throw_away(studio, fresh)
        raise
    return fresh


def rename_project(folder: Path, name: str) -> None:
    """Changes what a project is called; its folder keeps its id."""
    try:
        created = json.loads((folder / "project.json").read_text(encoding="utf-8"))["created"]
    except (OSError, ValueError, KeyError, TypeError):
        created = _iso(_changed(folder))
    content = {"format": 1, "name": name, "created": str(created)}
    atomic_write(folder / "project.json", json.dumps(content, ensure_ascii=False) + "\n")


def throw_away(studio: Studio, project: str) -> str:
    """Moves a project to the trash; returns its id there.

    Raises:
        Refusal: There is none (404); it trains, or images are coming in (409).
    """
    folder = studio.home.project_folder(project)
    if any(job.under_way for job in jobs_of(folder)):
        raise Refusal(409, "A training of this project goes on.", "Stop it first, or wait for it.", "busy")
    if not studio.project(project).retire():
        raise Refusal(409, "Images are being added to this project.", "Wait until they are in.", "busy")
    try:
        os.utime(folder)  # when it was removed, for the list of the trash
        _move(folder, studio.home.trash / project)
    finally:
        studio.forget(project)
    return project


def take_back(studio: Studio, project: str) -> str:
    """Moves a project back from the trash; raises `Refusal` (404) where it is not there."""
    folder, place = studio.home.trashed_folder(project), studio.home.path / project
    if place.exists() and not studio.home.has(project):
        # What was being made while it was removed, such as a comparison, has made its folder anew.
        _move(place, studio.home.trash / f"{project}+{secrets.token_hex(2)}")
    _move(folder, place)
    return project


def trash_list(studio: Studio) -> list[dict[str, str]]:
    """The projects in the trash: id, name, and when they were removed (ISO 8601)."""
    found = []
    for folder in studio.home.trashed():
        with contextlib.suppress(FileNotFoundError):  # it was taken back meanwhile
            removed = _iso(folder.stat().st_mtime)
            name = str(read_file(folder / "project.json").get("name", folder.name))
            found.append({"id": folder.name, "name": name, "removed": removed})
    return found


def empty_trash(studio: Studio) -> int:
    """Deletes what lies in the trash, with what its pseudonyms were made with; returns how many projects that were.

    Raises:
        OutputError: Some of it cannot be deleted.
    """
    gone = studio.home.trashed()
    for place in studio.home.trash.iterdir() if studio.home.trash.is_dir() else ():
        shutil.rmtree(place, ignore_errors=True)
        if place.exists():
            raise OutputError(
                "Not all of it can be deleted.", remedy="Close whatever has its files open.", code="not-writable"
            )
        if not studio.home.has(place.name):
            (studio.home.path / ".secrets" / f"{place.name}.secret").unlink(missing_ok=True)
    return len(gone)


def make_sample(studio: Studio, name: str) -> dict[str, Any]:
    """Makes a project of a sample; its images arrive while the task goes on."""
    fresh = create_project(studio, f"Sample: {SAMPLES[name].short}")
    return {"project": fresh, "task": fill_with_sample(studio.project(fresh), name)}


def read_name(body: dict[str, Any]) -> str:
    """The name of a project as a user typed it; raises `Refusal` (400) where it is none."""
    name = body.get("name")
    if not isinstance(name, str) or not (name := " ".join(name.split())) or len(name) > LONGEST_NAME:
        raise Refusal(400, f"A name has 1 to {LONGEST_NAME} letters.", "Type another name.", "bad-name")
    if not name.isprintable():
        raise Refusal(400, "The name holds signs that cannot be seen.", "Type it again.", "bad-name")
    return name


def _move(old: Path, new: Path) -> None:
    make_folder(new.parent)
    try:
        old.rename(new)
    except OSError as error:
        raise OutputError(
            "The project cannot be moved.", remedy="Close whatever has its files open.", file=old, code="not-writable"
        ) from error


def _covers(classes: list[dict[str, Any]]) -> list[str]:
    """Up to four pictures, of as many classes as there are."""
    columns = [one["cover"] for one in classes]
    rows = max((len(column) for column in columns), default=0)
    return [column[row] for row in range(rows) for column in columns if row < len(column)][:4]


def _changed(folder: Path) -> float:
    files = [folder / name for name in ("items.jsonl", "project.json", "runs", "events.jsonl")]
    return max((file.stat().st_mtime for file in files if file.exists()), default=folder.stat().st_mtime)


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")
