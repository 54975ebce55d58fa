"""Heatmaps that were asked for: from a file where they were made before, else from the warm predictor, without waiting.

    RUN/studio/heat/<model>/<case>~<method>~<class>.json       of a case of a run
    TRIES/<try>/heat/<model>/<run>~<method>~<class>.json       of a picture that is only tried

The files can be deleted at any time. ``<model>`` are the first digits of the hash of its golden answers, so that a map
of an earlier model is never shown; ``<class>`` those of the hash of its name, since a name may be no name of a file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from concurrent.futures import CancelledError, Future
from functools import partial
from pathlib import Path
from typing import Any

from wetread.errors import OutputError
from wetread.images.source import Source
from wetread.run_folder import RunFolder
from wetread.studio.answers import Refusal
from wetread.studio.predictor import Predictors
from wetread.writing import atomic_write

#: Seconds that a request waits for its map; afterwards the page is told to ask again.
PATIENCE = 1.5
#: Maps that may wait for the predictor. Whoever leafs through cases wants the last one, so the oldest makes way.
MOST_WAITING = 2

#: What becomes of a badge, in the words of the light "Heatmaps tested" (`wetread.evaluation.trust`).
PASSED, PARTLY, FAILED, UNTESTED = "passed", "partly", "failed", "untested"
#: A map that stays the same when the model is shuffled shows the picture and not the model (Adebayo 2018).
DECISIVE = "weights"

_METHOD = re.compile(r"[a-z+-]{0,40}", re.ASCII)


class Heatmaps:
    """Finds or makes maps; threads may share it.

    Args:
        predictors: Who makes them.
    """

    def __init__(self, predictors: Predictors) -> None:
        self._predictors = predictors
        self._begun: dict[Path, Future[Any]] = {}
        self._lock = threading.Lock()

    def find(
        self, run: Path, source: Source, folder: Path, name: str, method: str, target: str, case: int | None = None
    ) -> dict[str, Any]:
        """One map, or word that it is being made.

        Args:
            run: The run folder.
            source: The picture.
            folder: Where maps of this picture are kept.
            name: Of the picture or of the run, for the file.
            method: Empty for the usual one.
            target: The class or finding that it speaks for or against; empty for the usual one.
            case: Row in images.csv, for a case of the run.

        Returns:
            See `wetread.studio.predictor_answers.Answers.heatmap`; with ``badge`` (`badge_of`). Where it takes longer
            than `PATIENCE`, ``{"state": "working"}``.

        Raises:
            Refusal, InputError: It cannot be made.
        """
        if not _METHOD.fullmatch(method):
            raise Refusal(400, "There is no such method.", "Choose one of the list.", "unknown-method")
        place = folder / stamp(run)
        file = place / f"{name}~{method or 'usual'}~{_digits(target)}.json"
        found = _read(file) or self._ask(file, run, source, method, target, case)
        if found is None:
            return {"state": "working"}
        return found if "refused" in found else found | {"badge": badge_of(tests_of(run), found["method"])}

    def methods(self, run: Path) -> list[dict[str, Any]]:
        """The methods that the model of a run allows: ``name``, ``title``, ``usual`` and ``badge``."""
        file = run / "studio" / "heat" / stamp(run) / "methods.json"
        kept = _read(file)
        names = kept["methods"] if kept else self._predictors.methods(run)
        if not kept:
            _keep(file, {"methods": names})
        tests = tests_of(run)
        return [one | {"badge": badge_of(tests, one["name"])} for one in names]

    def _ask(
        self, file: Path, run: Path, source: Source, method: str, target: str, case: int | None
    ) -> dict[str, Any] | None:
        with self._lock:
            future = self._begun.get(file)
            if future is None:
                self._make_room()
                beside = _other_map(file, target)
                future = self._predictors.submit_heatmap(run, source, method, target, case=case, beside=beside)
                self._begun[file] = future
                # Kept also where nobody asks again.
                future.add_done_callback(partial(_keep_done, file, source))
        try:
            found: dict[str, Any] = future.result(timeout=PATIENCE)
        except (TimeoutError, CancelledError):
            if future.done():
                self._forget(file)
            return None
        except BaseException:
            self._forget(file)
            raise
        self._forget(file)
        return found

    def _make_room(self) -> None:
        """Forgets what is finished, and takes back the oldest of too many that wait."""
        for file in [file for file, future in self._begun.items() if future.done()]:
            del self._begun[file]
        waiting = [file for file, future in self._begun.items() if not future.running()]
        for file in waiting[: max(0, len(waiting) - MOST_WAITING + 1)]:
            if self._begun[file].cancel():
                del self._begun[file]

    def _forget(self, file: Path) -> None:
        with self._lock:
            self._begun.pop(file, None)


def stamp(run: Path) -> str:
    """Tells one model of a run from a later one; raises `Refusal` (409) where the run has none yet."""
    try:
        return hashlib.sha256((run / "model" / "golden.json").read_bytes()).hexdigest()[:8]
    except OSError as error:
        raise Refusal(409, "This run has no model yet.", "Wait until it is finished.", "no-model") from error


def tests_of(run: Path) -> dict[str, Any]:
    """What the tests of the run found of its heatmaps; empty where there were none."""
    return RunFolder(run).find_json("explanations.json") or {}


def badge_of(tests: dict[str, Any], method: str) -> dict[str, Any]:
    """How far a method may be believed with this model.

    Args:
        tests: The contents of explanations.json.
        method: Its name.

    Returns:
        ``passed``, ``tests``, ``verdict`` (passed, partly, failed or untested), ``reason`` (a sentence; empty where
        all is well) and ``failed``: the sentences of the tests that it did not pass.
    """
    found = tests.get("methods", {}).get(method)
    # The run may have tested a method on a network beside the model that answers: that says nothing of this one.
    if not found or not found["tests"] or method not in tests.get("counts", [method]):
        reason = "Not tested with this model: it shows what the model reacts to, and proves nothing."
        return {"passed": 0, "tests": 0, "verdict": UNTESTED, "reason": reason, "failed": []}
    passed, count = int(found["passed"]), int(found["tests"])
    lost = {name: one["sentence"] for name, one in found["trials"].items() if one["verdict"] == "fail"}
    if DECISIVE in lost or passed * 2 < count:
        reason, verdict = (
            f"Read it as a picture, not as evidence. {lost.get(DECISIVE, next(iter(lost.values())))}",
            FAILED,
        )
    else:
        reason, verdict = next(iter(lost.values()), ""), PARTLY if lost else PASSED
    return {"passed": passed, "tests": count, "verdict": verdict, "reason": reason, "failed": list(lost.values())}


def _digits(target: str) -> str:
    return hashlib.sha256(target.encode("utf-8", "replace")).hexdigest()[:8] if target else "usual"


def _other_map(file: Path, target: str) -> dict[str, Any] | None:
    """A map of the same picture and class by another method, to say whether the two agree."""
    name = file.name.split("~", 1)[0]
    for other in sorted(file.parent.glob(f"{name}~*~{_digits(target)}.json")):
        found = _read(other) if other != file else None
        if found and "values" in found:
            return {key: found[key] for key in ("method", "target", "values", "box", "model")}
    return None


def _keep_done(file: Path, source: Source, future: Future[Any]) -> None:
    # Of a picture that was cleared meanwhile nothing is left.
    if not future.cancelled() and future.exception() is None and source.path.exists():
        _keep(file, future.result())


def _read(file: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _keep(file: Path, content: dict[str, Any]) -> None:
    # A run that cannot be written to is looked at all the same.
    with contextlib.suppress(OutputError):
        atomic_write(file, json.dumps(content, separators=(",", ":")), durable=False)
