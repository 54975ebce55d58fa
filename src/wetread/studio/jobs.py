"""Starts a `wetread` command as a child process, sees it through, and can stop it.

The child has a session of its own and writes all that counts into the run folder, so it neither ends nor loses anything
when the tab, or this server, does. All that is known of it is on disk (`wetread.studio.queue`); a server that starts
later takes up the jobs it finds: those that still work are watched, those that ended meanwhile are closed, those that
wait get their turn. In memory there are only the children that have to be reaped.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from wetread.errors import OutputError
from wetread.run_folder import FINISHED, RUNNING
from wetread.studio.answers import Refusal
from wetread.studio.places import Home
from wetread.studio.processes import ask_to_end, born, kill_group, lock_holder, reap, start_process
from wetread.studio.queue import ENDED, WAITING, WORKING, Job, job_of, job_path, jobs_of, new_job, read_job
from wetread.studio.run_status import QUEUED, run_status
from wetread.writing import remove_folder

#: -P: the folder where the studio was started is no place to import from.
COMMAND = (sys.executable, "-P", "-m", "wetread")
#: The environment variable that names a file for progress events; `wetread.cli.output` reads it.
EVENTS_VARIABLE = "WETREAD_EVENTS"
#: Seconds between being asked to stop and being killed: five for the epochs at work, and a busy machine is slow.
PATIENCE = 30.0
#: Seconds between two looks while something is under way.
TICK = 0.5


class Jobs:
    """All jobs of all projects; one per line (`wetread.studio.queue.LINES`) works, the others wait.

    Args:
        home: Where the projects are. Only one server may work there at a time.
        executable: What stands before the arguments of `wetread`.
        patience: Seconds between being asked to stop and being killed.
        ended: Is given the folder of each run whose job is over, well or not; it has to return at once.
    """

    def __init__(
        self,
        home: Home,
        executable: Sequence[str] = COMMAND,
        patience: float = PATIENCE,
        ended: Callable[[Path], None] | None = None,
    ) -> None:
        self._home, self._executable, self._patience = home, tuple(executable), patience
        self._ended = ended
        self._children: dict[Path, subprocess.Popen[bytes]] = {}
        self._open = {job.path for place in home.projects() for job in jobs_of(place) if job.under_way}
        self._lock = threading.Lock()
        self._wake, self._closed = threading.Event(), False
        self._wake.set()  # jobs of an earlier server
        self._thread = threading.Thread(target=self._watch, name="jobs", daemon=True)
        self._thread.start()

    def start(
        self, project: str, run: str, argv: Sequence[str], *, kind: str = "run", labels: str = "", again: bool = False
    ) -> Job:
        """Puts a job into its line; it starts at once where nothing is before it.

        Args:
            project: Id of the project.
            run: Name of the run folder.
            argv: The command, without the program.
            kind: What it does, a key of `wetread.studio.queue.LINES`.
            labels: File name of the table it works on.
            again: Whether an earlier job of that name may have been there.

        Raises:
            Refusal: There is such a run (409), or it is being worked on.
            OutputError: The job cannot be stored.
        """
        folder = self._home.project_folder(project)
        self._home.run_folder(project, run, exists=False)
        job = new_job(folder, run, kind, list(argv), labels)
        with self._lock:
            earlier = read_job(job.path)
            if (earlier is not None and (earlier.under_way or not again)) or _is_held(job):
                raise Refusal(409, "This is being worked on already.", "Wait for it to end, or stop it.", "run-busy")
            if kind not in ("run", "audit"):
                job.events.unlink(missing_ok=True)
            job.log.unlink(missing_ok=True)
            job = job.write()
            self._open.add(job.path)
            self._turn()
            self._wake.set()
        return read_job(job.path) or job

    def resume(self, project: str, run: str) -> Job:
        """Goes on with a run that was stopped, interrupted or failed.

        Raises:
            Refusal: It is under way or finished (409), or was not started here (409).
        """
        folder = self._home.run_folder(project, run, exists=False)
        job = read_job(job_path(self._home.project_folder(project), run))
        status = run_status(folder, job)
        if status in (QUEUED, RUNNING, FINISHED):
            raise Refusal(409, f"This run is {status}.", "There is nothing to go on with.", "nothing-to-resume")
        if job is None:
            raise Refusal(
                409,
                "This run was started in the terminal.",
                "Go on with it there: repeat its command with --resume.",
                "not-ours",
            )
        argv = [word for word in job.argv if word != "--resume"] + ["--resume"]
        return self.start(project, run, argv, kind=job.kind, labels=job.labels, again=True)

    def stop(self, project: str, run: str, kind: str = "run") -> None:
        """Asks a job to stop; what is finished is kept. After half a minute it is ended.

        A run that was started in the terminal is asked too: the system tells who works in its folder.

        Raises:
            Refusal: Nothing is under way there (409).
        """
        folder = self._home.run_folder(project, run, exists=False)
        with self._lock:
            job = self.find(project, run, kind)
            if job is not None and job.state == WAITING:
                job.write(state=ENDED, stop=time.time(), ended=time.time())
            elif job is not None and job.state == WORKING:
                job = job if job.stop else job.write(stop=time.time())
                ask_to_end(job.pid)
            elif kind == "run" and (holder := lock_holder(folder / "lock")):
                ask_to_end(holder)
            else:
                raise Refusal(409, "Nothing is under way there.", "Load the page again.", "not-running")
            self._wake.set()

    def find(self, project: str, run: str, kind: str = "run") -> Job | None:
        """The job of a run, or of one of its extras; None where it was not started here."""
        if project == "terminal":
            return None
        return read_job(job_path(self._home.project_folder(project), run, kind))

    def status(self, run_folder: Path) -> str:
        """queued, running, finished, stopped, failed or interrupted; empty where there is no run."""
        return run_status(run_folder, job_of(run_folder))

    def busy(self, project: str) -> bool:
        """Whether a job of a project waits or works, so that its folder has to stay where it is."""
        return any(job.under_way for job in jobs_of(self._home.project_folder(project)))

    def forget(self, project: str, run: str) -> list[Job]:
        """The jobs of a run that may now be removed.

        Raises:
            Refusal: One of them is under way (409).
        """
        found = [job for job in jobs_of(self._home.project_folder(project)) if job.run == run]
        folder = self._home.run_folder(project, run, exists=False)
        if any(job.under_way for job in found) or lock_holder(folder / "lock") is not None:
            raise Refusal(409, "This run is under way.", "Stop it first.", "run-busy")
        return found

    def close(self) -> None:
        """Stops watching; what works goes on working."""
        self._closed = True
        self._wake.set()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        while not self._closed:
            with self._lock:
                self._wake.clear()
                try:
                    busy = self._turn()
                except OutputError:
                    busy = True  # a full disk: the files say what was true, and the next look may find space
            self._wake.wait(TICK if busy else None)

    def _turn(self) -> bool:
        """Sees to all jobs once; returns whether any is under way."""
        jobs = [job for path in self._open if (job := read_job(path)) is not None and job.under_way]
        self._open = {job.path for job in jobs}
        working = [job for job in jobs if job.state == WORKING and self._is_alive(job)]
        taken = {job.line for job in working}
        for job in sorted((job for job in jobs if job.state == WAITING), key=lambda job: job.created):
            if job.line not in taken and self._launch(job):
                taken.add(job.line)
        return bool(taken)

    def _is_alive(self, job: Job) -> bool:
        """Whether a job still works; where not, that is written down."""
        child = self._children.get(job.path)
        code = reap(child) if child is not None else None
        if code is None and (child is not None or born(job.pid) == job.born != ""):
            if job.stop and time.time() - job.stop > self._patience:
                kill_group(job.pid)
            return True
        self._children.pop(job.path, None)
        job.write(state=ENDED, ended=time.time(), code=code)
        if job.kind == "run" and self._ended is not None:
            self._ended(job.run_folder)
        return False

    def _launch(self, job: Job) -> bool:
        folder = job.run_folder
        if holder := lock_holder(folder / "lock"):
            # Started by a server that was killed before it could write that down.
            job.write(state=WORKING, pid=holder, born=born(holder), started=time.time())
            return True
        if job.kind == "audit" or (job.kind == "run" and not (folder / "run.json").is_file()):
            # Killed before it wrote a word that counts; an audit begins anew, and its page follows the new one.
            remove_folder(folder)
        environment = {} if job.kind in ("run", "audit") else {EVENTS_VARIABLE: str(job.events)}
        try:
            child = start_process([*self._executable, *job.argv], job.log, _environment() | environment)
        except OSError:
            job.write(state=ENDED, ended=time.time(), fault="Python could not be started.")
            return False
        self._children[job.path] = child
        job.write(state=WORKING, pid=child.pid, born=born(child.pid), started=time.time())
        return True


def _is_held(job: Job) -> bool:
    return lock_holder(job.run_folder / "lock") is not None


def _environment() -> dict[str, str]:
    # The child must find this very package, also where it was put on sys.path by hand. Not so an installed one, whose
    # neighbours would come before the standard library.
    root = Path(__file__).resolve().parents[2]
    if root.name in ("site-packages", "dist-packages"):
        return {}
    others = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{root}{os.pathsep}{others}" if others else str(root)}
