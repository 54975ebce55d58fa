"""Where a run stands: queued, running, finished, stopped, failed or interrupted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from wetread.run_folder import FAILED, FINISHED, RUNNING, STOPPED
from wetread.studio.processes import lock_holder
from wetread.studio.queue import WAITING, WORKING, Job

QUEUED, INTERRUPTED = "queued", "interrupted"


def run_status(folder: Path, job: Job | None) -> str:
    """Where a run stands. The lock of its folder is asked first: who has it, works.

    Args:
        folder: The run folder; it may not exist yet.
        job: The job that makes it; None for a run from the terminal.

    Returns:
        queued, running, finished, stopped, failed or interrupted; empty where there is no run.
    """
    if job is not None and job.state == WAITING:
        return QUEUED
    # Asked before run.json is read: a run that ends writes its last word first, and frees the folder then.
    if lock_holder(folder / "lock") is not None or (job is not None and job.state == WORKING):
        return RUNNING
    told = str(read_json(folder / "run.json").get("status", ""))
    # run.json may be that of an earlier attempt that was resumed and killed before it wrote anything.
    if told in (FINISHED, STOPPED, FAILED):
        return told
    if told == RUNNING or job is not None:
        return _broken_off(job)
    return ""


def _broken_off(job: Job | None) -> str:
    """What to call a run that ended without a last word."""
    if job is None:
        return INTERRUPTED
    if job.stop:
        return STOPPED
    # A positive code is our own: the command refused the data before it had a run folder.
    return FAILED if job.fault or (job.code or 0) > 0 else INTERRUPTED


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where the file is missing, unfinished or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
