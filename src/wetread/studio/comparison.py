"""Runs against each other on the same cases: `wetread compare` in a child process, its answer kept by content."""

from __future__ import annotations

import functools
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wetread.report.plan_part import read_plan
from wetread.run_folder import RunFolder
from wetread.studio.answers import Refusal
from wetread.writing import atomic_write, remove_folder

#: Runs compared at once; every pair is a row of its own.
MOST_RUNS = 6
#: Seconds after which the child is given up.
PATIENCE = 900.0
#: Comparisons that are kept.
_KEPT = 20
_RUNNING, _DONE, _REFUSED = "running", "done", "refused"

# What is being compared now. A server that is started anew starts the comparison anew, so nothing is lost with it.
_WORKING: set[Path] = set()
_LOCK = threading.Lock()


def compare_runs(folders: Mapping[str, Path], cache: Path) -> dict[str, Any]:
    """The comparison of finished runs, started where it is not there yet; ask again while it is running.

    Args:
        folders: Id of each run -> its folder, two or more, in the order in which they were asked for.
        cache: Where comparisons of the project are kept.

    Returns:
        ``state``: running, done or refused; ``comparison``: compare.json, with the ids of the runs as their names;
        ``refusal``: message, remedy and code; ``settings_differ``: see `settings_differ`.

    Raises:
        Refusal: They are not between two and `MOST_RUNS`, or one of them has no result yet (409).
    """
    if not 2 <= len(folders) <= MOST_RUNS:
        raise Refusal(400, f"Two to {MOST_RUNS} different runs can be compared.", "Choose them anew.", "usage")
    for run, folder in folders.items():
        if not (folder / "numbers.json").is_file():
            raise Refusal(409, f"The run {run} has no result yet.", "Wait until it has finished.", "no-numbers")
    place = cache / "compare" / _key(folders)
    found = _read(place)
    if found is None:
        found = {"state": _RUNNING, "comparison": None, "refusal": None}
        _start(place, list(folders.values()))
    return found | {"settings_differ": settings_differ(folders)}


def _key(folders: Mapping[str, Path]) -> str:
    digest = hashlib.sha256()
    for run, folder in folders.items():
        digest.update(run.encode("utf-8") + b"\n")
        for name in ("numbers.json", "predictions.csv", "images.csv"):
            try:
                digest.update(hashlib.sha256((folder / name).read_bytes()).digest())
            except OSError:
                digest.update(b"-")
    return digest.hexdigest()[:24]


def _read(place: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads((place / "answer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found


def _start(place: Path, folders: Sequence[Path]) -> None:
    with _LOCK:
        if place in _WORKING:
            return
        _WORKING.add(place)
    threading.Thread(target=_work, args=(place, folders), name="compare", daemon=True).start()


def _work(place: Path, folders: Sequence[Path]) -> None:
    try:
        found = _ask(place, folders)
        atomic_write(place / "answer.json", json.dumps(found, ensure_ascii=False))
        kept = sorted(place.parent.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in kept[_KEPT:]:
            remove_folder(old)
    finally:
        with _LOCK:
            _WORKING.discard(place)


def _ask(place: Path, folders: Sequence[Path]) -> dict[str, Any]:
    command = [
        sys.executable, "-P", "-m", "wetread", "compare", *map(str, folders), "--out", str(place / "page"), "--json",
    ]  # fmt: skip
    try:
        child = subprocess.run(  # noqa: S603 - our own command, and paths that were checked
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False
        )
        found = json.loads(child.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        found = {"error": {"message": "The comparison broke off.", "remedy": "Try again.", "code": "fault"}}
    if "error" in found:
        told = {name: found["error"].get(name) or "" for name in ("message", "remedy", "code")}
        return {"state": _REFUSED, "comparison": None, "refusal": told}
    found.pop("page", None)  # a path of this machine
    return {"state": _DONE, "comparison": found, "refusal": None}


def settings_differ(folders: Mapping[str, Path]) -> list[dict[str, Any]]:
    """The decisions of plan.yaml that are not the same in all runs.

    Args:
        folders: Id of each run -> its folder.

    Returns:
        ``name``, ``values`` and ``reasons``, both by id; a decision that a run lacks is None there.
    """
    plans = {run: _plan(folder, _stamp(folder / "plan.yaml")) for run, folder in folders.items()}
    names = list(dict.fromkeys(name for plan in plans.values() for name in plan))
    found = []
    for name in names:
        values = {run: plan.get(name, {}).get("value") for run, plan in plans.items()}
        if len({json.dumps(value, default=str) for value in values.values()}) > 1:
            reasons = {run: str(plan.get(name, {}).get("reason", "")) for run, plan in plans.items()}
            found.append({"name": name, "values": values, "reasons": reasons})
    return found


# The page asks again and again while the child works, and a plan takes a tenth of a second to read.
@functools.lru_cache(maxsize=16)
def _plan(folder: Path, stamp: int) -> dict[str, dict[str, Any]]:
    del stamp
    return read_plan(RunFolder(folder))


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
