"""A job on disk: one file per job in the folder ``jobs`` of a project, true after any crash of the server.

::

    PROJECT/jobs/RUN.json             the run itself          RUN.log             what its process said
    PROJECT/jobs/RUN+paper.json       an extra of that run    RUN+paper.events.jsonl   its progress
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from wetread.writing import atomic_write

FORMAT = 1
WAITING, WORKING, ENDED = "waiting", "working", "ended"

#: What a job does. Each kind waits in one line: pictures are checked while a training goes on, and nothing else.
TRAINING, CHECKING = "training", "checking"
LINES = {
    "run": TRAINING,
    "audit": CHECKING,
    "learning-curve": TRAINING,
    "look": TRAINING,
    "explain": TRAINING,
    "paper": CHECKING,
}


@dataclass(frozen=True)
class Job:
    """A `wetread` command for one run folder.

    Attributes:
        path: Its file.
        run: Name of the run folder.
        kind: A key of `LINES`.
        argv: The command, without the program.
        state: waiting, working or ended.
        created: When it was asked for, seconds since 1970.
        labels: File name of the table it works on; empty where it works on a run.
        pid: Of its process; 0 before it started.
        born: What `wetread.studio.processes.born` says of that process.
        started: When that was; 0 before.
        ended: When it was over; 0 before.
        code: Exit code; None where nobody was there to see it.
        stop: When it was asked to stop; 0 where it was not.
        fault: Why it could not be started; empty where it could.
    """

    path: Path
    run: str
    kind: str
    argv: list[str] = field(default_factory=list)
    state: str = WAITING
    created: float = 0.0
    labels: str = ""
    pid: int = 0
    born: str = ""
    started: float = 0.0
    ended: float = 0.0
    code: int | None = None
    stop: float = 0.0
    fault: str = ""

    @property
    def line(self) -> str:
        """The line it waits in."""
        return LINES[self.kind]

    @property
    def under_way(self) -> bool:
        """Whether it waits or works."""
        return self.state != ENDED

    @property
    def log(self) -> Path:
        """What its process said."""
        return self.path.with_suffix(".log")

    @property
    def run_folder(self) -> Path:
        """Where the run is, or will be."""
        return self.path.parent.parent / "runs" / self.run

    @property
    def events(self) -> Path:
        """Its progress: that of the run folder, or a file of its own for extras, which have none."""
        if self.kind in ("run", "audit"):
            return self.run_folder / "events.jsonl"
        return self.path.with_suffix(".events.jsonl")

    def write(self, **changes: Any) -> Job:
        """Stores the job with some changes, and returns it as it is now; raises `OutputError` where that fails."""
        job = replace(self, **changes)
        facts = {"format": FORMAT, **asdict(job)}
        del facts["path"]
        atomic_write(job.path, json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
        return job


def new_job(project: Path, run: str, kind: str, argv: list[str], labels: str = "") -> Job:
    """A job that waits; it is not stored yet."""
    return Job(job_path(project, run, kind), run, kind, argv, created=time.time(), labels=labels)


def job_path(project: Path, run: str, kind: str = "run") -> Path:
    """The file of a job. A plus can be in no name of a run, so an extra is never taken for another run."""
    name = run if kind in ("run", "audit") else f"{run}+{kind}"
    return project / "jobs" / f"{name}.json"


def read_job(path: Path) -> Job | None:
    """A job as it was stored; None where there is none, or its file was edited into nonsense."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        if facts.pop("format") != FORMAT or facts["kind"] not in LINES:
            return None
        return Job(path, **facts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def job_of(run_folder: Path) -> Job | None:
    """The job that made a run folder of a project; None where it was made in the terminal."""
    project = run_folder.parent.parent
    if run_folder.parent.name != "runs" or not (project / "project.json").is_file():
        return None
    return read_job(job_path(project, run_folder.name))


def jobs_of(project: Path) -> list[Job]:
    """All jobs of a project folder, the oldest first."""
    found = [read_job(path) for path in (project / "jobs").glob("*.json")]
    return sorted((job for job in found if job is not None), key=lambda job: job.created)


def extras_of(project: Path, run: str) -> list[Job]:
    """The jobs for extras of one run, the oldest first."""
    return [job for job in jobs_of(project) if job.run == run and job.path != job_path(project, run)]
