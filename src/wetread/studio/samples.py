"""Samples to try the studio with: phantoms, made on this machine, so that nothing is fetched and nobody is shown."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wetread.errors import InputError
from wetread.phantoms.catalogue import PHANTOMS
from wetread.studio.project import Project
from wetread.studio.tasks import Task
from wetread.studio.uploads import Arrival, take_in
from wetread.writing import remove_folder

#: Seconds after which making a sample is given up.
_PATIENCE = 900


@dataclass(frozen=True)
class Sample:
    """A set of phantoms that has one class per image.

    Attributes:
        short: What its project is called.
        minutes: From the click to the report, with the quick preset, on two slow cores.
    """

    short: str
    minutes: int


SAMPLES = {
    "chest-effusion": Sample("fluid around the lung", 5),
    "chest-abdomen": Sample("chest or abdomen", 5),
}


def sample_rows() -> list[dict[str, Any]]:
    """What the start page offers."""
    return [
        {"name": name, "title": PHANTOMS[name].title, "images": PHANTOMS[name].images, "minutes": sample.minutes}
        for name, sample in SAMPLES.items()
    ]


def fill_with_sample(project: Project, name: str) -> str:
    """Begins a task that makes a sample and adds its images; returns its id.

    Args:
        project: An empty one.
        name: A key of `SAMPLES`.
    """
    return project.tasks.start(lambda task: _fill(project, name, task))


def _fill(project: Project, name: str, task: Task) -> None:
    # Each image counts twice: once it is drawn, once it is here.
    task.total(2 * PHANTOMS[name].images)
    folder = project.folder / "cache" / "sample"
    try:
        _make(name, folder, task)
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as table:
            for row in csv.DictReader(table):
                task.count(_add(project, folder / row["image"], row["label"]))
    finally:
        remove_folder(folder)


def _make(name: str, folder: Path, task: Task) -> None:
    """In a child process: what makes phantoms needs SciPy, and the server does not."""
    command = [sys.executable, "-m", "wetread", "data", "make", name, "--out", str(folder), "--quiet"]
    nothing = subprocess.DEVNULL
    seen, deadline = 0, time.monotonic() + _PATIENCE
    with subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing) as child:  # noqa: S603 - our own command
        while (code := _wait(child)) is None and time.monotonic() < deadline:
            drawn = sum(1 for _ in folder.glob("images/*.dcm"))
            for _ in range(drawn - seen):
                task.count("drawn")
            seen = drawn
        child.kill()
    if code != 0:
        raise InputError("The sample could not be made.", remedy="Look whether the disk is full.", code="no-sample")
    for _ in range(PHANTOMS[name].images - seen):
        task.count("drawn")


def _wait(child: subprocess.Popen[bytes]) -> int | None:
    try:
        return child.wait(0.5)
    except subprocess.TimeoutExpired:
        return None


def _add(project: Project, file: Path, label: str) -> str:
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    arrival = Arrival(file, digest[:16], label, file.name, label)
    return take_in(project, arrival, own=True).status
