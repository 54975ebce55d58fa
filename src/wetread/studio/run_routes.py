"""Runs of a project: start, follow, stop, resume, rename, remove; the audit; what can be chosen before training."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from wetread.run_folder import FINISHED
from wetread.studio.answers import Refusal, answer, in_thread, read_json, whole
from wetread.studio.audit import audit_command, audit_of
from wetread.studio.places import TERMINAL
from wetread.studio.plan_choices import plan_choices
from wetread.studio.queue import LINES, job_path
from wetread.studio.run_events import read_events
from wetread.studio.run_state import AUDIT, PRODUCTS, extras_state, progress_of, run_folders, run_summary
from wetread.studio.run_status import QUEUED
from wetread.studio.run_status import read_json as read_file
from wetread.studio.run_wishes import extra_command, read_title, run_command
from wetread.studio.start_routes import waits_for
from wetread.writing import atomic_write, make_folder, remove_folder

if TYPE_CHECKING:
    from wetread.studio.server import Studio

#: Of titles, and of what goes to the trash and comes back: two at once would undo each other.
_LOCK = threading.Lock()

Body = dict[str, Any]
#: A request as the functions below take it: ids of project and run, and the JSON that came.
Work = Callable[["Studio", str, str, Body], Any]


def routes(studio: Studio) -> list[Route]:
    """The routes below ``/api`` that belong to the runs of a project."""

    def reads(path: str, work: Callable[[Studio, Request], Any]) -> Route:
        async def endpoint(request: Request) -> Response:
            return answer(await in_thread(work, studio, request))

        return Route(path, endpoint)

    def writes(path: str, work: Work, method: str = "POST", status: int = 200) -> Route:
        async def endpoint(request: Request) -> Response:
            body = await read_json(request)
            ids = request.path_params
            return answer(await in_thread(work, studio, ids["project"], ids.get("run", ""), body), status)

        return Route(path, endpoint, methods=[method])

    run = "/projects/{project}/runs/{run}"
    return [
        reads("/projects/{project}/runs", lambda studio, request: list_runs(studio, request.path_params["project"])),
        writes("/projects/{project}/runs", start_run, status=201),
        reads("/projects/{project}/audit", lambda studio, request: audit_of(_project(studio, request))),
        writes("/projects/{project}/audit", start_audit, status=201),
        reads("/projects/{project}/plan", lambda studio, request: plan_choices(_project(studio, request), studio.home)),
        reads(f"{run}/summary", summary_of),
        reads(f"{run}/events", events_of),
        writes(f"{run}/stop", stop),
        writes(f"{run}/resume", resume),
        writes(f"{run}/rename", rename),
        writes(f"{run}/extras", start_extra, status=201),
        writes(f"{run}/restore", restore),
        writes(run, remove, "DELETE"),
    ]


def list_runs(studio: Studio, project: str) -> dict[str, Any]:
    """All runs, the newest first."""
    labels = None if project == TERMINAL else studio.project(project).snapshot_name()
    return {"runs": [run_summary(place, labels) for place in run_folders(studio.home.runs_folder(project))]}


def summary_of(studio: Studio, request: Request) -> dict[str, Any]:
    """One run."""
    project, folder = _place(studio, request)
    labels = None if project == TERMINAL else studio.project(project).snapshot_name()
    return run_summary(folder, labels)


def events_of(studio: Studio, request: Request) -> dict[str, Any]:
    """What happened after an event, and how far the run is.

    Returns:
        events (at most 2,000; of those that only say how far a step is, the last), more; reset: the file is a new one,
        so forget what came before; status, error where it is over; waits_for: the project (id, name) whose job it waits
        for; step, fraction, eta_s, eta_of, last; extras.
    """
    project, folder = _place(studio, request)
    after = whole(request, "after", 0, 0, 10**9)
    # Asked before the events are read: the last of them is written before a run is over.
    state = run_summary(folder) if folder.name != AUDIT else audit_of(studio.project(project))
    progress = progress_of(folder, state["status"])
    reset = after > progress["last"]
    events, more = read_events(folder / "events.jsonl", 0 if reset else after)
    told = {key: state.get(key) for key in ("status", "error", "stopping", "resumable")}
    told["waits_for"] = waits_for(studio, folder) if told["status"] == QUEUED else None
    return {"events": events, "more": more, "reset": reset, **told, **progress, "extras": extras_state(folder)}


def start_run(studio: Studio, project: str, run: str, body: Body) -> dict[str, str]:
    """Puts a training into the queue."""
    del run
    _own(project)
    run = f"{datetime.now().strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    folder = studio.home.run_folder(project, run, exists=False)
    title = read_title(body)
    own = studio.project(project)
    labels = own.snapshot()
    command = run_command(labels, folder, body, own.name)
    if title:
        _set_title(studio, project, run, title)
    studio.jobs.start(project, run, command, labels=labels.name)
    return {"run": run}


def start_audit(studio: Studio, project: str, run: str, body: Body) -> dict[str, str]:
    """Puts an audit into the queue."""
    del run, body
    _own(project)
    labels = studio.project(project).snapshot()
    folder = studio.home.run_folder(project, AUDIT, exists=False)
    studio.jobs.start(project, AUDIT, audit_command(labels, folder), kind="audit", labels=labels.name, again=True)
    return {"run": AUDIT}


def start_extra(studio: Studio, project: str, run: str, body: Body) -> dict[str, str]:
    """Adds a learning curve, a paper kit, a look inside or explanations to a finished run."""
    kind = body.get("kind")
    if not isinstance(kind, str) or kind not in PRODUCTS:
        raise Refusal(400, f"There are these extras: {', '.join(PRODUCTS)}.", "Choose one.", "no-extra")
    folder = studio.home.run_folder(project, run, exists=False)
    _own(project, f"In the terminal: wetread {kind} {run}")
    status = run_summary(folder)["status"]
    if not status:
        raise _no_run()
    if status != FINISHED:
        raise Refusal(409, "The run is not finished.", "Wait for it, or go on with it.", "not-finished")
    command = extra_command(kind, folder, studio.home.project_folder(project))
    studio.jobs.start(project, run, command, kind=kind, again=True)
    return {"run": run, "kind": kind}


def stop(studio: Studio, project: str, run: str, body: Body) -> dict[str, str]:
    """Asks a run, the audit or an extra to stop."""
    kind = body.get("kind") or ("audit" if run == AUDIT else "run")
    if not isinstance(kind, str) or kind not in LINES:
        raise Refusal(400, "There is nothing of that kind.", "Load the page again.", "no-extra")
    studio.home.run_folder(project, run, exists=False)
    _own(project, "Stop it where it was started: Ctrl-C.")
    studio.jobs.stop(project, run, kind)
    return {"run": run}


def resume(studio: Studio, project: str, run: str, body: Body) -> dict[str, str]:
    """Goes on with a run that was stopped, interrupted or failed."""
    del body
    studio.home.run_folder(project, run, exists=False)
    _own(project, "Go on with it in the terminal: repeat its command with --resume.")
    studio.jobs.resume(project, run)
    return {"run": run}


def rename(studio: Studio, project: str, run: str, body: Body) -> dict[str, str]:
    """Gives a run a title; an empty one takes it back."""
    studio.home.run_folder(project, run, exists=False)
    _own(project)
    title = read_title(body)
    _set_title(studio, project, run, title)
    return {"run": run, "title": title or run}


def remove(studio: Studio, project: str, run: str, body: Body) -> dict[str, str]:
    """Moves a run, and what is known of its jobs, to the trash of the project."""
    del body
    folder = studio.home.run_folder(project, run, exists=False)
    _own(project)
    with _LOCK:
        jobs = studio.jobs.forget(project, run)
        if not jobs and not folder.is_dir():
            raise _no_run()
        place, papers = _trash(studio, project, run)
        remove_folder(place)
        remove_folder(papers)
        make_folder(papers)
        for path in (path for job in jobs for path in (job.path, job.log) if path.is_file()):
            path.rename(papers / path.name)
        if folder.is_dir():
            folder.rename(place)
    return {"trash": run}


def restore(studio: Studio, project: str, run: str, body: Body) -> dict[str, str]:
    """Takes a run back from the trash."""
    del body
    folder = studio.home.run_folder(project, run, exists=False)
    _own(project)
    with _LOCK:
        place, papers = _trash(studio, project, run)
        if studio.jobs.status(folder) or not (place.is_dir() or papers.is_dir()):
            raise Refusal(404, "There is no such run in the trash.", "Go back to the project.", "no-run")
        if place.is_dir():
            remove_folder(folder)  # what was being made for its pages while it was removed, such as a heatmap
            make_folder(folder.parent)
            place.rename(folder)
        for path in papers.glob("*"):
            path.rename(job_path(studio.home.project_folder(project), run).with_name(path.name))
        remove_folder(papers)
    return {"run": run}


def _place(studio: Studio, request: Request) -> tuple[str, Path]:
    """Project and run folder of a request; a run that still waits has no folder yet."""
    project, run = request.path_params["project"], request.path_params["run"]
    folder = studio.home.run_folder(project, run, exists=False)
    if not folder.is_dir() and studio.jobs.find(project, run) is None:
        raise _no_run()
    return project, folder


def _project(studio: Studio, request: Request) -> Any:
    return studio.project(request.path_params["project"])


def _own(project: str, remedy: str = "Use the terminal, or import the images into a project.") -> None:
    """Refuses what would change the runs of the terminal, which are only shown."""
    if project == TERMINAL:
        raise Refusal(403, "Runs made in the terminal are only shown here.", remedy, "read-only")


def _no_run() -> Refusal:
    return Refusal(404, "There is no such run.", "Go back to the project.", "no-run")


def _set_title(studio: Studio, project: str, run: str, title: str) -> None:
    place = studio.home.project_folder(project) / "titles.json"
    with _LOCK:
        titles = {name: text for name, text in read_file(place).items() if name != run}
        if title:
            titles[run] = title
        atomic_write(place, json.dumps(titles, indent=1, ensure_ascii=False) + "\n")


def _trash(studio: Studio, project: str, run: str) -> tuple[Path, Path]:
    """Where a removed run and its jobs lie; the plus is in no name of a run."""
    place = studio.home.project_folder(project) / ".trash"
    return place / run, place / f"{run}+jobs"
