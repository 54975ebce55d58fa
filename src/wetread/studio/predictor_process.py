"""The warm predictor: ``python -m wetread.studio.predictor_process RUN``, one run loaded once and asked many times.

It reads one JSON object per line (``n``, ``ask`` and what belongs to it) and answers each with one line: ``n`` and
``answer``, or ``n`` and ``error``. The first line it writes is ``{"ready": ...}``, or ``{"failed": ...}`` where the
model cannot be loaded. It may be killed at any time, and ends when its input ends: also in the middle of an answer,
since nobody is left who waits for it. It writes no log, and no name of a file.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import traceback
import warnings
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any

from wetread.errors import REJECTIONS, ImageRejected, WetreadError
from wetread.images.source import Source
from wetread.images.worker import take_pipes

if TYPE_CHECKING:
    from wetread.studio.predictor_answers import Answers


def main() -> None:
    """Loads the run that the first argument names, then answers until the input ends."""
    requests, replies = take_pipes()
    _be_quiet()
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_follow, args=(requests, lines), daemon=True).start()
    try:
        # Imported here: the thread above already watches whether somebody waits.
        from wetread.studio.predictor_answers import Answers

        answers = Answers(Path(sys.argv[1]))
    except Exception as error:
        _write(replies, {"failed": describe_error(error)})
        os._exit(1)
    _write(replies, {"ready": {"classes": list(answers.classifier.classes)}})
    while True:
        _write(replies, reply(answers, lines.get()))


def reply(answers: Answers, line: bytes) -> dict[str, Any]:
    """Does what one line asks and never raises.

    Args:
        answers: Of the run.
        line: ``{"n": 3, "ask": "predict", "source": {...}}``; ``ask`` is predict, heatmap, nearest or methods.
    """
    number = None
    try:
        asked = json.loads(line)
        number = asked["n"]
        return {"n": number, "answer": _answer(answers, asked)}
    except Exception as error:
        return {"n": number, "error": describe_error(error)}


def _answer(answers: Answers, asked: dict[str, Any]) -> Any:
    if asked["ask"] == "methods":
        return answers.methods()
    source = Source(**{**asked["source"], "path": Path(asked["source"]["path"])})
    if asked["ask"] == "predict":
        return answers.predict(source)
    if asked["ask"] == "nearest":
        return answers.nearest(source)
    return answers.heatmap(source, asked["method"], asked["target"], asked["case"], asked["beside"])


def describe_error(error: Exception) -> dict[str, str]:
    """An error without the name of a file: message, remedy and code."""
    if isinstance(error, ImageRejected):
        return {
            "message": f"This picture cannot be read: {error.reason}.",
            "remedy": REJECTIONS[error.code][1],
            "code": error.code,
        }
    if isinstance(error, WetreadError):
        return {"message": error.message, "remedy": error.remedy, "code": error.code}
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = f" in {Path(where[0].filename).name}:{where[0].lineno}" if where else ""
    return {
        "message": f"wetread met a fault of its own ({type(error).__name__}{place}). Your data are untouched.",
        "remedy": "Please report it.",
        "code": "fault",
    }


def _follow(requests: IO[bytes], lines: SimpleQueue[bytes]) -> None:
    """Hands lines on; without a parent this process has no purpose, whatever it is computing."""
    for line in requests:
        lines.put(line)
    os._exit(0)


def _write(replies: IO[bytes], content: dict[str, Any]) -> None:
    try:
        replies.write(json.dumps(content, ensure_ascii=True).encode("ascii") + b"\n")
        replies.flush()
    except OSError:
        os._exit(0)


def _be_quiet() -> None:
    """No Ctrl-C of the terminal, no texts of libraries, no core dump: it would hold pixels."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
