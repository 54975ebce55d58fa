"""What a list of runs says of each: where it stands, its number, its lights, and how long it will still take.

Everything comes from files of the run folder and of its job; what is kept in memory is the small part of a file as long
as that file is the same one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from wetread.outcome import headline
from wetread.run_folder import FAILED, FINISHED, RUNNING
from wetread.studio.queue import ENDED, Job, extras_of, job_of, job_path, jobs_of
from wetread.studio.run_events import CHECK_PARTS, RUN_PARTS, Progress, ProgressOfRuns
from wetread.studio.run_status import INTERRUPTED, QUEUED, read_json, run_status

#: The run folder of a project in which its pictures are checked; it is no run to be listed.
AUDIT = "audit"
#: What each extra leaves in the run folder when it is done.
PRODUCTS = {
    "learning-curve": "learning_curve.json",
    "paper": "paper/paper.html",
    "look": "look/look.json",
    "explain": "explained/explain.html",
}
#: What a signal means to whoever waited for the run.
_KILLED = "The process was ended from outside, perhaps because memory ran out."

_PROGRESS = ProgressOfRuns()


def run_folders(runs: Path) -> list[Path]:
    """The run folders in a folder of runs, those of jobs that have none yet included; the newest first."""
    project = runs.parent
    found = {place.parent for place in runs.glob("*/run.json")}
    if (project / "project.json").is_file():
        found |= {job.run_folder for job in jobs_of(project) if job.path == job_path(project, job.run)}
    listed = [(_began(place), place) for place in found if place.name != AUDIT]
    return [place for _, place in sorted(listed, key=lambda one: one[0], reverse=True)]


def run_summary(folder: Path, labels: str | None = None) -> dict[str, Any]:
    """One run in a few words.

    Args:
        folder: The run folder; it may not exist yet where a job is going to make it.
        labels: File name of the table of labels as the project is now; None where that is not known.

    Returns:
        id, title, data (what the data of a run of the terminal are called, else empty), status, preset, started (ISO
        8601), seconds, headline, gate, lights, n, error, data_changed, task, classes, positive; fraction and eta_s
        while it runs; extras; resumable; and whether it may be changed here.
    """
    job = job_of(folder)
    status = run_status(folder, job)
    told, numbers = _facts(folder / "run.json"), _numbers(folder / "numbers.json")
    seconds = (told.get("seconds") or {}).get("total")
    if status == RUNNING:
        seconds = round(time.time() - (job.started if job is not None else _began(folder)), 1)
    progress = progress_of(folder, status)
    return {
        "id": folder.name,
        "title": title_of(folder),
        "data": "" if is_of_project(folder) else str(told.get("title") or told.get("data") or ""),
        "status": status,
        "preset": told.get("preset") or _option(job, "--preset") or "standard",
        "started": _iso(_began(folder)),
        "seconds": seconds,
        **numbers,
        "lights": _list(folder / "trust.json") if status == FINISHED else [],
        "error": error_of(folder, job, status),
        "data_changed": bool(job is not None and labels and job.labels and job.labels != labels),
        "stopping": bool(job is not None and job.stop and status == RUNNING),
        "resumable": job is not None and status not in (QUEUED, RUNNING, FINISHED),
        "ours": job is not None,
        "fraction": progress["fraction"],
        "eta_s": progress["eta_s"],
        "extras": extras_state(folder),
    }


def progress_of(folder: Path, status: str) -> dict[str, Any]:
    """How far a run is: its step, the share that is done, and seconds until the end as far as something tells.

    Args:
        folder: The run folder.
        status: Of the run; what does not run has no time left.

    Returns:
        step (title, done, total, detail) or None; fraction in [0, 1] or None; eta_s; eta_of: ``run`` where an earlier
        run of the same project tells how long later steps take, else ``step``; last: number of the last event.
    """
    progress = _PROGRESS.look(folder / "events.jsonl")
    check = folder.name == AUDIT
    found = _tell(progress, status == RUNNING, CHECK_PARTS if check else RUN_PARTS)
    if found["eta_s"] is not None and not check:
        later = _later_steps(folder, progress.pace.step)
        found["eta_of"] = "step" if later is None else "run"
        found["eta_s"] += later or 0.0
    return found


def extras_state(folder: Path) -> list[dict[str, Any]]:
    """The extras of a run: those that are there, and those that are being made.

    Returns:
        kind; state: queued, running, done, failed or stopped; step, fraction, eta_s and error as for a run.
    """
    project = folder.parent.parent
    jobs = {job.kind: job for job in extras_of(project, folder.name)} if job_of(folder) or is_of_project(folder) else {}
    found = []
    for kind, product in PRODUCTS.items():
        job, there = jobs.get(kind), (folder / product).is_file()
        if job is None and not there:
            continue
        state = _extra_status(job, there)
        progress = _PROGRESS.look(job.events) if job is not None and state == RUNNING else Progress(folder)
        error = _said(job) if job is not None and state == FAILED else None
        found.append({"kind": kind, "state": state, "error": error, **_tell(progress, state == RUNNING, {})})
    return found


def title_of(folder: Path) -> str:
    """What the user calls a run; else when it began, or the name of its folder."""
    given = read_json(folder.parent.parent / "titles.json").get(folder.name) if is_of_project(folder) else None
    return str(given or folder.name)


def error_of(folder: Path, job: Job | None, status: str) -> dict[str, str] | None:
    """Why a run failed, and what to do: message, remedy, code; None where it did not."""
    if status == INTERRUPTED:
        seen = job is not None and (job.code or 0) < 0
        message = _KILLED if seen else "The run ended without a last word: the machine went off, or it was killed."
        return {"message": message, "remedy": "Go on with it: what is finished is kept.", "code": "interrupted"}
    if status != FAILED:
        return None
    told = read_json(folder / "run.json").get("error") or {}
    said = _said(job) if job is not None else None
    if told.get("message") and told.get("code") != "fault":
        message = str(told["message"])
        # run.json has no remedy; the command line said it behind the message.
        tail = said["message"].partition(message)[2].strip() if said else ""
        return {"message": message, "remedy": tail, "code": str(told.get("code", ""))}
    return said or {"message": "wetread met a fault of its own.", "remedy": "Please report it.", "code": "fault"}


def _tell(progress: Progress, runs: bool, parts: Mapping[str, float]) -> dict[str, Any]:
    pace = progress.pace
    step = {"name": pace.step, "title": pace.title, "done": pace.done, "total": pace.total, "detail": pace.detail}
    left = pace.seconds_left(time.time()) if runs else None
    return {
        "step": step if runs and pace.step else None,
        "fraction": progress.fraction(parts) if runs else None,
        "eta_s": left,
        "eta_of": "step",
        "last": progress.last,
    }


def _later_steps(folder: Path, step: str) -> float | None:
    """Seconds that the steps after this one took in the newest finished run beside it; None where there is none."""
    names = list(RUN_PARTS)
    if step not in names:
        return None
    for other in folder.parent.glob("*/run.json"):
        told = _facts(other)
        if other.parent != folder and told.get("status") == FINISHED and "train" in (told.get("seconds") or {}):
            return float(sum(told["seconds"].get(name, 0.0) for name in names[names.index(step) + 1 :]))
    return None


def _extra_status(job: Job | None, there: bool) -> str:
    if job is None:
        return "done"
    if job.state != ENDED:
        return QUEUED if not job.started else RUNNING
    if job.code == 0 or (job.code is None and there):
        return "done"
    return "stopped" if job.stop else FAILED


def _said(job: Job) -> dict[str, str] | None:
    """The error that the command line told: its last words begin with ``wetread:``."""
    if job.fault:
        return {"message": job.fault, "remedy": "Install wetread again.", "code": "fault"}
    try:
        lines = job.log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    told = [line.removeprefix("wetread: ") for line in lines if line.startswith("wetread: ")]
    return {"message": told[-1], "remedy": "", "code": "failed"} if told else None


def _option(job: Job | None, name: str) -> str:
    found = [word.partition("=")[2] for word in job.argv if word.startswith(f"{name}=")] if job is not None else []
    return found[-1] if found else ""


def is_of_project(folder: Path) -> bool:
    """Whether a run was made here, and not in a terminal."""
    return (folder.parent.parent / "project.json").is_file()


def _began(folder: Path) -> float:
    """When a run was asked for, or began; seconds since 1970."""
    job = job_of(folder)
    if job is not None:
        return job.created
    try:
        return datetime.fromisoformat(_facts(folder / "run.json")["started"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return 0.0


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _facts(path: Path) -> dict[str, Any]:
    return _read_once(path, _stamp(path))


@lru_cache(maxsize=512)
def _read_once(path: Path, stamp: tuple[int, int]) -> dict[str, Any]:
    return read_json(path) if stamp[1] else {}


def _numbers(path: Path) -> dict[str, Any]:
    """The small part of numbers.json that a list shows; without a model, the gate of the findings."""
    return dict(_numbers_once(path, _stamp(path), _stamp(path.with_name("findings.json"))))


@lru_cache(maxsize=512)
def _numbers_once(path: Path, stamp: tuple[int, int], findings: tuple[int, int]) -> dict[str, Any]:
    numbers = read_json(path) if stamp[1] else {}
    if not numbers.get("headline"):
        gate = gate_of(findings_of(path.parent)) if findings[1] else None  # not looked yet is not green
        return {**dict.fromkeys(("headline", "n", "task", "positive", "estimate")), "classes": [], "gate": gate}
    shown = numbers["headline"]
    return {
        "headline": {"text": headline(numbers), **{key: shown.get(key) for key in ("name", "value", "low", "high")}},
        "gate": numbers.get("gate"),
        "n": {key: numbers["n"].get(key) for key in ("images", "patients", "per_class")},
        "task": numbers.get("task"),
        "classes": list(numbers.get("classes") or numbers.get("per_class") or ()),
        "positive": numbers.get("positive"),
        "estimate": numbers.get("estimate"),
    }


def findings_of(folder: Path) -> list[dict[str, Any]]:
    """What findings.json of a run folder holds, as far as it makes sense; empty where there is none."""
    known = ("red", "amber", "info")
    return [one for one in _list(folder / "findings.json") if one.get("severity") in known]


def gate_of(findings: list[dict[str, Any]]) -> str:
    """``red``, ``amber`` or ``green``: the gravest severity, as `wetread.checks.run_checks.gate` has it.

    Not that function itself: its room loads scipy, and the server does without.
    """
    severities = {one.get("severity") for one in findings}
    return next((colour for colour in ("red", "amber") if colour in severities), "green")


def _list(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
