"""Where the studio keeps projects and runs. Every id of an address becomes a path here, and nowhere else.

::

    HOME/p-1a2b3c4d/             a project; its name is in project.json, so that no name is ever part of an address
    HOME/p-1a2b3c4d/runs/RUN/    a run folder, as `wetread run` makes it
    HOME/.trash/                 what was removed, until the user empties it
    ./wetread-runs/RUN/          runs made in the terminal: the project ``terminal``, read only
"""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from wetread.studio.answers import Refusal
from wetread.writing import make_folder

#: The project of the runs that were made in the terminal.
TERMINAL = "terminal"

_PROJECT = re.compile(r"p-[0-9a-f]{8}", re.ASCII)
# No leading dot: neither "..", nor what we hide. No leading dash: a run becomes an argument of a command.
_RUN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", re.ASCII)


class Home:
    """The folder with all projects.

    Args:
        path: The folder; it is made if needed.
        terminal: Where runs made in the terminal lie; None: ``wetread-runs`` of the current folder.

    Raises:
        OutputError: The folder cannot be made.
    """

    def __init__(self, path: Path, terminal: Path | None = None) -> None:
        self.path = make_folder(path.absolute())
        self.terminal = (terminal or Path("wetread-runs")).absolute()

    def projects(self) -> list[Path]:
        """The project folders, the one that was made last first."""
        found = [place for place in self.path.iterdir() if _PROJECT.fullmatch(place.name) and _is_project(place)]
        return sorted(found, key=lambda place: place.stat().st_mtime, reverse=True)

    def project_folder(self, project: str) -> Path:
        """The folder of a project; raises `Refusal` (404) where there is none. ``terminal`` has none."""
        folder = self.path / project if _PROJECT.fullmatch(project) else None
        if folder is None or not _is_project(folder):
            raise Refusal(404, "There is no such project.", "Go back to the start page.", "no-project")
        return folder

    def has(self, project: str) -> bool:
        """Whether there is such a project, other than ``terminal``."""
        return _PROJECT.fullmatch(project) is not None and _is_project(self.path / project)

    def runs_folder(self, project: str) -> Path:
        """Where the runs of a project lie, also of ``terminal``; it may not exist yet. Raises `Refusal` (404)."""
        return self.terminal if project == TERMINAL else self.project_folder(project) / "runs"

    def cache_folder(self, project: str) -> Path:
        """What can be made again for a project, also for ``terminal``; it may not exist yet. Raises `Refusal` (404)."""
        return self.path / ".terminal" if project == TERMINAL else self.project_folder(project) / "cache"

    def run_folder(self, project: str, run: str, *, exists: bool = True) -> Path:
        """The folder of a run.

        Args:
            project: Id of a project, or ``terminal``.
            run: Name of its folder.
            exists: Whether it has to be there already.

        Raises:
            Refusal: There is no such project or run, or the name is none (404).
        """
        folder = self.runs_folder(project) / run if _RUN.fullmatch(run) else None
        if folder is None or (exists and not folder.is_dir()):
            raise Refusal(404, "There is no such run.", "Go back to the project.", "no-run")
        return folder

    def new_id(self) -> str:
        """An id that no project has, nor one in the trash."""
        while True:
            fresh = f"p-{secrets.token_hex(4)}"
            if not (self.path / fresh).exists() and not (self.trash / fresh).exists():
                return fresh

    @property
    def trash(self) -> Path:
        """Where removed projects lie; it may not exist yet."""
        return self.path / ".trash"

    def trashed(self) -> list[Path]:
        """The projects in the trash, the one that was removed last first."""
        places = self.trash.iterdir() if self.trash.is_dir() else iter(())
        found = [place for place in places if _PROJECT.fullmatch(place.name) and _is_project(place)]
        return sorted(found, key=lambda place: place.stat().st_mtime, reverse=True)

    def trashed_folder(self, project: str) -> Path:
        """The folder of a project in the trash; raises `Refusal` (404) where there is none."""
        folder = self.trash / project if _PROJECT.fullmatch(project) else None
        if folder is None or not _is_project(folder):
            raise Refusal(404, "There is no such project in the trash.", "Go back to the start page.", "no-project")
        return folder


def _is_project(folder: Path) -> bool:
    return (folder / "project.json").is_file()
